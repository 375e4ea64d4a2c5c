"""From random bits to real numbers, exactly, so that they are the same on every engine.

Everything is written over a namespace `xp`: `kerasfront.ops`, or `kerasfront.random.host` for draws on the host.
"""

import numbers
from typing import Any

import numpy as np

from kerasfront.random import quantiles

# A sampler reaches the second words of its draws (for float64, wide integers) at this distance from the first.
SECOND_WORD = 50

_KEPT_BITS = {"float16": 10, "bfloat16": 7}


def working_dtype(dtype: str) -> str:
    """The dtype in which a draw is computed before it is rounded to its own."""
    return "float64" if dtype == "float64" else "float32"


def unit_interval(xp: Any, words: Any, shape: tuple, dtype: str, stream: int = 0) -> Any:
    """Draw multiples of 2^-24 (2^-53 for float64) from [0, 1); nothing is rounded."""
    bits = xp.random_bits(words, shape, stream)
    if dtype == "float64":
        more = xp.random_bits(words, shape, stream + SECOND_WORD)
        high = xp.cast(xp.bitwise_and(xp.right_shift(bits, 5), (1 << 27) - 1), dtype)
        low = xp.cast(xp.bitwise_and(xp.right_shift(more, 6), (1 << 26) - 1), dtype)
        return xp.multiply(xp.add(xp.multiply(high, 2.0**26), low), 2.0**-53)
    return xp.multiply(xp.cast(xp.bitwise_and(xp.right_shift(bits, 8), (1 << 24) - 1), "float32"), 2.0**-24)


def from_quantiles(xp: Any, words: Any, shape: tuple, distribution: str, dtype: str, stream: int = 0) -> Any:
    """Draw from a distribution that `quantiles` has a table of; `dtype` is "float32" or "float64"."""
    bits = xp.random_bits(words, shape, stream)
    tail = xp.bitwise_or(xp.bitwise_and(bits, (1 << 31) - 1), 1)  # odd, hence never 0
    pattern = xp.view(xp.cast(tail, "float32"), "int32")
    upper = xp.bitwise_and(xp.right_shift(bits, 31), 1)
    cell = xp.add(xp.right_shift(pattern, quantiles.MANTISSA_SHIFT), xp.multiply(upper, quantiles.CELLS))
    cell = xp.subtract(cell, quantiles.FIRST_CELL)
    if dtype == "float64":
        more = xp.bitwise_and(xp.right_shift(xp.random_bits(words, shape, stream + SECOND_WORD), 19), (1 << 13) - 1)
        fraction = xp.bitwise_or(xp.left_shift(xp.bitwise_and(pattern, (1 << 16) - 1), 13), more)
    else:
        fraction = xp.bitwise_and(xp.right_shift(pattern, 4), (1 << 12) - 1)
    values, slopes = quantiles.table(distribution, dtype)
    draw = xp.add(xp.take(values, cell), xp.multiply(xp.cast(fraction, dtype), xp.take(slopes, cell)))
    return settled(xp, draw, dtype)


def settled(xp: Any, x: Any, dtype: str) -> Any:
    """The value itself, fenced from the arithmetic that follows.

    Compilers contract a product and a following sum into one rounding, and reorder sums of sums, which gives other
    bits. None can do so through a minimum, nor drop this one, since it does not know that the value is finite.
    """
    return xp.minimum(x, float(np.finfo(dtype).max))


def scaled_and_moved(xp: Any, draw: Any, scale: Any, offset: Any, dtype: str) -> Any:
    """`offset + scale * draw`, each rounded by itself on every engine."""
    if not _is_number(scale, 1.0):
        draw = settled(xp, xp.multiply(draw, scale), dtype)
    return draw if _is_number(offset, 0.0) else settled(xp, xp.add(draw, offset), dtype)


def _is_number(value: Any, number: float) -> bool:
    return isinstance(value, numbers.Real) and float(value) == number


def rounded_to(xp: Any, x: Any, dtype: str, toward_zero: bool = False) -> Any:
    """Cast a draw to its dtype.

    For half types the float32 pattern is rounded here (to nearest even, or toward zero), and the cast is exact: a
    compiler that computes in excess precision and drops a pair of casts changes nothing then.
    """
    kept = _KEPT_BITS.get(dtype)
    if kept is None:
        return x
    dropped = 23 - kept
    pattern = xp.view(x, "int32")
    if not toward_zero:
        even = xp.bitwise_and(xp.right_shift(pattern, dropped), 1)
        pattern = xp.add(pattern, xp.add(even, (1 << (dropped - 1)) - 1))
    return xp.cast(xp.view(xp.bitwise_and(pattern, -(1 << dropped)), "float32"), dtype)
