"""Resampling of images as one matrix product along each axis, so that one arithmetic serves every engine.

Row i of an axis' matrix holds the weights of the old pixels in new pixel i: a kernel around the place of i among the
old ones (pixels count by their middles), divided by the sum of the weights inside the image. Nearest neighbours are
copied instead.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasfront import dtypes
from kerasfront.backend.dispatch import WEAK, Tensor, derived, dtype_of, normalize_axis, owner_of, shape_of
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.errors import OpError
from kerasfront.ops import _images
from kerasfront.ops import elementwise as e
from kerasfront.ops.contraction import matmul
from kerasfront.ops.indexing import getitem, take
from kerasfront.ops.movement import pad_constant, swapaxes
from kerasfront.ops.reductions import sum

# -- kernels, over a namespace `xp`: NumPy on the host, ops on an engine -----------------------------


def _triangle(xp: Any, distance: Any) -> Any:
    return xp.maximum(1 - distance, 0.0)


def _cubic(xp: Any, distance: Any) -> Any:
    """Source: R. Keys, "Cubic convolution interpolation for digital image processing" (1981), a = -1/2."""
    near = ((1.5 * distance - 2.5) * distance) * distance + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return xp.where(xp.less(distance, 1.0), near, xp.where(xp.less(distance, 2.0), far, 0.0 * distance))


def _lanczos(radius: int, xp: Any, distance: Any) -> Any:
    middle = xp.less(distance, 1e-6)
    angle = math.pi * xp.where(middle, 0.0 * distance + 1, distance)
    waves = radius * xp.sin(angle) * xp.sin(angle / radius) / (angle * angle)
    inside = xp.where(xp.less(distance, float(radius)), waves, 0.0 * distance)
    return xp.where(middle, 0.0 * distance + 1, inside)


_KERNELS: dict[str, Callable] = {
    "bilinear": _triangle,
    "bicubic": _cubic,
    "lanczos3": functools.partial(_lanczos, 3),
    "lanczos5": functools.partial(_lanczos, 5),
}
_METHODS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), "bilinear"),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), "bicubic"),
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}
# What a sum of weights has to exceed to be divided by: so many units in the last place of float32.
_NOTHING = 1000 * float(np.finfo("float32").eps)


def _weights(xp: Any, places: Any, old: int, spread: Any, kernel: Callable) -> Any:
    """Return the matrix (new, old) for the places of new pixels among the old ones; kernels are `spread` wide."""
    pixels = np.arange(old, dtype="float64" if xp is np else dtype_of(places))[None, :]
    places = places[:, None]
    raw = kernel(xp, xp.abs(xp.subtract(places, pixels)) / spread)
    total = xp.sum(raw, axis=1, keepdims=True)
    empty = xp.less_equal(xp.abs(total), _NOTHING)
    weights = xp.where(empty, 0.0 * raw, raw / xp.where(empty, 0.0 * total + 1, total))
    outside = xp.logical_or(xp.less(places, -0.5), xp.less(old - 0.5, places))
    return xp.where(outside, 0.0 * weights, weights)


@functools.lru_cache(maxsize=256)
def _resizing_matrix(old: int, new: int, interpolation: str, antialias: bool) -> np.ndarray:
    """Return the transposed weights (old, new) in float64."""
    step = old / new
    places = (np.arange(new) + 0.5) * step - 0.5
    weights = _weights(np, places, old, max(step, 1.0) if antialias else 1.0, _KERNELS[interpolation])
    return np.ascontiguousarray(weights.T)


def _resampled(x: Any, matrix: Any, axis: int) -> Any:
    """Apply a transposed weight matrix along an axis."""
    last = len(shape_of(x)) - 1
    turned = x if axis == last else swapaxes(x, axis, last)
    found = matmul(turned, matrix)
    return found if axis == last else swapaxes(found, axis, last)


# -- resize ------------------------------------------------------------------------------------------


@derived
def resize(
    images: Tensor,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Tensor:
    """Return images in another size.

    Shapes: `images` (..., height, width, channels) or (..., channels, height, width), one image or a batch.

    Dtypes: those of the images; integers are rounded, halves to even, and kept in range.

    Args:
        size: new (height, width).
        interpolation: "nearest", "bilinear", "bicubic" (Keys, a = -1/2), "lanczos3" or "lanczos5".
        antialias: widen the kernel by the factor of shrinking; without effect on "nearest".
        crop_to_aspect_ratio: cut off two sides first, so that nothing is distorted.
        pad_to_aspect_ratio: add `fill_value` at two sides first, so that nothing is distorted.
        fill_mode: "constant".
        data_format: "channels_last" or "channels_first"; None for the setting.

    Raises:
        OpError: another number of axes, a size below 1, an unknown interpolation, or both cropping and padding.

    Notes: pixels count by their middles; pixel i of n new ones is at (i + 1/2) old / n - 1/2 among the old ones. The
        weights of pixels inside the image are divided by their sum.
    """
    axes = _images.axes_of("resize", images, data_format)
    height, width = _images.whole_pair("resize", "size", size)
    _need_settings(interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_mode)
    shape = shape_of(images)
    old_height, old_width = shape[axes.height], shape[axes.width]
    if old_height is None or old_width is None:
        return KerasTensor(_images.with_sizes(shape, axes, height, width), dtype_of(images))
    if crop_to_aspect_ratio:
        images = _cropped_to_ratio(images, axes, (old_height, old_width), (height, width))
    elif pad_to_aspect_ratio:
        images = _padded_to_ratio(images, axes, (old_height, old_width), (height, width), fill_value)
    return _in_size(images, axes, (height, width), interpolation, antialias)


def _need_settings(interpolation: str, crop: bool, pad: bool, fill_mode: str) -> None:
    known = ("nearest", *_KERNELS)
    if interpolation not in known:
        raise OpError(f"resize: interpolation {interpolation!r} is unknown. Expected one of {', '.join(known)}.")
    if crop and pad:
        raise OpError("resize: crop_to_aspect_ratio and pad_to_aspect_ratio are both True. Expected one at most.")
    if fill_mode != "constant":
        raise OpError(f"resize: fill_mode {fill_mode!r} is unknown. Expected 'constant'.")


def _in_size(images: Any, axes: _images.Axes, size: tuple[int, int], interpolation: str, antialias: bool) -> Any:
    dtype = dtype_of(images)
    work = _images.working_dtype(dtype)
    pairs = [
        (axis, shape_of(images)[axis], new)
        for axis, new in zip((axes.height, axes.width), size, strict=True)
        if shape_of(images)[axis] != new
    ]
    if interpolation == "nearest":
        for axis, old, new in pairs:
            images = take(images, ((2 * np.arange(new) + 1) * old // (2 * new)).astype("int32"), axis)
        return images
    if not pairs:
        return images
    images = e.cast(images, work)
    for axis, old, new in pairs:
        images = _resampled(images, _resizing_matrix(old, new, interpolation, antialias).astype(work), axis)
    return _images.restored(images, dtype)


def _other_sizes(axes: _images.Axes, old: tuple[int, int], size: tuple[int, int]) -> list[tuple[int, int, int]]:
    """Return for each axis its old size, and that which goes with the other axis in the proportions of `size`."""
    (old_height, old_width), (height, width) = old, size
    return [
        (axes.height, old_height, old_width * height // width),
        (axes.width, old_width, old_height * width // height),
    ]


def _cropped_to_ratio(images: Any, axes: _images.Axes, old: tuple[int, int], size: tuple[int, int]) -> Any:
    """Cut the middle out, as large as the proportions of `size` allow."""
    for axis, now, new in _other_sizes(axes, old, size):
        if new < now:
            start = (now - max(new, 1)) // 2
            images = getitem(images, (slice(None),) * axis + (slice(start, start + max(new, 1)),))
    return images


def _padded_to_ratio(images: Any, axes: _images.Axes, old: tuple[int, int], size: tuple[int, int], value: float) -> Any:
    """Add a constant at both ends of an axis, equally much, so that the proportions are nearly those of `size`."""
    widths = [(0, 0)] * len(shape_of(images))
    for axis, now, new in _other_sizes(axes, old, size):
        if new > now:
            widths[axis] = ((new - now) // 2,) * 2
    whole = int(value) if dtypes.is_int(dtype_of(images)) else value
    return pad_constant(images, tuple(widths), whole)


# -- scale and translate -------------------------------------------------------------------------------


@derived
def scale_and_translate(
    images: Tensor,
    output_shape: Any,
    scale: Any,
    translation: Any,
    spatial_dims: Any,
    method: str,
    antialias: bool = True,
) -> Tensor:
    """Return images scaled and moved: what is at place p is at p * scale + translation in the result.

    Shapes: `images` any, the result `output_shape`, which differs from it in `spatial_dims` only.

    Dtypes: those of the images; integers are rounded, halves to even, and kept in range.

    Args:
        output_shape: one size for each axis.
        scale, translation: one number for each of `spatial_dims`; host numbers or tensors, which get gradients.
        spatial_dims: the axes to resample.
        method: "linear", "bilinear", "trilinear" or "triangle"; "cubic", "bicubic" or "tricubic"; "lanczos3";
            "lanczos5".
        antialias: widen the kernel by the factor of shrinking.

    Raises:
        OpError: an unknown method, or lengths and shapes that do not fit.

    Notes: places count from the images' edge, so that pixel i has its middle at i + 1/2. Outside the image the result
        is 0.
    """
    shape = shape_of(images)
    axes = [normalize_axis(axis, len(shape), "scale_and_translate") for axis in spatial_dims]
    sizes = tuple(output_shape)
    if method not in _METHODS:
        raise OpError(f"scale_and_translate: method {method!r} is unknown. Expected one of {', '.join(_METHODS)}.")
    _need_fitting(shape, sizes, axes, scale, translation)
    dtype = dtype_of(images)
    if any(shape[axis] is None for axis in axes):
        return KerasTensor(sizes, dtype)
    work = _images.working_dtype(dtype)
    kernel = _KERNELS[_METHODS[method]]
    images = e.cast(images, work)
    for i, axis in enumerate(axes):
        images = _resampled(
            images, _moving_matrix(shape[axis], sizes[axis], scale, translation, i, antialias, kernel, work), axis
        )
    return _images.restored(images, dtype)


def _need_fitting(shape: Sequence, sizes: tuple, axes: list[int], scale: Any, translation: Any) -> None:
    kept = len(sizes) == len(shape) and all(
        i in axes or size == old or None in (size, old) for i, (size, old) in enumerate(zip(sizes, shape, strict=True))
    )
    if not kept or len(set(axes)) != len(axes):
        raise OpError(
            f"scale_and_translate: output_shape {sizes} for images of shape {tuple(shape)}. Expected a shape that"
            f" differs in spatial_dims {axes} only."
        )
    for label, value in (("scale", scale), ("translation", translation)):
        if shape_of(value) != (len(axes),):
            raise OpError(
                f"scale_and_translate: {label} has shape {shape_of(value)}. Expected ({len(axes)},), one number for"
                f" each of spatial_dims."
            )


def _moving_matrix(
    old: int, new: int, scale: Any, translation: Any, place: int, antialias: bool, kernel: Callable, work: str
) -> Any:
    """Return the transposed weights (old, new) of one axis, on the host where scale and translation are."""
    if owner_of(scale) is WEAK and owner_of(translation) is WEAK:
        back, moved = 1 / float(np.asarray(scale)[place]), float(np.asarray(translation)[place])
        places = (np.arange(new) + 0.5 - moved) * back - 0.5
        return _weights(np, places, old, max(back, 1.0) if antialias else 1.0, kernel).T.astype(work)
    back = e.true_divide(1.0, getitem(_images.in_dtype(scale, work), (place,)))
    moved = getitem(_images.in_dtype(translation, work), (place,))
    places = e.subtract(e.multiply(e.subtract(np.arange(new, dtype=work) + 0.5, moved), back), 0.5)
    spread = e.maximum(back, 1.0) if antialias else 1.0
    return swapaxes(_weights(_Ops, places, old, spread, kernel), 0, 1)


class _Ops:
    """The ops that kernels are written in."""

    abs, subtract, maximum, sin = (
        staticmethod(e.abs),
        staticmethod(e.subtract),
        staticmethod(e.maximum),
        staticmethod(e.sin),
    )
    where, less, less_equal = staticmethod(e.if_else), staticmethod(e.less), staticmethod(e.less_equal)
    logical_or, sum = staticmethod(e.logical_or), staticmethod(sum)
