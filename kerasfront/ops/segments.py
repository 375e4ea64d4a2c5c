"""Reductions over segments of rows, writing with a reduction, and the distinct values of a tensor."""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes

from kerasfront import dtypes
from kerasfront.backend.dispatch import Tensor, derived, dtype_of, normalize_axis, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _shapes, reductions
from kerasfront.ops.arithmetic import not_equal
from kerasfront.ops.creation import arange, full, ones, zeros
from kerasfront.ops.elementwise import (
    add,
    bitwise_not,
    cast,
    equal,
    if_else,
    isfinite,
    less,
    logical_and,
    logical_not,
    maximum,
    minimum,
    multiply,
    negative,
    stop_gradient,
    subtract,
    true_divide,
)
from kerasfront.ops.indexing import (
    gather,
    gather_along_axis,
    getitem,
    nonzero,
    scatter_add,
    scatter_set,
    searchsorted,
    stable_argsort,
)
from kerasfront.ops.movement import concatenate, expand_dims, moveaxis, reshape, reshape_known
from kerasfront.ops.statistics import largest_plus_one, tally

# -- segments --------------------------------------------------------------------------------------


@derived
def segment_sum(data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Return the sums of the rows with the same id; 0 for an id that does not occur.

    Shapes: `segment_ids` has the leading axes of `data` (..., rest); result (segments, rest).

    Args:
        num_segments: None for one more than the largest id, which a compiled function does not know. Rows whose id
            lies beyond or is negative are dropped.
        sorted: whether the ids ascend; it changes nothing.

    Raises:
        OpError: ids of another shape; no `num_segments` in a compiled function.
    """
    rows, ids, count = _flat("segment_sum", data, segment_ids, num_segments)
    if count is None:
        return _unknown_segments(rows)
    return _summed(rows, ids, count)


@derived
def segment_prod(data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Return the products of the rows with the same id, see `segment_sum`; 1 for an id that does not occur."""
    rows, ids, count = _flat("segment_prod", data, segment_ids, num_segments)
    if count is None:
        return _unknown_segments(rows)
    return _product(rows, ids, count)


@derived
def segment_max(data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Return the largest of the rows with the same id, see `segment_sum`.

    Returns:
        The lowest value of the dtype (-infinity) for an id that does not occur. NaN wins; tied values share the
        gradient equally.
    """
    rows, ids, count = _flat("segment_max", data, segment_ids, num_segments)
    if count is None:
        return _unknown_segments(rows)
    return _extremum(rows, ids, count, largest=True)


@derived
def segment_min(data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False) -> Tensor:
    """Return the smallest of the rows with the same id, see `segment_max`."""
    rows, ids, count = _flat("segment_min", data, segment_ids, num_segments)
    if count is None:
        return _unknown_segments(rows)
    return _extremum(rows, ids, count, largest=False)


def _flat(name: str, data: Any, ids: Any, count: int | None) -> tuple[Any, Any, int | None]:
    """Return rows, a vector of ids, and the number of segments (None while shapes are inferred)."""
    shape, leading = shape_of(data), shape_of(ids)
    fits = 0 < len(leading) <= len(shape) and all(
        None in pair or pair[0] == pair[1] for pair in zip(leading, shape, strict=False)
    )
    if not fits or not dtypes.is_int(dtype_of(ids)):
        raise OpError(
            f"{name}: {dtype_of(ids)} segment_ids of shape {leading} for data of shape {shape}. Expected integers of"
            f" the leading axes."
        )
    if count is None:
        count = largest_plus_one(name, ids, None, "num_segments")
    if len(leading) > 1:
        data = reshape_known(data, [_shapes.times(*leading), *shape[len(leading) :]])
        ids = reshape(ids, (-1,))
    return data, cast(ids, "int32"), count


def _unknown_segments(rows: Any) -> Any:
    return full((None, *shape_of(rows)[1:]), 0, dtype_of(rows))


def _inside(ids: Any, count: int) -> Any:
    """Return ids with one more segment for those that are dropped."""
    return if_else(logical_and(less(-1, ids), less(ids, count)), ids, cast(count, "int32"))


def _summed(rows: Any, ids: Any, count: int) -> Any:
    if dtype_of(rows) == "bool":
        return cast(_summed(cast(rows, "int32"), ids, count), "bool")
    wide = reductions.widened(rows)
    target = zeros((count + 1, *shape_of(rows)[1:]), dtype_of(wide))
    total = getitem(scatter_add(target, expand_dims(_inside(ids, count), -1), wide), slice(0, count))
    return cast(total, dtype_of(rows))


def _by_segment(ids: Any, count: int) -> tuple[Any, Any, Any]:
    """Return the order that brings segments together, the number of rows in each, and where each ends in that order."""
    ids = _inside(ids, count)
    sizes = tally(ids, ones(shape_of(ids), "int32"), count)
    return stable_argsort(ids), sizes, reductions.running_sum(sizes, 0)


def _where_empty(sizes: Any, identity: Any, found: Any) -> Any:
    empty = reshape(equal(sizes, 0), (-1, *(1,) * (len(shape_of(found)) - 1)))
    return if_else(empty, cast(identity, dtype_of(found)), found)


def _last_rows(rows: Any, ends: Any) -> Any:
    return gather(rows, maximum(subtract(ends, 1), 0), 0)


def _product(rows: Any, ids: Any, count: int) -> Any:
    """Multiply the rows of each segment up by doubling steps, which have right slopes at zeros too."""
    size = shape_of(rows)[0]
    if size == 0 or count == 0:
        return ones((count, *shape_of(rows)[1:]), dtype_of(rows))
    order, sizes, ends = _by_segment(ids, count)
    rows, ids = gather(rows, order, 0), gather(ids, order, 0)
    one = cast(1, dtype_of(rows))
    for step in (2**power for power in range(((size or 1) - 1).bit_length())):
        same = equal(getitem(ids, slice(step, None)), getitem(ids, slice(None, -step)))
        same = reshape(same, (-1, *(1,) * (len(shape_of(rows)) - 1)))
        before = if_else(same, getitem(rows, slice(None, -step)), one)
        rows = concatenate([getitem(rows, slice(0, step)), multiply(getitem(rows, slice(step, None)), before)], 0)
    return _where_empty(sizes, 1, _last_rows(rows, ends))


def _turned(x: Any) -> Any:
    """Return values in the opposite order, without overflow."""
    if dtype_of(x) == "bool":
        return logical_not(x)
    return bitwise_not(x) if dtypes.is_int(dtype_of(x)) else negative(x)


def lowest(dtype: str) -> Any:
    """Return the lowest value of a dtype."""
    if dtype == "bool":
        return False
    return -math.inf if dtypes.is_float(dtype) else int(ml_dtypes.iinfo(dtype).min)


def _extremum(rows: Any, ids: Any, count: int, largest: bool) -> Any:
    """Return the extremum of each segment; all rows that have it share its slope."""
    if shape_of(rows)[0] == 0 or count == 0:
        empty = full((count, *shape_of(rows)[1:]), lowest(dtype_of(rows)), dtype_of(rows))
        return empty if largest else _turned(empty)
    fixed = stop_gradient(rows)
    found = _largest(fixed, ids, count) if largest else _turned(_largest(_turned(fixed), ids, count))
    if not dtypes.is_float(dtype_of(rows)):
        return found
    # found + (mean of the rows that have it - the same without slope): the value of the first, the slope of the second.
    mine = gather(concatenate([found, getitem(found, slice(0, 1))], 0), _inside(ids, count), 0)
    hit = cast(equal(rows, mine), dtype_of(rows))
    share = if_else(isfinite(rows), subtract(rows, fixed), cast(0, dtype_of(rows)))
    hits = maximum(_summed(hit, ids, count), cast(1, dtype_of(rows)))
    return add(found, true_divide(_summed(multiply(stop_gradient(hit), share), ids, count), stop_gradient(hits)))


def _largest(rows: Any, ids: Any, count: int) -> Any:
    """Sort rows by value, then by id: the last of each segment is the largest. NaN is sorted last, so it wins."""
    by_value = stable_argsort(rows, 0)
    rows = gather_along_axis(rows, by_value, 0)
    _, sizes, ends = _by_segment(ids, count)
    ids = gather(_inside(ids, count), by_value, 0)
    rows = gather_along_axis(rows, stable_argsort(ids, 0), 0)
    return _where_empty(sizes, lowest(dtype_of(rows)), _last_rows(rows, ends))


REDUCTIONS = {
    "max": lambda old, updates, ids, count: maximum(old, _extremum(updates, ids, count, largest=True)),
    "min": lambda old, updates, ids, count: minimum(old, _extremum(updates, ids, count, largest=False)),
    "mul": lambda old, updates, ids, count: multiply(old, _product(updates, ids, count)),
}


@derived
def scatter_update(inputs: Tensor, indices: Tensor, updates: Tensor, reduction: str | None = None) -> Tensor:
    """Return the tensor with updates written at the positions `indices` (..., depth).

    Shapes: `updates` has the leading axes of `indices`, then those of `inputs` behind the first `depth`.

    Args:
        reduction: None to store them (of those with one position the last stays), or what to do with the old value
            and all updates of a position: "add", "max", "min" or "mul".

    Raises:
        OpError: an unknown reduction.
    """
    if reduction in (None, "add"):
        return (scatter_set if reduction is None else scatter_add)(inputs, indices, updates)
    if reduction not in REDUCTIONS:
        raise OpError(
            f"scatter_update: reduction {reduction!r} is unknown. Expected None, 'add', 'max', 'min' or 'mul'."
        )
    shape, depth = shape_of(inputs), shape_of(indices)[-1]
    # The rule of plain writing says what fits, and what comes out while shapes are inferred.
    if depth is None or None in shape or None in shape_of(indices):
        return scatter_add(inputs, indices, updates)
    _shapes.scatter(_Shaped(shape_of(indices)), _Shaped(shape_of(updates)), shape)
    count, rest = math.prod(shape[:depth]), shape[depth:]
    ids = reshape(_row_numbers(indices, shape[:depth]), (-1,))
    rows = reshape(cast(updates, dtype_of(inputs)), (math.prod(shape_of(indices)[:-1]), *rest))
    return reshape(REDUCTIONS[reduction](reshape(inputs, (count, *rest)), rows, ids, count), shape)


class _Shaped:
    def __init__(self, shape: tuple):
        self.shape = shape


def _row_numbers(indices: Any, sizes: tuple[int, ...]) -> Any:
    """Number the positions (..., depth) in row-major order; negative ones count from the end, -1 for one beyond."""
    number: Any = 0
    valid: Any = True
    for axis, size in enumerate(sizes):
        index = cast(getitem(indices, (Ellipsis, axis)), "int32")
        index = if_else(less(index, 0), add(index, size), index)
        valid = logical_and(valid, logical_and(less(-1, index), less(index, size)))
        number = add(multiply(number, size), index)
    return if_else(valid, number, cast(-1, "int32"))


# -- distinct values -------------------------------------------------------------------------------


@derived
def unique(
    x: Tensor,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Return the distinct values of a tensor, or its distinct slices along an axis, in ascending order.

    Args:
        sorted: False allows any order; ours is ascending all the same.
        return_index: also return where each first occurs.
        return_inverse: also return for each element the place of its value in the result.
        return_counts: also return how often each occurs.
        axis: whose slices are compared, in order of their elements; None for the elements of the whole tensor.
        size: length of the result, which a compiled function has to know: cut, or filled up.
        fill_value: what it is filled up with, 0 for None. Filled places have index 0 and count 0.

    Returns:
        The values, or a tuple of them and what else was asked for (int32), in the order of the arguments. Each NaN is
        a value of its own.

    Raises:
        OpError: in a compiled function, no `size`.
    """
    shape = shape_of(x)
    place = None if axis is None else normalize_axis(axis, len(shape), "unique")
    rows = reshape(x, (-1,)) if place is None else moveaxis(x, place, 0)
    order, first = _runs(rows)
    group = subtract(reductions.running_sum(cast(first, "int32"), 0), 1)
    if size is None:
        starts = nonzero(first)[0]
        found = gather(rows, gather(order, starts, 0), 0)
        ends = concatenate([getitem(starts, slice(1, None)), _length_vector(order)], 0)
        index, counts = gather(order, starts, 0), subtract(ends, starts)
    else:
        found, index, counts = _cut(rows, order, group, size, 0 if fill_value is None else fill_value)
    inverse = scatter_set(zeros(shape_of(order), "int32"), expand_dims(order, -1), group)
    if place is None and len(shape) != 1:
        inverse = reshape_known(inverse, list(shape))
    found = found if place is None else moveaxis(found, 0, place)
    extra = [(return_index, index), (return_inverse, inverse), (return_counts, counts)]
    asked = [each for wanted, each in extra if wanted]
    return (found, *asked) if asked else found


def _length_vector(x: Any) -> Any:
    length = shape_of(x)[0]
    return full((1,), 0 if length is None else length, "int32")


def _runs(rows: Any) -> tuple[Any, Any]:
    """Return the order that sorts rows, and for each place in it whether the row differs from the one before."""
    shape = shape_of(rows)
    if len(shape) == 1:
        order = stable_argsort(rows)
        return order, _differs(gather(rows, order, 0))
    width = _shapes.times(*shape[1:])
    if width == 0:
        raise OpError(f"unique: slices of shape {shape[1:]} are empty. Expected elements.")
    rows = reshape_known(rows, [shape[0], width])
    # While shapes are inferred one column tells as much as all.
    last, *others = reversed(range(width or 1))
    order = stable_argsort(getitem(rows, (slice(None), last)))
    for column in others:
        order = gather(order, stable_argsort(gather(getitem(rows, (slice(None), column)), order, 0)), 0)
    return order, _differs(gather(rows, order, 0))


def _differs(rows: Any) -> Any:
    after, before = getitem(rows, slice(1, None)), getitem(rows, slice(None, -1))
    other = not_equal(after, before)
    if len(shape_of(rows)) > 1:
        other = reductions.any(other, -1)
    length = shape_of(rows)[0]
    return concatenate([full((min(1, 1 if length is None else length),), True, "bool"), other], 0)


def _cut(rows: Any, order: Any, group: Any, size: int, fill_value: Any) -> tuple[Any, Any, Any]:
    """Return values, first positions and counts of the first groups, filled up to a size."""
    if shape_of(rows)[0] == 0:
        shape = (size, *shape_of(rows)[1:])
        return full(shape, fill_value, dtype_of(rows)), zeros((size,), "int32"), zeros((size,), "int32")
    numbers = arange(size, dtype="int32")
    starts, ends = searchsorted(group, numbers, "left"), searchsorted(group, numbers, "right")
    counts = subtract(ends, starts)
    there = less(0, counts)
    last = (shape_of(rows)[0] or 1) - 1
    index = gather(order, minimum(starts, last), 0)
    found = gather(rows, index, 0)
    mask = reshape(there, (-1, *(1,) * (len(shape_of(found)) - 1)))
    return if_else(mask, found, cast(fill_value, dtype_of(rows))), if_else(there, index, cast(0, "int32")), counts
