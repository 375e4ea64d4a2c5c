"""Epochs in which several steps go into one call of the engine, where that is faster.

It can be done where nobody looks at single batches and the data is in memory. Whether it is faster is measured: the
first steps of a training run one by one, then a few in a loop. Steps that take long gain nothing and may lose (a
convolution in a loop is several times slower on one engine's CPU), so they are not tried. What was found out
stays with the compiled step, for later calls of `fit`.
"""

from __future__ import annotations

import time
from typing import Any

from kerasfront.state.repeated import Repeated
from kerasfront.training import step
from kerasfront.training.data.arrays import ArraySource

# Steps that are timed one by one, after the first one, which may compile.
_TIMED = 4
# A step that takes longer has no overhead worth saving.
_LONGEST_STEP = 0.02
# A loop takes no longer than this: so long an interrupt or a progress bar may have to wait.
_LOOP_SECONDS = 0.075
# With fewer steps to come, compiling the loop takes longer than it saves.
_FEWEST_STEPS = 30


def looping_for(execution: Any, source: Any, epochs: int) -> Looping | None:
    """Return what runs the epochs of a training in loops; None where each batch has to be a call of its own."""
    model = execution.model
    if not isinstance(source, ArraySource) or source.in_memory is None:
        return None
    if execution.watched or model.run_eagerly or model.steps_per_execution > 1:
        return None
    if not step.reports_metrics(model, "train"):
        return None
    whole = source.num_samples // source.batch_size
    return Looping(execution, source) if whole > 1 and whole * epochs >= _FEWEST_STEPS else None


class Looping:
    """The epochs of one training.

    Args:
        execution: runs single steps.
        source: the data.
    """

    def __init__(self, execution: Any, source: ArraySource):
        self._execution, self._source = execution, source
        self._function: Any = None
        self._repeated: Repeated | None = None
        self._singles = 0
        self._started = self._single_seconds = 0.0
        self.useless = False

    def epoch(self, index: int, callbacks: Any) -> tuple[int, Any]:
        """Run one epoch; returns the number of batches and the logs of the last step."""
        execution, source = self._execution, self._source
        order = source.positions(index)
        whole = source.num_samples // source.batch_size
        count, logs, on_device = 0, None, None
        while count < source.num_batches:
            size = self._loop_size(whole - count) if count else 0
            callbacks.on_train_batch_begin(count)
            if size and self._repeated is not None:
                on_device = self._repeated.order_on_device(order) if on_device is None else on_device
                self._repeated(on_device, count, size)
                self._repeated.wait()
                self._note_loop(size)
            else:
                size = 1
                logs = execution([source.packed_batch(order, count)])
                self._note_single(execution.function)
            count += size
            callbacks.on_train_batch_end(count - 1, execution.batch_logs(logs))
            if execution.model.stop_training:
                break
        return count, logs

    def _loop_size(self, remaining: int) -> int:
        """Return how many of the whole batches that remain go into the next call; 0 for one by itself."""
        repeated = self._repeated
        if repeated is None or repeated.plan.useless or remaining < 1:
            return 0
        if repeated.plan.seconds is not None:
            return min(remaining, max(1, int(_LOOP_SECONDS / repeated.plan.seconds)))
        if self._singles <= _TIMED or self._single_seconds > _LONGEST_STEP:
            return 0
        if self._started == 0.0:
            # The first call compiles.
            return 1
        return min(remaining, max(2, int(_LONGEST_STEP / self._single_seconds)))

    def _note_single(self, function: Any) -> None:
        """Take the time of single steps; whatever has changed the compiled step starts anew."""
        if function is not self._function:
            self._function, self._singles = function, 0
            self._repeated = Repeated(function, (self._source.in_memory,), self._source.batch_size)
        repeated: Any = self._repeated
        self.useless = repeated.plan.useless
        if self.useless or repeated.plan.seconds is not None or self._singles > _TIMED:
            return
        if self._singles in (0, _TIMED):
            repeated.wait()
            now = time.perf_counter()
            self._single_seconds = (now - self._started) / _TIMED
            self._started = now if self._singles == 0 else 0.0
        self._singles += 1
        if self._singles > _TIMED and self._single_seconds > _LONGEST_STEP:
            repeated.plan.useless = True

    def _note_loop(self, size: int) -> None:
        """Take the time of the second loop, and decide."""
        repeated = self._repeated
        if repeated is None or repeated.plan.useless or repeated.plan.seconds is not None or self._singles <= _TIMED:
            return
        now = time.perf_counter()
        if size > 1:
            seconds = (now - self._started) / size
            repeated.plan.useless = seconds > self._single_seconds
            repeated.plan.seconds = seconds
        self._started = now
