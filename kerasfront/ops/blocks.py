"""Blocks of an image moved between axes: depth and space, sliding blocks out of an image and back."""

from __future__ import annotations

from typing import Any

from kerasfront import config
from kerasfront.backend.dispatch import Tensor, derived, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _shapes
from kerasfront.ops.convolution import spatial
from kerasfront.ops.elementwise import add
from kerasfront.ops.indexing import basic_getitem
from kerasfront.ops.movement import pad_constant, permute_axes, reshape_known, stack


def _block_size(name: str, x: Any, block_size: Any) -> int:
    if len(shape_of(x)) != 4:
        raise OpError(f"{name}: x has shape {shape_of(x)}. Expected four axes: batch, two spatial ones and channels.")
    return spatial(block_size, 1, name, "block_size")[0]


def _divided(name: str, size: int | None, by: int, what: str) -> int | None:
    if size is not None and size % by:
        raise OpError(f"{name}: {what} is {size}. Expected a multiple of {by}. Choose another block_size.")
    return None if size is None else size // by


@derived
def depth_to_space(x: Tensor, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Return the image in which the channels of each place have become a block of places; undoes `space_to_depth`.

    Shapes: `(batch, h, w, c * b^2) -> (batch, h * b, w * b, c)`, or channels first by `data_format`.

    Raises:
        OpError: not four axes, or channels that b^2 does not divide.

    Notes: The place in the block counts before the channel with channels last, after it with channels first (there it
        is the "pixel shuffle").

    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution" (2016), equation 4.
    """
    b = _block_size("depth_to_space", x, block_size)
    if config.standardize_data_format(data_format) == "channels_last":
        n, h, w, depth = shape_of(x)
        c = _divided("depth_to_space", depth, b * b, "the number of channels")
        blocks = permute_axes(reshape_known(x, [n, h, w, b, b, c]), (0, 1, 3, 2, 4, 5))
        return reshape_known(blocks, [n, _shapes.times(h, b), _shapes.times(w, b), c])
    n, depth, h, w = shape_of(x)
    c = _divided("depth_to_space", depth, b * b, "the number of channels")
    blocks = permute_axes(reshape_known(x, [n, c, b, b, h, w]), (0, 1, 4, 2, 5, 3))
    return reshape_known(blocks, [n, c, _shapes.times(h, b), _shapes.times(w, b)])


@derived
def space_to_depth(x: Tensor, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Return the image in which each block of places has become one place with more channels; undoes
    `depth_to_space`, which says in which order.

    Shapes: `(batch, h * b, w * b, c) -> (batch, h, w, c * b^2)`, or channels first by `data_format`.

    Raises:
        OpError: not four axes, or a height or width that b does not divide.
    """
    b = _block_size("space_to_depth", x, block_size)
    last = config.standardize_data_format(data_format) == "channels_last"
    n, *_, c = shape_of(x) if last else (shape_of(x)[0], shape_of(x)[1])
    h, w = (
        _divided("space_to_depth", size, b, what)
        for size, what in zip(shape_of(x)[1:3] if last else shape_of(x)[2:], ("the height", "the width"), strict=True)
    )
    depth = _shapes.times(c, b * b)
    if last:
        blocks = permute_axes(reshape_known(x, [n, h, b, w, b, c]), (0, 1, 3, 2, 4, 5))
        return reshape_known(blocks, [n, h, w, depth])
    blocks = permute_axes(reshape_known(x, [n, c, h, b, w, b]), (0, 1, 3, 5, 2, 4))
    return reshape_known(blocks, [n, depth, h, w])


# -- sliding blocks


def _sliding(name: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> tuple:
    return (
        spatial(kernel_size, 2, name, "kernel_size"),
        spatial(dilation, 2, name, "dilation"),
        spatial(padding, 2, name, "padding", 0),
        spatial(stride, 2, name, "stride"),
    )


def _counts(name: str, sizes: Any, window: tuple, dilation: tuple, padding: tuple, stride: tuple) -> list:
    counts = [
        _shapes.window_size(size, w, s, (p, p), d)
        for size, w, d, p, s in zip(sizes, window, dilation, padding, stride, strict=True)
    ]
    if any(count is not None and count < 1 for count in counts):
        raise OpError(
            f"{name}: kernel_size {window} with dilation {dilation} does not fit into {tuple(sizes)} padded by"
            f" {padding}. Use a smaller window."
        )
    return counts


@derived
def unfold(x: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Return the sliding blocks of an image, each flattened into a column ("im2col").

    Shapes: `(batch, channels, height, width) -> (batch, channels * kernel height * kernel width, blocks)`.

    Args:
        kernel_size, dilation, stride: an int, or two.
        padding: zeros around the image on both sides of an axis; an int, or two.
    """
    if len(shape_of(x)) != 4:
        raise OpError(f"unfold: x has shape {shape_of(x)}. Expected (batch, channels, height, width).")
    window, dilation, padding, stride = _sliding("unfold", kernel_size, dilation, padding, stride)
    n, c, *sizes = shape_of(x)
    rows, columns = _counts("unfold", sizes, window, dilation, padding, stride)
    if any(padding):
        x = pad_constant(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    everything = slice(None)
    parts = []
    for i in range(window[0]):
        for j in range(window[1]):
            places = (_every(i * dilation[0], rows, stride[0]), _every(j * dilation[1], columns, stride[1]))
            parts.append(basic_getitem(x, (everything, everything, *places)))
    depth = _shapes.times(c, window[0] * window[1])
    return reshape_known(stack(parts, 2), [n, depth, _shapes.times(rows, columns)])


def _every(start: int, count: int | None, step: int) -> slice:
    return slice(start, None if count is None else start + (count - 1) * step + 1, step)


@derived
def fold(x: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Return the image that sliding blocks add up to ("col2im"): the gradient of `unfold` by its image.

    Shapes: `(batch, channels * kernel height * kernel width, blocks) -> (batch, channels, *output_size)`.

    Args:
        output_size: height and width of the image; an int, or two.
        kernel_size, dilation, padding, stride: those of the `unfold` that made the blocks.

    Raises:
        OpError: another number of blocks than such an image has.
    """
    if len(shape_of(x)) != 3:
        raise OpError(f"fold: x has shape {shape_of(x)}. Expected (batch, channels * kernel size, blocks).")
    window, dilation, padding, stride = _sliding("fold", kernel_size, dilation, padding, stride)
    sizes = spatial(output_size, 2, "fold", "output_size")
    counts = _counts("fold", sizes, window, dilation, padding, stride)
    n, depth, blocks = shape_of(x)
    if blocks is not None and blocks != counts[0] * counts[1]:
        raise OpError(f"fold: x has {blocks} blocks. Expected {counts[0]} x {counts[1]} for output_size {sizes}.")
    c = _divided("fold", depth, window[0] * window[1], "the second axis")
    parts = reshape_known(x, [n, c, *window, *counts])
    padded = [size + 2 * p for size, p in zip(sizes, padding, strict=True)]
    total: Any = None
    everything = slice(None)
    for i in range(window[0]):
        for j in range(window[1]):
            part = basic_getitem(parts, (everything, everything, i, j, everything, everything))
            part = _spread(part, 2, stride[0], i * dilation[0], padded[0])
            part = _spread(part, 3, stride[1], j * dilation[1], padded[1])
            total = part if total is None else add(total, part)
    inner = (slice(p, p + size) for p, size in zip(padding, sizes, strict=True))
    return basic_getitem(total, (everything, everything, *inner)) if any(padding) else total


def _spread(x: Any, axis: int, step: int, start: int, size: int) -> Any:
    """Put the elements along an axis at start, start + step, ... of zeros of a size."""
    shape = list(shape_of(x))
    count, rank = shape[axis], len(shape)
    if step > 1:
        shape.insert(axis + 1, 1)
        x = pad_constant(reshape_known(x, shape), [(0, step - 1) if i == axis + 1 else (0, 0) for i in range(rank + 1)])
        shape[axis : axis + 2] = [count * step]
        x = reshape_known(x, shape)
        extent = (count - 1) * step + 1
        x = basic_getitem(x, tuple(slice(0, extent) if i == axis else slice(None) for i in range(rank)))
    behind = size - start - (count - 1) * step - 1
    return pad_constant(x, [(start, behind) if i == axis else (0, 0) for i in range(rank)])
