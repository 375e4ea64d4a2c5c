"""Colours: grey levels, and hue, saturation and value."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront.backend.dispatch import Tensor, derived, dtype_of, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _images
from kerasfront.ops.arithmetic import clip, divide_no_nan
from kerasfront.ops.elementwise import abs, add, cast, equal, if_else, less, maximum, minimum, multiply, subtract
from kerasfront.ops.indexing import getitem
from kerasfront.ops.movement import concatenate
from kerasfront.ops.reductions import sum

# Brightness of red, green and blue. Source: ITU-R BT.601.
_BRIGHTNESS = (0.2989, 0.5870, 0.1140)


def _channel_axis(name: str, images: Any, data_format: str | None) -> int:
    axis = _images.axes_of(name, images, data_format).channels
    if shape_of(images)[axis] not in (3, None):
        raise OpError(
            f"{name}: images of shape {shape_of(images)} have {shape_of(images)[axis]} channels on axis {axis}."
            f" Expected 3. Check data_format."
        )
    return axis


def _channels(images: Any, axis: int) -> list:
    """Return the three channels, each with its axis."""
    return [getitem(images, (slice(None),) * axis + (slice(i, i + 1),)) for i in range(3)]


@derived
def rgb_to_grayscale(images: Tensor, data_format: str | None = None) -> Tensor:
    """Return the brightness of images in red, green and blue, as one channel.

    Shapes: one image or a batch, 3 channels; the result has 1. Images of 1 channel stay as they are.

    Dtypes: those of the images; integers lose their fractions.
    """
    if shape_of(images)[_images.axes_of("rgb_to_grayscale", images, data_format).channels] == 1:
        return images
    axis = _channel_axis("rgb_to_grayscale", images, data_format)
    dtype = dtype_of(images)
    shape = [1] * len(shape_of(images))
    shape[axis] = 3
    weights = np.asarray(_BRIGHTNESS, _images.working_dtype(dtype)).reshape(shape)
    return cast(sum(multiply(cast(images, _images.working_dtype(dtype)), weights), axis, True), dtype)


@derived
def rgb_to_hsv(images: Tensor, data_format: str | None = None) -> Tensor:
    """Return hue, saturation and value of images in red, green and blue, all from 0 to 1.

    Shapes: one image or a batch, 3 channels; the result likewise.

    Notes: hue 0 is red, 1/3 green, 2/3 blue. Grey has hue 0 and saturation 0, with gradient 0.

    Source: A. R. Smith, "Color gamut transform pairs" (1978).
    """
    axis = _channel_axis("rgb_to_hsv", images, data_format)
    _images.need_floats("rgb_to_hsv", images)
    red, green, blue = _channels(images, axis)
    value = maximum(maximum(red, green), blue)
    spread = subtract(value, minimum(minimum(red, green), blue))
    from_red = divide_no_nan(subtract(green, blue), spread)
    from_green = add(divide_no_nan(subtract(blue, red), spread), 2.0)
    from_blue = add(divide_no_nan(subtract(red, green), spread), 4.0)
    sixths = if_else(equal(value, red), from_red, if_else(equal(value, green), from_green, from_blue))
    hue = multiply(if_else(less(sixths, 0), add(sixths, 6.0), sixths), 1 / 6)
    hue = if_else(equal(spread, 0), cast(0, dtype_of(images)), hue)
    return concatenate([hue, divide_no_nan(spread, value), value], axis)


@derived
def hsv_to_rgb(images: Tensor, data_format: str | None = None) -> Tensor:
    """Return red, green and blue of images in hue, saturation and value, all from 0 to 1: the inverse of
    `rgb_to_hsv`.

    Shapes: one image or a batch, 3 channels; the result likewise.
    """
    axis = _channel_axis("hsv_to_rgb", images, data_format)
    _images.need_floats("hsv_to_rgb", images)
    hue, saturation, value = _channels(images, axis)
    sixths = multiply(hue, 6.0)
    # How far each colour is on, by the distance of the hue from where it is off or on.
    shares = (
        clip(subtract(abs(subtract(sixths, 3.0)), 1.0), 0.0, 1.0),
        clip(subtract(2.0, abs(subtract(sixths, 2.0))), 0.0, 1.0),
        clip(subtract(2.0, abs(subtract(sixths, 4.0))), 0.0, 1.0),
    )
    return concatenate(
        [multiply(value, add(subtract(1.0, saturation), multiply(saturation, share))) for share in shares], axis
    )
