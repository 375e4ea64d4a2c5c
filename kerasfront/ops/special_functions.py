"""Functions of analysis that follow from the primitives: roots, tails, Bessel's, steps to the next number."""

from __future__ import annotations

import math as _math
from collections.abc import Callable, Sequence
from typing import Any

from kerasfront import dtypes as _names
from kerasfront.backend.dispatch import Tensor, derived, dtype_of
from kerasfront.ops import _dtypes
from kerasfront.ops import elementwise as e
from kerasfront.ops.arithmetic import isinf, logaddexp, reciprocal, square, trunc

_INTEGER_OF = {"float16": "int16", "bfloat16": "int16", "float32": "int32", "float64": "int64"}


def _in_single(function: Callable, x: Any) -> Any:
    """Compute in float32 for half types, whose rounding would add up over many steps."""
    name = dtype_of(x)
    return e.cast(function(e.cast(x, "float32")), name) if name in ("float16", "bfloat16") else function(x)


def _polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """Evaluate by Horner's rule, highest power first."""
    result: Any = coefficients[0]
    for coefficient in coefficients[1:]:
        result = e.add(e.multiply(result, x), coefficient)
    return result


@derived(dtype=_dtypes.promote_float)
def cbrt(x: Tensor) -> Tensor:
    """Return the real cube root, also of negative numbers.

    Notes: the gradient at 0, where the slope is infinite, is 0.
    """
    return _in_single(_cube_root, x)


def _cube_root(x: Any) -> Any:
    size = e.if_else(e.less(x, 0), e.negative(x), x)
    plain = e.logical_or(e.equal(size, 0), isinf(size))
    inner = e.if_else(plain, 1, size)
    # A power is off by its exponent's rounding; one step of Newton's method sets that right.
    guess = e.power(inner, 1 / 3)
    step = e.true_divide(e.subtract(inner, e.multiply(square(guess), guess)), e.multiply(square(guess), 3))
    root = e.if_else(plain, e.stop_gradient(size), e.add(guess, step))
    return e.if_else(e.less(x, 0), e.negative(root), root)


@derived(dtype=_dtypes.promote_float)
def hypot(x1: Tensor, x2: Tensor) -> Tensor:
    """Return sqrt(x1 ** 2 + x2 ** 2) without overflow; infinite where either is, and its gradient at (0, 0) is 0."""
    largest = e.stop_gradient(e.maximum(e.abs(x1), e.abs(x2)))
    zero, infinite = e.equal(largest, 0), e.logical_or(isinf(x1), isinf(x2))
    scale = e.if_else(e.logical_or(zero, infinite), 1, largest)
    squares = e.add(square(e.true_divide(x1, scale)), square(e.true_divide(x2, scale)))
    length = e.multiply(scale, e.sqrt(e.if_else(e.logical_or(zero, infinite), 1, squares)))
    return e.if_else(infinite, _math.inf, e.if_else(zero, 0, length))


@derived(dtype=_dtypes.promote_float)
def sinc(x: Tensor) -> Tensor:
    """Return sin(pi x) / (pi x), and 1 at 0."""
    return _in_single(_sinc, x)


def _sinc(x: Any) -> Any:
    angle = e.multiply(x, _math.pi)
    zero = e.equal(angle, 0)
    safe = e.if_else(zero, 1, angle)
    # The first terms of the series, so that derivatives at 0 are right as well.
    return e.if_else(zero, e.subtract(1, e.true_divide(square(angle), 6)), e.true_divide(e.sin(safe), safe))


# erfc(x) exp(x^2) as quotients of polynomials in x for 0.5 <= x <= 4, and in 1 / x^2 beyond; relative error 7e-16.
# Source: W. J. Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969), 631-637.
_MIDDLE = (
    (
        2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 66.1191906371416295, 298.635138197400131,
        881.952221241769090, 1712.04761263407058, 2051.07837782607147, 1230.33935479799725,
    ),
    (
        1.0, 15.7449261107098347, 117.693950891312499, 537.181101862009858, 1621.38957456669019, 3290.79923573345963,
        4362.61909014324716, 3439.36767414372164, 1230.33935480374942,
    ),
)  # fmt: skip
_FAR = (
    (
        1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
        1.60837851487422766e-2, 6.58749161529837803e-4,
    ),
    (
        1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2,
        2.33520497626869185e-3,
    ),
)  # fmt: skip
_END = 30.0  # erfc(30) is 0 in float64


@derived(dtype=_dtypes.promote_float)
def erfc(x: Tensor) -> Tensor:
    """Return 1 - erf(x), with all its digits in the tail of large x."""
    return _in_single(_complementary_error, x)


