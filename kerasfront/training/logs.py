"""From the tensors that steps give out to the numbers that users read."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront import ops


def read(logs: Any) -> dict[str, Any]:
    """Return logs as Python floats (arrays for results with axes), sorted by name; this waits for the engine.

    Results that are dicts themselves are merged in.
    """
    numbers: dict[str, Any] = {}
    for name in sorted(logs):
        value = logs[name]
        if isinstance(value, dict):
            numbers.update(read(value))
        else:
            array = np.asarray(
                value if isinstance(value, (int, float, np.ndarray, np.generic)) else ops.convert_to_numpy(value)
            )
            numbers[name] = float(array) if array.ndim == 0 else array
    return numbers


def in_order(logs: dict[str, Any], names: list[str]) -> Any:
    """Return the numbers as `evaluate` does: in the order of the metrics, a single one by itself."""
    known = [name for name in names if name in logs]
    numbers = [logs[name] for name in known + sorted(set(logs) - set(known))]
    return numbers[0] if len(numbers) == 1 else numbers
