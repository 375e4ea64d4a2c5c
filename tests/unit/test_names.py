"""The front names no engine: what differs between engines lies behind the contract."""

import importlib.util
import re
import sys
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = re.compile("torch|jax|tensorflow", re.IGNORECASE)
# Strings in code that may hold such a word, with the reason.
ALLOWED = {
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/": "public address of two data sets' files",
}


def _load_counter():
    # scripts/ is no package, so its file is loaded by path.
    spec = importlib.util.spec_from_file_location("count_lines", ROOT / "scripts" / "count_lines.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["count_lines"] = module
    spec.loader.exec_module(module)
    return module


count_lines = _load_counter()


def names_of_engines(source: str) -> list[tuple[int, str]]:
    """Return (line, token) for each token of code, documentation apart, that holds the name of an engine."""
    found = []
    for token in count_lines.code_tokens(source):
        text = token.string
        if token.type == tokenize.STRING:
            for address in ALLOWED:
                text = text.replace(address, "")
        if ENGINE.search(text):
            found.append((token.start[0], token.string))
    return found


FILES = sorted((ROOT / "kerasfront").rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_front_names_no_engine(file):
    assert names_of_engines(file.read_text(encoding="utf-8")) == []
    assert not ENGINE.search(str(file.relative_to(ROOT)))


def test_there_are_files_to_look_at():
    assert len(FILES) > 20


def test_allowed_addresses_are_still_used():
    sources = "".join(file.read_text(encoding="utf-8") for file in FILES)
    assert [address for address in ALLOWED if address not in sources] == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('"""About torch."""\n', 0),
        ("x = 1  # as in JAX\n", 0),
        ('class A:\n    name: str = ""\n    """Such as "tensorflow"."""\n', 0),
        ('def f():\n    """Like torch."""\n    return 1\n', 0),
        ("import torch\n", 1),
        ('if name == "JAX":\n    pass\n', 1),
        ("torch_dtype = 1\n", 1),
        ('x = f"{y} on tensorflow"\n', 1),
        ('def f(x="jax"):\n    return x\n', 1),
        ('x = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"\n', 0),
        ('x = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/" + "tensorflow"\n', 1),
    ],
)
def test_this_check_sees_code_and_only_code(source, count):
    assert len(names_of_engines(source)) == count


def test_line_counter_counts_code_only():
    source = (
        '"""Docs\nof two lines."""\n\n# why\nx = [\n    1,\n]\n\n\ndef f():\n    """Docs."""\n    return """a\nb"""\n'
    )
    rows = {row for token in count_lines.code_tokens(source) for row in range(token.start[0], token.end[0] + 1)}
    assert rows == {5, 6, 7, 10, 12, 13}


def test_backend_has_the_settings_and_dtypes_that_keras_keeps_there():
    from kerasfront import backend

    assert backend.floatx() == "float32"
    assert backend.epsilon() == 1e-7
    assert backend.image_data_format() == "channels_last"
    assert backend.result_type("int8", float) == "float32"
    assert backend.standardize_dtype("float") == "float32"
