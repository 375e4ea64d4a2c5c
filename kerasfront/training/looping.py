"""Epochs in which several steps go into one call of the engine.

It is done where nobody looks at single batches, the data lies in arrays or files of the host, and the engine says that
a loop serves the step (a convolution in a loop is several times slower on one engine's CPU). Nothing is decided by the
clock but how many steps go into one call: a training that is repeated runs the same code, to the last bit. The compiled
loop stays with the compiled step, for later calls of `fit`.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from kerasfront.training import repeats, windows
from kerasfront.training.data.arrays import ArraySource

# A loop takes about so long: an interrupt or a progress bar may have to wait for its end.
_LOOP_SECONDS = 0.075
# Compiling takes about as long for a loop as for a single step, so a training compiles the loop alone. Where that holds
# for one number of samples only, others come in windows of as many, or by the single step, which fits all, unless so
# many steps are to come that another loop pays.
_FEWEST_OF_ANOTHER_SIZE = 4096


def looping_for(execution: Any, source: Any, epochs: int) -> Looping | None:
    """Return what runs the epochs of `fit` or `evaluate` in loops; None where each batch has to be a call by itself."""
    if not isinstance(source, ArraySource) or source.samples is None or not repeats.allowed(execution):
        return None
    if source.held is None and not windows.window_size(source.samples, source.batch_size):
        return None
    whole = source.num_samples // source.batch_size
    fewest = 2 if execution.model._backend.compiles else repeats.FEWEST_RECORDED
    return Looping(execution, source, whole * epochs) if whole > 1 and whole * epochs >= fewest else None


class Looping(repeats.Repeats):
    """The epochs of one training, or the one of an evaluation.

    Args:
        execution: runs single steps.
        source: the data.
        steps: the number of whole batches in all epochs.
    """

    def __init__(self, execution: Any, source: ArraySource, steps: int):
        super().__init__(execution)
        self._source, self._steps = source, steps
        self._window: Any = None

    @property
    def useless(self) -> bool:
        """Whether a loop does not serve this step, as the engine has said, or does not pay for this data."""
        repeated = self._repeated
        if repeated is None:
            return False
        return repeated.plan.useless or (repeated.another and self._steps < _FEWEST_OF_ANOTHER_SIZE)

    def epoch(self, index: int, callbacks: Any) -> tuple[int, Any]:
        """Run one epoch; returns the number of batches and the logs of the last step."""
        execution, source = self._execution, self._source
        begin = getattr(callbacks, f"on_{execution.kind}_batch_begin")
        end = getattr(callbacks, f"on_{execution.kind}_batch_end")
        order = source.order(index)
        whole = source.num_samples // source.batch_size
        count, logs, batches = 0, None, None
        self.look_again()
        while count < source.num_batches:
            begin(count)
            if not self._decides and self._repeated is None:
                execution.ready(lambda: source.packed_batch(order, 0))
                self.repeat((), None)
            size = self._loop_size(whole - count)
            if size and batches is None:
                batches = self._batches(order)
            if batches is not None:
                size = min(size, batches.room(count))
            if not size or not self._loop(batches, count, size):
                size = 1
                logs = self.single(source.packed_batch(order, count))
            count += size
            end(count - 1, execution.batch_logs(logs))
            if execution.stopped():
                break
        return count, logs

    def _loop_size(self, remaining: int) -> int:
        """Return how many of the whole batches that remain go into the next call; 0 for one by itself."""
        if self._repeated is None or self.useless or remaining < 1:
            return 0
        seconds = self._repeated.plan.seconds
        return 1 if seconds is None else min(remaining, max(1, int(_LOOP_SECONDS / seconds)))

    def _batches(self, order: np.ndarray | None) -> windows.Whole | windows.Windows:
        repeated: Any = self._repeated
        source = self._source
        if self._window is not None:
            return windows.Windows(repeated, order, source.samples, self._window, source.batch_size)
        return windows.Whole(repeated, np.arange(source.num_samples) if order is None else order)

    def _loop(self, batches: Any, first: int, size: int) -> bool:
        """Run some steps in the engine and take their time; returns whether the engine has done so."""
        repeated: Any = self._repeated
        start = time.perf_counter()
        compiled = repeated.compiled
        if not batches(first, size):
            return False
        repeated.wait()
        if compiled:
            repeated.plan.seconds = (time.perf_counter() - start) / size
        return True

    def repeat(self, found: Any, batch: Any) -> None:
        samples, batch_size = self._source.samples, self._source.batch_size
        self._window = None
        if self._source.held is None:
            self._window = windows.window_of(samples, windows.window_size(samples, batch_size))
        super().repeat(found, batch)
        repeated: Any = self._repeated
        if repeated.another and self._steps < _FEWEST_OF_ANOTHER_SIZE:
            size = windows.window_size(samples, batch_size, repeated.plan.samples)
            if size:
                self._window = windows.window_of(samples, size)
                super().repeat(found, batch)

    def data(self, batch: Any) -> tuple[tuple, int]:
        return (self._source.held if self._window is None else self._window,), self._source.batch_size
