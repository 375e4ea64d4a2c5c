"""Primitives on single elements. A slope is the derivative written from the result y and the argument x."""

import math
from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.numpy.numpy_vjps import unbroadcast_f
from autograd.tracer import getval

from kerasfront_numpy.ops import special
from kerasfront_numpy.ops.kernel import COMPLEX, INEXACT, cast, constant, differentiable, kernel


def _unary(function: Callable, slope: Callable) -> Callable:
    return kernel(differentiable(function, lambda y, x: lambda g: g * slope(y, x)))


def _binary(function: Callable, first: Callable | None, second: Callable | None) -> Callable:
    """Slopes take the result and both arguments, None is 1; gradients are summed over broadcast axes."""
    by_first = lambda z, x, y: unbroadcast_f(x, lambda g: g * first(z, x, y) if first else g)  # noqa: E731
    by_second = lambda z, x, y: unbroadcast_f(y, lambda g: g * second(z, x, y) if second else g)  # noqa: E731
    return kernel(differentiable(function, by_first, by_second))


negative = _unary(np.negative, lambda y, x: -1)
sign = kernel(constant(lambda x: x if x.dtype == bool else np.sign(x)))
floor = kernel(constant(np.floor))
ceil = kernel(constant(np.ceil))
round_half_even = kernel(constant(lambda x: np.rint(x) if x.dtype in INEXACT else x))
exp = _unary(np.exp, lambda y, x: y)
expm1 = _unary(np.expm1, lambda y, x: y + 1)
log = _unary(np.log, lambda y, x: 1 / x)
log1p = _unary(np.log1p, lambda y, x: 1 / (1 + x))
sqrt = _unary(np.sqrt, lambda y, x: 0.5 / y)
sin = _unary(np.sin, lambda y, x: cos(x))
cos = _unary(np.cos, lambda y, x: -sin(x))
tan = _unary(np.tan, lambda y, x: 1 + y * y)
arcsin = _unary(np.arcsin, lambda y, x: 1 / sqrt(1 - x * x))
arccos = _unary(np.arccos, lambda y, x: -1 / sqrt(1 - x * x))
arctan = _unary(np.arctan, lambda y, x: 1 / (1 + x * x))
sinh = _unary(np.sinh, lambda y, x: cosh(x))
cosh = _unary(np.cosh, lambda y, x: sinh(x))
tanh = _unary(np.tanh, lambda y, x: 1 - y * y)
arcsinh = _unary(np.arcsinh, lambda y, x: 1 / sqrt(x * x + 1))
arccosh = _unary(np.arccosh, lambda y, x: 1 / sqrt(x * x - 1))
arctanh = _unary(np.arctanh, lambda y, x: 1 / (1 - x * x))
erf = _unary(special.erf, lambda y, x: 2 / math.sqrt(math.pi) * exp(-x * x))
erfinv = _unary(special.erfinv, lambda y, x: math.sqrt(math.pi) / 2 * exp(y * y))
isnan = kernel(constant(np.isnan))
isfinite = kernel(constant(np.isfinite))
logical_not = constant(np.logical_not)
bitwise_not = np.invert

add = _binary(np.add, None, None)
subtract = _binary(np.subtract, None, lambda z, x, y: -1)
multiply = _binary(np.multiply, lambda z, x, y: y, lambda z, x, y: x)
true_divide = _binary(np.true_divide, lambda z, x, y: 1 / y, lambda z, x, y: -z / y)
floor_divide = kernel(constant(np.floor_divide))
mod = _binary(np.mod, None, lambda z, x, y: -floor(x / y))
equal = kernel(constant(np.equal))
less = kernel(constant(np.less))
less_equal = kernel(constant(np.less_equal))
logical_and = constant(np.logical_and)
logical_or = constant(np.logical_or)
bitwise_and = np.bitwise_and
bitwise_or = np.bitwise_or
bitwise_xor = np.bitwise_xor
left_shift = np.left_shift
right_shift = np.right_shift
stop_gradient = getval
arctan2 = _binary(np.arctan2, lambda z, x, y: y / (x * x + y * y), lambda z, x, y: -x / (x * x + y * y))


def _share(larger: Any, smaller: Any) -> Any:
    """1 where the first is larger, 1/2 at a tie."""
    a, b = getval(larger), getval(smaller)
    return ((a > b) * a.dtype.type(0.5)) + ((a >= b) * a.dtype.type(0.5))


maximum = _binary(np.maximum, lambda z, x, y: _share(x, y), lambda z, x, y: _share(y, x))
minimum = _binary(np.minimum, lambda z, x, y: _share(y, x), lambda z, x, y: _share(x, y))


# autograd's own `where` makes float64 zeros in its gradient.
_where = differentiable(
    np.where,
    lambda z, condition, x, y: unbroadcast_f(x, lambda g: _where(condition, g, g.dtype.type(0))),
    lambda z, condition, x, y: unbroadcast_f(y, lambda g: _where(condition, g.dtype.type(0), g)),
    argnums=(1, 2),
)


def if_else(condition: Any, x1: Any, x2: Any) -> Any:
    return _where(getval(condition), x1, x2)


# At y = 0 the exponent y - 1 would make 0 * inf of x = 0, and so would the logarithm.
power = _binary(
    np.power,
    lambda z, x, y: y * power(x, if_else(getval(y) == 0, y.dtype.type(1), y - 1)),
    lambda z, x, y: z * log(if_else(getval(x) == 0, x.dtype.type(1), x)),
)


def _abs_slope(y: Any, x: Any) -> Any:
    if x.dtype not in COMPLEX:
        return sign(x)
    return anp.conj(x) / if_else(getval(y) == 0, y.dtype.type(1), y)


def _real_like(x: Any, g: Any) -> Any:
    """A complex gradient for a complex argument; a real argument takes the real part."""
    return cast(g, x.dtype) if x.dtype in COMPLEX else anp.real(g)


abs = _unary(lambda x: x if x.dtype == bool else np.abs(x), _abs_slope)
real = differentiable(np.real, lambda ans, x: lambda g: _real_like(x, g))
imag = differentiable(
    lambda x: np.imag(x) + x.real.dtype.type(0), lambda ans, x: lambda g: _real_like(x, anp.multiply(g, -1j))
)


bitcast = constant(lambda x, dtype: np.ascontiguousarray(x).view(np.dtype(dtype)) if x.ndim else x.view(dtype))


def _join(x: Any, y: Any) -> Any:
    out = np.empty(np.broadcast_shapes(np.shape(x), np.shape(y)), np.result_type(x.dtype, np.complex64))
    out.real, out.imag = x, y
    return out


complex_from_parts = differentiable(
    _join,
    lambda ans, x, y: unbroadcast_f(x, lambda g: anp.real(g)),
    lambda ans, x, y: unbroadcast_f(y, lambda g: -anp.imag(g)),
)
