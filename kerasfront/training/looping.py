"""Epochs in which several steps go into one call of the engine.

It is done where nobody looks at single batches, the data is in memory, and the engine says that a loop serves the step
(a convolution in a loop is several times slower on one engine's CPU). Nothing is decided by the clock but how many
steps go into one call: a training that is repeated runs the same code, to the last bit. The compiled loop stays with
the compiled step, for later calls of `fit`.
"""

from __future__ import annotations

import time
from typing import Any

from kerasfront.state.repeated import Repeated
from kerasfront.training import step
from kerasfront.training.data.arrays import ArraySource

# A loop takes about so long: an interrupt or a progress bar may have to wait for its end.
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

    @property
    def useless(self) -> bool:
        """Whether the engine has said that a loop does not serve this step."""
        return self._repeated is not None and self._repeated.plan.useless

    def epoch(self, index: int, callbacks: Any) -> tuple[int, Any]:
        """Run one epoch; returns the number of batches and the logs of the last step."""
        execution, source = self._execution, self._source
        order = source.positions(index)
        whole = source.num_samples // source.batch_size
        count, logs, on_device = 0, None, None
        while count < source.num_batches:
            # The first step of an epoch looks at the model again, which a callback may have changed.
            size = self._loop_size(whole - count) if count else 0
            callbacks.on_train_batch_begin(count)
            if size and on_device is None and self._repeated is not None:
                on_device = self._repeated.order_on_device(order)
            if not size or not self._loop(on_device, count, size):
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
        if self._repeated is None or self.useless or remaining < 1:
            return 0
        seconds = self._repeated.plan.seconds
        return 1 if seconds is None else min(remaining, max(1, int(_LOOP_SECONDS / seconds)))

    def _loop(self, on_device: Any, first: int, size: int) -> bool:
        """Run some steps in the engine and take their time; returns whether the engine has done so."""
        repeated: Any = self._repeated
        start = time.perf_counter()
        compiled = repeated.plan.compiled
        if not repeated(on_device, first, size):
            return False
        repeated.wait()
        if compiled:
            repeated.plan.seconds = (time.perf_counter() - start) / size
        return True

    def _note_single(self, function: Any) -> None:
        """Make the loop of a compiled step that is new."""
        if function is not self._function:
            self._function = function
            self._repeated = Repeated(function, (self._source.in_memory,), self._source.batch_size)
