"""The toy engine: an array type of its own, which no other backend takes for its own.

A `Box` holds an array of the NumPy backend of kerasfront, and every function here opens boxes, calls that backend's
function and boxes what comes out. So the engine is real (its tensors are no NumPy arrays, and mixing shows) and short.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from kerasfront import tree
from kerasfront.backend import registry
from kerasfront.backend.operators import Operators

host = registry.host()


class Box(Operators):
    """A tensor of the toy engine."""

    __slots__ = ("array",)

    def __init__(self, array: Any):
        self.array = array

    @property
    def dtype(self) -> str:
        """Name of the dtype."""
        return host.dtype_name(self.array)

    @property
    def shape(self) -> tuple[int, ...]:
        """The dimensions."""
        return tuple(host.shape(self.array))

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def __float__(self) -> float:
        return float(host.to_numpy(self.array))

    def __int__(self) -> int:
        return int(host.to_numpy(self.array))

    def __bool__(self) -> bool:
        return bool(host.to_numpy(self.array))

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        values = host.to_numpy(self.array)
        return values if dtype is None else values.astype(dtype)

    def __repr__(self) -> str:
        return f"Box({host.to_numpy(self.array)!r})"


def boxed(structure: Any) -> Any:
    """Put each array of a structure into a box."""
    return tree.map_structure(lambda leaf: Box(leaf) if host.is_tensor(leaf) else leaf, structure)


def opened(structure: Any) -> Any:
    """Take each array of a structure out of its box; functions among the leaves work on boxes and are wrapped."""
    return tree.map_structure(_opened_leaf, structure)


def _opened_leaf(leaf: Any) -> Any:
    if isinstance(leaf, Box):
        return leaf.array
    return on_arrays(leaf) if callable(leaf) else leaf


def on_arrays(function: Callable) -> Callable:
    """Make a function of boxes one of arrays."""
    return lambda *args: opened(function(*boxed(args)))


def on_boxes(function: Callable) -> Callable:
    """Make a function of arrays one of boxes."""

    @functools.wraps(function)
    def wrapped(*args: Any) -> Any:
        return boxed(function(*opened(args)))

    return wrapped


class Functions:
    """The namespace of primitives: those of the NumPy backend, on boxes."""

    def __getattr__(self, name: str) -> Callable:
        function = on_boxes(getattr(host.ops, name))
        setattr(self, name, function)
        return function
