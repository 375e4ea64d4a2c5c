"""Native versions of derived ops, where JAX has one or eager calls would pay for many small ones."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kerasfront.ops.random_bits import random_bits as random_bits_declaration

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


@functools.partial(jax.jit, static_argnums=(1, 2), inline=True)
def _random_bits(words: Any, shape: tuple, stream: int) -> Any:
    return random_bits_declaration.op.body(words, shape, stream)


def random_bits(words: Any, shape: tuple, stream: int = 0) -> Any:
    # A pair of numbers would be traced as two tensors.
    words = np.asarray(words, "int32") if isinstance(words, (tuple, list)) else words
    return _random_bits(words, shape, stream)
