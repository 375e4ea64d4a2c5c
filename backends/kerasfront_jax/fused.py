"""Native versions of derived ops, where JAX has one or eager calls would pay for many small ones."""

from typing import Any

import jax.numpy as jnp
from jax import lax

greater = jnp.greater
greater_equal = jnp.greater_equal
not_equal = jnp.not_equal
logical_xor = jnp.logical_xor
rsqrt = lax.rsqrt
# Keeps XLA from contracting a product and a sum into one rounding.
fusion_barrier = lax.optimization_barrier


def square(x: Any) -> Any:
    x = x.astype("int32") if x.dtype == bool else x
    return x * x


def expand_dims(x: Any, axis: Any) -> Any:
    return jnp.expand_dims(x, axis)
