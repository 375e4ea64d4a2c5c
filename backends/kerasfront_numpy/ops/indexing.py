"""Reading and writing by position, and order. What has a gradient moves by positions in the flattened tensor."""

import builtins
import math
from typing import Any

import numpy as np
from autograd.tracer import getval, isbox

from kerasfront_numpy.ops.elementwise import add, if_else
from kerasfront_numpy.ops.kernel import cast, constant, differentiable, kernel
from kerasfront_numpy.ops.movement import reshape


def _replace(x: Any, key: Any, part: Any) -> Any:
    out = np.array(x)
    out[key] = part
    return out


# The pair for plain keys (integers, slices, None), which name no element twice.
_write = differentiable(
    _replace,
    lambda ans, x, key, part: lambda g: _write(g, key, np.zeros_like(getval(part))),
    lambda ans, x, key, part: lambda g: reshape(basic_getitem(g, key), part.shape),
    argnums=(0, 2),
)
basic_getitem = differentiable(
    lambda x, key: x[key], lambda ans, x, key: lambda g: _write(np.zeros(x.shape, x.dtype), key, g)
)


def _totals(values: np.ndarray, places: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(math.prod(shape), values.dtype)
    np.add.at(out, places.reshape(-1), values.reshape(-1))
    return out.reshape(shape)


# The pair for any positions: read some, and add up what comes to each.
pick = differentiable(lambda x, at: x.reshape(-1)[at], lambda ans, x, at: lambda g: _add_at(g, at, x.shape))
_add_at = kernel(differentiable(_totals, lambda ans, values, places, shape: lambda g: pick(g, places)))


def positions(x: Any) -> np.ndarray:
    """Number the elements of a tensor."""
    return np.arange(math.prod(x.shape)).reshape(x.shape)


def gather(x: Any, indices: Any, axis: int) -> Any:
    return pick(x, np.take(positions(x), indices, axis)) if isbox(x) else np.take(x, indices, axis)


def gather_along_axis(x: Any, indices: Any, axis: int) -> Any:
    if not isbox(x):
        return np.take_along_axis(x, indices, axis)
    return pick(x, np.take_along_axis(positions(x), indices, axis))


def _block(start: Any, shape: tuple[int, ...]) -> tuple[builtins.slice, ...]:
    return tuple(builtins.slice(int(begin), int(begin) + size) for begin, size in zip(start, shape, strict=True))


def dynamic_slice(inputs: Any, start_indices: Any, shape: tuple[int, ...]) -> Any:
    return basic_getitem(inputs, _block(start_indices, shape))


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    return _write(inputs, _block(start_indices, updates.shape), updates)


def scatter_add(inputs: Any, indices: Any, updates: Any) -> Any:
    places = positions(inputs)[tuple(np.moveaxis(indices, -1, 0))]
    return add(inputs, _add_at(updates, places, inputs.shape))


def scatter_set(inputs: Any, indices: Any, updates: Any) -> Any:
    places = positions(inputs)[tuple(np.moveaxis(indices, -1, 0))]
    # The last update of a place is the one that stays, so it alone is added.
    owner = np.full(math.prod(inputs.shape), -1)
    owner[places] = positions(places)
    last = if_else(owner[places] == positions(places), updates, updates.dtype.type(0))
    return if_else(owner.reshape(inputs.shape) >= 0, _add_at(last, places, inputs.shape), inputs)


stable_argsort = kernel(constant(lambda x, axis: cast(np.argsort(x, axis, kind="stable"), "int32")))


@kernel
def sort_along(x: Any, axis: int) -> Any:
    return gather_along_axis(x, stable_argsort(x, axis), axis) if isbox(x) else np.sort(x, axis)


searchsorted = kernel(constant(lambda sequence, values, side: cast(np.searchsorted(sequence, values, side), "int32")))
nonzero = constant(lambda x: tuple(cast(places, "int32") for places in np.nonzero(x)))
