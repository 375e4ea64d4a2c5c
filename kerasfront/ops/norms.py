"""Norms of vectors and matrices, with gradients that are finite at 0."""

from __future__ import annotations

import math
from typing import Any

from kerasfront.backend.dispatch import Tensor, derived, dtype_of, normalize_axis, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes
from kerasfront.ops.elementwise import abs, cast, equal, if_else, logical_not, power
from kerasfront.ops.factorization import svd_factors
from kerasfront.ops.indexing import getitem
from kerasfront.ops.movement import expand_dims, moveaxis
from kerasfront.ops.reductions import norm_of_vector, reduce_max, reduce_min, sum

_OF_MATRICES = ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)


@derived(dtype=_dtypes.promote_float)
def norm(x: Tensor, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Return norms of vectors or matrices.

    Shapes: `x` without the axes of the vector or matrix; with them as 1 for `keepdims`.

    Args:
        ord: None for the Euclidean (Frobenius) norm. For vectors any number p: sum(|x|^p)^(1/p), the largest and the
            smallest size for infinity and -infinity, the count of values other than 0 for 0. For matrices "fro",
            "nuc" (sum of singular values), 1 and -1 (largest and smallest sum of a column's sizes), infinity and
            -infinity (of a row's), 2 and -2 (largest and smallest singular value).
        axis: an integer for vectors, a pair for matrices; None for all of `x`, which has one or two axes then unless
            `ord` is None.

    Raises:
        OpError: an `ord` that vectors or matrices do not have, or axes that are neither one nor two.

    Notes: the gradient by values that are 0 is 0.
    """
    rank = len(shape_of(x))
    axes = _axes(axis, rank)
    if ord is None:
        return norm_of_vector(x, axes, keepdims)
    if len(axes) == 1:
        return _of_vectors(x, ord, axes[0], keepdims)
    if len(axes) != 2:
        raise OpError(
            f"norm: ord {ord!r} over {len(axes)} axes of shape {shape_of(x)}. Expected 1 axis for vectors or 2 for"
            f" matrices. Pass axis."
        )
    found = _of_matrices(moveaxis(x, axes, (-2, -1)), ord)
    return expand_dims(found, tuple(sorted(axes))) if keepdims else found


def _axes(axis: Any, rank: int) -> tuple[int, ...]:
    """Return the axes counted from the front, in the order given: a matrix's rows come first."""
    if axis is None:
        return tuple(range(rank))
    given = tuple(axis) if isinstance(axis, (list, tuple)) else (axis,)
    axes = tuple(normalize_axis(one, rank, "norm") for one in given)
    if len(set(axes)) != len(axes):
        raise OpError(f"norm: axis {axis} names one axis twice. Expected distinct axes.")
    return axes


def _of_vectors(x: Any, ord: Any, axis: int, keepdims: bool) -> Any:
    if not isinstance(ord, (int, float)):
        raise OpError(f"norm: ord {ord!r} is not one of vectors. Expected a number or None. Pass two axes for it.")
    if ord == 2:
        return norm_of_vector(x, axis, keepdims)
    sizes = abs(x)
    if math.isinf(ord):
        return (reduce_max if ord > 0 else reduce_min)(sizes, axis, keepdims)
    if ord == 1:
        return sum(sizes, axis, keepdims)
    zero = equal(sizes, 0)
    kind = dtype_of(sizes)
    if ord == 0:
        return sum(cast(logical_not(zero), kind), axis, keepdims)
    # Powers and roots have no gradient at 0, so 1 stands there for a moment. A negative power of 0 is infinite, and
    # so is the sum; the root of that is 0.
    one, limit = cast(1, kind), cast(0.0 if ord > 0 else math.inf, kind)
    total = sum(if_else(zero, limit, power(if_else(zero, one, sizes), ord)), axis, keepdims)
    edge = equal(total, limit)
    return if_else(edge, cast(0, kind), power(if_else(edge, one, total), 1 / ord))


def _of_matrices(x: Any, ord: Any) -> Any:
    """Norms of the matrices in the last two axes."""
    if ord not in _OF_MATRICES:
        raise OpError(
            f"norm: ord {ord!r} is not one of matrices. Expected None or one of {', '.join(map(repr, _OF_MATRICES))}."
        )
    if ord == "fro":
        return norm_of_vector(x, (-2, -1))
    if ord == "nuc":
        return sum(svd_factors(x, False)[1], -1)
    if ord in (2, -2):
        return getitem(svd_factors(x, False)[1], (Ellipsis, 0 if ord > 0 else -1))
    reduction = reduce_max if ord > 0 else reduce_min
    return reduction(sum(abs(x), -1 if math.isinf(ord) else -2), -1)