def _complementary_error(x: Any) -> Any:
    size = e.abs(x)
    near = e.logical_not(e.less_equal(0.5, size))
    # Each piece sees arguments of its own range only, so that none makes NaN for the gradient.
    size = e.if_else(near, 1.0, e.if_else(e.less(_END, size), _END, size))
    middle = e.if_else(e.less(4.0, size), 4.0, size)
    inverse_square = reciprocal(square(e.if_else(e.less(4.0, size), size, 4.0)))
    quotient = e.true_divide(*(_polynomial(middle, each) for each in _MIDDLE))
    tail = e.multiply(inverse_square, e.true_divide(*(_polynomial(inverse_square, each) for each in _FAR)))
    far = e.true_divide(e.subtract(1 / _math.sqrt(_math.pi), tail), size)
    # exp(-x^2) in two factors, of which the first has an exponent without rounding.
    coarse = e.stop_gradient(e.true_divide(e.floor(e.multiply(size, 16)), 16))
    rest = e.multiply(e.subtract(size, coarse), e.add(size, coarse))
    bell = e.multiply(e.exp(e.negative(square(coarse))), e.exp(e.negative(rest)))
    upper = e.multiply(bell, e.if_else(e.less(4.0, size), far, quotient))
    away = e.if_else(e.less(x, 0), e.subtract(2, upper), upper)
    return e.if_else(near, e.subtract(1, e.erf(e.if_else(near, x, 0.0))), away)


_JOINT = 18.0  # where the last term of the asymptotic series, about exp(-2 x), falls below float64's precision
# Each term by the one before. As a polynomial, coefficients that float32 does not have became NaN in XLA's code for one
# number (JAX 0.10).
_SERIES = [1 / k**2 for k in range(40, 0, -1)]
_ASYMPTOTIC = [_math.prod((2 * j - 1) ** 2 / (8 * j) for j in range(1, k + 1)) for k in range(30, -1, -1)]


@derived(dtype=_dtypes.promote_float)
def i0(x: Tensor) -> Tensor:
    """Return the modified Bessel function of the first kind of order 0.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 9.6.12 (small x) and 9.7.1 (large x).
    """
    return _in_single(_bessel, x)


def _bessel(x: Any) -> Any:
    size = e.if_else(e.less(x, 0), e.negative(x), x)
    large = e.less(_JOINT, size)
    small = e.if_else(large, _JOINT, size)
    quarter = e.multiply(square(small), 0.25)
    near: Any = 1.0
    for ratio in _SERIES:
        near = e.add(e.multiply(near, e.multiply(quarter, ratio)), 1)
    size = e.if_else(large, size, _JOINT)
    far = e.multiply(
        e.true_divide(e.exp(size), e.sqrt(e.multiply(size, 2 * _math.pi))), _polynomial(reciprocal(size), _ASYMPTOTIC)
    )
    return e.if_else(large, e.if_else(isinf(x), _math.inf, far), near)


@derived(dtype=_dtypes.promote_float)
def ldexp(x1: Tensor, x2: Tensor) -> Tensor:
    """Return x1 * 2 ** x2."""
    # In two steps, because 2 ** x2 alone may be out of range.
    half = trunc(e.multiply(x2, 0.5))
    return e.multiply(e.multiply(x1, e.power(2, half)), e.power(2, e.subtract(x2, half)))


@derived(dtype=_dtypes.promote_float)
def logaddexp2(x1: Tensor, x2: Tensor) -> Tensor:
    """Return log2(2 ** x1 + 2 ** x2) without overflow."""
    return e.true_divide(logaddexp(e.multiply(x1, _math.log(2)), e.multiply(x2, _math.log(2))), _math.log(2))


@derived(dtype=_dtypes.promote_float)
def nextafter(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the numbers of the dtype that follow x1 on the way to x2; no gradient.

    Notes: subnormal numbers are counted, although some engines take them for 0 when they compute.
    """
    name = dtype_of(x1)
    integer = _INTEGER_OF[name]
    # Read as integers, floats of one sign follow each other by 1.
    x1, x2 = e.stop_gradient(x1), e.stop_gradient(x2)
    away = e.equal(e.less(x1, x2), e.less(0, x1))
    stepped = e.bitcast(e.add(e.bitcast(x1, integer), e.if_else(away, e.cast(1, integer), e.cast(-1, integer))), name)
    # The smallest numbers: a single bit, with the sign's for the negative one.
    negative = e.add(e.left_shift(e.cast(1, integer), int(integer[3:]) - 1), 1)
    smallest = e.bitcast(e.if_else(e.less(0, x2), e.cast(1, integer), negative), name)
    result = e.if_else(e.equal(x1, 0), smallest, stepped)
    result = e.if_else(e.equal(x1, x2), x2, result)
    return e.if_else(e.logical_or(e.isnan(x1), e.isnan(x2)), _math.nan, result)


@derived
def signbit(x: Tensor) -> Tensor:
    """Return where the sign is negative, that of -0.0 and NaN included."""
    name = dtype_of(x)
    if _names.is_float(name):
        x = e.bitcast(e.stop_gradient(x), _INTEGER_OF[name])
    return e.less(x, 0)
