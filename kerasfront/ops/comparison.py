"""Comparisons beyond the order of numbers: closeness, infinities, steps, and extrema that leave NaN out."""

from __future__ import annotations

import math as _math

from kerasfront.backend.dispatch import Tensor, derived, dtype_of
from kerasfront.ops import _dtypes
from kerasfront.ops import elementwise as e
from kerasfront.ops.arithmetic import not_equal
from kerasfront.ops.reductions import all as _all


@derived(dtype=_dtypes.predicate)
def isclose(x1: Tensor, x2: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return where |x1 - x2| is at most atol + rtol |x2|; infinities are close to themselves only.

    Args:
        equal_nan: whether NaN is close to NaN.
    """
    size = e.abs(x2)
    within = e.less_equal(e.abs(e.subtract(x1, x2)), e.add(e.multiply(size, rtol), atol))
    close = e.logical_or(e.equal(x1, x2), e.logical_and(within, e.isfinite(size)))
    if equal_nan:
        close = e.logical_or(close, e.logical_and(not_equal(x1, x1), not_equal(x2, x2)))
    return close


@derived(dtype=_dtypes.predicate)
def allclose(x1: Tensor, x2: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return whether all elements are close, as a scalar; see `isclose`."""
    return _all(isclose(x1, x2, rtol, atol, equal_nan))


@derived(dtype=_dtypes.predicate)
def isposinf(x: Tensor) -> Tensor:
    """Return where values are +infinity."""
    return e.equal(x, _math.inf)


@derived(dtype=_dtypes.predicate)
def isneginf(x: Tensor) -> Tensor:
    """Return where values are -infinity."""
    return e.equal(x, -_math.inf)


@derived(dtype=_dtypes.promote_float)
def heaviside(x1: Tensor, x2: Tensor) -> Tensor:
    """Return 0 where x1 is negative, 1 where it is positive, x2 where it is 0; NaN goes through."""
    step = e.cast(e.less(0, x1), dtype_of(x1))
    return e.if_else(e.equal(x1, 0), x2, e.if_else(e.isnan(x1), e.stop_gradient(x1), step))


@derived(dtype=_dtypes.promote)
def fmax(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the larger values; where one is NaN, the other."""
    return e.maximum(*_without_nan(x1, x2))


@derived(dtype=_dtypes.promote)
def fmin(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the smaller values; where one is NaN, the other."""
    return e.minimum(*_without_nan(x1, x2))


def _without_nan(x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
    return e.if_else(not_equal(x1, x1), x2, x1), e.if_else(not_equal(x2, x2), x1, x2)
