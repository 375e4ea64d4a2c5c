"""Count the Python function calls of eager operations, of kerasfront and of Keras 3: exact on any machine.

Run: python benchmarks/calls.py [--backend torch] [--without-keras]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any


def count(call: Callable[[], object]) -> int:
    """Return how many Python functions a call enters, once everything is warm; the call itself is not counted."""
    for _ in range(5):
        call()
    entered = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal entered
        entered += event == "call"

    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
    return entered - 1


def operations(keras: Any) -> dict[str, Callable[[], object]]:
    """Return what is counted: single ops, and calls of a small model."""
    import numpy as np

    ops = keras.ops
    x, kernel = ops.ones((8, 8)), ops.ones((8, 8))
    image, filters = ops.ones((1, 8, 8, 3)), ops.ones((3, 3, 3, 4))
    row = np.ones((1, 8), "float32")
    inputs = keras.Input((8,))
    hidden = keras.layers.Dense(8, activation="relu")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(4, activation="softmax")(hidden))
    tensor = ops.convert_to_tensor(row)
    return {
        "add": lambda: ops.add(x, kernel),
        "matmul": lambda: ops.matmul(x, kernel),
        "softmax": lambda: ops.softmax(x),
        "mean": lambda: ops.mean(x, axis=-1),
        "conv": lambda: ops.conv(image, filters),
        "model(x)": lambda: model(tensor),
        "predict_on_batch": lambda: model.predict_on_batch(row),
        "predict": lambda: model.predict(row, verbose=0),
    }


def counts(module: str) -> dict[str, int]:
    """Return the counts for a module with the Keras API."""
    import importlib

    return {name: count(call) for name, call in operations(importlib.import_module(module)).items()}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", default="torch")
    parser.add_argument("--without-keras", action="store_true")
    parser.add_argument("--module", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.module:
        print(json.dumps(counts(options.module)))
        return
    found = {}
    for module in ("kerasfront", *(() if options.without_keras else ("keras",))):
        environment = {**os.environ, "KERASFRONT_BACKEND": options.backend, "KERAS_BACKEND": options.backend}
        command = [sys.executable, __file__, "--module", module]
        answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        found[module] = json.loads(answer.stdout.splitlines()[-1])
    print(f"Python calls on {options.backend}: " + ", ".join(found))
    for name in found["kerasfront"]:
        print(f"{name:20}" + "".join(f"{one[name]:8}" for one in found.values()))


if __name__ == "__main__":
    main()
