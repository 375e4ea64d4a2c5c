"""Native versions of derived ops."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kerasfront.ops import movement
from kerasfront.ops.random_bits import random_bits as random_bits_declaration
from kerasfront.ops.recurrent import lstm_by

greater = jnp.greater
greater_equal = jnp.greater_equal
not_equal = jnp.not_equal
logical_xor = jnp.logical_xor
rsqrt = lax.rsqrt
sigmoid = lax.logistic
# Keeps XLA from contracting a product and a sum into one rounding.
fusion_barrier = lax.optimization_barrier


def square(x: Any) -> Any:
    x = x.astype("int32") if x.dtype == bool else x
    return x * x


def expand_dims(x: Any, axis: Any) -> Any:
    return jnp.expand_dims(x, axis)


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    # Parts by slicing have gradients of the size of the whole, which are added up.
    size, parts = x.shape[axis], indices_or_sections
    if type(parts) is int and size and parts > 0 and size % parts == 0:
        return jnp.split(x, parts, axis)
    return movement.split.op.body(x, parts, axis)


@functools.partial(jax.jit, static_argnums=(1, 2), inline=True)
def _random_bits(words: Any, shape: tuple, stream: int) -> Any:
    return random_bits_declaration.op.body(words, shape, stream)


def random_bits(words: Any, shape: tuple, stream: int = 0) -> Any:
    # A pair of numbers would be traced as two tensors.
    words = np.asarray(words, "int32") if isinstance(words, (tuple, list)) else words
    return _random_bits(words, shape, stream)


def _product_inside(inputs: Any) -> bool:
    # XLA for the CPU takes half the time when the product of the inputs is inside the loop, if the kernel's gradient
    # does not weigh more than what so need not be kept. Measured with JAX 0.10.2, forward and backward, outside and
    # inside, in ms, for (batch, time, features, units): (64, 80, 32, 128) 54 and 35, (64, 40, 256, 256) 80 and 69,
    # (32, 200, 64, 64) 31 and 14, (64, 20, 512, 64) 6.8 and 7.4, (8, 80, 256, 256) 25 and 36.
    return jax.default_backend() == "cpu" and inputs.shape[-1] <= 4 * inputs.shape[0]


# Compiled once for each shape, also for eager calls: the loop alone would be compiled anew for each new `step`.
lstm = jax.jit(functools.partial(lstm_by, inside=_product_inside), static_argnames="go_backwards")
