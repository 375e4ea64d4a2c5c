"""Primitives on single elements: one or two tensors in, one of the same (broadcast) shape out.

The table below is the whole of it: each op is one name, one dtype rule and one sentence. Dtypes: see `ops/_dtypes.py`.
"""

from __future__ import annotations

from kerasfront.backend.dispatch import DType, Tensor, primitive
from kerasfront.ops import _checks, _dtypes, _shapes


@primitive(shape=_shapes.same, dtype=_dtypes.no_bool)
def negative(x: Tensor) -> Tensor:
    """Return the numbers with the opposite sign."""


@primitive(shape=_shapes.same, dtype=_dtypes.magnitude)
def abs(x: Tensor) -> Tensor:
    """Return the absolute values; the gradient at 0 is 0."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote)
def sign(x: Tensor) -> Tensor:
    """Return -1, 0 or 1 by the sign; NaN stays NaN."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def floor(x: Tensor) -> Tensor:
    """Return the largest integers not above the values."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def ceil(x: Tensor) -> Tensor:
    """Return the smallest integers not below the values."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote)
def round_half_even(x: Tensor) -> Tensor:
    """Round to the nearest integers, halves to the even one."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def exp(x: Tensor) -> Tensor:
    """Return e to the power of each value."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def expm1(x: Tensor) -> Tensor:
    """Return exp(x) - 1, exact near 0."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def log(x: Tensor) -> Tensor:
    """Return the natural logarithm."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def log1p(x: Tensor) -> Tensor:
    """Return log(1 + x), exact near 0."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def sqrt(x: Tensor) -> Tensor:
    """Return the non-negative square root."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def sin(x: Tensor) -> Tensor:
    """Return the sine of angles in radians."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def cos(x: Tensor) -> Tensor:
    """Return the cosine of angles in radians."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def tan(x: Tensor) -> Tensor:
    """Return the tangent of angles in radians."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def arcsin(x: Tensor) -> Tensor:
    """Return the angle in [-pi/2, pi/2] whose sine is given."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def arccos(x: Tensor) -> Tensor:
    """Return the angle in [0, pi] whose cosine is given."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def arctan(x: Tensor) -> Tensor:
    """Return the angle in [-pi/2, pi/2] whose tangent is given."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def sinh(x: Tensor) -> Tensor:
    """Return the hyperbolic sine."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def cosh(x: Tensor) -> Tensor:
    """Return the hyperbolic cosine."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def tanh(x: Tensor) -> Tensor:
    """Return the hyperbolic tangent."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def arcsinh(x: Tensor) -> Tensor:
    """Return the inverse hyperbolic sine."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def arccosh(x: Tensor) -> Tensor:
    """Return the inverse hyperbolic cosine of values from 1."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def arctanh(x: Tensor) -> Tensor:
    """Return the inverse hyperbolic tangent of values in (-1, 1)."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def erf(x: Tensor) -> Tensor:
    """Return the error function."""


@primitive(shape=_shapes.same, dtype=_dtypes.promote_float)
def erfinv(x: Tensor) -> Tensor:
    """Return the inverse of the error function."""


@primitive(shape=_shapes.same, dtype=_dtypes.predicate)
def isnan(x: Tensor) -> Tensor:
    """Return where values are NaN."""


@primitive(shape=_shapes.same, dtype=_dtypes.predicate)
def isfinite(x: Tensor) -> Tensor:
    """Return where values are neither NaN nor infinite."""


@primitive(shape=_shapes.same, dtype=_dtypes.logical)
def logical_not(x: Tensor) -> Tensor:
    """Return where values are false."""


@primitive(shape=_shapes.same, dtype=_dtypes.integer)
def bitwise_not(x: Tensor) -> Tensor:
    """Return the integers with all bits inverted."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.promote)
def add(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the sums."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.no_bool)
def subtract(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the differences x1 - x2."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.promote)
def multiply(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the products."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.promote_float)
def true_divide(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the quotients x1 / x2; integers divide as the default float type."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.no_bool, check=_checks.divides_by_zero)
def floor_divide(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the quotients rounded down, NaN for infinite x1.

    Raises:
        OpError: integers divided by 0, where they are known; a compiled function gives 0 or the engine's error.
    """


