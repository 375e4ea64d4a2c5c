"""Arithmetic on single elements that follows from the primitives."""

from __future__ import annotations

import math as _math
from typing import Any

from kerasfront import dtypes as _names
from kerasfront.backend.dispatch import Tensor, derived, dtype_of
from kerasfront.ops import _dtypes
from kerasfront.ops import elementwise as e


@derived(dtype=_dtypes.compare)
def not_equal(x1: Tensor, x2: Tensor) -> Tensor:
    """Return where x1 differs from x2."""
    return e.logical_not(e.equal(x1, x2))


@derived(dtype=_dtypes.compare)
def greater(x1: Tensor, x2: Tensor) -> Tensor:
    """Return where x1 is above x2."""
    return e.less(x2, x1)


@derived(dtype=_dtypes.compare)
def greater_equal(x1: Tensor, x2: Tensor) -> Tensor:
    """Return where x1 is not below x2."""
    return e.less_equal(x2, x1)


@derived(dtype=_dtypes.logical)
def logical_xor(x1: Tensor, x2: Tensor) -> Tensor:
    """Return where exactly one is true."""
    return not_equal(x1, x2)


@derived
def square(x: Tensor) -> Tensor:
    """Return the squares; bool counts as int32."""
    x = e.cast(x, "int32") if dtype_of(x) == "bool" else x
    return e.multiply(x, x)


@derived(dtype=_dtypes.promote_float)
def rsqrt(x: Tensor) -> Tensor:
    """Return 1 / sqrt(x)."""
    return e.true_divide(1, e.sqrt(x))


@derived(dtype=_dtypes.promote_float)
def reciprocal(x: Tensor) -> Tensor:
    """Return 1 / x."""
    return e.true_divide(1, x)


@derived
def absolute(x: Tensor) -> Tensor:
    """Return the absolute values."""
    return e.abs(x)


@derived(dtype=_dtypes.promote_float)
def fabs(x: Tensor) -> Tensor:
    """Return the absolute values as floats."""
    return e.abs(x)


@derived(dtype=_dtypes.promote_float)
def deg2rad(x: Tensor) -> Tensor:
    """Return angles in degrees as radians."""
    return e.multiply(x, _math.pi / 180)


@derived(dtype=_dtypes.promote_float)
def rad2deg(x: Tensor) -> Tensor:
    """Return angles in radians as degrees."""
    return e.multiply(x, 180 / _math.pi)


@derived(dtype=_dtypes.promote)
def clip(x: Tensor, x_min: Tensor, x_max: Tensor) -> Tensor:
    """Return the values limited to [x_min, x_max]; NaN goes through, the gradient within and at the bounds is 1.

    Notes: of bounds in the wrong order x_max wins; a bound that is NaN means nothing.
    """
    raised = e.if_else(e.less(x, x_min), x_min, x)
    return e.if_else(e.less(x_max, raised), x_max, raised)


@derived(dtype=_dtypes.no_bool)
def round(x: Tensor, decimals: int = 0) -> Tensor:
    """Return the values rounded to so many decimals, halves to the even neighbour."""
    if decimals == 0:
        return e.round_half_even(x)
    if decimals > 0 and _names.is_int(dtype_of(x)):
        return x
    if decimals > 0:
        scale = 10.0**decimals
        return e.true_divide(e.round_half_even(e.multiply(x, scale)), scale)
    scale = 10.0**-decimals
    rounded = e.multiply(e.round_half_even(e.true_divide(x, scale)), scale)
    return e.cast(rounded, dtype_of(x))


@derived
def trunc(x: Tensor) -> Tensor:
    """Return the values with their fraction dropped."""
    if not _names.is_float(dtype_of(x)):
        return x
    return e.if_else(e.less(x, 0), e.ceil(x), e.floor(x))


@derived(dtype=_dtypes.predicate)
def isinf(x: Tensor) -> Tensor:
    """Return where values are infinite."""
    return e.equal(e.abs(x), _math.inf)


@derived(dtype=_dtypes.promote_float)
def log2(x: Tensor) -> Tensor:
    """Return the logarithm to base 2."""
    return e.true_divide(e.log(x), _math.log(2))


@derived(dtype=_dtypes.promote_float)
def log10(x: Tensor) -> Tensor:
    """Return the logarithm to base 10."""
    return e.true_divide(e.log(x), _math.log(10))


@derived(dtype=_dtypes.promote_float)
def exp2(x: Tensor) -> Tensor:
    """Return 2 to the power of each value."""
    return e.exp(e.multiply(x, _math.log(2)))


@derived(dtype=_dtypes.promote_float)
def logaddexp(x1: Tensor, x2: Tensor) -> Tensor:
    """Return log(exp(x1) + exp(x2)) without overflow."""
    largest = e.stop_gradient(e.maximum(x1, x2))
    shift = e.if_else(e.isfinite(largest), largest, e.cast(0, dtype_of(x1)))
    return e.add(shift, e.log(e.add(e.exp(e.subtract(x1, shift)), e.exp(e.subtract(x2, shift)))))


@derived(dtype=_dtypes.promote_float)
def divide_no_nan(x1: Tensor, x2: Tensor) -> Tensor:
    """Return x1 / x2, and 0 with gradient 0 where x2 is 0."""
    zero = e.equal(x2, 0)
    quotient = e.true_divide(x1, e.if_else(zero, e.cast(1, dtype_of(x2)), x2))
    return e.if_else(zero, e.cast(0, dtype_of(quotient)), quotient)


@derived(dtype=_dtypes.promote)
def nan_to_num(x: Tensor, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Tensor:
    """Return the values with NaN and infinities replaced, infinities by the dtype's largest numbers for None."""
    import ml_dtypes

    name = dtype_of(x)
    if not _names.is_float(name):
        return x
    limits = ml_dtypes.finfo(name)
    x = e.if_else(e.isnan(x), e.cast(nan, name), x)
    high = float(limits.max) if posinf is None else posinf
    low = float(limits.min) if neginf is None else neginf
    x = e.if_else(e.equal(x, _math.inf), e.cast(high, name), x)
    return e.if_else(e.equal(x, -_math.inf), e.cast(low, name), x)
