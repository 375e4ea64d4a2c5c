"""Products of whole tensors beyond the matrix product: Kronecker's, and the cross product of vectors."""

from __future__ import annotations

import builtins
from typing import Any

from kerasfront.backend.dispatch import Tensor, derived, normalize_axis, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes, _shapes
from kerasfront.ops.elementwise import multiply, negative, subtract
from kerasfront.ops.indexing import get_item
from kerasfront.ops.movement import expand_dims, moveaxis, reshape_known, stack


@derived(dtype=_dtypes.promote)
def kron(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the Kronecker product: each element of x1 times the whole of x2.

    Shapes: (a, b, ...) and (c, d, ...) give (a c, b d, ...); the shorter shape is filled up with 1 from the left.
    """
    shape1, shape2 = shape_of(x1), shape_of(x2)
    rank = builtins.max(len(shape1), len(shape2))
    x1, x2 = (expand_dims(x, tuple(range(rank - len(shape_of(x))))) if len(shape_of(x)) < rank else x for x in (x1, x2))
    sizes = [_shapes.times(one, other) for one, other in zip(shape_of(x1), shape_of(x2), strict=True)]
    inner, outer = tuple(range(0, 2 * rank, 2)), tuple(range(1, 2 * rank, 2))
    return reshape_known(multiply(expand_dims(x1, outer), expand_dims(x2, inner)), sizes)


@derived(dtype=_dtypes.no_bool)
def cross(x1: Tensor, x2: Tensor, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Tensor:
    """Return the cross products of vectors of 2 or 3 components, a missing third being 0; other axes broadcast.

    Args:
        axisa, axisb: the axes of x1 and x2 that hold the components.
        axisc: where they go in the result. Two vectors of 2 components give a number, the third component.
        axis: stands for all three.

    Raises:
        OpError: an axis of components has another size than 2 or 3.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    first, second = _components(x1, axisa), _components(x2, axisb)
    if len(first) == len(second) == 2:
        return _minor(first, second, 0, 1)
    parts = [_minor(first, second, *pair) for pair in ((1, 2), (2, 0), (0, 1))]
    rank = builtins.max(len(shape_of(part)) for part in parts)
    return stack(parts, normalize_axis(axisc, rank + 1, "cross"))


def _components(x: Any, axis: int) -> list:
    place = normalize_axis(axis, len(shape_of(x)), "cross")
    size = shape_of(x)[place]
    if size not in (2, 3):
        raise OpError(f"cross: axis {axis} of shape {shape_of(x)} has size {size}. Expected 2 or 3 components.")
    moved = moveaxis(x, place, -1)
    return [get_item(moved, (Ellipsis, i)) for i in range(size)]


def _minor(first: list, second: list, i: int, j: int) -> Any:
    """Return first[i] second[j] - first[j] second[i], third components that are not there being 0."""
    ahead = multiply(first[i], second[j]) if i < len(first) and j < len(second) else None
    back = multiply(first[j], second[i]) if j < len(first) and i < len(second) else None
    if ahead is None:
        return negative(back)
    return ahead if back is None else subtract(ahead, back)
