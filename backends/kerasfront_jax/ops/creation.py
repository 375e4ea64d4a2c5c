"""Primitives that make tensors."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax._src import core
from jax._src.interpreters import pxla

from kerasfront import errors

# What 64-bit data of the host becomes where JAX has them switched off.
NARROW = {"float64": "float32", "int64": "int32", "uint64": "uint32", "complex128": "complex64"}
# How many numbers are filled in and copied in less time than it takes to compile.
_SMALL = 1 << 20


def engine_dtype(name: str) -> Any:
    """Return JAX's dtype; refuse one that JAX would narrow in silence.

    64-bit integers become 32-bit ones without x64, as everywhere in JAX.
    """
    if name in NARROW and not jax.config.jax_enable_x64:
        if name in ("int64", "uint64"):
            return jnp.dtype(NARROW[name])
        raise errors.UnsupportedOp(
            f"dtype: JAX has 64-bit types switched off. Expected x64 for {name}; got the default. "
            'Set JAX_ENABLE_X64=1 or call jax.config.update("jax_enable_x64", True) before the first tensor is made.'
        )
    return jnp.dtype(name)


def check_wide_integers(value: Any) -> None:
    """Refuse host integers that lose bits as 32-bit ones, which JAX without x64 makes of them in silence."""
    if type(value) is not np.ndarray or value.dtype.itemsize < 8 or value.dtype.kind not in "iu" or not value.size:
        return
    narrow = np.iinfo(f"{value.dtype.kind}4")
    if not jax.config.jax_enable_x64 and (value.max() > narrow.max or value.min() < narrow.min):
        raise errors.OpError(
            f"convert_to_tensor: JAX has 64-bit types switched off. Expected {value.dtype} values from {narrow.min} to"
            f" {narrow.max}; got {value.min()} to {value.max()}. Set JAX_ENABLE_X64=1 or call"
            ' jax.config.update("jax_enable_x64", True) before the first tensor is made.'
        )


def filled(shape: tuple, fill_value: Any, dtype: str) -> Any:
    # `full` compiles anew for each shape.
    if core.trace_state_clean() and math.prod(shape) <= _SMALL:
        return from_host(np.full(shape, fill_value, engine_dtype(dtype)))
    return jnp.full(shape, fill_value, engine_dtype(dtype))


def count_up(size: int, dtype: str) -> Any:
    # From the host: `arange` compiles anew for each size.
    return from_host(np.arange(size, dtype=engine_dtype(dtype)))


def from_host(array: np.ndarray) -> Any:
    """Return an array, of a dtype of JAX's and not written to from now on, as a tensor."""
    # `asarray` compiles anew for each shape (10 ms, JAX 0.10); where something is traced, it gives a constant.
    if not core.trace_state_clean():
        return jnp.asarray(array)
    # What `device_put` comes to, in a quarter of its time.
    form, device = core.ShapedArray(array.shape, array.dtype), pxla.get_default_device()
    return pxla.batched_device_put(form, jax.sharding.SingleDeviceSharding(device), [array], [device], False)
