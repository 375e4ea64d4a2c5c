"""The shape rules of primitives, and integer arithmetic on shapes with unknown dimensions (None).

A rule takes the op's arguments: tensors as objects with `.shape`, axes normalized. It returns the shape of the result,
or a list of shapes for several results, and raises `OpError` for what does not fit, in words that name the shapes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import ml_dtypes  # noqa: F401  NumPy knows bfloat16 by it
import numpy as np

from kerasfront.errors import OpError

Dim = int | None
Dims = tuple[Dim, ...]


def times(*dims: Dim) -> Dim:
    """Return the product, None if any factor is unknown."""
    return None if None in dims else math.prod(dims)  # type: ignore[arg-type]


def plus(*dims: Dim) -> Dim:
    """Return the sum, None if any part is unknown."""
    return None if None in dims else sum(dims)  # type: ignore[arg-type]


def same(x: Any, *_: Any) -> Dims:
    """The shape of the first argument."""
    return tuple(x.shape)


def broadcast_dims(shapes: Iterable[Sequence[Dim]]) -> Dims:
    """Return the shape that all shapes broadcast to."""
    shapes = [tuple(shape) for shape in shapes]
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[Dim] = []
    for i in range(rank):
        dims = [shape[i - rank + len(shape)] for shape in shapes if i >= rank - len(shape)]
        known = {dim for dim in dims if dim is not None and dim != 1}
        if len(known) > 1:
            raise OpError(
                f"shapes {', '.join(map(str, shapes))} do not broadcast. Expected equal dimensions or 1 in each place"
                f" from the right; "
                f"got {sorted(known)}. Reshape one of them."
            )
        result.append(known.pop() if known else (None if None in dims else 1))
    return tuple(result)


def broadcast(*tensors: Any) -> Dims:
    """All arguments broadcast against each other."""
    return broadcast_dims(tensor.shape for tensor in tensors)


def reduce(x: Any, axis: Sequence[int], keepdims: bool = False) -> Dims:
    """Remove the axes, or make them 1."""
    if keepdims:
        return tuple(1 if i in axis else dim for i, dim in enumerate(x.shape))
    return tuple(dim for i, dim in enumerate(x.shape) if i not in axis)


def reduce_nonempty(x: Any, axis: Sequence[int], keepdims: bool = False, *_: Any) -> Dims:
    """As `reduce`, where an axis without elements has no result."""
    if any(x.shape[i] == 0 for i in axis):
        raise OpError(
            f"reduction over an empty axis of shape {tuple(x.shape)}. Expected at least one element. Pass a non-empty"
            f" tensor."
        )
    return reduce(x, axis, keepdims)


def arg_reduce(x: Any, axis: int | None, keepdims: bool = False) -> Dims:
    """Position along one axis, or in the flattened tensor for None."""
    axes = tuple(range(len(x.shape))) if axis is None else (axis,)
    return reduce_nonempty(x, axes, keepdims)


def bitcast(x: Any, dtype: str) -> Dims:
    """The last axis holds as many bytes as before."""
    old, new = np.dtype(x.dtype).itemsize, np.dtype(dtype).itemsize
    *lead, last = tuple(x.shape) or (1,)
    if old == new:
        return tuple(x.shape)
    if not x.shape or (last is not None and last * old % new):
        raise OpError(
            f"{dtype} has {new} bytes, and the last axis of shape {tuple(x.shape)} and dtype {x.dtype} holds"
            f" {0 if not x.shape else last * old}. Expected a multiple."
        )
    return (*lead, None if last is None else last * old // new)


def reshape(x: Any, newshape: Sequence[Dim]) -> Dims:
    """The new shape with -1 worked out where all else is known."""
    old = times(*x.shape)
    target = list(newshape)
    if target.count(-1) > 1:
        raise OpError(f"newshape {tuple(newshape)} has more than one -1. Expected at most one.")
    if any(dim is not None and dim < -1 for dim in target):
        raise OpError(
            f"newshape {tuple(newshape)} has negative dimensions. Expected sizes of 0 or more and at most one -1."
        )
    known = times(*[dim for dim in target if dim != -1])
    if -1 in target:
        place = target.index(-1)
        target[place] = _infer_dimension(x.shape, target, old, known)
    elif old is not None and known is not None and old != known:
        raise OpError(
            f"cannot reshape {tuple(x.shape)} ({old} elements) to {tuple(newshape)} ({known} elements). Keep the"
            f" number of elements."
        )
    return tuple(target)


def _infer_dimension(shape: Sequence[Dim], target: list, old: Dim, known: Dim) -> Dim:
    if old is None or known is None:
        # One unknown dimension on each side may still cancel: (None, 4) to (-1, 2, 2).
        rest_old = times(*[dim for dim in shape if dim is not None])
        rest_new = times(*[dim for dim in target if dim not in (-1, None)])
        unknown_old, unknown_new = list(shape).count(None), target.count(None)
        if unknown_old == unknown_new == 1 and rest_new and rest_old is not None and rest_old % rest_new == 0:
            return rest_old // rest_new
        return None
    if known == 0 or old % known:
        raise OpError(
            f"cannot reshape {tuple(shape)} ({old} elements) to {tuple(target)}. Expected known sizes that divide"
            f" {old}."
        )
    return old // known


def transpose(x: Any, axes: Sequence[int] | None = None) -> Dims:
    """The axes in the order given; reversed for None."""
    axes = tuple(reversed(range(len(x.shape)))) if axes is None else tuple(axes)
    if sorted(axis % max(len(x.shape), 1) for axis in axes) != list(range(len(x.shape))):
        raise OpError(
            f"axes {axes} are no permutation of the {len(x.shape)} axes of shape {tuple(x.shape)}. Name each axis once."
        )
    return tuple(x.shape[axis] for axis in axes)


def broadcast_to(x: Any, shape: Sequence[Dim]) -> Dims:
    """The target shape, to which the tensor must broadcast."""
    if len(shape) < len(x.shape) or broadcast_dims([x.shape, shape]) != tuple(shape):
        raise OpError(f"cannot broadcast {tuple(x.shape)} to {tuple(shape)}. Expected 1 or equal sizes from the right.")
    return tuple(shape)


def concatenate(xs: Sequence[Any], axis: int) -> Dims:
    """Sizes add up along the axis; the rest must agree."""
    if not xs:
        raise OpError("nothing to concatenate. Expected at least one tensor; got an empty list.")
    shapes = [tuple(x.shape) for x in xs]
    rest = [shape[:axis] + shape[axis + 1 :] for shape in shapes]
    if len({len(shape) for shape in shapes}) > 1 or not _agree(rest):
        raise OpError(f"shapes {shapes} do not fit together along axis {axis}. Expected equal sizes on all other axes.")
    merged = merge_dims(rest)
    return (*merged[:axis], plus(*[shape[axis] for shape in shapes]), *merged[axis:])


def _agree(shapes: Sequence[Dims]) -> bool:
    return all(len({dim for dim in dims if dim is not None}) <= 1 for dims in zip(*shapes, strict=True))


def merge_dims(shapes: Sequence[Dims]) -> Dims:
    """Return what is known of a shape from several statements of it."""
    return tuple(next((dim for dim in dims if dim is not None), None) for dims in zip(*shapes, strict=True))


def pad(x: Any, pad_width: Sequence[tuple[int, int]], *_: Any) -> Dims:
    """Each axis grows by its two widths."""
    if len(pad_width) != len(x.shape):
        raise OpError(
            f"pad_width {tuple(pad_width)} has {len(pad_width)} pairs. Expected one for each of the {len(x.shape)}"
            f" axes."
        )
    return tuple(plus(dim, before, after) for dim, (before, after) in zip(x.shape, pad_width, strict=True))


def indices_for(x: Any, indices: Any, axis: int) -> Dims:
    """Indices take the place of the axis."""
    return (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])


def take_along_axis(x: Any, indices: Any, axis: int) -> Dims:
    """As many indices as wanted along the axis; the rest broadcasts."""
    if len(x.shape) != len(indices.shape):
        raise OpError(
            f"x of shape {tuple(x.shape)} and indices of shape {tuple(indices.shape)} differ in rank. Expected the"
            f" same number of axes."
        )
    without = [shape[:axis] + shape[axis + 1 :] for shape in (tuple(x.shape), tuple(indices.shape))]
    rest = broadcast_dims(without)
    return (*rest[:axis], indices.shape[axis], *rest[axis:])


def slice_(inputs: Any, start_indices: Any, shape: Sequence[Dim]) -> Dims:
    """The shape asked for, which must fit into the tensor."""
    if len(shape) != len(inputs.shape):
        raise OpError(
            f"shape {tuple(shape)} has {len(shape)} sizes. Expected one for each axis of shape {tuple(inputs.shape)}."
        )
    if any(size is not None and dim is not None and size > dim for size, dim in zip(shape, inputs.shape, strict=True)):
        raise OpError(
            f"a slice of shape {tuple(shape)} is larger than the tensor of shape {tuple(inputs.shape)}. Ask for less."
        )
    return tuple(shape)


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Dims:
    """The tensor's shape; the updates must fit into it."""
    slice_(inputs, start_indices, updates.shape)
    return tuple(inputs.shape)


