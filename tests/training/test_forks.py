"""A process forked after an engine has run: it works there too, or says why not; it never hangs."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = """
import multiprocessing, sys
import numpy as np
import kerasfront as keras

name, when = sys.argv[1:]
keras.backend.use(name)
x = np.ones((8, 4), "float32")

def trained():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, x[:, :1], verbose=0)
    return model

def work(results):
    for act in (lambda: (model or trained()).predict(x, verbose=0), lambda: keras.ops.add(tensor, tensor)):
        try:
            results.put(f"shape {tuple(act().shape)}")
        except keras.errors.BackendError as error:
            results.put(str(error))

model = tensor = None
if when == "run":
    model, tensor = trained(), keras.ops.ones((8, 1))
    keras.ops.add(tensor, tensor)
context = multiprocessing.get_context("fork")
results = context.SimpleQueue()
process = context.Process(target=work, args=(results,))
process.start()
process.join(60)
process.kill()
for _ in range(2 if when == "run" else 1):
    print(results.get())
# The process that forked goes on, and another one in the child's place.
print("shape", (model or trained()).predict(x, verbose=0).shape)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("when", ["run", "imported"])
def test_a_forked_process_works_or_says_why_not(engine, when, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    path = os.pathsep.join([str(ROOT), str(ROOT / "backends"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(program), engine, when],
        capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *child, parent = done.stdout.splitlines()
    assert parent == "shape (8, 1)"
    if when == "imported":
        assert child == ["shape (8, 1)"]
    else:
        assert len(child) == 2
        refused = f"backend '{engine}': this process was forked from one that had used the engine"
        assert child == ["shape (8, 1)"] * 2 or all(line.startswith(refused) and "spawn" in line for line in child)


def test_a_refusal_names_the_engine_and_the_remedy():
    from kerasfront import errors
    from kerasfront.backend import forking
    from kerasfront.backend.contract import Backend

    class Toy(Backend):
        name = "toy"

        def to_numpy(self, value):
            return np.asarray(value)

    toy = Toy()
    forking.leave_behind(toy)
    assert isinstance(toy, Backend)
    with pytest.raises(errors.BackendError, match="'toy': this process was forked.*'spawn'"):
        toy.to_numpy(1.0)
