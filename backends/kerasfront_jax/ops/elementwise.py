"""Primitives on single elements."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from kerasfront_jax.ops.creation import engine_dtype

negative = jnp.negative
floor = jnp.floor
ceil = jnp.ceil
round_half_even = jnp.round
exp = jnp.exp
expm1 = jnp.expm1
log = jnp.log
log1p = jnp.log1p
sqrt = jnp.sqrt
sin = jnp.sin
cos = jnp.cos
tan = jnp.tan
arcsin = jnp.arcsin
arccos = jnp.arccos
arctan = jnp.arctan
sinh = jnp.sinh
cosh = jnp.cosh
tanh = jnp.tanh
arcsinh = jnp.arcsinh
arccosh = jnp.arccosh
arctanh = jnp.arctanh
erf = lax.erf
erfinv = lax.erf_inv
isnan = jnp.isnan
isfinite = jnp.isfinite
logical_not = jnp.logical_not
bitwise_not = jnp.bitwise_not
add = jnp.add
subtract = jnp.subtract
multiply = jnp.multiply
true_divide = jnp.true_divide
power = jnp.power
maximum = jnp.maximum
minimum = jnp.minimum
arctan2 = jnp.arctan2
equal = jnp.equal
less = jnp.less
less_equal = jnp.less_equal
logical_and = jnp.logical_and
logical_or = jnp.logical_or
bitwise_and = jnp.bitwise_and
bitwise_or = jnp.bitwise_or
bitwise_xor = jnp.bitwise_xor
left_shift = jnp.left_shift
right_shift = jnp.right_shift
if_else = jnp.where
stop_gradient = lax.stop_gradient
real = jnp.real


def _zero_by_zero(function: Callable) -> Callable:
    # A compiled function cannot refuse integers divided by 0; JAX's answer would be a small negative number.
    @functools.wraps(function)
    def run(x1: Any, x2: Any) -> Any:
        if not jnp.issubdtype(x2.dtype, jnp.integer):
            return function(x1, x2)
        zero = x2 == 0
        return jnp.where(zero, 0, function(x1, jnp.where(zero, 1, x2)))

    return run


floor_divide = _zero_by_zero(jnp.floor_divide)
mod = _zero_by_zero(jnp.remainder)


def sign(x: Any) -> Any:
    return x if x.dtype == bool else jnp.sign(x)


@jax.custom_jvp
def abs(x: Any) -> Any:
    # JAX's own derivative is 1 at 0; ours is the sign, which is 0 there.
    return jnp.abs(x)


@abs.defjvp
def _abs_derivative(primals: tuple, tangents: tuple) -> tuple:
    (x,), (change,) = primals, tangents
    slope = jnp.real(jnp.conj(jnp.sign(x)) * change) if jnp.iscomplexobj(x) else jnp.sign(x) * change
    return jnp.abs(x), slope


def cast(x: Any, dtype: str) -> Any:
    # A complex number becomes real by its real part; JAX warns about that.
    if jnp.iscomplexobj(x) and not dtype.startswith("complex"):
        x = jnp.real(x)
    return lax.convert_element_type(x, engine_dtype(dtype))


def bitcast(x: Any, dtype: str) -> Any:
    target = engine_dtype(dtype)
    ratio = target.itemsize // x.dtype.itemsize
    if ratio > 1:
        x = x.reshape(*x.shape[:-1], x.shape[-1] // ratio, ratio)
    bits = lax.bitcast_convert_type(x, target)
    return bits.reshape(*x.shape[:-1], -1) if bits.ndim > x.ndim else bits


def imag(x: Any) -> Any:
    return jnp.imag(x) if jnp.iscomplexobj(x) else jnp.zeros_like(x)


def complex_from_parts(real_part: Any, imaginary_part: Any) -> Any:
    # `lax.complex` takes equal shapes only.
    return lax.complex(*jnp.broadcast_arrays(real_part, imaginary_part))
