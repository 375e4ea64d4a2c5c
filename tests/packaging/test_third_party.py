"""A stranger's backend: installed as a distribution of its own, found, chosen, trained, and put through the kit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "third_party_backend"
FRONT = Path(__file__).parents[2]
TRAIN = """
import numpy as np
import kerasfront as keras
assert keras.backend.active_name() == "toy", keras.backend.active_name()
keras.utils.set_random_seed(1)
x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
losses = model.fit(x, x[:, :1] * 2, epochs=4, batch_size=16, verbose=0).history["loss"]
assert losses[-1] < losses[0], losses
assert type(model.weights[0].value).__name__ == "Box"
print(model.predict(x[:2], verbose=0).shape)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment of a process in which the distribution is installed."""
    target = tmp_path_factory.mktemp("site")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--target",
        target,
        SOURCE,
    ]
    subprocess.run(command, check=True, capture_output=True, text=True)
    paths = [str(target), str(FRONT), str(FRONT / "backends")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "KERASFRONT_BACKEND": "toy",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def run(command, environment, folder):
    return subprocess.run([sys.executable, *command], env=environment, cwd=folder, capture_output=True, text=True)


def test_backend_is_found_and_chosen_and_trains(installed, tmp_path):
    result = run(["-c", TRAIN], installed, tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "(2, 1)"


def test_front_lists_it_beside_ours(installed, tmp_path):
    result = run(["-c", "import kerasfront; print(*kerasfront.backend.installed())"], installed, tmp_path)
    assert {"toy", "numpy"} <= set(result.stdout.split())


def test_backend_passes_the_kit(installed, tmp_path):
    command = [
        "-m",
        "pytest",
        "-q",
        "-p",
        "kerasfront.testing.plugin",
        "-p",
        "no:cacheprovider",
        "--pyargs",
        "kerasfront.testing.suite",
    ]
    result = run([*command, "--kf-backend", "toy"], installed, tmp_path)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]


def test_kit_fails_a_listed_gap_that_is_none(installed, tmp_path):
    listed = tmp_path / "conformance.toml"
    listed.write_text('[[gap]]\ncase = "exp"\njudge = "values"\nreason = "says who"\n')
    command = [
        "-m",
        "pytest",
        "-q",
        "-p",
        "kerasfront.testing.plugin",
        "-p",
        "no:cacheprovider",
        "--pyargs",
        "kerasfront.testing.suite.test_cases",
    ]
    result = run(
        [*command, "--kf-backend", "toy", "--kf-conformance", str(listed), "--kf-judge", "values", "-k", "toy-exp"],
        installed,
        tmp_path,
    )
    assert result.returncode == 1
    assert "judge 'values' finds for a listed gap: says who" in result.stdout
