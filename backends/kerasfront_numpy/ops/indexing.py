"""Reading and writing by position, and order. Rows of a matrix (or numbers of a vector) are what moves in the end."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np
from autograd.tracer import getval, isbox

from kerasfront_numpy.ops.elementwise import add, select
from kerasfront_numpy.ops.kernel import cast, constant, differentiable, kernel
from kerasfront_numpy.ops.movement import permute_axes, reshape


def _replace(x: Any, key: Any, part: Any) -> Any:
    out = np.array(x)
    out[key] = part
    return out


# The pair for plain keys (integers, slices, None), where no element is named twice.
_write = differentiable(
    _replace,
    lambda ans, x, key, part: lambda g: _write(g, key, np.zeros_like(getval(part))),
    lambda ans, x, key, part: lambda g: reshape(basic_getitem(g, key), part.shape),
    argnums=(0, 2),
)
basic_getitem = differentiable(
    lambda x, key: x[key], lambda ans, x, key: lambda g: _write(np.zeros(x.shape, x.dtype), key, g)
)


def _sums(rows: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """Add each row at its place among `count` rows of zeros; rows of one place add up."""
    out = np.zeros((count, *rows.shape[1:]), rows.dtype)
    if rows.ndim == 1:
        np.add.at(out, places, rows)
    elif len(places):
        # np.add.at is slow for anything but numbers, so equal places are brought together and summed.
        order = np.argsort(places, kind="stable")
        ordered = places[order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        out[ordered[starts]] = np.add.reduceat(rows[order], starts, 0, rows.dtype)
    return out


_add_rows = kernel(differentiable(_sums, lambda ans, rows, places, count: lambda g: _take_rows(g, places)))
_take_rows = differentiable(
    lambda x, places: np.take(x, places, 0), lambda ans, x, places: lambda g: _add_rows(g, places % len(x), len(x))
)


def gather(x: Any, indices: Any, axis: int) -> Any:
    if not isbox(x):
        return np.take(x, indices, axis)
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    order = (axis, *(i for i in range(len(x.shape)) if i != axis))
    rows = reshape(permute_axes(x, order), (x.shape[axis], math.prod(before + after)))
    taken = reshape(_take_rows(rows, indices.reshape(-1)), (*indices.shape, *before, *after))
    first, last = indices.ndim, indices.ndim + len(before)
    return permute_axes(taken, (*range(first, last), *range(first), *range(last, len(taken.shape))))


def gather_along_axis(x: Any, indices: Any, axis: int) -> Any:
    if not isbox(x):
        return np.take_along_axis(x, indices, axis)
    places = np.take_along_axis(np.arange(math.prod(x.shape)).reshape(x.shape), indices, axis)
    return reshape(_take_rows(reshape(x, (-1,)), places.reshape(-1)), places.shape)


def _block(start: Any, shape: tuple[int, ...]) -> tuple[builtins.slice, ...]:
    return tuple(builtins.slice(int(begin), int(begin) + size) for begin, size in zip(start, shape, strict=True))


def slice(inputs: Any, start_indices: Any, shape: tuple[int, ...]) -> Any:
    return basic_getitem(inputs, _block(start_indices, shape))


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    return _write(inputs, _block(start_indices, updates.shape), updates)


def _as_rows(inputs: Any, indices: Any, updates: Any) -> tuple[Any, np.ndarray, Any]:
    """Fold the indexed axes into one, the rest into another."""
    depth = indices.shape[-1]
    lead, rest = inputs.shape[:depth], math.prod(inputs.shape[depth:])
    columns = np.moveaxis(indices.reshape(-1, depth), 1, 0)
    places = np.ravel_multi_index([np.where(i < 0, i + n, i) for i, n in zip(columns, lead, strict=True)], lead)
    shape: tuple[int, ...] = (rest,) if inputs.shape[depth:] else ()
    return reshape(inputs, (math.prod(lead), *shape)), places, reshape(updates, (len(places), *shape))


def scatter_add(inputs: Any, indices: Any, updates: Any) -> Any:
    rows, places, updates = _as_rows(inputs, indices, updates)
    return reshape(add(rows, _add_rows(updates, places, len(rows))), inputs.shape)


def scatter_set(inputs: Any, indices: Any, updates: Any) -> Any:
    rows, places, updates = _as_rows(inputs, indices, updates)
    # The last update of a place is the one that stays, so it alone is added.
    owner = np.full(len(rows), -1)
    owner[places] = np.arange(len(places))
    column = (-1, *(1,) * (len(rows.shape) - 1))
    last = (owner[places] == np.arange(len(places))).reshape(column)
    placed = _add_rows(select(last, updates, updates.dtype.type(0)), places, len(rows))
    return reshape(select((owner >= 0).reshape(column), placed, rows), inputs.shape)


stable_argsort = kernel(constant(lambda x, axis: cast(np.argsort(x, axis, kind="stable"), "int32")))


@kernel
def sort(x: Any, axis: int) -> Any:
    return gather_along_axis(x, stable_argsort(x, axis), axis) if isbox(x) else np.sort(x, axis)


searchsorted = kernel(constant(lambda sequence, values, side: cast(np.searchsorted(sequence, values, side), "int32")))
nonzero = constant(lambda x: tuple(cast(places, "int32") for places in np.nonzero(x)))
