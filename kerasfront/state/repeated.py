"""A compiled function over many batches of data in memory, in one call of the engine (the service `repeat`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront import tree
from kerasfront.backend import dispatch, registry
from kerasfront.backend.contract import Backend
from kerasfront.state import interrupts, sharing
from kerasfront.state.function import Function, MoreState, as_tensor, tensors_apart
from kerasfront.utils import host_memory

# Of one function: for some forms of data, or flags that change to and fro.
_MOST_PLANS = 4


class Repeated:
    """Runs a `Function` that returns nothing on one batch after the other, in a loop inside the engine.

    After each call the state is that of whole steps: a failure leaves what was before, and a Ctrl-C waits for the end
    of the loop, which the caller therefore keeps short.

    Args:
        function: the step; its Variables are known, because it has run before.
        arrays: what it takes, with all samples along the first axis in place of those of a batch.
        batch_size: samples in each batch.
        facts: what else the step depends on, hashable; another loop is made when it changes.
    """

    def __init__(self, function: Function, arrays: tuple, batch_size: int, facts: Any = ()):
        leaves, spec = tree.flatten_with_spec(arrays)
        statics, self._arrays = tensors_apart(leaves)
        self._function, self.facts = function, facts
        self.backend: Backend = function.variables[0].backend
        self._form = spec, statics, batch_size
        self._make_plan()
        self._tensors: list | None = None
        self._looks = _looks(self._arrays)
        anew = self.backend.compiles and self.backend.compiles_for_samples
        self._samples = len(self._arrays[0]) if anew else None

    def __call__(self, order: Any, first: int, count: int) -> bool:
        """Run batches `first` to `first + count - 1` of an order of the samples, which `order_on_device` made.

        None is the samples as they lie: fast, but engines may round otherwise where numbers begin at other addresses.
        Returns whether it was done; not where the engine, seeing the step, says that a loop does not serve it.
        """
        # A loop is short, compiling it may not be.
        patient = interrupts.deferred(firm=self.compiled)
        with self._function.lock, registry.scope(self.backend), patient:
            if self._tensors is None:
                with host_memory.returned():
                    self._tensors = [self.backend.resident(array) for array in self._arrays]
            handles = [variable.handle for variable in self._variables]
            try:
                with sharing.running(self._pure):
                    new = self.plan.run(handles, self._tensors, order, first, count)
            except (MoreState, sharing.Unlike) as found:
                if isinstance(found, MoreState):
                    self._function.know(found.variables)
                else:
                    self._function.stand_alone()
                self._make_plan()
                return self(order, first, count)
            except BaseException:
                with interrupts.deferred(firm=True):
                    for variable, handle in zip(self._variables, handles, strict=True):
                        variable.take_handle(handle)
                raise
            if new is None:
                self.plan.useless = True
                return False
            with interrupts.deferred(firm=True):
                for place, handle in zip(self._pure.written, new, strict=True):
                    self._variables[place].take_handle(handle)
        self.plan.samples.add(self._samples)
        self._function.has_run()
        return True

    def replace(self, arrays: tuple) -> bool:
        """Take other data for the next calls; returns False, and takes none, where it has another form."""
        leaves, spec = tree.flatten_with_spec(arrays)
        statics, given = tensors_apart(leaves)
        if (spec, statics) != self._form[:2] or _looks(given) != self._looks:
            return False
        self._tensors = [as_tensor(one, self.backend) for one in given]
        return True

    def read_again(self) -> None:
        """Let the next call take the arrays as they are then: they have been written to."""
        self._tensors = None

    @property
    def compiled(self) -> bool:
        """Whether the loop has run before on as many samples."""
        return self._samples in self.plan.samples

    @property
    def another(self) -> bool:
        """Whether a loop would have to be compiled beside one for another number of samples."""
        return bool(self.plan.samples) and not self.compiled

    def _make_plan(self) -> None:
        function, (spec, statics, batch_size) = self._function, self._form
        entry = function.entry(self.backend, spec, statics)
        loops, key = entry.loops, (self.backend.name, *self._form, self.facts)
        self._pure, self._variables = entry.pure, function.variables
        if key not in loops and len(loops) >= _MOST_PLANS:
            loops.clear()
        self.plan = loops.setdefault(key, Plan())
        if self.plan.run is None and not self.plan.useless:
            self.plan.run = self.backend.repeat(entry.face, batch_size, function.jit_compile)
            self.plan.useless = self.plan.run is None

    def order_on_device(self, order: np.ndarray | None) -> Any:
        """Return positions of samples as the calls take them."""
        return None if order is None else self.backend.convert_to_tensor(order, "int32")

    def wait(self) -> None:
        """Wait until the state has been computed, and nothing reads the data any more."""
        # Any that is written: one that stays as it is, such as a learning rate, is there at once.
        if self._pure.written:
            self.backend.synchronize(self._variables[self._pure.written[-1]].raw)


def _looks(arrays: list) -> list[tuple]:
    return [(dispatch.shape_of(one), dispatch.dtype_of(one)) for one in arrays]


class Plan:
    """What is known of running a function in loops: the loop, whether it serves, and how long a step takes."""

    def __init__(self) -> None:
        self.run: Any = None
        self.useless = False
        self.samples: set[int | None] = set()
        """The numbers of samples it is compiled for; None where it is for all."""
        self.seconds: float | None = None
        """Of one step in a loop, once measured."""
