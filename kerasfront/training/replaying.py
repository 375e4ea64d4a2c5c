"""Steps on batches that come one by one, on engines that run steps as plain Python: recorded, they take less time.

Arrays and files have their loops (`looping`). This is for generators and loaders, for data of a single batch, and for
files of samples too large for a window.
Engines that compile steps have no use for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront import tree
from kerasfront.training import repeats


def replaying_for(execution: Any, source: Any, epochs: int) -> Replaying | None:
    """Return what runs the steps of `fit` or `evaluate`; None where recording one cannot be or does not pay."""
    if execution.model._backend.compiles or not repeats.allowed(execution):
        return None
    steps = source.num_batches and source.num_batches * epochs
    if steps is not None and steps < repeats.FEWEST_RECORDED:
        return None
    return Replaying(execution, repeats.FEWEST_RECORDED if steps is None else 0)


class Replaying(repeats.Repeats):
    """Runs steps as an `Execution` does, with no logs: the metrics have them.

    Args:
        execution: runs single steps.
        first: so many come by themselves, to see whether there are more.
    """

    def __init__(self, execution: Any, first: int):
        super().__init__(execution)
        self._first = first
        self._order: Any = None

    def __call__(self, batches: list) -> Any:
        """Run the step on the one batch in a list."""
        if self._first:
            self._first -= 1
            return self._execution(batches)
        (batch,) = batches
        if self._execution.function is None:
            self.look_again()
        repeated = self._repeated
        if repeated is None or repeated.plan.useless:
            return self.single(batch)
        if repeated.replace((batch,)) and repeated(self._order, 0, 1):
            return None
        return self.single(batch)

    def repeat(self, found: Any, batch: Any) -> None:
        super().repeat(found, batch)
        repeated: Any = self._repeated
        self._order = repeated.order_on_device(np.arange(self.data(batch)[1]) if self.listed else None)

    def data(self, batch: Any) -> tuple[tuple, int]:
        return (batch,), len(next(leaf for leaf in tree.flatten(batch) if leaf is not None))