@primitive(shape=_shapes.broadcast, dtype=_dtypes.no_bool, check=_checks.divides_by_zero)
def mod(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the remainders of `floor_divide`, with the sign of x2.

    Raises:
        OpError: integers divided by 0, where they are known; a compiled function gives 0 or the engine's error.
    """


@primitive(shape=_shapes.broadcast, dtype=_dtypes.no_bool, check=_checks.negative_power)
def power(x1: Tensor, x2: Tensor) -> Tensor:
    """Return x1 to the power of x2.

    Raises:
        OpError: integers to a negative power, where it is known; a compiled function rounds towards 0 or gives the
            engine's error.
    """


@primitive(shape=_shapes.broadcast, dtype=_dtypes.promote)
def maximum(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the larger values; NaN goes through, the gradient is halved at a tie."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.promote)
def minimum(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the smaller values; NaN goes through, the gradient is halved at a tie."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.promote_float)
def arctan2(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the angle in (-pi, pi] of the points (x2, x1)."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.compare)
def equal(x1: Tensor, x2: Tensor) -> Tensor:
    """Return where x1 equals x2."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.compare)
def less(x1: Tensor, x2: Tensor) -> Tensor:
    """Return where x1 is below x2."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.compare)
def less_equal(x1: Tensor, x2: Tensor) -> Tensor:
    """Return where x1 is not above x2."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.logical)
def logical_and(x1: Tensor, x2: Tensor) -> Tensor:
    """Return where both are true."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.logical)
def logical_or(x1: Tensor, x2: Tensor) -> Tensor:
    """Return where either is true."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.integer)
def bitwise_and(x: Tensor, y: Tensor) -> Tensor:
    """Return the bits set in both."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.integer)
def bitwise_or(x: Tensor, y: Tensor) -> Tensor:
    """Return the bits set in either."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.integer)
def bitwise_xor(x: Tensor, y: Tensor) -> Tensor:
    """Return the bits set in one only."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.integer_no_bool)
def left_shift(x: Tensor, y: Tensor) -> Tensor:
    """Return x with its bits moved up by y places; a count below 0 or not below the width moves all of them out."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.integer_no_bool)
def right_shift(x: Tensor, y: Tensor) -> Tensor:
    """Return x with its bits moved down by y places, the sign bit repeated (arithmetic shift).

    Notes: a count below 0 or not below the width moves all bits out: -1 for negative numbers, else 0.
    """


@primitive(shape=_shapes.broadcast, dtype=_dtypes.condition)
def if_else(condition: Tensor, x1: Tensor, x2: Tensor) -> Tensor:
    """Return x1 where the condition holds, else x2; all three broadcast."""


@primitive(shape=_shapes.same, dtype=_dtypes.converted)
def cast(x: Tensor, dtype: DType) -> Tensor:
    """Return the values in another dtype; floats become integers by dropping the fraction.

    Example:
        >>> from kerasfront import ops
        >>> ops.convert_to_numpy(ops.cast([1.7], "int32"))
        array([1], dtype=int32)
    """


@primitive(shape=_shapes.bitcast, dtype=_dtypes.asked)
def bitcast(x: Tensor, dtype: DType) -> Tensor:
    """Return the same bits read as another dtype; the last axis grows or shrinks where the width differs."""


@primitive(shape=_shapes.same, dtype=_dtypes.keep)
def stop_gradient(variable: Tensor) -> Tensor:
    """Return the values as a constant: no gradient flows back."""


@primitive(shape=_shapes.same, dtype=_dtypes.real_part)
def real(x: Tensor) -> Tensor:
    """Return the real part of complex numbers; real numbers as they are."""


@primitive(shape=_shapes.same, dtype=_dtypes.real_part)
def imag(x: Tensor) -> Tensor:
    """Return the imaginary part of complex numbers; zeros for real numbers."""


@primitive(shape=_shapes.broadcast, dtype=_dtypes.complex_pair)
def complex_from_parts(real_part: Tensor, imaginary_part: Tensor) -> Tensor:
    """Return complex numbers from real and imaginary parts."""
