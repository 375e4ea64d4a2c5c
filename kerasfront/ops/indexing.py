"""Reading and writing parts of tensors by position, and order: slices, indices, scatter, sort, search."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from kerasfront.backend.dispatch import (
    Axis,
    Shape,
    Tensor,
    Tensors,
    derived,
    dtype_of,
    kind_of,
    normalize_axis,
    primitive,
    shape_of,
)
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.dtypes import result_type
from kerasfront.errors import OpError
from kerasfront.ops import _checks, _dtypes, _shapes, reductions
from kerasfront.ops.creation import arange, zeros
from kerasfront.ops.elementwise import add, cast, equal, if_else, less, less_equal, logical_and, multiply
from kerasfront.ops.movement import expand_dims, permute_axes, reshape, reshape_known, reverse


@primitive(shape=_shapes.getitem, dtype=_dtypes.keep)
def basic_getitem(x: Tensor, key: Any) -> Tensor:
    """Return a part by integers, slices, None and Ellipsis; `key` is a tuple with one entry per axis or new axis."""


@primitive(shape=_shapes.indices_for, dtype=_dtypes.indexed)
def gather(x: Tensor, indices: Tensor, axis: Axis) -> Tensor:
    """Return the slices at integer positions along an axis, which must lie in [-size, size).

    It is for positions that are right; `take` is for those of users. Compiled functions cannot raise: a float slice out
    of range is NaN, an integer one the dtype's lowest value.
    """


@primitive(shape=_shapes.take_along_axis, dtype=_dtypes.indexed)
def gather_along_axis(x: Tensor, indices: Tensor, axis: Axis) -> Tensor:
    """Return for each place of `indices` the element at that position along an axis; other axes broadcast."""


@primitive(shape=_shapes.slice_, dtype=_dtypes.indexed, check=_checks.slice_in_range)
def dynamic_slice(inputs: Tensor, start_indices: Tensor, shape: Shape) -> Tensor:
    """Return the block of a given shape that begins at `start_indices` (int vector, may be traced)."""


@primitive(shape=_shapes.slice_update, dtype=_dtypes.updated, check=_checks.slice_in_range)
def slice_update(inputs: Tensor, start_indices: Tensor, updates: Tensor) -> Tensor:
    """Return the tensor with the block that begins at `start_indices` replaced."""


@primitive(shape=_shapes.scatter_update, dtype=_dtypes.updated)
def scatter_add(inputs: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    """Return the tensor with updates added at the positions `indices` (..., depth); equal positions add up."""


@primitive(shape=_shapes.scatter_update, dtype=_dtypes.updated)
def scatter_set(inputs: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    """Return the tensor with updates stored at the positions `indices` (..., depth)."""


@primitive(shape=_shapes.same, dtype=_dtypes.keep)
def sort_along(x: Tensor, axis: Axis = -1) -> Tensor:
    """Return the values in ascending order along an axis, NaN last."""


@primitive(shape=_shapes.same, dtype=_dtypes.position)
def stable_argsort(x: Tensor, axis: Axis = -1) -> Tensor:
    """Return the int32 positions that sort the values in ascending order; ties keep their order, NaN last."""


@primitive(shape=_shapes.searchsorted, dtype=_dtypes.searched)
def searchsorted(sorted_sequence: Tensor, values: Tensor, side: str = "left") -> Tensor:
    """Return the int32 positions at which values go into a sorted vector."""


@primitive(shape=_shapes.unknown_positions, dtype=_dtypes.position)
def nonzero(x: Tensor) -> Any:
    """Return the positions of values other than 0, one int32 vector per axis; their length depends on the values."""


@derived
def slice(inputs: Tensor, start_indices: Any, shape: Shape) -> Tensor:
    """Return the block of a given shape that begins at given positions.

    Args:
        start_indices: an integer for each axis; may be computed, in compiled functions too.
        shape: size along each axis; -1 for all that follows the start, whose value must then be known.

    Raises:
        OpError: the block reaches past the end, there is not one size and one start for each axis, or a size is -1 in a
            compiled function that computes the start.
    """
    if -1 in shape:
        shape = _up_to_the_end(shape_of(inputs), start_indices, shape)
        if None in shape:
            return KerasTensor(shape, dtype_of(inputs))
    return dynamic_slice(inputs, start_indices, shape)


def _up_to_the_end(sizes: tuple, start_indices: Any, shape: tuple) -> tuple:
    if len(shape) != len(sizes):
        raise OpError(f"slice: shape {shape} has {len(shape)} sizes. Expected one for each axis of shape {sizes}.")
    if isinstance(start_indices, KerasTensor):
        return tuple(None if extent == -1 else extent for extent in shape)
    start = _checks.host_integers(start_indices)
    if start is None:
        raise OpError(
            "slice: size -1 with a start that is computed in a compiled function. Expected a known start or known"
            " sizes. Pass the size."
        )
    return tuple(
        extent if extent != -1 else None if size is None else size - int(begin)
        for begin, extent, size in zip(start, shape, sizes, strict=False)
    )


@derived
def get_item(x: Tensor, key: Any) -> Tensor:
    """Return `x[key]`: integers, slices, None, Ellipsis, boolean masks and integer arrays, as NumPy combines them.

    Raises:
        OpError: too many indices, or an integer out of range.
    """
    keys = key if isinstance(key, tuple) else (key,)
    if builtins.all(_is_basic(one) for one in keys):
        return basic_getitem(x, spell_out(keys, shape_of(x)))
    return _advanced(x, keys)


# The name by which older ops call it.
getitem = get_item


def _is_basic(key: Any) -> bool:
    return (
        key is None
        or key is Ellipsis
        or isinstance(key, (builtins.slice, int, np.integer))
        and not isinstance(key, bool)
    )


def spell_out(keys: tuple, shape: tuple) -> tuple:
    """Return one key per axis (and None for new axes): Ellipsis filled in, integers non-negative, slices with int
    ends."""
    used = builtins.sum(1 for key in keys if key is not None and key is not Ellipsis)
    if used > len(shape):
        raise OpError(f"get_item: {used} indices for shape {shape}. Expected at most {len(shape)}.")
    if not builtins.any(key is Ellipsis for key in keys):
        keys = (*keys, Ellipsis)
    if builtins.sum(1 for key in keys if key is Ellipsis) > 1:
        raise OpError("get_item: more than one Ellipsis. Expected at most one. Write `:` for the others.")
    place = next(i for i, key in enumerate(keys) if key is Ellipsis)
    keys = (*keys[:place], *(builtins.slice(None),) * (len(shape) - used), *keys[place + 1 :])
    result: list = []
    axis = 0
    for key in keys:
        if key is None:
            result.append(None)
            continue
        size = shape[axis]
        result.append(_slice_of(key, size) if isinstance(key, builtins.slice) else _index_of(key, size, axis, shape))
        axis += 1
    return tuple(result)


def _slice_of(key: builtins.slice, size: int | None) -> builtins.slice:
    start, stop, step = (None if part is None else int(part) for part in (key.start, key.stop, key.step))
    return builtins.slice(start, stop, step)


def _index_of(key: Any, size: int | None, axis: int, shape: tuple) -> int:
    index = int(key)
    if size is not None and not -size <= index < size:
        raise OpError(
            f"get_item: index {index} is out of range on axis {axis} of shape {shape}. Expected -{size} to {size - 1}."
        )
    return index % size if size else index


def _advanced(x: Any, keys: tuple) -> Any:
    """Index by arrays: plain keys first, then all arrays together, broadcast against each other.

    As in NumPy their axes come where the arrays stood if these were neighbours, else to the front; a mask stands for
    the positions of its true values, and beside arrays a number is an array.
    """
    keys = _with_ellipsis(_spelled_masks(keys), len(shape_of(x)))
    taken = [i for i, key in enumerate(keys) if not (key is None or isinstance(key, builtins.slice))]
    x = basic_getitem(
        x, spell_out(tuple(builtins.slice(None) if i in taken else key for i, key in enumerate(keys)), shape_of(x))
    )
    axis = taken[0]
    if taken != list(range(axis, axis + len(taken))):
        x = permute_axes(x, (*taken, *(i for i in range(len(shape_of(x))) if i not in taken)))
        axis = 0
    return _gather_together(x, [keys[i] for i in taken], axis)


def _spelled_masks(keys: tuple) -> list:
    """Replace lists by arrays, and masks by the positions of their true values, one vector for each of their axes."""
    result: list = []
    for key in keys:
        key = np.asarray(key) if isinstance(key, (list, tuple, bool, np.bool_)) else key
        if _is_basic(key) or dtype_of(key) != "bool":
            result.append(key)
        elif not shape_of(key):
            raise OpError("get_item: a boolean scalar. Expected a mask with axes, integers or slices.")
        else:
            result.extend(nonzero(key))
    return result


def _with_ellipsis(keys: list, ndim: int) -> list:
    """Put full slices in the place of the ellipsis."""
    used = builtins.sum(1 for key in keys if key is not None and key is not Ellipsis)
    if used > ndim:
        raise OpError(f"get_item: {used} indices for {ndim} axes. Expected at most {ndim}.")
    place = next((i for i, key in enumerate(keys) if key is Ellipsis), len(keys))
    return [*keys[:place], *[builtins.slice(None)] * (ndim - used), *keys[place + 1 :]]


def _gather_together(x: Any, indices: list, axis: int) -> Any:
    """Gather along neighbouring axes at once by folding them into one."""
    shape = shape_of(x)
    sizes = shape[axis : axis + len(indices)]
    if len(indices) == 1:
        return take(x, indices[0], axis)
    flat: Any = 0
    inside: Any = True
    for place, (index, size) in enumerate(zip(indices, sizes, strict=True), axis):
        index = cast(index, "int32")
        _checks.indices_in_range(x, index, place)
        # Without a size (shapes are being inferred) only the shape of the positions counts.
        size = 1 if size is None else size
        inside = logical_and(inside, logical_and(less_equal(-size, index), less(index, size)))
        flat = add(multiply(flat, size), if_else(less(index, 0), add(index, size), index))
    total = _shapes.times(*sizes)
    # One position that is out of range must not become another row's.
    flat = if_else(inside, flat, cast(1 if total is None else total, "int32"))
    return gather(reshape_known(x, [*shape[:axis], total, *shape[axis + len(indices) :]]), flat, axis)


@derived(check=_checks.indices_in_range)
def take(x: Tensor, indices: Tensor, axis: Any = None) -> Tensor:
    """Return the elements at integer positions along an axis, of the flattened tensor for None.

    Shapes: `x` (..., n, ...), `indices` any; the result has the shape of `indices` in place of the axis.

    Raises:
        OpError: an index beyond the axis (known values only; see `gather` for compiled functions).
    """
    if axis is None:
        return gather(reshape(x, (-1,)), indices, 0)
    return gather(x, indices, normalize_axis(axis, len(shape_of(x)), "take"))


@derived(check=_checks.indices_in_range)
def take_along_axis(x: Tensor, indices: Tensor, axis: Any = None) -> Tensor:
    """Return for each place of `indices` the element at that position along an axis, of the flattened tensor for
    None."""
    if axis is None:
        return gather_along_axis(reshape(x, (-1,)), reshape(indices, (-1,)), 0)
    return gather_along_axis(x, indices, axis)


@derived
def scatter(indices: Tensor, values: Tensor, shape: Any) -> Tensor:
    """Return zeros of a shape with values added at the positions `indices` (..., depth)."""
    return scatter_add(zeros(tuple(shape), dtype_of(values)), indices, values)


@derived
def sort(x: Tensor, axis: Any = -1) -> Tensor:
    """Return the values in ascending order along an axis, of the flattened tensor for None; NaN last."""
    if axis is None:
        return sort_along(reshape(x, (-1,)), 0)
    return sort_along(x, axis)


@derived
def argsort(x: Tensor, axis: Any = -1) -> Tensor:
    """Return the int32 positions that sort the values in ascending order, of the flattened tensor for None; stable.

    Shapes: that of `x`; (1,) for a scalar, as in NumPy.
    """
    if axis is None or not shape_of(x):
        return stable_argsort(reshape(x, (-1,)), 0)
    return stable_argsort(x, axis)


@derived
def top_k(x: Tensor, k: int, sorted: bool = True) -> Any:
    """Return the k largest values along the last axis in descending order, and their int32 positions; ties by lowest
    position."""
    size = shape_of(x)[-1] if shape_of(x) else 0
    if k <= 0 or (size is not None and k > size):
        raise OpError(f"top_k: k is {k} for shape {shape_of(x)}. Expected 1 to {size}.")
    # Sorting the reversed tensor upwards and reading it backwards keeps the lowest position first among ties.
    order = reverse(stable_argsort(reverse(x, -1), -1), -1)
    last = builtins.slice(None, k)
    positions = (size or 0) - 1 - get_item(order, (Ellipsis, last))
    return gather_along_axis(x, positions, -1), positions


@derived
def one_hot(x: Tensor, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Tensor:
    """Return 1 at the place of each integer along a new axis, 0 elsewhere; integers out of range give zeros only."""
    if sparse:
        raise OpError("one_hot: sparse tensors are not supported. Expected sparse=False.")
    rank = len(shape_of(x)) + 1
    place = normalize_axis(axis, rank, "one_hot")
    classes = reshape(arange(num_classes, dtype="int32"), tuple(num_classes if i == place else 1 for i in range(rank)))
    return cast(equal(expand_dims(cast(x, "int32"), place), classes), dtype or "float32")


@derived
def multi_hot(
    inputs: Tensor, num_classes: int | None = None, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Tensor:
    """Return 1 at the place of each class that occurs among the integers of an example, 0 elsewhere.

    Shapes: `inputs` (labels,) or (batch, labels, ...); the classes come as a new axis, and the labels go.

    Raises:
        OpError: no `num_classes`.
    """
    if num_classes is None:
        raise OpError("multi_hot: num_classes is None. Expected the number of classes.")
    hot = one_hot(inputs, num_classes, axis, dtype, sparse)
    return reductions.max(hot, 1 if len(shape_of(inputs)) > 1 else 0, initial=0)


@derived
def where(condition: Tensor, x1: Any = None, x2: Any = None) -> Tensor:
    """Return x1 where the condition holds, else x2; the positions of true values if neither is given."""
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise OpError("where: one of x1 and x2 is missing. Expected both, or neither for positions.")
    return if_else(condition, x1, x2)


@derived
def select(condlist: Tensors, choicelist: Tensors, default: Tensor = 0) -> Tensor:
    """Return at each place the element of the first choice whose condition holds there, else the default.

    Shapes: all conditions, choices and the default broadcast.

    Raises:
        OpError: the lists are empty or of different length.
    """
    if not condlist or len(condlist) != len(choicelist):
        raise OpError(
            f"select: {len(condlist)} conditions and {len(choicelist)} choices. Expected as many, at least 1."
        )
    name = result_type(*(kind_of(one) for one in (*choicelist, default)))
    result = cast(default, name)
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = if_else(condition, cast(choice, name), result)
    return result


@derived
def argpartition(x: Tensor, kth: Any, axis: Any = -1) -> Tensor:
    """Return int32 positions that bring the element of rank `kth` to its place along an axis, none larger before it.

    Args:
        kth: a rank or several; negative ones count from the end.
        axis: None for the flattened tensor.

    Raises:
        OpError: a rank beyond the axis.

    Notes: the order of the rest is not specified; it is that of a stable sort.
    """
    order = argsort(x, axis)
    size = shape_of(order)[-1 if axis is None else axis]
    ranks = [int(rank) for rank in (kth if isinstance(kth, (list, tuple)) else [kth])]
    wrong = [rank for rank in ranks if size is not None and not -size <= rank < size]
    if wrong:
        raise OpError(f"argpartition: kth {wrong[0]} is out of range for size {size}. Expected {-size} to {size - 1}.")
    return order
