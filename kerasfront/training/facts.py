"""What a step finds in Python beside its tensors: flags, rates, names, functions, and which objects there are.

An engine that repeats a recorded step repeats what Python decided when it was recorded. That is right as long as the
attributes of model, optimizer, losses and metrics are the same, and as long as nothing in the step has an effect that
cannot be seen in them, such as printing. The code of the library has none; that of users is looked through for the
names it uses.
"""

from __future__ import annotations

import builtins
import contextlib
import dis
import enum
import functools
import types
from typing import Any

import numpy as np

from kerasfront import config
from kerasfront.backend import dispatch
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.state.variable import Variable

# What the library keeps beside what it was told: derived from the rest, or not part of a step.
ASIDE = frozenset(
    ("_backend", "_build_shapes", "_compiled_steps", "_fits_running", "_fitting", "_forward", "_graph",
     "_init_arguments", "_lock", "_order_seed", "_tracked", "given", "history",
     "stop_evaluating", "stop_predicting", "stop_training")
)  # fmt: skip
# Methods that no step calls.
_NOT_IN_STEPS = frozenset(
    ("__init__", "__init_subclass__", "__new__", "build", "build_from_config", "compute_output_shape",
     "compute_output_spec", "from_config", "get_build_config", "get_config")
)  # fmt: skip
_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...))
_WITH_CONTENTS = (dict, list, tuple, set, frozenset)
_SAFE_BUILTINS = frozenset(
    ("abs", "all", "any", "bool", "callable", "dict", "divmod", "enumerate", "filter", "float", "frozenset",
     "getattr", "hasattr", "int", "isinstance", "issubclass", "iter", "len", "list", "map", "max", "min",
     "next", "object", "pow", "property", "range", "repr", "reversed", "round", "set", "setattr", "slice",
     "sorted", "str", "sum", "super", "tuple", "type", "zip", "ValueError", "TypeError", "RuntimeError",
     "NotImplementedError", "KeyError", "AssertionError")
)  # fmt: skip
_SAFE_MODULES = ("kerasfront", "functools", "itertools", "math", "operator")
# Larger arrays are taken for the same as long as they are the same object.
SMALL_ARRAY = 256


class Unknown(Exception):
    """Something has effects that facts do not show, or may have."""


class Facts:
    """Facts to be compared. What they name by its id lives as long as they do."""

    __slots__ = ("_kept", "_values")

    def __init__(self, values: tuple, kept: Any):
        self._values, self._kept = values, kept

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facts) and self._values == other._values

    def __hash__(self) -> int:
        return hash(self._values)


def facts_of(model: Any) -> Facts | None:
    """Return what steps of a model find in Python; None where that cannot be told.

    Example:
        >>> import kerasfront as keras
        >>> from kerasfront.training.facts import facts_of
        >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5)])
        >>> before = facts_of(model)
        >>> model.layers[0].rate = 0.1
        >>> before == facts_of(model)
        False
    """
    return facts_among([model, model.optimizer, model._compilation, *model._flatten_layers()])


def facts_among(objects: list[Any]) -> Facts | None:
    """Return what is found in some objects and all that they hold; None where that cannot be told."""
    walk = Walk()
    try:
        walk.through(objects)
    except Unknown:
        return None
    return Facts((*settings(), *walk.facts), (walk.seen, objects))


def settings() -> tuple:
    """Return the settings that steps depend on."""
    return config.floatx(), config.epsilon(), config.image_data_format()


