"""Parts of images: patches, crops, and images with a border added."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront.backend.dispatch import Tensor, derived, dtype_of, shape_of
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.errors import OpError
from kerasfront.ops import _images, _shapes
from kerasfront.ops.indexing import getitem, take
from kerasfront.ops.movement import moveaxis, pad_constant, permute_axes, reshape


@derived
def extract_patches(
    images: Tensor,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Return the patches of images or volumes, each flattened into the channels of one place.

    Shapes: (..., height, width, channels) to (..., rows, columns, patch height * patch width * channels), and likewise
        for volumes with a depth before the height; with "channels_first" the channels come before the spatial axes.
        One image or a batch.

    Args:
        size: of a patch: two numbers, or three for volumes; one number for a square.
        strides: from one patch to the next; None for `size`.
        dilation_rate: from one pixel of a patch to the next.
        padding: "valid" for patches inside the image, "same" for as many as the size divided by the stride, rounded
            up, with zeros around.

    Raises:
        OpError: shapes, sizes or settings that do not fit.
    """
    rank = len(size) if isinstance(size, (list, tuple)) else 2
    if rank not in (2, 3):
        raise OpError(f"extract_patches: size {size!r}. Expected 2 numbers for images or 3 for volumes.")
    return _patches("extract_patches", images, size, strides, dilation_rate, padding, data_format, rank)


