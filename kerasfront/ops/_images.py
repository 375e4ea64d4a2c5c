"""What all image ops share: where the axes are, and the dtype to compute in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasfront import config, dtypes
from kerasfront.backend.dispatch import WEAK, dtype_of, owner_of, shape_of
from kerasfront.errors import OpError
from kerasfront.ops.arithmetic import clip
from kerasfront.ops.creation import convert_to_tensor
from kerasfront.ops.elementwise import cast, round_half_even

FORMATS = ("channels_last", "channels_first")


class Axes(NamedTuple):
    """The places of an image's axes, counted from the front."""

    height: int
    width: int
    channels: int


def axes_of(name: str, images: Any, data_format: str | None, ranks: Sequence[int] = (3, 4)) -> Axes:
    """Return where height, width and channels are.

    Raises:
        OpError: another number of axes, or an unknown data format.
    """
    shape = shape_of(images)
    chosen = data_format_of(name, data_format)
    if len(shape) not in ranks:
        raise OpError(
            f"{name}: images of shape {shape} have {len(shape)} axes. Expected {' or '.join(map(str, ranks))}: an image"
            f" or a batch of images, with channels."
        )
    first = len(shape) - 3
    if chosen == "channels_last":
        return Axes(first, first + 1, first + 2)
    return Axes(first + 1, first + 2, first)


def data_format_of(name: str, data_format: str | None) -> str:
    """Return the data format, the setting's for None."""
    chosen = config.image_data_format() if data_format is None else data_format
    if chosen not in FORMATS:
        raise OpError(f"{name}: data_format {data_format!r} is unknown. Expected one of {', '.join(FORMATS)}.")
    return chosen


def with_sizes(shape: Sequence[int | None], axes: Axes, height: int | None, width: int | None) -> tuple:
    """Return the shape of images with another height and width."""
    sizes = list(shape)
    sizes[axes.height], sizes[axes.width] = height, width
    return tuple(sizes)


def whole_pair(name: str, label: str, value: Any, count: int = 2, least: int = 1) -> tuple[int, ...]:
    """Return sizes, one for each spatial axis, from a number or a sequence.

    Raises:
        OpError: another number of sizes, none that are integers, or too small ones.
    """
    sizes = tuple(value) if isinstance(value, (list, tuple, np.ndarray)) else (value,) * count
    right = all(isinstance(size, (int, np.integer)) and not isinstance(size, bool) and size >= least for size in sizes)
    if len(sizes) != count or not right:
        raise OpError(f"{name}: {label} is {value!r}. Expected {count} integers of {least} or more. Pass such a tuple.")
    return tuple(int(size) for size in sizes)


def working_dtype(dtype: str) -> str:
    """Return the float type in which images of a dtype are computed."""
    return "float64" if dtype == "float64" else "float32"


def in_dtype(x: Any, dtype: str) -> Any:
    """Return host numbers or a tensor in a dtype, at once, so that nothing is rounded on the way."""
    return convert_to_tensor(x, dtype) if owner_of(x) is WEAK else cast(x, dtype)


def restored(x: Any, dtype: str) -> Any:
    """Return computed values in the images' dtype: integers rounded, halves to even, and kept in range."""
    if dtypes.is_int(dtype):
        limits = np.iinfo(dtype)
        x = clip(round_half_even(x), *(_at_most(end, dtype_of(x)) for end in (limits.min, limits.max)))
    return cast(x, dtype)


def _at_most(whole: int, dtype: str) -> float:
    """Return the float nearest to an integer that is no larger."""
    near = np.asarray(whole, dtype)
    return float(near if int(near) <= abs(whole) else np.nextafter(near, near.dtype.type(0)))


def need_floats(name: str, images: Any) -> None:
    """Refuse integers where values are fractions.

    Raises:
        OpError: the images are of an integer type.
    """
    if not dtypes.is_float(dtype_of(images)):
        raise OpError(
            f"{name}: images of dtype {dtype_of(images)}. Expected floats from 0 to 1. Divide by 255.0 first."
        )
