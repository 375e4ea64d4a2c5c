"""Integers: common divisors and multiples, remainders."""

from __future__ import annotations

from typing import Any

from kerasfront import dtypes
from kerasfront.backend.dispatch import Tensor, derived, dtype_of
from kerasfront.ops import _dtypes
from kerasfront.ops import elementwise as e
from kerasfront.ops.arithmetic import not_equal
from kerasfront.ops.control import while_loop
from kerasfront.ops.reductions import any as _any


@derived(dtype=_dtypes.integer_no_bool)
def gcd(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the greatest common divisors, not negative; gcd(0, 0) is 0.

    Source: Euclid, Elements VII, 2.
    """
    zeros = e.multiply(e.add(x1, x2), 0)
    pair = (e.abs(e.add(x1, zeros)), e.abs(e.add(x2, zeros)))
    return while_loop(lambda a, b: _any(not_equal(b, 0)), _divide, pair)[0]


def _divide(a: Any, b: Any) -> tuple[Any, Any]:
    done = e.equal(b, 0)
    return e.if_else(done, a, b), e.if_else(done, b, e.mod(a, e.if_else(done, e.cast(1, dtype_of(b)), b)))


@derived(dtype=_dtypes.integer_no_bool)
def lcm(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the least common multiples, not negative; 0 where either is 0."""
    divisor = gcd(x1, x2)
    divisor = e.if_else(e.equal(divisor, 0), e.cast(1, dtype_of(divisor)), divisor)
    return e.abs(e.multiply(e.floor_divide(x1, divisor), x2))


@derived(dtype=_dtypes.no_bool)
def fmod(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the remainders of the quotient rounded towards 0, with the sign of x1.

    Raises:
        OpError: division of integers by 0 (known values only).
    """
    if dtypes.is_int(dtype_of(x1)):
        rest = e.mod(x1, x2)
        differs = e.logical_and(not_equal(rest, 0), not_equal(e.less(x1, 0), e.less(x2, 0)))
        return e.if_else(differs, e.subtract(rest, x2), rest)
    # Of sizes, because `mod` of a small negative number rounds to the divisor.
    size = e.if_else(e.less(x1, 0), e.negative(x1), x1)
    rest = e.mod(size, e.if_else(e.less(x2, 0), e.negative(x2), x2))
    return e.if_else(e.less(x1, 0), e.negative(rest), rest)
