"""Primitives that move elements."""

from typing import Any

import jax.numpy as jnp

reshape = jnp.reshape
permute_axes = jnp.transpose
broadcast_to = jnp.broadcast_to
concatenate = jnp.concatenate
reverse = jnp.flip


def pad_constant(x: Any, pad_width: Any, constant: Any) -> Any:
    return jnp.pad(x, pad_width, constant_values=constant)