@derived
def extract_patches_3d(
    volumes: Tensor,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """Return the patches of volumes: `extract_patches` with three spatial axes; one number as size is a cube."""
    return _patches("extract_patches_3d", volumes, size, strides, dilation_rate, padding, data_format, 3)


def _patches(
    name: str, images: Any, size: Any, strides: Any, dilation: Any, padding: str, data_format: Any, rank: int
) -> Any:
    sizes = _images.whole_pair(name, "size", size, rank)
    steps = sizes if strides is None else _images.whole_pair(name, "strides", strides, rank)
    gaps = _images.whole_pair(name, "dilation_rate", dilation, rank)
    if padding not in ("valid", "same"):
        raise OpError(f"{name}: padding {padding!r} is unknown. Expected 'valid' or 'same'.")
    chosen = _images.data_format_of(name, data_format)
    if len(shape_of(images)) not in (rank + 1, rank + 2):
        raise OpError(f"{name}: shape {shape_of(images)} for size {sizes}. Expected {rank + 1} or {rank + 2} axes.")
    lead = len(shape_of(images)) - rank - 1
    if chosen == "channels_first":
        images = moveaxis(images, lead, -1)
    found = _patches_of(name, images, lead, list(zip(sizes, steps, gaps, strict=True)), padding)
    return moveaxis(found, -1, lead) if chosen == "channels_first" else found


def _patches_of(name: str, images: Any, lead: int, windows: list[tuple[int, int, int]], padding: str) -> Any:
    """Gather along one spatial axis after the other: each becomes a pair (places, pixels of a patch)."""
    shape = shape_of(images)
    rank = len(windows)
    counts: list[int | None] = []
    for i, (size, step, gap) in enumerate(windows):
        axis = lead + 2 * i
        old = shape[lead + i]
        pads = _shapes.same_padding(old, size, step, gap) if padding == "same" else (0, 0)
        count = _shapes.window_size(old, size, step, pads, gap)
        if count is not None and count < 1:
            raise OpError(f"{name}: patches of size {size}, dilated {gap}, in shape {shape}. Expected smaller ones.")
        counts.append(count)
        if None in shape[lead:]:
            continue
        if any(pads):
            widths = [(0, 0)] * len(shape_of(images))
            widths[axis] = pads
            images = pad_constant(images, tuple(widths), 0)
        places = np.arange(count, dtype="int32")[:, None] * step + np.arange(size, dtype="int32") * gap
        images = take(images, places, axis)
    flat = _shapes.times(*(size for size, _, _ in windows), shape[-1])
    result = (*shape[:lead], *counts, flat)
    if None in shape[lead:]:
        return KerasTensor(result, dtype_of(images))
    order = (*range(lead), *range(lead, lead + 2 * rank, 2), *range(lead + 1, lead + 2 * rank, 2), lead + 2 * rank)
    return reshape(permute_axes(images, order), tuple(-1 if dim is None else dim for dim in result))


# -- cropping and padding ------------------------------------------------------------------------------


@derived
def crop_images(
    images: Tensor,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Return images without some rows and columns at their edges.

    Shapes: one image or a batch.

    Args:
        top_cropping, bottom_cropping, target_height: rows to cut off and rows to keep; exactly two of the three.
        left_cropping, right_cropping, target_width: columns likewise.

    Raises:
        OpError: not two of three, negative numbers, or more than there is.
    """
    axes = _images.axes_of("crop_images", images, data_format)
    wanted = (
        (
            axes.height,
            ("top_cropping", "bottom_cropping", "target_height"),
            top_cropping,
            bottom_cropping,
            target_height,
        ),
        (axes.width, ("left_cropping", "right_cropping", "target_width"), left_cropping, right_cropping, target_width),
    )
    keys: list = [slice(None)] * len(shape_of(images))
    shape = list(shape_of(images))
    for axis, labels, before, after, target in wanted:
        _need_two("crop_images", labels, (before, after, target))
        size = shape[axis]
        if size is None:
            shape[axis] = target
            continue
        before = size - target - after if before is None else before
        target = size - before - after if target is None else target
        if before < 0 or target < 1 or before + target > size:
            raise OpError(
                f"crop_images: {labels[0]} {before} and {labels[2]} {target} for images of shape"
                f" {shape_of(images)}. Expected a part of the {size} on axis {axis}."
            )
        keys[axis] = slice(before, before + target)
        shape[axis] = target
    if None in (shape_of(images)[axes.height], shape_of(images)[axes.width]):
        return KerasTensor(shape, dtype_of(images))
    return getitem(images, tuple(keys))


@derived
def pad_images(
    images: Tensor,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Return images with rows and columns of zeros at their edges.

    Shapes: one image or a batch.

    Args:
        top_padding, bottom_padding, target_height: rows to add and rows to have; exactly two of the three.
        left_padding, right_padding, target_width: columns likewise.

    Raises:
        OpError: not two of three, negative numbers, or a target below what there is.
    """
    axes = _images.axes_of("pad_images", images, data_format)
    wanted = (
        (axes.height, ("top_padding", "bottom_padding", "target_height"), top_padding, bottom_padding, target_height),
        (axes.width, ("left_padding", "right_padding", "target_width"), left_padding, right_padding, target_width),
    )
    widths = [(0, 0)] * len(shape_of(images))
    shape = list(shape_of(images))
    for axis, labels, before, after, target in wanted:
        _need_two("pad_images", labels, (before, after, target))
        size = shape[axis]
        if size is None:
            shape[axis] = target
            continue
        before = target - size - after if before is None else before
        after = target - size - before if after is None else after
        if before < 0 or after < 0:
            raise OpError(
                f"pad_images: {labels[0]} {before} and {labels[1]} {after} for images of shape {shape_of(images)}."
                f" Expected 0 or more on both sides of axis {axis}."
            )
        widths[axis] = (before, after)
        shape[axis] = size + before + after
    if None in (shape_of(images)[axes.height], shape_of(images)[axes.width]):
        return KerasTensor(shape, dtype_of(images))
    return pad_constant(images, tuple(widths), 0)


def _need_two(name: str, labels: tuple[str, ...], values: tuple) -> None:
    if sum(value is not None for value in values) != 2:
        given = ", ".join(f"{label}={value}" for label, value in zip(labels, values, strict=True))
        raise OpError(f"{name}: {given}. Expected exactly two of the three. Leave one out.")