class Walk:
    """Goes through objects and notes what it finds, each object once."""

    def __init__(self) -> None:
        self.facts: list[Any] = []
        self.seen: dict[int, Any] = {}

    def through(self, start: list[Any]) -> None:
        todo = list(reversed(start))
        while todo:
            value = todo.pop()
            kind = type(value)
            if kind in _PLAIN:
                self.facts.append((kind, value))
                continue
            self.note(value, kind)
            if id(value) in self.seen:
                continue
            self.seen[id(value)] = value
            todo.extend(self.inside(value, kind))

    def note(self, value: Any, kind: type) -> None:
        """Note which object it is."""
        self.facts.append(id(value))

    def inside(self, value: Any, kind: type) -> Any:
        """Return what there is to look at in a value."""
        if kind in (list, tuple, set, frozenset):
            self.facts.append(len(value))
            return value
        if kind is dict:
            self.facts.append(len(value))
            return [*value.keys(), *value.values()]
        if kind is Variable:
            return [value.trainable, value.regularizer, value.constraint]
        if kind is np.ndarray:
            return [value.tobytes()] if value.size <= SMALL_ARRAY else ()
        if kind is types.MethodType:
            return [value.__self__, value.__func__]
        if kind is functools.partial:
            return [value.func, value.args, value.keywords]
        if kind is types.ModuleType:
            return _unless(value.__name__.partition(".")[0] in _SAFE_MODULES, value)
        if is_ours(value if isinstance(value, (type, types.FunctionType)) else kind):
            return self.fields(value)
        if kind is types.FunctionType:
            return in_function(value)
        if isinstance(value, type):
            return _unless(value.__module__ == "builtins" and value.__name__ in _SAFE_BUILTINS, value)
        if kind is types.BuiltinFunctionType:
            safe = value.__name__ in _SAFE_BUILTINS if value.__module__ == "builtins" else _is_safe(value.__module__)
            return _unless(safe, value)
        if isinstance(value, (np.generic, np.dtype)) or dispatch.is_tensor(value):
            return ()
        if isinstance(value, _WITH_CONTENTS):
            # What a subclass of these holds is not among its attributes.
            inside = [*value.items()] if isinstance(value, dict) else [*value]
            return [inside, *self.fields(value), *_methods(kind)]
        # Nor is what one of a number or text is, but for members of an `Enum`.
        _unless(not isinstance(value, _PLAIN[:-2]) or isinstance(value, enum.Enum), value)
        return [*_unless(hasattr(value, "__dict__"), value), *self.fields(value), *_methods(kind)]

    def fields(self, value: Any) -> list[Any]:
        """Note the names of an object's attributes and return their values."""
        if isinstance(value, (type, types.FunctionType, KerasTensor)):
            return []
        fields = getattr(value, "__dict__", {})
        self.facts.append(len(fields))
        # Initializers have done their work.
        return [one for name, one in fields.items() if name not in ASIDE and not name.endswith("_initializer")]


def _unless(known: bool, value: Any) -> tuple:
    if not known:
        raise Unknown(f"{value!r} may do what cannot be seen")
    return ()


def _is_safe(module: str | None) -> bool:
    return (module or "").partition(".")[0] in _SAFE_MODULES


def is_ours(value: Any) -> bool:
    """Return whether a class or function is the library's."""
    return (getattr(value, "__module__", None) or "").partition(".")[0] == "kerasfront"


@functools.cache
def _methods(kind: type) -> list[Any]:
    """Return the functions of a user's class that a step may call."""
    found: list[Any] = []
    for base in kind.__mro__:
        if base is object or is_ours(base):
            continue
        for name, value in vars(base).items():
            value = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
            if name not in _NOT_IN_STEPS and isinstance(value, types.FunctionType):
                found.append(value)
    return found


def closed_over(function: types.FunctionType) -> list[Any]:
    """Return what a function got when it was made: defaults, and what it closes over."""
    found: list[Any] = [function.__defaults__, function.__kwdefaults__]
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # a cell without content yet
            found.append(cell.cell_contents)
    return found


def in_function(function: types.FunctionType) -> list[Any]:
    """Return what a user's function refers to."""
    found = closed_over(function)
    for name in _global_names(function.__code__):
        if name in function.__globals__:
            found.append(function.__globals__[name])
        else:
            found.append(getattr(builtins, name, None))
    return found


@functools.cache
def _global_names(code: types.CodeType) -> tuple[str, ...]:
    """Return the names of globals that code reads, that of functions in it included."""
    names: dict[str, None] = {}
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("STORE_GLOBAL", "DELETE_GLOBAL", "IMPORT_NAME"):
            raise Unknown(f"{code.co_name} has {instruction.opname}")
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names[instruction.argval] = None
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names.update(dict.fromkeys(_global_names(constant)))
    return tuple(names)
