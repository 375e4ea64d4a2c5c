"""Products that sum over axes."""

from typing import Any

import jax.numpy as jnp

matmul = jnp.matmul


def contract(operands: list, subscripts: str) -> Any:
    return jnp.einsum(subscripts, *operands)
