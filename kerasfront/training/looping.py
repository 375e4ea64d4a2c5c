"""Epochs, and predictions, in which several steps go into one call of the engine.

It is done where nobody looks at single batches, the data lies in arrays or files of the host, and the engine says that
a loop serves the step (a convolution in a loop is several times slower on one engine's CPU). Nothing is decided by the
clock but how many steps go into one call: a training that is repeated runs the same code, to the last bit. The compiled
loop stays with the compiled step, for later calls of `fit`.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from kerasfront.training import keeping, repeats, windows
from kerasfront.training.data.arrays import ArraySource

# A loop takes about so long: an interrupt or a progress bar may have to wait for its end.
_LOOP_SECONDS = 0.075
# Bytes of data that are copied for a single pass over it.
_MOST_COPIED_FOR_A_PASS = 1 << 27
# Compiling takes about as long for a loop as for a single step, so a training compiles the loop alone. Where that holds
# for one number of samples only, others come in windows of as many, or by the single step, which fits all, unless so
# many steps are to come that another loop pays.
_FEWEST_OF_ANOTHER_SIZE = 4096


def looping_for(execution: Any, source: Any, epochs: int) -> Looping | None:
    """Return what runs the epochs of `fit` or `evaluate` in loops; None where each batch has to be a call by itself."""
    steps = _steps(execution, source, epochs)
    return Looping(execution, source, steps) if steps else None


def predicting_for(execution: Any, source: Any, results: Any) -> Predicting | None:
    """Return what predicts in loops and puts the outputs into the results; None as for `looping_for`."""
    steps = _steps(execution, source, 1)
    if not steps:
        return None
    batch = source.packed_batch(None, 0)
    execution.ready(lambda: batch)
    model = execution.model
    kept = model._compiled_steps.keeping(model, batch, source.batch_size)
    return None if kept.unserved else Predicting(execution, source, steps, kept, results)


def _steps(execution: Any, source: Any, epochs: int) -> int:
    """Return how many steps on whole batches there are, 0 where loops do not serve or pay."""
    if not isinstance(source, ArraySource) or source.samples is None or not repeats.allowed(execution):
        return 0
    if source.held is None and not windows.window_size(source.samples, source.batch_size):
        return 0
    whole = source.num_samples // source.batch_size
    # Single predictions are fast, and their step is there already, or needed for the next call.
    few = execution.model._backend.compiles and execution.kind != "predict"
    fewest = 2 if few else repeats.FEWEST_RECORDED
    return whole * epochs if whole > 1 and whole * epochs >= fewest else 0


class Looping(repeats.Repeats):
    """The epochs of one training, or the one of an evaluation.

    Args:
        execution: runs single steps.
        source: the data.
        steps: the number of whole batches in all epochs.
    """

    # Whether calls may be made while the engine is at earlier ones.
    _ahead = False

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
            if self._repeated is None and not (self._decides and count):
                execution.ready(lambda: source.packed_batch(order, 0))
                if self._decides:
                    self.resume()
                else:
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
            end(count - 1, self.batch_logs(logs))
            if execution.stopped():
                break
        return count, logs

    def batch_logs(self, logs: Any) -> Any:
        """Return what callbacks get at the end of some batches."""
        return self._execution.batch_logs(logs)

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
            data, size = source.samples, source.batch_size
            return windows.Windows(repeated, order, data, self._window, size, self.listed)
        return windows.Whole(repeated, np.arange(source.num_samples) if order is None and self.listed else order)

    def _loop(self, batches: Any, first: int, size: int) -> bool:
        """Run some steps in the engine and take their time; returns whether the engine has done so."""
        repeated: Any = self._repeated
        start = time.perf_counter()
        compiled = repeated.compiled
        if not batches(first, size):
            return False
        if not self._ahead or repeated.plan.seconds is None:
            repeated.wait()
            if compiled:
                repeated.plan.seconds = (time.perf_counter() - start) / size
        return True

    def repeat(self, found: Any, batch: Any) -> None:
        source, samples, batch_size = self._source, self._source.samples, self._source.batch_size
        self._window = None
        # A single pass over much data does without a copy of it.
        passing = self._execution.kind != "train" and source.copied > _MOST_COPIED_FOR_A_PASS
        size = windows.window_size(samples, batch_size) if source.held is None or passing else 0
        if size:
            self._window = windows.window_of(samples, size)
        super().repeat(found, batch)
        repeated: Any = self._repeated
        if repeated.another and self._steps < _FEWEST_OF_ANOTHER_SIZE:
            size = windows.window_size(samples, batch_size, repeated.plan.samples)
            if size:
                self._window = windows.window_of(samples, size)
                super().repeat(found, batch)

    def data(self, batch: Any) -> tuple[tuple, int]:
        return (self._source.held if self._window is None else self._window,), self._source.batch_size


class Predicting(Looping):
    """The batches of one prediction.

    Args:
        execution: runs single steps.
        source: the data.
        steps: the number of whole batches.
        kept: the step for loops.
        results: takes the outputs in order.
    """

    _ahead = True

    def __init__(self, execution: Any, source: ArraySource, steps: int, kept: keeping.Keeping, results: Any):
        super().__init__(execution, source, steps)
        self._kept, self._results = kept, results

    @property
    def useless(self) -> bool:
        return self._kept.unserved or super().useless

    def function(self) -> Any:
        return self._kept.function

    def single(self, batch: Any) -> Any:
        outputs = super().single(batch)
        self._results.add(outputs)
        return outputs

    def batch_logs(self, logs: Any) -> Any:
        return {"outputs": self._results.latest(self._source.batch_size)} if self._execution.needed else None

    def _loop_size(self, remaining: int) -> int:
        return min(super()._loop_size(remaining), self._kept.room or 1)

    def _loop(self, batches: Any, first: int, size: int) -> bool:
        # Until they have been read, no prediction in another thread may put its outputs in their place.
        with self._kept.function.lock:
            try:
                if not super()._loop(batches, first, size):
                    return False
            except keeping.Unserved:
                return False
            self._results.add_later(self._kept.last(size))
        return True
