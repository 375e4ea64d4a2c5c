"""The clock of a measurement: wall time, and CPU time of the whole process."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

import numpy as np

Sample = tuple[float, float]


def now() -> Sample:
    """Return wall time and CPU time in seconds."""
    return time.perf_counter(), time.process_time()


def between(start: Sample, end: Sample, count: int) -> Sample:
    """Return the microseconds per step that passed."""
    return tuple((b - a) / count * 1e6 for a, b in zip(start, end))  # type: ignore[return-value]


def repeated(call: Callable[[], object], count: int, finish: Callable[[object], object] | None = None) -> Sample:
    """Time so many calls; `finish` waits for the last result."""
    gc.collect()
    start = now()
    for _ in range(count):
        result = call()
    if finish is not None:
        finish(result)
    return between(start, now(), count)


def per_batch(predict: Callable[[np.ndarray], Any], x: np.ndarray, count: int) -> Callable[[], Sample]:
    """Return a function that times predictions for all samples at once, in so many batches."""
    repeated(lambda: predict(x), 2)

    def measure() -> Sample:
        wall, cpu = repeated(lambda: predict(x), 1)
        return wall / count, cpu / count

    return measure


def in_batches(predict: Callable[[np.ndarray], Any], count: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that predicts so many batches of host data and joins the results on the host.

    Args:
        predict: from the data of a batch to a tensor, which need not be computed yet.
        count: of batches.
    """

    def predict_all(x: np.ndarray) -> np.ndarray:
        return np.concatenate([np.asarray(one) for one in [predict(part) for part in np.split(x, count)]])

    return predict_all
