"""Tensors cut along one axis and joined depth-wise, and turned over."""

from __future__ import annotations

from typing import Any

from kerasfront.backend.dispatch import Axis, Tensor, Tensors, derived, shape_of
from kerasfront.errors import OpError
from kerasfront.ops.movement import concatenate, expand_dims, reshape, reverse, split


@derived
def array_split(x: Tensor, indices_or_sections: Any, axis: Axis = 0) -> Any:
    """Return a list of parts along an axis: so many, the first ones longer by 1 where needed, or cut at the indices."""
    size = shape_of(x)[axis]
    if not isinstance(indices_or_sections, int):
        return split(x, indices_or_sections, axis)
    count = indices_or_sections
    if count <= 0:
        raise OpError(f"array_split: {count} parts of shape {shape_of(x)}. Expected 1 part or more.")
    if size is None:
        return split(x, count, axis)
    short, longer = divmod(size, count)
    return split(x, [short * i + min(i, longer) for i in range(1, count)], axis)


def _split(x: Any, indices_or_sections: Any, axis: int, name: str) -> Any:
    _need_axes(x, axis + 1, name)
    return split(x, indices_or_sections, axis)


def _need_axes(x: Any, count: int, name: str) -> None:
    if len(shape_of(x)) < count:
        raise OpError(f"{name}: shape {shape_of(x)}. Expected {count} axes or more. Add axes by expand_dims.")


@derived
def vsplit(x: Tensor, indices_or_sections: Any) -> Any:
    """Return a list of parts along axis 0; see `split`."""
    return _split(x, indices_or_sections, 0, "vsplit")


@derived
def hsplit(x: Tensor, indices_or_sections: Any) -> Any:
    """Return a list of parts along axis 1 (axis 0 of a vector); see `split`."""
    return _split(x, indices_or_sections, 0 if len(shape_of(x)) == 1 else 1, "hsplit")


@derived
def dsplit(x: Tensor, indices_or_sections: Any) -> Any:
    """Return a list of parts along axis 2; see `split`."""
    return _split(x, indices_or_sections, 2, "dsplit")


@derived
def dstack(xs: Tensors) -> Tensor:
    """Return tensors joined along axis 2; vectors (n,) become (1, n, 1), matrices (m, n, 1)."""
    return concatenate([_deepened(x) for x in xs], 2)


def _deepened(x: Any) -> Any:
    rank = len(shape_of(x))
    if rank == 0:
        return reshape(x, (1, 1, 1))
    return expand_dims(x, (0, 2)) if rank == 1 else expand_dims(x, 2) if rank == 2 else x


@derived
def flipud(x: Tensor) -> Tensor:
    """Return the tensor with its rows, axis 0, in opposite order."""
    _need_axes(x, 1, "flipud")
    return reverse(x, 0)


@derived
def fliplr(x: Tensor) -> Tensor:
    """Return the tensor with its columns, axis 1, in opposite order."""
    _need_axes(x, 2, "fliplr")
    return reverse(x, 1)
