"""Primitives on single elements."""

import functools
from collections.abc import Callable

import torch

from kerasfront_torch.names import DTYPES, UNSIGNED

Tensor = torch.Tensor


def with_unsigned(function: Callable) -> Callable:
    """Let wide unsigned integers compute in int64, which wraps round alike.

    PyTorch 2.13 stores them but lacks most kernels. Its refusal is what is caught, so that other dtypes pay next to
    nothing.
    """

    @functools.wraps(function)
    def run(*xs: Tensor) -> Tensor:
        try:
            return function(*xs)
        except (NotImplementedError, RuntimeError):
            if xs[0].dtype not in UNSIGNED:
                raise
            result = function(*(x.long() for x in xs))
            return result if result.dtype is torch.bool else result.to(xs[0].dtype)

    # The dispatcher keeps this one for the dtypes that need no care.
    run.for_dtype = lambda dtype: run if dtype in UNSIGNED else function  # type: ignore[attr-defined]
    return run


negative = with_unsigned(torch.neg)
floor = torch.floor
ceil = torch.ceil
exp = torch.exp
expm1 = torch.expm1
log = torch.log
log1p = torch.log1p
sqrt = torch.sqrt
sin = torch.sin
cos = torch.cos
tan = torch.tan
arcsin = torch.asin
arccos = torch.acos
arctan = torch.atan
sinh = torch.sinh
cosh = torch.cosh
tanh = torch.tanh
arcsinh = torch.asinh
arccosh = torch.acosh
arctanh = torch.atanh
erf = torch.erf
erfinv = torch.erfinv
isnan = torch.isnan
isfinite = torch.isfinite
logical_not = torch.logical_not
bitwise_not = with_unsigned(torch.bitwise_not)
add = with_unsigned(torch.add)
subtract = with_unsigned(torch.sub)
multiply = torch.mul
true_divide = torch.true_divide
# torch.floor_divide has no gradient, not even zeros.
floor_divide = with_unsigned(functools.partial(torch.div, rounding_mode="floor"))
mod = with_unsigned(torch.remainder)
power = with_unsigned(torch.pow)
maximum = with_unsigned(torch.maximum)
minimum = with_unsigned(torch.minimum)
arctan2 = torch.atan2
equal = torch.eq
less = with_unsigned(torch.lt)
less_equal = with_unsigned(torch.le)
logical_and = torch.logical_and
logical_or = torch.logical_or
bitwise_and = torch.bitwise_and
bitwise_or = torch.bitwise_or
bitwise_xor = torch.bitwise_xor
left_shift = with_unsigned(torch.bitwise_left_shift)
right_shift = with_unsigned(torch.bitwise_right_shift)
if_else = torch.where
stop_gradient = torch.Tensor.detach
real = torch.real
complex_from_parts = torch.complex


def abs(x: Tensor) -> Tensor:
    return x if x.dtype is torch.bool or x.dtype in UNSIGNED else torch.abs(x)


def sign(x: Tensor) -> Tensor:
    if not x.is_floating_point():
        return (x != 0).to(x.dtype) if x.dtype in UNSIGNED else torch.sgn(x)
    # torch.sign calls NaN 0.
    return torch.where(x != x, x.detach(), torch.sign(x))


def round_half_even(x: Tensor) -> Tensor:
    return x if x.dtype is torch.bool or x.dtype in UNSIGNED else torch.round(x)


def cast(x: Tensor, dtype: str) -> Tensor:
    target = DTYPES[dtype]
    # A complex number becomes real by its real part; PyTorch warns about that.
    return (torch.real(x) if x.is_complex() and not target.is_complex and target is not torch.bool else x).to(target)


def bitcast(x: Tensor, dtype: str) -> Tensor:
    return x.view(DTYPES[dtype])


def imag(x: Tensor) -> Tensor:
    return torch.imag(x) if x.is_complex() else torch.zeros_like(x)
