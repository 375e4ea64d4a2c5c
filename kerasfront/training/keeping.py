"""A step of predictions for loops in the engine, which return nothing: Variables keep the last outputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import ops, tree
from kerasfront.backend import dispatch
from kerasfront.state.function import Function
from kerasfront.state.variable import Variable

# Each step moves what is kept along by a batch, so it is little. Fewer batches are not worth a loop.
_KEPT_BYTES = 1 << 17
_FEWEST, _MOST = 4, 16


class Unserved(Exception):
    """The outputs are no tensors with a row for each sample, or too large for some batches of them to be kept."""


class Keeping:
    """Keeps the outputs of the last batches.

    Args:
        predict: from a batch to a list of its outputs alone.
        batch_size: samples in each batch.

    Attributes:
        function: `step`, compiled.
        variables: which keep them.
        room: how many batches are kept; 0 as long as no outputs have been seen.
        unserved: whether it has been seen that they cannot be kept.
    """

    function: Function

    def __init__(self, predict: Callable, batch_size: int):
        self._predict, self._batch_size = predict, batch_size
        self.variables: list[Variable] = []
        self._spec: Any = None
        self.room = 0
        self.unserved = False

    def step(self, batch: Any) -> None:
        """Predict for a batch and put the outputs behind those that are kept; the first ones make room.

        Raises:
            Unserved: they cannot be kept.
        """
        (outputs,) = self._predict(batch)
        if not self.room:
            self.make_room(outputs)
        leaves = tree.flatten(outputs)
        if self.unserved or any(dispatch.shape_of(leaf)[0] != self._batch_size for leaf in leaves):
            self.unserved = True
            raise Unserved
        for variable, leaf in zip(self.variables, leaves, strict=True):
            variable.assign(ops.concatenate([variable[self._batch_size :], leaf], axis=0))

    def make_room(self, outputs: Any) -> None:
        """Make the Variables for outputs like these, which may be symbolic and of any number of samples.

        Where they cannot be kept it makes none, and notes that.
        """
        leaves, self._spec = tree.flatten_with_spec(outputs)
        tensors = [leaf for leaf in leaves if dispatch.is_tensor(leaf) and dispatch.dtype_of(leaf) != "string"]
        forms = [(dispatch.shape_of(leaf), dispatch.dtype_of(leaf)) for leaf in tensors]
        fit = leaves and len(tensors) == len(leaves) and all(shape and None not in shape[1:] for shape, _ in forms)
        size, room = self._batch_size, 0
        if fit:
            weight = size * sum(math.prod(shape[1:]) * np.dtype(dtype).itemsize for shape, dtype in forms)
            room = min(_MOST, _KEPT_BYTES // max(1, weight))
        self.unserved = room < _FEWEST
        if not self.unserved:
            self.room, self.variables = (
                room,
                [
                    Variable(np.zeros((room * size, *shape[1:]), dtype), trainable=False, name="kept_outputs")
                    for shape, dtype in forms
                ],
            )

    def last(self, count: int) -> Callable[[], Any]:
        """Return a function that waits for the outputs of the last batches, and gives them joined as NumPy arrays."""
        backend, rows = self.variables[0].backend, count * self._batch_size
        # These tensors stay as they are: the next step makes others.
        kept = [variable.raw for variable in self.variables]
        return lambda: tree.unflatten(self._spec, [backend.to_numpy(one)[-rows:].copy() for one in kept])
