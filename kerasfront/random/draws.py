"""Draws of a given shape: uniform, normal, truncated normal and integers."""

from typing import Any

import numpy as np

from kerasfront import dtypes, errors
from kerasfront.random.arguments import carry_out, checked_shape, float_dtype, parameter
from kerasfront.random.bits import (
    SECOND_WORD,
    from_quantiles,
    rounded_to,
    scaled_and_moved,
    unit_interval,
    working_dtype,
)


def uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Draw uniformly from [minval, maxval).

    Dtypes: `dtype`, the default float type for None. float32 draws have 24 random bits, float64 draws 53; half types
    are the float32 draw cut toward zero to their precision.

    Args:
        shape: of the result.
        minval: a number, or a tensor that broadcasts to the shape.
        maxval: as `minval`, and not below it.
        seed: an integer for the same draw each time, a `SeedGenerator` for the next of a series, or None.

    Returns:
        The same bits on every engine, eager and compiled.

    Raises:
        ValueError: `minval` above `maxval`, a bound that is not finite, a bad shape or dtype.

    Example:
        >>> import kerasfront as keras
        >>> x = keras.ops.convert_to_numpy(keras.random.uniform((2, 3), -1.0, 1.0, seed=7))
        >>> bool(((x >= -1) & (x < 1)).all())
        True
    """
    shape, dtype = checked_shape("uniform", shape), float_dtype("uniform", dtype)
    working = working_dtype(dtype)
    low = parameter("uniform", "minval", minval, working, "finite numbers", np.isfinite)
    high = parameter("uniform", "maxval", maxval, working, "finite numbers", np.isfinite)
    if isinstance(low, (float, np.ndarray)) and isinstance(high, (float, np.ndarray)) and np.any(np.greater(low, high)):
        raise errors.OpError(
            f"random.uniform: empty interval. Expected minval <= maxval; got minval={minval!r}, "
            f"maxval={maxval!r}. Exchange them."
        )
    return carry_out(_uniform, shape, dtype, (low, high), seed)


def _uniform(xp: Any, words: Any, shape: tuple, dtype: str, low: Any, high: Any) -> Any:
    working = working_dtype(dtype)
    draw = unit_interval(xp, words, shape, working)
    if not (isinstance(low, float) and isinstance(high, float) and (low, high) == (0.0, 1.0)):
        width = high - low if isinstance(low, float) and isinstance(high, float) else xp.subtract(high, low)
        draw = scaled_and_moved(xp, draw, width, low, working)
        # Rounding may reach the upper bound, which does not belong to the interval.
        draw = xp.where(xp.less(draw, high), draw, low)
    return rounded_to(xp, draw, dtype, toward_zero=True)


def normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Draw from the normal distribution.

    Dtypes: `dtype`, the default float type for None.

    Args:
        shape: of the result.
        mean: a number, or a tensor that broadcasts to the shape.
        stddev: as `mean`, and not negative.
        seed: an integer for the same draw each time, a `SeedGenerator` for the next of a series, or None.

    Returns:
        The same bits on every engine, eager and compiled. The quantiles are exact to 2e-5 standard deviations and
        reach 6.2 of them.

    Raises:
        ValueError: a negative `stddev`, a bad shape or dtype.

    Example:
        >>> import kerasfront as keras
        >>> x = keras.ops.convert_to_numpy(keras.random.normal((10000,), mean=3.0, seed=7))
        >>> bool(abs(x.mean() - 3) < 0.05)
        True
    """
    return _bell("normal", shape, mean, stddev, dtype, seed)


