"""Products that sum over axes: matrix products and their relatives."""

from __future__ import annotations

import builtins
import string
from typing import Any

from kerasfront.backend.dispatch import Tensor, Tensors, derived, normalize_axis, primitive, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes, _shapes
from kerasfront.ops.elementwise import multiply
from kerasfront.ops.movement import permute_axes, reshape, reshape_known
from kerasfront.ops.reductions import sum


@primitive(shape=_shapes.matmul, dtype=_dtypes.no_bool)
def matmul(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the matrix product; leading axes broadcast, vectors are rows or columns.

    Shapes: `x1` (..., n, k), `x2` (..., k, m); the result is (..., n, m).

    Example:
        >>> from kerasfront import ops
        >>> ops.matmul(ops.ones((2, 3)), ops.ones((3, 4))).shape
        (2, 4)
    """


@primitive(shape=_shapes.einsum, dtype=_dtypes.no_bool)
def contract(operands: Tensors, subscripts: str) -> Tensor:
    """Return the sum of products by explicit subscripts such as "ij,jk->ik" (no ellipsis, no spaces)."""


def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Return the sum of products by subscripts.

    Args:
        subscripts: such as "ij,jk->ik"; "..." stands for leading axes; without "->" the indices that
            appear once, in alphabetical order.
        operands: tensors.

    Raises:
        OpError: subscripts and operands do not fit.

    Example:
        >>> from kerasfront import ops
        >>> ops.einsum("...ij->...ji", ops.ones((2, 3, 4))).shape
        (2, 4, 3)
    """
    return contract(list(operands), explicit_subscripts(subscripts, [len(shape_of(x)) for x in operands]))


def explicit_subscripts(subscripts: str, ranks: list[int]) -> str:
    """Return subscripts without spaces and ellipsis and with an output."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(ranks):
        raise OpError(f"einsum: {subscripts!r} names {len(parts)} operands. Expected {len(ranks)}, as many as tensors.")
    free = [letter for letter in string.ascii_letters if letter not in text]
    extra = [
        rank - len(part.replace("...", "")) if "..." in part else 0 for part, rank in zip(parts, ranks, strict=True)
    ]
    widest = max(extra, default=0)
    ellipsis = "".join(free[:widest])
    spelled = [part.replace("...", ellipsis[widest - count :]) for part, count in zip(parts, extra, strict=True)]
    if arrow:
        return ",".join(spelled) + "->" + right.replace("...", ellipsis)
    letters = "".join(spelled)
    once = builtins.sorted(letter for letter in set(letters) if letters.count(letter) == 1 and letter not in ellipsis)
    return ",".join(spelled) + "->" + ellipsis + "".join(once)


@derived
def dot(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the product summed over the last axis of x1 and the second to last of x2 (its only one for a vector)."""
    a, b = shape_of(x1), shape_of(x2)
    if not a or not b:
        return multiply(x1, x2)
    if len(b) <= 2:
        return matmul(x1, x2)
    return tensordot(x1, x2, ((len(a) - 1,), (len(b) - 2,)))


@derived
def tensordot(x1: Tensor, x2: Tensor, axes: Any = 2) -> Tensor:
    """Return the product summed over pairs of axes: the last n of x1 with the first n of x2, or two lists."""
    rank1, rank2 = len(shape_of(x1)), len(shape_of(x2))
    if isinstance(axes, int):
        left, right = list(range(rank1 - axes, rank1)), list(range(axes))
    else:
        left, right = (
            [normalize_axis(axis, rank, "tensordot") for axis in (side if isinstance(side, (list, tuple)) else [side])]
            for side, rank in zip(axes, (rank1, rank2), strict=True)
        )
    free1 = [axis for axis in range(rank1) if axis not in left]
    free2 = [axis for axis in range(rank2) if axis not in right]
    shape1, shape2 = shape_of(x1), shape_of(x2)
    inner = _shapes.times(*[shape2[axis] for axis in right])
    rows = permute_axes(x1, (*free1, *left)) if (*free1, *left) != tuple(range(rank1)) else x1
    columns = permute_axes(x2, (*right, *free2)) if (*right, *free2) != tuple(range(rank2)) else x2
    product = matmul(reshape(rows, (-1, inner)), reshape(columns, (inner, -1)))
    return reshape_known(product, [*(shape1[axis] for axis in free1), *(shape2[axis] for axis in free2)])


@derived
def vdot(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the sum of products of two flattened tensors."""
    return matmul(reshape(x1, (-1,)), reshape(x2, (-1,)))


@derived
def inner(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the product summed over the last axes of both."""
    if not shape_of(x1) or not shape_of(x2):
        return multiply(x1, x2)
    return tensordot(x1, x2, ((len(shape_of(x1)) - 1,), (len(shape_of(x2)) - 1,)))


@derived
def outer(x1: Tensor, x2: Tensor) -> Tensor:
    """Return all products of the elements of two flattened tensors, as a matrix."""
    return multiply(reshape(x1, (-1, 1)), reshape(x2, (1, -1)))


@derived
def trace(x: Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the sum of the diagonal of matrices in two axes."""
    from kerasfront.ops.creation import eye
    from kerasfront.ops.movement import moveaxis

    moved = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = shape_of(moved)[-2:]
    return sum(multiply(moved, eye(rows, columns, offset, "bool")), (-2, -1))
