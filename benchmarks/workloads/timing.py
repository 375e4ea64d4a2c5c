"""The clock of a measurement: wall time, and CPU time of the whole process."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

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