def scatter(indices: Any, values: Any, shape: Sequence[int]) -> Dims:
    """The target shape."""
    depth = indices.shape[-1]
    expected = (*indices.shape[:-1], *tuple(shape)[depth:])
    if len(expected) != len(values.shape) or not _agree([expected, tuple(values.shape)]):
        raise OpError(
            f"values of shape {tuple(values.shape)} do not fit indices of shape {tuple(indices.shape)} into"
            f" {tuple(shape)}. Expected {expected}."
        )
    return tuple(shape)


def scatter_update(inputs: Any, indices: Any, updates: Any, *_: Any) -> Dims:
    """The tensor's shape."""
    scatter(indices, updates, inputs.shape)
    return tuple(inputs.shape)


def matmul(x1: Any, x2: Any) -> Dims:
    """Matrix product over the last two axes, leading axes broadcast; vectors are rows or columns."""
    a, b = tuple(x1.shape), tuple(x2.shape)
    if not a or not b:
        raise OpError(
            f"shapes {a} and {b} cannot be multiplied. Expected at least one axis each; use multiply for scalars."
        )
    inner_a, inner_b = a[-1], b[-2] if len(b) > 1 else b[0]
    if inner_a is not None and inner_b is not None and inner_a != inner_b:
        raise OpError(
            f"shapes {a} and {b} do not fit. Expected the last axis of x1 ({inner_a}) to equal the second to last of"
            f" x2 ({inner_b})."
        )
    leading = broadcast_dims([a[:-2], b[:-2]])
    return leading + (a[-2:-1] if len(a) > 1 else ()) + (b[-1:] if len(b) > 1 else ())


