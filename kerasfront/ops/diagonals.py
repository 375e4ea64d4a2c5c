"""Diagonals of matrices: reading them, matrices made of them, triangles, powers in columns."""

from __future__ import annotations

import builtins
from typing import Any

from kerasfront import dtypes
from kerasfront.backend.dispatch import Axis, Tensor, derived, dtype_of, shape_of
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.errors import OpError
from kerasfront.ops import _shapes
from kerasfront.ops.creation import count_up, ones_like
from kerasfront.ops.elementwise import cast, equal, if_else, less_equal, multiply, subtract
from kerasfront.ops.indexing import get_item
from kerasfront.ops.movement import expand_dims, moveaxis, pad_constant, reshape_known, reverse, stack


def _offsets(rows: int, columns: int) -> Any:
    """Return column - row for each place of a matrix."""
    return subtract(expand_dims(count_up(columns, "int32"), 0), expand_dims(count_up(rows, "int32"), 1))


@derived
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Return an N x M matrix (square for None) with ones at and below diagonal k, zeros above."""
    return cast(less_equal(_offsets(N, N if M is None else M), k), dtypes.standardize_dtype(dtype))


@derived
def diagonal(x: Tensor, offset: int = 0, axis1: Axis = 0, axis2: Axis = 1) -> Tensor:
    """Return the elements at (i, i + offset) of the matrices in two axes.

    Shapes: the two axes go, and the diagonal comes last; it is empty where the offset leads out of the matrix.

    Raises:
        OpError: less than two axes, or one axis named twice.
    """
    shape = shape_of(x)
    if len(shape) < 2 or axis1 == axis2:
        raise OpError(f"diagonal: axes {axis1} and {axis2} of shape {shape}. Expected two distinct axes.")
    rows, columns = shape[axis1], shape[axis2]
    if rows is None or columns is None:
        rest = [size for axis, size in enumerate(shape) if axis not in (axis1, axis2)]
        return KerasTensor((*rest, None), dtype_of(x))
    length = builtins.max(0, builtins.min(rows, columns, rows + offset, columns - offset))
    moved = moveaxis(x, (axis1, axis2), (-2, -1))
    start = offset if offset >= 0 else -offset * columns
    # In row-major order the next element of a diagonal is a row and a place further.
    flat = reshape_known(moved, [*shape_of(moved)[:-2], rows * columns])
    stop = start + (length - 1) * (columns + 1) + 1 if length else 0
    return get_item(flat, (Ellipsis, builtins.slice(start if length else 0, stop, columns + 1)))


@derived
def diag(x: Tensor, k: int = 0) -> Tensor:
    """Return the matrix with a vector on its diagonal k and zeros elsewhere, or diagonal k of a matrix.

    Raises:
        OpError: neither a vector nor a matrix.
    """
    shape = shape_of(x)
    if len(shape) == 2:
        return diagonal(x, k)
    if len(shape) != 1:
        raise OpError(f"diag: shape {shape}. Expected a vector or a matrix.")
    if shape[0] is None:
        return KerasTensor((None, None), dtype_of(x))
    size = shape[0] + builtins.abs(k)
    padded = pad_constant(x, ((0, builtins.abs(k)),), 0)
    # Above the main diagonal an element's row is its place in the vector, below it is the column.
    spread = expand_dims(padded, 1 if k >= 0 else 0)
    return if_else(equal(_offsets(size, size), k), spread, cast(0, dtype_of(x)))


@derived
def diagflat(x: Tensor, k: int = 0) -> Tensor:
    """Return the matrix with the flattened tensor on its diagonal k and zeros elsewhere."""
    size = _shapes.times(*shape_of(x))
    return diag(reshape_known(x, [size]), k)


@derived
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Return the powers of a vector's elements as columns (as many as elements for None), the highest first.

    Args:
        increasing: the zeroth power first.

    Raises:
        OpError: no vector, or a negative N.
    """
    shape = shape_of(x)
    if len(shape) != 1 or (N is not None and N < 0):
        raise OpError(f"vander: shape {shape} and N={N}. Expected a vector and N of 0 or more.")
    count = shape[0] if N is None else N
    if count is None:
        return KerasTensor((None, None), dtype_of(x))
    # By multiplication, because a power has no slope at 0 ** 0.
    columns = [ones_like(x)]
    for _ in range(1, count):
        columns.append(multiply(columns[-1], x))
    matrix = stack(columns, 1) if count else get_item(expand_dims(x, 1), (Ellipsis, builtins.slice(0, 0)))
    return matrix if increasing else reverse(matrix, 1)
