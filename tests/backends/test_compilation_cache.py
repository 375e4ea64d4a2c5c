"""Compiled programs that are kept in a folder: found again by the next run, on engines that keep any."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kerasfront as keras
from kerasfront.backend import registry
from kerasfront.backend.contract import Backend

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
import numpy as np
import kerasfront as keras

name, when, folder = sys.argv[1:]
if when == "before":
    keras.config.set_compilation_cache(folder)
keras.backend.use(name)
x = np.linspace(0, 1, 32, dtype="float32").reshape(8, 4)

def losses(width):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(width), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model.fit(x, x[:, :1], batch_size=4, epochs=2, verbose=0).history["loss"]

if when in ("after", "off"):
    # What the engine compiles before it is told goes nowhere, and it can be told then.
    losses(3)
    keras.config.set_compilation_cache(folder)
if when == "off":
    keras.config.set_compilation_cache(None)
print(losses(2))
"""


def run(engine, when, folder, **environment):
    path = os.pathsep.join([str(ROOT), str(ROOT / "backends"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", PROGRAM, engine, when, str(folder)],
        capture_output=True, text=True, timeout=300, env={**os.environ, "PYTHONPATH": path, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def entries(folder):
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def keeps(engine):
    return type(registry.get(engine)).keep_compiled is not Backend.keep_compiled


def test_the_next_run_finds_what_the_first_has_compiled(engine, tmp_path):
    folder = tmp_path / "deeper" / "cache"
    first = run(engine, "environment", folder, KERASFRONT_COMPILATION_CACHE=str(folder))
    written = entries(folder)
    assert bool(written) is keeps(engine)
    # Each engine has a subfolder of its own.
    assert {path.parts[0] for path in written} <= {engine}
    again = run(engine, "before", folder)
    assert again == first
    assert entries(folder) == written


def test_it_can_be_switched_on_and_off_after_the_engine_has_compiled(tmp_path):
    keeping, off = tmp_path / "keeping", tmp_path / "off"
    first = run("jax", "after", keeping)
    assert entries(keeping)
    assert run("jax", "off", off) == first
    assert entries(off) == set()


@pytest.fixture
def told(monkeypatch):
    """What a loaded backend is told, instead of all that are loaded."""

    class Told(Backend):
        def __init__(self):
            self.folders = []

        def keep_compiled(self, folder):
            self.folders.append(folder)

    backend = Told()
    monkeypatch.setattr(registry, "_loaded", {"told": backend})
    yield backend.folders
    keras.config.set_compilation_cache(None)


def test_a_folder_is_made_for_the_user_alone_and_backends_are_told(told, tmp_path):
    folder = tmp_path / "a" / "b"
    keras.config.set_compilation_cache(folder)
    assert keras.config.compilation_cache() == str(folder)
    assert folder.is_dir() and list(folder.iterdir()) == []
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0
    keras.config.set_compilation_cache(None)
    assert keras.config.compilation_cache() is None
    assert told == [str(folder), None]


@pytest.mark.parametrize("folder", [3, True, "", b"bytes", np.zeros(1)])
def test_what_is_no_path_is_refused(told, folder):
    with pytest.raises(ValueError, match="folder: expected the path of a folder or None, got .* Pass None"):
        keras.config.set_compilation_cache(folder)
    assert told == [] and keras.config.compilation_cache() is None


@pytest.mark.parametrize("below", ["", "folder"])
def test_a_file_is_refused(told, tmp_path, below):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ValueError, match="folder: expected a folder that can be written to, got .*file.* Name another"):
        keras.config.set_compilation_cache(file / below)
    assert told == [] and keras.config.compilation_cache() is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_refused(told, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ValueError, match="folder: expected a folder that can be written to"):
        keras.config.set_compilation_cache(tmp_path)
    tmp_path.chmod(0o700)
    assert told == []


def test_the_environment_variable_is_named_in_the_error(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    done = subprocess.run(
        [sys.executable, "-c", "import kerasfront as keras; keras.config.floatx()"],
        env={**os.environ, "KERASFRONT_COMPILATION_CACHE": str(file)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "ValueError: KERASFRONT_COMPILATION_CACHE: expected a folder that can be written to" in done.stderr
