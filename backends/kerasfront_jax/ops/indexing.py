"""Reading and writing by position."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax


def basic_getitem(x: Any, key: tuple) -> Any:
    return x[key]


def _lowest(dtype: Any) -> Any:
    if jnp.issubdtype(dtype, jnp.inexact):
        return jnp.nan
    return False if dtype == jnp.bool_ else np.iinfo(dtype).min


def gather(x: Any, indices: Any, axis: int) -> Any:
    if x.size == 0 and indices.size:
        return jnp.zeros((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype)
    # JAX counts negative indices from the end itself; doing so before would wrap those out of range twice.
    return jnp.take(x, indices, axis, mode="fill", fill_value=_lowest(x.dtype))


def gather_along_axis(x: Any, indices: Any, axis: int) -> Any:
    return jnp.take_along_axis(x, indices, axis, mode="fill", fill_value=_lowest(x.dtype))


def dynamic_slice(inputs: Any, start_indices: Any, shape: tuple) -> Any:
    return lax.dynamic_slice(inputs, tuple(start_indices), shape)


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    return lax.dynamic_update_slice(inputs, updates, tuple(start_indices))


def _places(indices: Any) -> tuple:
    return tuple(indices[..., i] for i in range(indices.shape[-1]))


def scatter_add(inputs: Any, indices: Any, updates: Any) -> Any:
    return inputs.at[_places(indices)].add(updates)


def scatter_set(inputs: Any, indices: Any, updates: Any) -> Any:
    return inputs.at[_places(indices)].set(updates)


def sort_along(x: Any, axis: int) -> Any:
    return jnp.sort(x, axis, stable=True)


def stable_argsort(x: Any, axis: int) -> Any:
    return jnp.argsort(x, axis, stable=True).astype("int32")


def searchsorted(sorted_sequence: Any, values: Any, side: str) -> Any:
    return jnp.searchsorted(sorted_sequence, values, side=side).astype("int32")


def nonzero(x: Any) -> tuple:
    return tuple(positions.astype("int32") for positions in jnp.nonzero(x))