def truncated_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Draw from the normal distribution within two standard deviations of the mean.

    Arguments, result and errors are those of `normal`. The quantile function of the restricted distribution is used,
    so nothing is rejected and drawn anew.

    Example:
        >>> import kerasfront as keras
        >>> x = keras.ops.convert_to_numpy(keras.random.truncated_normal((1000,), seed=7))
        >>> bool(abs(x).max() <= 2)
        True
    """
    return _bell("truncated_normal", shape, mean, stddev, dtype, seed)


def _bell(name: str, shape: Any, mean: Any, stddev: Any, dtype: Any, seed: Any) -> Any:
    shape, dtype = checked_shape(name, shape), float_dtype(name, dtype)
    working = working_dtype(dtype)
    mean = parameter(name, "mean", mean, working)
    stddev = parameter(name, "stddev", stddev, working, "non-negative numbers", lambda array: array >= 0)
    sampler = _normal if name == "normal" else _truncated_normal
    return carry_out(sampler, shape, dtype, (mean, stddev), seed)


def _normal(xp: Any, words: Any, shape: tuple, dtype: str, mean: Any, stddev: Any) -> Any:
    working = working_dtype(dtype)
    return rounded_to(
        xp, scaled_and_moved(xp, from_quantiles(xp, words, shape, "normal", working), stddev, mean, working), dtype
    )


def _truncated_normal(xp: Any, words: Any, shape: tuple, dtype: str, mean: Any, stddev: Any) -> Any:
    working = working_dtype(dtype)
    draw = from_quantiles(xp, words, shape, "truncated_normal", working)
    return rounded_to(xp, scaled_and_moved(xp, draw, stddev, mean, working), dtype)


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Draw integers uniformly from minval, ..., maxval - 1.

    Args:
        shape: of the result.
        minval: an integer.
        maxval: an integer above `minval`, at most 2^32 above it.
        dtype: an integer type that holds the values.
        seed: an integer for the same draw each time, a `SeedGenerator` for the next of a series, or None.

    Returns:
        The same integers on every engine. Probabilities differ by less than 2^-32 of each other.

    Raises:
        ValueError: an empty or too wide range, a dtype that does not hold it, a bound that is no integer.

    Source: D. Lemire, "Fast random integer generation in an interval" (2019), the multiplication without the
        rejection, on 64 bits.

    Example:
        >>> import kerasfront as keras
        >>> x = keras.ops.convert_to_numpy(keras.random.randint((100,), 0, 6, seed=7))
        >>> sorted(set(x.tolist()))
        [0, 1, 2, 3, 4, 5]
    """
    shape, dtype = checked_shape("randint", shape), dtypes.standardize_dtype(dtype)
    if not dtypes.is_int(dtype):
        raise errors.OpError(
            f"random.randint: dtype {dtype!r} is no integer type. Expected one such as 'int32'. Correct dtype."
        )
    low, high = _bound("minval", minval), _bound("maxval", maxval)
    least, most = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    if not (low < high <= low + 2**32 and least <= low and high - 1 <= most):
        raise errors.OpError(
            f"random.randint: cannot draw from [{low}, {high}) as {dtype}. "
            "Expected minval < maxval, at most 2^32 apart, "
            f"within [{least}, {most}]. Correct the bounds or the dtype."
        )
    return carry_out(_randint, shape, dtype, (low, high), seed)


def _bound(label: str, value: Any) -> int:
    if isinstance(value, (int, float, np.generic, np.ndarray)) and np.ndim(value) == 0 and float(value).is_integer():
        return int(value)
    raise errors.OpError(f"random.randint: {label} is {value!r}. Expected an integer. Pass a Python integer.")


def _randint(xp: Any, words: Any, shape: tuple, dtype: str, low: int, high: int) -> Any:
    offset = _below(xp, words, shape, high - low)
    if low >= -(2**31) and high <= 2**31:
        drawn = xp.add(offset, low)  # wraps around to the right value
        return drawn if dtype == "int32" else xp.cast(drawn, dtype)
    if dtype == "uint32":
        return xp.view(xp.add(offset, _signed(low)), "uint32")
    return xp.add(xp.cast(xp.view(offset, "uint32"), dtype), low)


def _signed(word: int) -> int:
    return ((word & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000


def _below(xp: Any, words: Any, shape: tuple, span: int) -> Any:
    """Draw from [0, span) as the bits of an unsigned word: the top word of a 64-bit fraction times `span`."""
    high = xp.random_bits(words, shape)
    if span == 2**32:
        return high
    low = xp.random_bits(words, shape, SECOND_WORD)
    middle = xp.multiply(high, _signed(span))
    total = xp.add(middle, _high_word(xp, low, span))
    flip = -(1 << 31)  # turns the order of signed words into that of unsigned ones
    carry = xp.less(xp.bitwise_xor(total, flip), xp.bitwise_xor(middle, flip))
    return xp.add(_high_word(xp, high, span), xp.cast(carry, "int32"))


def _high_word(xp: Any, x: Any, factor: int) -> Any:
    """The upper 32 bits of the unsigned 64-bit product, by 16-bit halves that do not overflow a word."""
    factor_high, factor_low = factor >> 16, factor & 0xFFFF
    x_high, x_low = _upper_half(xp, x), xp.bitwise_and(x, 0xFFFF)
    low = xp.multiply(x_low, factor_low)
    first = xp.add(xp.multiply(x_high, factor_low), _upper_half(xp, low))
    second = xp.add(xp.multiply(x_low, factor_high), xp.bitwise_and(first, 0xFFFF))
    return xp.add(xp.add(xp.multiply(x_high, factor_high), _upper_half(xp, first)), _upper_half(xp, second))


def _upper_half(xp: Any, x: Any) -> Any:
    return xp.bitwise_and(xp.right_shift(x, 16), 0xFFFF)
