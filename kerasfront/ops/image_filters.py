"""Filters: blur, edges, and the similarity of images, by convolution of each channel for itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront.backend.dispatch import Tensor, derived, dtype_of, shape_of
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes, _images, _shapes
from kerasfront.ops.elementwise import add, cast, multiply, subtract, true_divide
from kerasfront.ops.movement import expand_dims, moveaxis, squeeze, stack
from kerasfront.ops.reductions import mean
from kerasfront.ops.windows import convolution


def _bell(size: int, sigma: float) -> np.ndarray:
    """Return `size` values of the normal density around their middle, of sum 1."""
    values = np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / sigma) ** 2)
    return values / values.sum()


def _filtered(images: Any, kernel: np.ndarray, padding: Any) -> Any:
    """Slide one kernel over each channel of (batch, height, width, channels)."""
    channels = shape_of(images)[-1]
    if channels is None:
        return KerasTensor((*_shapes.windows(images, kernel.shape, (1, 1), padding)[:-1], None), dtype_of(images))
    each = np.broadcast_to(kernel[:, :, None, None], (*kernel.shape, 1, channels))
    return convolution(images, each.astype(dtype_of(images)), (1, 1), padding, (1, 1), channels)


def _along_both(images: Any, rows: np.ndarray, columns: np.ndarray, padding: Any) -> Any:
    """Slide the product of two vectors, one after the other."""
    vertical = _filtered(images, rows[:, None], (padding[0], (0, 0)))
    return _filtered(vertical, columns[None, :], ((0, 0), padding[1]))


def _as_batch(images: Any, axes: _images.Axes) -> Any:
    """Return images as (batch, height, width, channels)."""
    images = moveaxis(images, axes.channels, -1)
    return expand_dims(images, 0) if len(shape_of(images)) == 3 else images


def _as_given(images: Any, axes: _images.Axes, rank: int) -> Any:
    """Undo `_as_batch`."""
    images = squeeze(images, 0) if rank == 3 else images
    return moveaxis(images, -1, axes.channels)


@derived
def gaussian_blur(
    images: Tensor, kernel_size: Any = (3, 3), sigma: Any = (1.0, 1.0), data_format: str | None = None
) -> Tensor:
    """Return images blurred by a normal density.

    Shapes: one image or a batch; the result likewise.

    Dtypes: those of the images; integers are rounded, halves to even.

    Args:
        kernel_size: width and height of the kernel, whose weights add up to 1.
        sigma: standard deviation along width and height, in pixels.

    Notes: beyond the edges there are zeros. Even kernels reach one pixel further down and right. Keras's documentation
        puts the height first; its engines blur along the width by the first numbers, and so does this.
    """
    axes = _images.axes_of("gaussian_blur", images, data_format)
    sizes = _images.whole_pair("gaussian_blur", "kernel_size", kernel_size)
    deviations = tuple(sigma) if isinstance(sigma, (list, tuple, np.ndarray)) else (sigma, sigma)
    if len(deviations) != 2 or not all(float(one) > 0 for one in deviations):
        raise OpError(f"gaussian_blur: sigma is {sigma!r}. Expected two numbers above 0. Pass such a tuple.")
    dtype = dtype_of(images)
    batch = _as_batch(cast(images, _images.working_dtype(dtype)), axes)
    padding = tuple(((size - 1) // 2, size // 2) for size in reversed(sizes))
    across, down = (_bell(size, float(one)) for size, one in zip(sizes, deviations, strict=True))
    blurred = _along_both(batch, down, across, padding)
    return _images.restored(_as_given(blurred, axes, len(shape_of(images))), dtype)


@derived(dtype=_dtypes.promote_float)
def sobel_edges(images: Tensor, data_format: str | None = None) -> Tensor:
    """Return the differences of images downwards and to the right by Sobel's filter.

    Shapes: (batch, height, width, channels) or (batch, channels, height, width), or one image; the result has an axis
        of 2 behind, [dy, dx].

    Notes: beyond the edges there are zeros.

    Source: I. Sobel, "An isotropic 3x3 image gradient operator" (1968, published 2014).
    """
    axes = _images.axes_of("sobel_edges", images, data_format)
    batch = _as_batch(images, axes)
    smooth, slope = np.asarray([1.0, 2.0, 1.0]), np.asarray([-1.0, 0.0, 1.0])
    around = ((1, 1), (1, 1))
    edges = [_along_both(batch, *pair, around) for pair in ((slope, smooth), (smooth, slope))]
    return stack([_as_given(edge, axes, len(shape_of(images))) for edge in edges], -1)


@derived(dtype=_dtypes.promote_float)
def ssim(
    image1: Tensor,
    image2: Tensor,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Tensor:
    """Return the structural similarity of images, 1 for equal ones.

    Shapes: two images or batches of equal shapes; the result is a scalar or (batch,), the mean over windows and
        channels.

    Args:
        max_val: the largest possible difference of pixels: 1.0, or 255.0 for bytes.
        filter_size: odd, at most the height and the width.
        filter_sigma: standard deviation of the normal window.
        k1, k2: stabilize the quotients, relative to `max_val`.

    Raises:
        OpError: different shapes, an even filter, or images smaller than it.

    Source: Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, "Image quality assessment: from error visibility to structural
        similarity" (2004), equation 13.
    """
    axes = _images.axes_of("ssim", image1, data_format)
    _need_comparable(image1, image2, axes, filter_size)
    window = _bell(filter_size, filter_sigma)

    def smoothed(x: Any) -> Any:
        return _along_both(x, window, window, ((0, 0), (0, 0)))

    first, second = _as_batch(image1, axes), _as_batch(image2, axes)
    mean1, mean2 = smoothed(first), smoothed(second)
    product, squares = multiply(mean1, mean2), add(multiply(mean1, mean1), multiply(mean2, mean2))
    covariance = subtract(smoothed(multiply(first, second)), product)
    variances = subtract(smoothed(add(multiply(first, first), multiply(second, second))), squares)
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    above = multiply(add(multiply(product, 2.0), c1), add(multiply(covariance, 2.0), c2))
    below = multiply(add(squares, c1), add(variances, c2))
    found = mean(true_divide(above, below), (1, 2, 3))
    return squeeze(found, 0) if len(shape_of(image1)) == 3 else found


def _need_comparable(image1: Any, image2: Any, axes: _images.Axes, filter_size: int) -> None:
    shapes = shape_of(image1), shape_of(image2)
    same = len(shapes[0]) == len(shapes[1]) and all(a == b or None in (a, b) for a, b in zip(*shapes, strict=True))
    if not same:
        raise OpError(f"ssim: images of shapes {shapes[0]} and {shapes[1]}. Expected equal shapes.")
    least = min(size for size in (shapes[0][axes.height], shapes[0][axes.width], filter_size) if size is not None)
    if filter_size < 1 or filter_size % 2 == 0 or least < filter_size:
        raise OpError(
            f"ssim: filter_size {filter_size} for images of shape {shapes[0]}. Expected an odd number, at most the"
            f" height and the width. Pass a smaller filter_size."
        )
