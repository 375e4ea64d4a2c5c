"""Ops that move elements and do no arithmetic: reshape, transpose, join, split, pad, repeat."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from kerasfront.backend.dispatch import (
    Axes,
    Axis,
    Shape,
    Tensor,
    Tensors,
    derived,
    dtype_of,
    normalize_axes,
    normalize_axis,
    primitive,
    shape_of,
)
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes, _shapes


@primitive(shape=_shapes.reshape, dtype=_dtypes.keep)
def reshape(x: Tensor, newshape: Shape) -> Tensor:
    """Return the elements in row-major order in another shape; one size may be -1.

    Example:
        >>> from kerasfront import ops
        >>> ops.reshape(ops.arange(6), (2, -1)).shape
        (2, 3)
    """


@primitive(shape=_shapes.transpose, dtype=_dtypes.keep)
def permute_axes(x: Tensor, axes: Shape) -> Tensor:
    """Return the tensor with its axes in the order given."""


@primitive(shape=_shapes.broadcast_to, dtype=_dtypes.keep)
def broadcast_to(x: Tensor, shape: Shape) -> Tensor:
    """Return the tensor repeated along new and size-1 axes up to the shape."""


@primitive(shape=_shapes.concatenate, dtype=_dtypes.promote)
def concatenate(xs: Tensors, axis: Axis = 0) -> Tensor:
    """Return the tensors joined along an axis.

    Example:
        >>> from kerasfront import ops
        >>> ops.concatenate([ops.ones((2, 1)), ops.zeros((2, 3))], axis=-1).shape
        (2, 4)
    """


@primitive(shape=_shapes.pad, dtype=_dtypes.keep)
def pad_constant(x: Tensor, pad_width: Any, constant: Any = 0) -> Tensor:
    """Return the tensor with `(before, after)` elements of a constant added on each axis."""


@primitive(shape=_shapes.same, dtype=_dtypes.keep)
def reverse(x: Tensor, axis: Axes = None) -> Tensor:
    """Return the tensor with its elements in opposite order along the axes."""


@derived
def transpose(x: Tensor, axes: Any = None) -> Tensor:
    """Return the tensor with its axes in another order, reversed for None."""
    rank = len(shape_of(x))
    if axes is None:
        return permute_axes(x, tuple(builtins.reversed(range(rank))))
    return permute_axes(x, tuple(normalize_axis(axis, rank, "transpose") for axis in axes))


@derived
def flip(x: Tensor, axis: Any = None) -> Tensor:
    """Return the tensor with its elements in opposite order along the axes (all for None)."""
    return reverse(x, axis)


@derived
def expand_dims(x: Tensor, axis: Any) -> Tensor:
    """Return the tensor with axes of size 1 put in at the places given, counted in the result."""
    shape = list(shape_of(x))
    axes = axis if isinstance(axis, (list, tuple)) else (axis,)
    rank = len(shape) + len(axes)
    for place in builtins.sorted(normalize_axis(one, rank, "expand_dims") for one in axes):
        shape.insert(place, 1)
    return reshape_known(x, shape)


@derived
def squeeze(x: Tensor, axis: Any = None) -> Tensor:
    """Return the tensor without the axes given, which must have size 1 (all such for None)."""
    shape = shape_of(x)
    if axis is None:
        return reshape_known(x, [size for size in shape if size != 1])
    axes = normalize_axes(axis, len(shape), "squeeze")
    wrong = [place for place in axes if shape[place] not in (1, None)]
    if wrong:
        raise OpError(
            f"squeeze: axis {wrong[0]} of shape {shape} has size {shape[wrong[0]]}. Expected size 1. Choose another"
            f" axis."
        )
    return reshape_known(x, [size for place, size in enumerate(shape) if place not in axes])


def reshape_known(x: Any, shape: Sequence[int | None]) -> Any:
    """Reshape where dimensions may be unknown: the first unknown one is inferred, as long as it is the only one."""
    if list(shape).count(None) == 1:
        shape = [-1 if size is None else size for size in shape]
    return reshape(x, tuple(shape))


@derived
def ravel(x: Tensor) -> Tensor:
    """Return the elements in row-major order in one axis."""
    return reshape(x, (-1,))


@derived
def swapaxes(x: Tensor, axis1: Axis, axis2: Axis) -> Tensor:
    """Return the tensor with two axes exchanged."""
    axes = list(range(len(shape_of(x))))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return permute_axes(x, tuple(axes))


@derived
def moveaxis(x: Tensor, source: Any, destination: Any) -> Tensor:
    """Return the tensor with axes moved to other places; the rest keep their order."""
    rank = len(shape_of(x))
    sources, targets = (
        [normalize_axis(one, rank, "moveaxis") for one in (axes if isinstance(axes, (list, tuple)) else (axes,))]
        for axes in (source, destination)
    )
    order = [axis for axis in range(rank) if axis not in sources]
    for target, axis in builtins.sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return permute_axes(x, tuple(order))


@derived
def stack(x: Tensors, axis: Any = 0) -> Tensor:
    """Return equal-shaped tensors joined along a new axis."""
    if not x:
        raise OpError("stack: nothing to stack. Expected at least one tensor; got an empty list.")
    return concatenate([expand_dims(one, axis) for one in x], axis)


@derived
def tile(x: Tensor, repeats: Any) -> Tensor:
    """Return the tensor repeated as a whole, `repeats` times along each axis from the right."""
    counts = list(repeats) if isinstance(repeats, (list, tuple)) else [repeats]
    shape = list(shape_of(x))
    counts = [1] * (len(shape) - len(counts)) + counts
    shape = [1] * (len(counts) - len(shape)) + shape
    if None in shape:
        for axis, count in enumerate(counts):
            x = concatenate([x] * count, axis) if count != 1 else x
        return x
    split_shape = [part for size in shape for part in (1, size)]
    wide_shape = [part for count, size in zip(counts, shape, strict=True) for part in (count, size)]
    result = tuple(count * size for count, size in zip(counts, shape, strict=True))
    return reshape(broadcast_to(reshape(x, tuple(split_shape)), tuple(wide_shape)), result)


@derived
def repeat(x: Tensor, repeats: Any, axis: Any = None) -> Tensor:
    """Return the tensor with each element repeated along an axis, of the flattened tensor for None."""
    import numpy as np

    from kerasfront.ops.indexing import take

    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    axis = normalize_axis(axis, len(shape_of(x)), "repeat")
    size = shape_of(x)[axis]
    counts = np.asarray(repeats).reshape(-1)
    if size is None:
        return _resized(x, axis, None if counts.size == 1 else int(counts.sum()))
    return take(x, np.repeat(np.arange(size, dtype="int32"), counts[0] if counts.size == 1 else counts), axis)


@derived
def roll(x: Tensor, shift: Any, axis: Any = None) -> Tensor:
    """Return the tensor with elements moved round along axes, of the flattened tensor for None."""
    if axis is None:
        return reshape_known(roll(reshape(x, (-1,)), shift, 0), shape_of(x))
    axes = axis if isinstance(axis, (list, tuple)) else (axis,)
    shifts = shift if isinstance(shift, (list, tuple)) else (shift,) * len(axes)
    for one, by in zip(axes, shifts, strict=True):
        place = normalize_axis(one, len(shape_of(x)), "roll")
        size = shape_of(x)[place]
        if size is not None and size and by % size:
            head, tail = split(x, [size - by % size], place)
            x = concatenate([tail, head], place)
    return x


@derived
def split(x: Tensor, indices_or_sections: Any, axis: Axis = 0) -> Any:
    """Return a list of parts along an axis: so many equal ones, or cut at the indices."""
    from kerasfront.ops.indexing import get_item

    size = shape_of(x)[axis]
    if isinstance(indices_or_sections, int):
        sections = indices_or_sections
        if size is None and sections > 0:
            return [_resized(x, axis, None) for _ in range(sections)]
        if size is None or sections <= 0 or size % sections:
            raise OpError(
                f"split: size {size} on axis {axis} does not divide into {sections} equal parts. Pass indices to cut"
                f" at."
            )
        cuts = [size // sections * i for i in range(1, sections)]
    else:
        cuts = [int(cut) for cut in indices_or_sections]
    leading = (slice(None),) * axis
    return [get_item(x, (*leading, slice(*ends))) for ends in zip([0, *cuts], [*cuts, size], strict=True)]


def _resized(x: Any, axis: int, size: int | None) -> KerasTensor:
    """A symbolic tensor like x, of another size along an axis, for results that depend on an unknown size."""
    shape = shape_of(x)
    return KerasTensor((*shape[:axis], size, *shape[axis + 1 :]), dtype_of(x))


@derived
def unstack(x: Tensor, num: int | None = None, axis: Axis = 0) -> Any:
    """Return the list of slices along an axis, without the axis."""
    from kerasfront.ops.indexing import get_item

    size = shape_of(x)[axis] if num is None else num
    if size is None:
        raise OpError(f"unstack: axis {axis} of shape {shape_of(x)} is unknown. Expected a known size. Pass num.")
    return [get_item(x, (slice(None),) * axis + (i,)) for i in range(size)]


@derived
def pad(x: Tensor, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Tensor:
    """Return the tensor with elements added at both ends of each axis.

    Args:
        pad_width: `(before, after)` for each axis, one pair for all, or one number for all ends.
        mode: "constant", "reflect" (without the edge) or "symmetric" (with it).
        constant_values: the value for mode "constant"; 0 for None.
    """
    import numpy as np

    rank = len(shape_of(x))
    widths = [(int(a), int(b)) for a, b in np.broadcast_to(np.asarray(pad_width), (rank, 2))]
    if mode == "constant":
        return pad_constant(x, tuple(widths), 0 if constant_values is None else constant_values)
    if constant_values is not None:
        raise OpError(f"pad: constant_values given for mode {mode!r}. Expected them for mode 'constant' only.")
    if mode not in ("reflect", "symmetric"):
        raise OpError(f"pad: mode {mode!r} is unknown. Expected 'constant', 'reflect' or 'symmetric'.")
    from kerasfront.ops.indexing import take

    for axis, (before, after) in enumerate(widths):
        if before or after:
            size = shape_of(x)[axis]
            x = take(x, np.pad(np.arange(size, dtype="int32"), (before, after), mode=mode), axis)  # type: ignore[call-overload]
    return x


@derived
def append(x1: Tensor, x2: Tensor, axis: Any = None) -> Tensor:
    """Return x2 joined behind x1, both flattened for None."""
    return concatenate([ravel(x1), ravel(x2)], 0) if axis is None else concatenate([x1, x2], axis)


@derived
def hstack(xs: Tensors) -> Tensor:
    """Return tensors joined along axis 1 (axis 0 for vectors)."""
    rows = [reshape(x, (1,)) if not shape_of(x) else x for x in xs]
    return concatenate(rows, 0 if len(shape_of(rows[0])) == 1 else 1)


@derived
def vstack(xs: Tensors) -> Tensor:
    """Return tensors joined along axis 0, vectors as rows."""
    return concatenate([reshape(x, (1, -1)) if len(shape_of(x)) < 2 else x for x in xs], 0)


@derived
def rot90(array: Tensor, k: int = 1, axes: Any = (0, 1)) -> Tensor:
    """Return the tensor turned by k quarter turns in the plane of two axes, from the first towards the second."""
    first, second = (normalize_axis(axis, len(shape_of(array)), "rot90") for axis in axes)
    if first == second:
        raise OpError(f"rot90: axes {tuple(axes)} of shape {shape_of(array)}. Expected two distinct axes.")
    turns = k % 4
    if turns == 0:
        return array
    if turns == 2:
        return reverse(array, (first, second))
    turned = swapaxes(reverse(array, second) if turns == 1 else array, first, second)
    return turned if turns == 1 else reverse(turned, second)
