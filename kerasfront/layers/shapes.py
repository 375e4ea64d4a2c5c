"""Nested structures of shapes: those of tensors, and mapping over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import tree
from kerasfront.backend import dispatch


def has_tensors(value: Any) -> bool:
    return any(dispatch.is_tensor(leaf) for leaf in tree.flatten(value))


def shapes_of(value: Any) -> Any:
    """Return shapes in place of tensors."""
    if isinstance(value, dict):
        return {key: shapes_of(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return (
            type(value)(shapes_of(item) for item in value)
            if not hasattr(value, "_fields")
            else tuple(map(shapes_of, value))
        )
    return None if value is None else tuple(dispatch.shape_of(value))


def is_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        item is None or isinstance(item, (int, np.integer)) for item in value
    )


def map_shapes(function: Callable, shapes: Any) -> Any:
    """Apply a function to each shape of a nested structure of shapes."""
    if is_shape(shapes):
        return function(tuple(shapes))
    if isinstance(shapes, dict):
        return {key: map_shapes(function, item) for key, item in shapes.items()}
    mapped = [map_shapes(function, item) for item in shapes]
    return tuple(mapped) if isinstance(shapes, tuple) else mapped
