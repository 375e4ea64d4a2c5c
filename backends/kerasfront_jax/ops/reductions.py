"""Reductions and running totals."""

from typing import Any

import jax.numpy as jnp

from kerasfront_jax.ops.creation import engine_dtype


def sum(x: Any, axis: tuple, keepdims: bool) -> Any:
    # With the dtype stated, unsigned and small integers are not widened again.
    return jnp.sum(x, axis, dtype=x.dtype, keepdims=keepdims)


def product(x: Any, axis: tuple, keepdims: bool) -> Any:
    return jnp.prod(x, axis, dtype=x.dtype, keepdims=keepdims)


def reduce_max(x: Any, axis: tuple, keepdims: bool) -> Any:
    return jnp.max(x, axis, keepdims=keepdims)


def reduce_min(x: Any, axis: tuple, keepdims: bool) -> Any:
    return jnp.min(x, axis, keepdims=keepdims)


def any(x: Any, axis: tuple, keepdims: bool) -> Any:
    return jnp.any(x, axis, keepdims=keepdims)


def all(x: Any, axis: tuple, keepdims: bool) -> Any:
    return jnp.all(x, axis, keepdims=keepdims)


def argmax(x: Any, axis: int | None, keepdims: bool) -> Any:
    return jnp.argmax(x, axis, keepdims=keepdims).astype("int32")


def argmin(x: Any, axis: int | None, keepdims: bool) -> Any:
    return jnp.argmin(x, axis, keepdims=keepdims).astype("int32")


def running_sum(x: Any, axis: int, dtype: str) -> Any:
    return jnp.cumsum(x.astype(engine_dtype(dtype)), axis, dtype=engine_dtype(dtype))


def running_product(x: Any, axis: int, dtype: str) -> Any:
    return jnp.cumprod(x.astype(engine_dtype(dtype)), axis, dtype=engine_dtype(dtype))