def window_size(size: Dim, window: int, stride: int, pads: tuple[int, int], dilation: int = 1) -> Dim:
    """Return how many windows fit along one axis."""
    if size is None:
        return None
    return (size + pads[0] + pads[1] - dilation * (window - 1) - 1) // stride + 1


def same_padding(size: Dim, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Return the padding (before, after) that makes the output size ceil(size / stride).

    What is odd goes behind. An unknown size counts as a multiple of the stride.
    """
    covered = stride if size is None or size % stride == 0 else size % stride
    total = max(dilation * (window - 1) + 1 - covered, 0)
    return total // 2, total - total // 2


def windows(x: Any, window: Sequence[int], strides: Sequence[int], padding: Sequence[tuple[int, int]]) -> Dims:
    """Pooling over the spatial axes of (batch, *spatial, channels)."""
    return _windowed(x, window, strides, padding, (1,) * len(window), x.shape[-1])


def _windowed(x: Any, window: Any, strides: Any, padding: Any, dilation: Any, channels: Dim) -> Dims:
    if len(x.shape) != len(window) + 2:
        raise OpError(
            f"input of shape {tuple(x.shape)} has {len(x.shape)} axes. Expected {len(window) + 2}: batch,"
            f" {len(window)} spatial, channels."
        )
    sizes = [window_size(*each) for each in zip(x.shape[1:-1], window, strides, padding, dilation, strict=True)]
    if any(size is not None and size <= 0 for size in sizes):
        raise OpError(
            f"window {tuple(window)} (dilation {tuple(dilation)}) is larger than the padded input of shape"
            f" {tuple(x.shape)}. Use a smaller window or padding 'same'."
        )
    return (x.shape[0], *sizes, channels)


def convolution(x: Any, kernel: Any, strides: Any, padding: Any, dilation: Any, groups: int) -> Dims:
    """Convolution of (batch, *spatial, channels) with (*window, channels / groups, filters)."""
    channels, per_group, filters = x.shape[-1], kernel.shape[-2], kernel.shape[-1]
    if channels is not None and channels != per_group * groups:
        raise OpError(
            f"input of shape {tuple(x.shape)} has {channels} channels. Expected {per_group * groups} for a kernel of"
            f" shape {tuple(kernel.shape)} "
            f"and {groups} group(s)."
        )
    if filters % groups:
        raise OpError(
            f"kernel of shape {tuple(kernel.shape)} has {filters} filters. Expected a multiple of {groups} groups."
        )
    return _windowed(x, kernel.shape[:-2], strides, padding, dilation, filters)


def convolution_transpose(x: Any, kernel: Any, strides: Any, padding: Any, output_size: Any, dilation: Any) -> Dims:
    """Gradient of `convolution` by its input; kernel (*window, filters, channels)."""
    if x.shape[-1] is not None and x.shape[-1] != kernel.shape[-1]:
        raise OpError(
            f"input of shape {tuple(x.shape)} has {x.shape[-1]} channels. Expected {kernel.shape[-1]} for a kernel of"
            f" shape {tuple(kernel.shape)}."
        )
    return (x.shape[0], *output_size, kernel.shape[-2])


def counted(size: int, *_: Any) -> Dims:
    """So many elements in one axis."""
    return (size,)


def full(shape: Sequence[Dim], *_: Any) -> Dims:
    """The shape asked for."""
    return tuple(shape)


def square(x: Any, *_: Any) -> Dims:
    """Square matrices in the last two axes."""
    if len(x.shape) < 2 or (None not in x.shape[-2:] and x.shape[-1] != x.shape[-2]):
        raise OpError(f"shape {tuple(x.shape)} holds no square matrices. Expected (..., n, n).")
    return tuple(x.shape)


def unknown_positions(x: Any) -> list[Dims]:
    """One vector of unknown length per axis."""
    return [(None,)] * len(x.shape)


def getitem(x: Any, key: Sequence[Any]) -> Dims:
    """Integers drop an axis, slices shorten it, None adds one."""
    result: list[Dim] = []
    axis = 0
    for part in key:
        if part is None:
            result.append(1)
            continue
        dim = x.shape[axis]
        axis += 1
        if isinstance(part, slice):
            whole = part == slice(None) or (part.start in (0, None) and part.stop is None and part.step in (1, None))
            result.append(dim if whole else None if dim is None else len(range(*part.indices(dim))))
    return tuple(result)


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Dims:
    """One position per value."""
    if len(sorted_sequence.shape) != 1:
        raise OpError(f"sorted_sequence has shape {tuple(sorted_sequence.shape)}. Expected one axis.")
    if side not in ("left", "right"):
        raise OpError(f"side is {side!r}. Expected 'left' or 'right'.")
    return tuple(values.shape)


def einsum(operands: Sequence[Any], subscripts: str) -> Dims:
    """Each letter has one size."""
    left, _, right = subscripts.partition("->")
    sizes: dict[str, Dim] = {}
    for letters, operand in zip(left.split(","), operands, strict=True):
        if len(letters) != len(operand.shape):
            raise OpError(
                f"{letters!r} in {subscripts!r} stands for shape {tuple(operand.shape)}. Expected {len(letters)} axes."
            )
        for letter, dim in zip(letters, operand.shape, strict=True):
            known = sizes.get(letter)
            if known not in (None, 1) and dim not in (None, 1) and known != dim:
                raise OpError(f"{letter!r} in {subscripts!r} has sizes {known} and {dim}. Expected one size.")
            if known in (None, 1):
                sizes[letter] = dim if known is None or dim is not None else known
    missing = [letter for letter in right if letter not in sizes]
    if missing:
        raise OpError(f"{missing[0]!r} in the output of {subscripts!r} is in no operand. Name input indices only.")
    return tuple(sizes[letter] for letter in right)


def _matrix(x: Any) -> tuple[Dims, Dim, Dim]:
    if len(x.shape) < 2:
        raise OpError(f"shape {tuple(x.shape)} holds no matrices. Expected (..., rows, columns).")
    return tuple(x.shape[:-2]), x.shape[-2], x.shape[-1]


def _smaller(a: Dim, b: Dim) -> Dim:
    return None if a is None or b is None else min(a, b)


def qr(x: Any, complete: bool = False) -> list[Dims]:
    """q (..., m, k) and r (..., k, n) with k = min(m, n), or m if complete."""
    lead, rows, columns = _matrix(x)
    inner = rows if complete else _smaller(rows, columns)
    return [(*lead, rows, inner), (*lead, inner, columns)]


def svd(x: Any, full_matrices: bool = True) -> list[Dims]:
    """u, s and v^H."""
    lead, rows, columns = _matrix(x)
    inner = _smaller(rows, columns)
    if full_matrices:
        return [(*lead, rows, rows), (*lead, inner), (*lead, columns, columns)]
    return [(*lead, rows, inner), (*lead, inner), (*lead, inner, columns)]


def eigh(x: Any) -> list[Dims]:
    """Eigenvalues (..., n) and eigenvectors (..., n, n)."""
    shape = square(x)
    return [shape[:-1], shape]


def lu(x: Any) -> list[Dims]:
    """The packed factors and one pivot per row."""
    lead, rows, columns = _matrix(x)
    return [tuple(x.shape), (*lead, _smaller(rows, columns))]


def square_to_scalar(x: Any) -> Dims:
    """One number for each square matrix."""
    return square(x)[:-2]


def solve(a: Any, b: Any, *_: Any) -> Dims:
    """The unknowns have the shape of the right-hand sides."""
    shape = square(a)
    if len(b.shape) < 2 or (None not in (shape[-1], b.shape[-2]) and shape[-1] != b.shape[-2]):
        raise OpError(
            f"a of shape {shape} and b of shape {tuple(b.shape)} do not fit. Expected b as (..., {shape[-1]}, columns)."
        )
    return (*broadcast_dims([shape[:-2], b.shape[:-2]]), *b.shape[-2:])


def rfft(x: Any) -> Dims:
    """Half the terms along the last axis."""
    last = x.shape[-1]
    return (*x.shape[:-1], None if last is None else last // 2 + 1)


def irfft(x: Any, length: int) -> Dims:
    """The length asked for along the last axis."""
    return (*x.shape[:-1], length)
