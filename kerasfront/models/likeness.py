"""Which models are made alike, so that a step compiled for one serves the others.

Two steps do the same if the facts (see `training/facts.py`) are the same but for which objects there are: layers of the
same classes with the same attributes, connected in the same way, and Variables of the same shapes and dtypes in the
same places. So an object is known by when it was first met. Names do not count, unless code of users looks at them; nor
do seeds, which are read from Variables. Nothing here keeps a model alive.
"""

from __future__ import annotations

import types
from typing import Any

import numpy as np

from kerasfront.backend import dispatch
from kerasfront.backend.symbolic import KerasTensor, Node
from kerasfront.layers import Layer
from kerasfront.models.graph import Graph
from kerasfront.optimizers import Optimizer
from kerasfront.state.seed import SeedGenerator
from kerasfront.state.variable import Variable
from kerasfront.training import facts

# What is looked at of these, in the place of all their attributes.
_PARTS = {
    Variable: ("shape", "dtype", "trainable", "autocast", "regularizer", "constraint", "overwrite_with_gradient"),
    KerasTensor: ("shape", "dtype"),
    Graph: ("inputs", "outputs", "input_structure", "output_structure", "nodes"),
    Node: ("operation", "arguments", "output_structure"),
    SeedGenerator: ("state",),
}
_NAMES = ("_name", "name", "_path", "path")
# Attributes that hold ids of what other attributes hold, and one that tells what has happened.
_DERIVED = ("_called", "_known", "_positions")
_KNOWN_BY_THEMSELVES = (type, types.ModuleType, types.BuiltinFunctionType, np.dtype)


def likeness(model: Any, variables: list[Variable]) -> facts.Facts | None:
    """Return what the steps of a model have in common with those of models made alike; None where that cannot be told.

    Args:
        model: one that has all its state.
        variables: those that the step takes, in this order.

    Example:
        >>> import kerasfront as keras
        >>> from kerasfront.models.likeness import likeness
        >>> def of(units):
        ...     model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units)])
        ...     return likeness(model, model.variables)
        >>> of(3) == of(3), of(3) == of(2)
        (True, False)
    """
    walk = _Likeness()
    try:
        walk.through([variables, model, model.optimizer, model._compilation])
    except facts.Unknown:
        return None
    return facts.Facts((*facts.settings(), *walk.nameless()), walk.kept)


class _Likeness(facts.Walk):
    """Knows objects by the order in which they come."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Any] = []
        self.names: list[Any] = []
        self.reads_names = False
        self._numbers: dict[int, int] = {}

    def nameless(self) -> list[Any]:
        """Return the facts with names of layers as numbers, or as they are where code of users looks at them."""
        if self.reads_names:
            return [*self.facts, *self.names]
        numbers = {(str, name): -number for number, name in enumerate(dict.fromkeys(self.names), 1) if name}
        return [numbers.get(fact, fact) if type(fact) is tuple else fact for fact in self.facts]

    def note(self, value: Any, kind: type) -> None:
        if isinstance(value, _KNOWN_BY_THEMSELVES):
            self.kept.append(value)
            self.facts.append(id(value))
        elif kind is types.FunctionType:
            # One that is made anew for each model has the same code.
            known = value.__code__ if value.__closure__ or not facts.is_ours(value) else value
            self.kept.append(known)
            self.facts.append(id(known))
        else:
            self.facts.append((kind, self._numbers.setdefault(id(value), len(self._numbers))))

    def inside(self, value: Any, kind: type) -> Any:
        if kind in _PARTS:
            if kind is Variable:
                self.names.append(value.path)
            return [getattr(value, part) for part in _PARTS[kind]]
        if isinstance(value, np.generic):
            return [value.tobytes()]
        if kind is np.ndarray:
            if value.size > facts.SMALL_ARRAY:
                raise facts.Unknown("a large array")
            return [value.dtype.str, value.shape, value.tobytes()]
        if dispatch.is_tensor(value):
            raise facts.Unknown("a tensor")
        if kind is types.FunctionType:
            return self._in_function(value)
        return super().inside(value, kind)

    def _in_function(self, function: types.FunctionType) -> Any:
        if facts.is_ours(function):
            return facts.closed_over(function)
        code = function.__code__
        self.reads_names = self.reads_names or not {"name", "path"}.isdisjoint((*code.co_names, *code.co_consts))
        return facts.in_function(function)

    def fields(self, value: Any) -> list[Any]:
        if isinstance(value, (type, types.FunctionType)):
            return []
        found = {**getattr(value, "__dict__", {})}
        for name in (*(facts.ASIDE - {"_graph"}), *_DERIVED):
            found.pop(name, None)
        if isinstance(value, (Layer, Optimizer)):
            self.names += [found.pop(name, None) for name in _NAMES]
        if isinstance(value, Optimizer):
            # Which Variables, all of which have been met.
            found["_undecayed"] = sorted(map(self._numbers.get, found["_undecayed"]))
        names = sorted(name for name in found if not name.endswith("_initializer"))
        self.facts.append(tuple(names))
        return [found[name] for name in names]
