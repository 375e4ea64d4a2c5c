"""Primitives on single elements."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kerasfront_tensorflow.ops.gradients import with_gradient
from kerasfront_tensorflow.ops.kernel import BOOL, HALVES, INTEGERS, widened

negative = widened(tf.negative, INTEGERS)
floor = tf.floor
ceil = tf.math.ceil
exp = tf.exp
expm1 = tf.math.expm1
log = tf.math.log
log1p = tf.math.log1p
sqrt = tf.sqrt
sin = tf.sin
cos = tf.cos
tan = tf.tan
arcsin = tf.asin
arccos = tf.acos
arctan = tf.atan
sinh = tf.sinh
cosh = tf.cosh
tanh = tf.tanh
arcsinh = tf.asinh
arccosh = tf.acosh
arctanh = tf.atanh
erfinv = widened(tf.math.erfinv, HALVES)
isnan = tf.math.is_nan
isfinite = tf.math.is_finite
logical_not = tf.logical_not
true_divide = tf.math.divide
mod = widened(tf.math.floormod, INTEGERS)
power = widened(tf.pow, INTEGERS)
arctan2 = widened(tf.atan2, HALVES)
equal = tf.equal
less = widened(tf.less, BOOL)
less_equal = widened(tf.less_equal, BOOL)
logical_and = tf.logical_and
logical_or = tf.logical_or
if_else = tf.where
stop_gradient = tf.stop_gradient
complex_from_parts = tf.complex


def _or_on_bool(function: Callable, on_bool: Callable) -> Callable:
    def run(*arguments: Any) -> Any:
        return (on_bool if arguments[0].dtype == tf.bool else function)(*arguments)

    return run


# bool adds as "or" and multiplies as "and".
add = _or_on_bool(tf.add, tf.logical_or)
multiply = _or_on_bool(tf.multiply, tf.logical_and)
subtract = _or_on_bool(tf.subtract, tf.math.logical_xor)
bitwise_not = _or_on_bool(tf.bitwise.invert, tf.logical_not)
bitwise_and = _or_on_bool(tf.bitwise.bitwise_and, tf.logical_and)
bitwise_or = _or_on_bool(tf.bitwise.bitwise_or, tf.logical_or)
bitwise_xor = _or_on_bool(tf.bitwise.bitwise_xor, tf.math.logical_xor)


def _shift(native: Callable, emptied: Callable) -> Callable:
    # TensorFlow limits the count to the width less 1, and negative counts to 0. A count that is one known number,
    # as in the random generator, needs no look at each place.
    def run(x: Any, y: Any) -> Any:
        known = None if y.shape.rank else tf.get_static_value(y)
        if known is not None and 0 <= known < 8 * x.dtype.size:
            return native(x, y)
        return tf.where(tf.cast(y, tf.int64) // (8 * x.dtype.size) == 0, native(x, y), emptied(x))

    return run


def _sign_bits(x: Any) -> Any:
    return tf.zeros_like(x) if x.dtype.is_unsigned else tf.cast(-tf.cast(x < 0, tf.int32), x.dtype)


left_shift = _shift(tf.bitwise.left_shift, tf.zeros_like)
right_shift = _shift(tf.bitwise.right_shift, _sign_bits)


def erf(x: Any) -> Any:
    if x.dtype != tf.float64:
        return tf.math.erf(x)
    # The kernel of doubles gives NaN for infinities; at 10 the result has long been 1.
    return tf.math.erf(tf.where(tf.math.is_inf(x), 10.0 * tf.sign(x), x))


def abs(x: Any) -> Any:
    return x if x.dtype == tf.bool or x.dtype.is_unsigned else tf.abs(x)


def sign(x: Any) -> Any:
    if x.dtype == tf.bool:
        return x
    if x.dtype.is_integer:
        return tf.cast(x > 0, x.dtype) if x.dtype.is_unsigned else tf.cast(tf.sign(tf.cast(x, tf.int64)), x.dtype)
    return tf.sign(x)


_floor_divide = widened(tf.math.floordiv, INTEGERS)


def floor_divide(x1: Any, x2: Any) -> Any:
    plain = _floor_divide(x1, x2)
    if not x1.dtype.is_floating:
        return plain
    # TensorFlow 2.21 rounds the quotient before it takes the floor, so that 3.3 // 0.3 is 11, and leaves infinities.
    rest = tf.math.floormod(x1, x2)
    odd = tf.where(tf.math.is_inf(x1), tf.constant(float("nan"), x1.dtype), plain)
    return tf.stop_gradient(tf.where(tf.math.is_finite(rest), tf.round((x1 - rest) / x2), odd))


def round_half_even(x: Any) -> Any:
    return tf.round(x) if x.dtype.is_floating else x


def _extremum(name: str, native: Callable, before: Callable, on_bool: Callable) -> Callable:
    # TensorFlow gives the first of equal values the whole gradient.
    def backward(upstream: Any, _: Any, x1: Any, x2: Any) -> tuple[Any, Any]:
        tie = 0.5 * tf.cast(tf.equal(x1, x2), upstream.dtype)
        parts = [upstream * (tf.cast(before(*pair), upstream.dtype) + tie) for pair in ((x1, x2), (x2, x1))]
        if x1.shape == x2.shape and x1.shape.is_fully_defined():
            return parts[0], parts[1]
        axes = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(x1), s1=tf.shape(x2))
        each = zip((x1, x2), parts, axes, strict=True)
        first, second = (tf.reshape(tf.reduce_sum(part, axis), tf.shape(x)) for x, part, axis in each)
        return first, second

    shared = with_gradient(name, native, backward)

    def run(x1: Any, x2: Any) -> Any:
        if x1.dtype == tf.bool:
            return on_bool(x1, x2)
        return (shared if x1.dtype.is_floating else native)(x1, x2)

    return run


maximum = _extremum("Maximum", tf.maximum, tf.greater, tf.logical_or)
minimum = _extremum("Minimum", tf.minimum, tf.less, tf.logical_and)


def cast(x: Any, dtype: str) -> Any:
    # A complex number becomes real by its real part; TensorFlow warns about that.
    if x.dtype.is_complex and not dtype.startswith("complex"):
        x = tf.math.real(x)
    return tf.cast(x, dtype)


def bitcast(x: Any, dtype: str) -> Any:
    ratio = tf.as_dtype(dtype).size // x.dtype.size
    if ratio > 1:
        x = tf.reshape(x, (*tf.unstack(tf.shape(x))[:-1], -1, ratio))
    bits = tf.bitcast(x, dtype)
    return tf.reshape(bits, (*tf.unstack(tf.shape(x))[:-1], -1)) if ratio == 0 else bits


def real(x: Any) -> Any:
    return tf.math.real(x) if x.dtype.is_complex else x


def imag(x: Any) -> Any:
    return tf.math.imag(x) if x.dtype.is_complex else tf.zeros_like(x)
