"""Images read at other places: interpolation at coordinates; affine, perspective and elastic transforms."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasfront.backend.dispatch import Tensor, derived, dtype_of, shape_of
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.errors import OpError
from kerasfront.ops import _images
from kerasfront.ops.arithmetic import clip
from kerasfront.ops.elementwise import (
    abs,
    add,
    cast,
    floor,
    if_else,
    less_equal,
    logical_and,
    multiply,
    stop_gradient,
    subtract,
    true_divide,
)
from kerasfront.ops.factorization import solve_matrix
from kerasfront.ops.image_filters import gaussian_blur
from kerasfront.ops.indexing import gather, getitem
from kerasfront.ops.movement import concatenate, expand_dims, moveaxis, reshape, squeeze

_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


# -- interpolation -------------------------------------------------------------------------------------


@derived
def map_coordinates(
    inputs: Tensor, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> Tensor:
    """Return the values between the elements of a tensor, at fractional coordinates.

    Shapes: `inputs` of n axes, `coordinates` (n, ...) or n tensors of equal shape; the result has the shape behind n.

    Dtypes: that of the inputs; integers are rounded, halves to even.

    Args:
        coordinates: one for each axis; element i is at i.
        order: 0 for the nearest element (halves upwards), 1 for linear interpolation.
        fill_mode: what is beyond the ends of an axis a b c d: "constant" (k k | a b c d | k k), "nearest"
            (a a | a b c d | d d), "wrap" (c d | a b c d | a b), "mirror" (c b | a b c d | c b), "reflect"
            (b a | a b c d | d c).
        fill_value: k.

    Raises:
        OpError: another number of coordinates, another order, or an unknown mode.
    """
    shape = shape_of(inputs)
    if order not in (0, 1):
        raise OpError(f"map_coordinates: order {order!r} is not supported. Expected 0 (nearest) or 1 (linear).")
    if fill_mode not in _MODES:
        raise OpError(f"map_coordinates: fill_mode {fill_mode!r} is unknown. Expected one of {', '.join(_MODES)}.")
    places = list(coordinates) if isinstance(coordinates, (list, tuple)) else _rows(coordinates)
    if len(places) != len(shape) or not shape:
        raise OpError(
            f"map_coordinates: {len(places)} coordinates for inputs of shape {shape}. Expected {len(shape)}, one for"
            f" each axis."
        )
    if isinstance(inputs, KerasTensor):
        return KerasTensor(shape_of(places[0]), dtype_of(inputs))
    found = _sampled(reshape(inputs, (-1, 1)), shape, places, None, order, fill_mode, fill_value)
    return squeeze(found, -1)


def _rows(coordinates: Any) -> list:
    count = (shape_of(coordinates) or (0,))[0]
    return [] if count is None else [getitem(coordinates, (i,)) for i in range(count)]


def _sampled(
    cells: Any, sizes: Sequence[int], places: list, base: Any, order: int, fill_mode: str, fill_value: float
) -> Any:
    """Interpolate in a flat list of cells that holds grids of `sizes` one after the other.

    Shapes: `cells` (cells, channels), `places` one tensor (...) for each axis of the grids, `base` None or the first
        cell of the grid that each place is in, the result (..., channels).
    """
    dtype = dtype_of(cells)
    work = _images.working_dtype(dtype)
    ends = [
        _ends(_images.in_dtype(place, work), size, order, fill_mode) for place, size in zip(places, sizes, strict=True)
    ]
    total: Any = None
    for corner in itertools.product(*ends):
        index, inside, weight = _corner(corner, sizes)
        index = index if base is None else add(index, base)
        values = gather(cells, index, 0)
        if order == 1:
            values = cast(values, work)
        if fill_mode == "constant":
            values = if_else(expand_dims(inside, -1), values, cast(fill_value, dtype_of(values)))
        if order == 0:
            return values
        values = multiply(values, expand_dims(weight, -1))
        total = values if total is None else add(total, values)
    return _images.restored(total, dtype)


def _ends(place: Any, size: int, order: int, fill_mode: str) -> list[tuple]:
    """Return the elements next to a place of one axis: (index, whether it exists, weight)."""
    if order == 0:
        return [(*_index(floor(add(place, 0.5)), size, fill_mode), None)]
    below = floor(place)
    rest = subtract(place, below)
    return [
        (*_index(below, size, fill_mode), subtract(1.0, rest)),
        (*_index(add(below, 1.0), size, fill_mode), rest),
    ]


def _index(whole: Any, size: int, fill_mode: str) -> tuple[Any, Any]:
    """Return the int32 index that a whole number stands for, and whether it was inside."""
    whole = stop_gradient(whole)
    if fill_mode == "wrap":
        folded = _modulo(whole, size)
    elif fill_mode == "reflect":
        turn = _modulo(whole, 2 * size)
        folded = subtract(size - 0.5, abs(subtract(turn, size - 0.5)))
    elif fill_mode == "mirror":
        turn = _modulo(whole, max(2 * (size - 1), 1))
        folded = subtract(float(size - 1), abs(subtract(turn, float(size - 1))))
    else:
        folded = clip(whole, 0.0, float(size - 1))
    # Coordinates that are NaN or beyond all numbers read element 0, so that no index is out of range.
    fits = logical_and(less_equal(0.0, folded), less_equal(folded, float(size - 1)))
    inside = logical_and(less_equal(0.0, whole), less_equal(whole, float(size - 1)))
    return cast(if_else(fits, folded, cast(0, dtype_of(folded))), "int32"), inside


def _modulo(whole: Any, period: int) -> Any:
    return subtract(whole, multiply(floor(true_divide(whole, float(period))), float(period)))


def _corner(corner: tuple, sizes: Sequence[int]) -> tuple[Any, Any, Any]:
    """Combine the axes: the flat index, whether all are inside, the product of weights."""
    index, inside, weight = corner[0]
    for (other, exists, factor), size in zip(corner[1:], sizes[1:], strict=True):
        index = add(multiply(index, size), other)
        inside = logical_and(inside, exists)
        weight = None if weight is None else multiply(weight, factor)
    return index, inside, weight


# -- transforms ------------------------------------------------------------------------------------------


def _sampled_images(
    name: str, images: Any, axes: _images.Axes, places: Any, interpolation: str, fill_mode: str, fill_value: float
) -> Any:
    """Return images whose pixels are read at other places.

    Args:
        name: of the op, for messages.
        places: from (y, x, dtype) to the rows and columns to read at, tensors (batch or 1, height, width).
    """
    if interpolation not in ("nearest", "bilinear"):
        raise OpError(f"{name}: interpolation {interpolation!r} is unknown. Expected 'nearest' or 'bilinear'.")
    if fill_mode not in _MODES:
        raise OpError(f"{name}: fill_mode {fill_mode!r} is unknown. Expected one of {', '.join(_MODES)}.")
    shape = shape_of(images)
    if isinstance(images, KerasTensor):
        return images
    batch = moveaxis(images, axes.channels, -1)
    count = 1 if len(shape) == 3 else shape[0]
    height, width, channels = shape[axes.height], shape[axes.width], shape[axes.channels]
    work = _images.working_dtype(dtype_of(images))
    rows, columns = places(np.arange(height, dtype=work)[:, None], np.arange(width, dtype=work)[None, :], work)
    first = np.arange(count, dtype="int32").reshape(-1, 1, 1) * (height * width)
    cells = reshape(batch, (count * height * width, channels))
    order = 0 if interpolation == "nearest" else 1
    found = _sampled(cells, (height, width), [rows, columns], first, order, fill_mode, fill_value)
    found = reshape(found, tuple(shape_of(batch)))
    return moveaxis(found, -1, axes.channels)


@derived
def affine_transform(
    images: Tensor,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Tensor:
    """Return images read at transformed places.

    Shapes: one image or a batch of n, `transform` (8,) or (n, 8); the result is as large as the images.

    Dtypes: those of the images; integers are rounded, halves to even.

    Args:
        transform: [a0, a1, a2, b0, b1, b2, c0, c1]; the result at column x and row y is the image at column
            (a0 x + a1 y + a2) / k and row (b0 x + b1 y + b2) / k, with k = c0 x + c1 y + 1. It gets no gradient.
        interpolation: "nearest" (halves upwards) or "bilinear".
        fill_mode: what is beyond the edges, as in `map_coordinates`.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first"; None for the setting.

    Raises:
        OpError: shapes that do not fit, unknown names.
    """
    axes = _images.axes_of("affine_transform", images, data_format)
    shape, given = shape_of(images), shape_of(transform)
    count = 1 if len(shape) == 3 else shape[0]
    if len(given) not in (1, 2) or given[-1] not in (8, None) or (len(given) == 2 and not _fits(given[0], count)):
        raise OpError(
            f"affine_transform: transform of shape {given} for images of shape {shape}. Expected (8,) or ({count}, 8)."
        )

    def places(y: Any, x: Any, work: str) -> tuple[Any, Any]:
        return _projected(reshape(stop_gradient(_images.in_dtype(transform, work)), (-1, 8)), y, x)

    return _sampled_images("affine_transform", images, axes, places, interpolation, fill_mode, fill_value)


def _fits(one: int | None, other: int | None) -> bool:
    return None in (one, other) or one in (1, other)


def _projected(numbers: Any, y: Any, x: Any) -> tuple[Any, Any]:
    """Return rows and columns by transforms (n, 8)."""
    a0, a1, a2, b0, b1, b2, c0, c1 = (
        expand_dims(getitem(numbers, (slice(None), slice(i, i + 1))), -1) for i in range(8)
    )

    def plane(first: Any, second: Any, constant: Any) -> Any:
        return add(add(multiply(first, x), multiply(second, y)), constant)

    scale = plane(c0, c1, 1.0)
    return true_divide(plane(b0, b1, b2), scale), true_divide(plane(a0, a1, a2), scale)


@derived
def perspective_transform(
    images: Tensor,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Tensor:
    """Return images seen in another perspective: four points of them come to lie at four others.

    Shapes: one image or a batch of n, points (4, 2) or (n, 4, 2) as (x, y); the result is as large as the images.

    Dtypes: those of the images; integers are rounded, halves to even.

    Args:
        start_points: in the images.
        end_points: where they lie in the result; no three of them in a line.
        interpolation: "nearest" (halves upwards) or "bilinear".
        fill_value: of what lies beyond the edges.
        data_format: "channels_last" or "channels_first"; None for the setting.

    Raises:
        OpError: shapes that do not fit, an unknown interpolation, or points that determine no perspective.
    """
    axes = _images.axes_of("perspective_transform", images, data_format)
    shape = shape_of(images)
    count = 1 if len(shape) == 3 else shape[0]
    for label, points in (("start_points", start_points), ("end_points", end_points)):
        given = shape_of(points)
        if len(given) not in (2, 3) or given[-2:] != (4, 2) or (len(given) == 3 and not _fits(given[0], count)):
            raise OpError(
                f"perspective_transform: {label} of shape {given} for images of shape {shape}. Expected (4, 2) or"
                f" ({count}, 4, 2)."
            )

    def places(y: Any, x: Any, work: str) -> tuple[Any, Any]:
        ends = (reshape(_images.in_dtype(points, work), (-1, 4, 2)) for points in (start_points, end_points))
        return _projected(_perspective(*ends), y, x)

    return _sampled_images("perspective_transform", images, axes, places, interpolation, "constant", fill_value)


def _perspective(starts: Any, ends: Any) -> Any:
    """Return the transforms (n, 8) from the places of `ends` to those of `starts`.

    Four points give eight equations: start_x (c0 x + c1 y + 1) = a0 x + a1 y + a2 at each end (x, y), likewise for y.
    """
    x, y = (getitem(ends, (Ellipsis, slice(i, i + 1))) for i in range(2))
    one, zero = add(multiply(x, 0.0), 1.0), multiply(x, 0.0)
    rows = []
    for i, numbers in enumerate(((x, y, one, zero, zero, zero), (zero, zero, zero, x, y, one))):
        start = multiply(getitem(starts, (Ellipsis, slice(i, i + 1))), -1.0)
        rows.append(concatenate([*numbers, multiply(start, x), multiply(start, y)], -1))
    known = concatenate([getitem(starts, (Ellipsis, slice(i, i + 1))) for i in range(2)], 1)
    equations = concatenate(rows, 1)
    return squeeze(solve_matrix(equations, known), -1)


@derived
def elastic_transform(
    images: Tensor,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Return images whose pixels are moved by smooth random displacements.

    Shapes: one image or a batch; the result is as large. Each image has displacements of its own, all its channels
        the same.

    Args:
        alpha: scale of the displacements.
        sigma: standard deviation, in pixels, of the normal density that smooths them. Displacements have a standard
            deviation of about 0.28 `alpha`, whatever `sigma`.
        interpolation: "nearest" or "bilinear".
        fill_mode: what is beyond the edges, as in `map_coordinates`.
        fill_value: for "constant".
        seed: an integer for the same displacements each time, a `SeedGenerator`, or None.
        data_format: "channels_last" or "channels_first"; None for the setting.

    Raises:
        OpError: shapes that do not fit, unknown names, or a `sigma` that is not above 0.

    Source: P. Simard, D. Steinkraus, J. Platt, "Best practices for convolutional neural networks" (2003), section 2.
    """
    axes = _images.axes_of("elastic_transform", images, data_format)
    if not sigma > 0:
        raise OpError(f"elastic_transform: sigma is {sigma!r}. Expected a number above 0.")
    shape = shape_of(images)
    count = 1 if len(shape) == 3 else shape[0]

    def places(y: Any, x: Any, work: str) -> tuple[Any, Any]:
        # The samplers stand above the ops, so they are looked up when they are needed.
        normal = importlib.import_module("kerasfront.random").normal
        noise = normal((count, shape[axes.height], shape[axes.width], 2), stddev=alpha * sigma, dtype=work, seed=seed)
        moves = gaussian_blur(noise, (int(6 * sigma) | 1,) * 2, (sigma, sigma), "channels_last")
        down, right = (getitem(moves, (Ellipsis, i)) for i in range(2))
        return add(down, y), add(right, x)

    return _sampled_images("elastic_transform", images, axes, places, interpolation, fill_mode, fill_value)
