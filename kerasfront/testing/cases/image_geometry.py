"""Reading between pixels and beyond the edges, and transforms that do so, against sums over neighbours."""

from __future__ import annotations

import itertools
import math

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import array, case, ints, normal
from kerasfront.testing.tolerance import EXACT, FORMULA, SOLVED, SUM

LINE = array([3.0, -1.0, 4.0, 2.0, 7.0])
PLANE = normal(3, 4)
# Inside, just and far beyond the ends; none at elements, where slopes change, or half way between them.
PLACES = array([[0.3, 3.7, -0.2, 4.3, -1.7, 6.1, -7.3, 12.6]])
ELEMENTS = array([[0.0, 1.0, 4.0, -1.0, 5.0, -6.0, 11.0]])
ROUGH = array([[0.3, 1.8, -0.4, 2.6, 5.2], [0.6, 2.2, 1.3, 3.4, -2.1]])
VALUES_ONLY = {"differentiable": False, "tol": EXACT}
MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def extended(index, size, mode):
    """The element that an index beyond the ends stands for, found by walking; None for the constant."""
    if 0 <= index < size:
        return index
    if mode == "constant":
        return None
    if mode == "nearest":
        return 0 if index < 0 else size - 1
    if mode == "wrap":
        return index % size
    order = list(range(size)) + list(range(size - 1, -1, -1))
    if mode == "mirror":
        order = list(range(size)) + list(range(size - 2, 0, -1))
    return order[index % len(order)] if size > 1 else 0


def value_at(x, place, order, mode, fill):
    """One value by the definition."""
    total = 0.0
    ends = []
    for coordinate in place:
        low = math.floor(coordinate + 0.5) if order == 0 else math.floor(coordinate)
        rest = coordinate - low
        ends.append([(low, 1.0)] if order == 0 else [(low, 1 - rest), (low + 1, rest)])
    for corner in itertools.product(*ends):
        indices = [extended(index, size, mode) for (index, _), size in zip(corner, x.shape, strict=True)]
        value = fill if None in indices else x[tuple(indices)]
        total += value * math.prod(weight for _, weight in corner)
    return total


def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    places = np.asarray(coordinates)
    places = places.reshape(inputs.ndim, places[0].size).T
    values = [value_at(inputs, place, order, fill_mode, fill_value) for place in places]
    return np.array(values, "float64").reshape(np.shape(coordinates)[1:])


def read(images, places, interpolation, fill_mode, fill_value):
    """Images (height, width, channels) or a batch, read at `places(image number, x, y) -> (row, column)`."""
    if images.ndim == 3:
        return read(images[None], places, interpolation, fill_mode, fill_value)[0]
    found = np.zeros(images.shape)
    order = 0 if interpolation == "nearest" else 1
    for n, y, x, c in np.ndindex(*images.shape):
        found[n, y, x, c] = value_at(images[n, :, :, c], places(n, x, y), order, fill_mode, fill_value)
    return found


def affine(images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0, data_format=None):
    rows = np.asarray(transform, "float64").reshape(-1, 8)

    def places(n, x, y):
        a0, a1, a2, b0, b1, b2, c0, c1 = rows[n % len(rows)]
        k = c0 * x + c1 * y + 1
        return (b0 * x + b1 * y + b2) / k, (a0 * x + a1 * y + a2) / k

    if data_format == "channels_first":
        images = np.moveaxis(images, -3, -1)
        return np.moveaxis(read(images, places, interpolation, fill_mode, fill_value), -1, -3)
    return read(images, places, interpolation, fill_mode, fill_value)


def perspective(images, start_points, end_points, interpolation="bilinear", fill_value=0):
    starts, ends = (np.asarray(points, "float64").reshape(-1, 4, 2) for points in (start_points, end_points))

    def places(n, x, y):
        rows, known = [], []
        for (u, v), (p, q) in zip(ends[n % len(ends)], starts[n % len(starts)], strict=True):
            rows += [[u, v, 1, 0, 0, 0, -u * p, -v * p], [0, 0, 0, u, v, 1, -u * q, -v * q]]
            known += [p, q]
        a0, a1, a2, b0, b1, b2, c0, c1 = np.linalg.solve(np.array(rows), np.array(known))
        k = c0 * x + c1 * y + 1
        return (b0 * x + b1 * y + b2) / k, (a0 * x + a1 * y + a2) / k

    return read(images, places, interpolation, "constant", fill_value)


IMAGE, BATCH = normal(3, 4, 2, seed=1), normal(2, 3, 4, 1, seed=2)
SHIFT = [1.0, 0.0, 0.6, 0.0, 1.0, -0.3, 0.0, 0.0]
TURN = [0.9, -0.3, 0.7, 0.4, 0.8, -0.6, 0.0, 0.0]
TILT = [1.1, 0.1, -0.2, 0.05, 0.9, 0.2, 0.06, -0.04]
CORNERS = [[0.0, 0.0], [0.0, 2.0], [3.0, 0.0], [3.0, 2.0]]
MOVED = [[0.4, 0.1], [-0.2, 2.3], [2.8, 0.3], [3.1, 1.7]]

CASES = [
    *(
        case(
            "map_coordinates",
            LINE,
            PLACES,
            order,
            mode,
            9.5,
            ref=map_coordinates,
            note=f"{mode}, order {order}",
            tol=SUM,
        )
        for mode in MODES
        for order in (0, 1)
    ),
    *(
        case(
            "map_coordinates", LINE, ELEMENTS, 1, mode, ref=map_coordinates, note=f"at elements, {mode}", **VALUES_ONLY
        )
        for mode in MODES
    ),
    *(
        case("map_coordinates", PLANE, ROUGH, 1, mode, ref=map_coordinates, note=f"{mode}, two axes", tol=SUM)
        for mode in MODES
    ),
    case(
        "map_coordinates", normal(2, 3, 2), normal(3, 4), 1, "nearest", ref=map_coordinates, note="three axes", tol=SUM
    ),
    case("map_coordinates", LINE, normal(1, 2, 3) * 2, 1, ref=map_coordinates, note="a shape of coordinates", tol=SUM),
    case(
        "map_coordinates",
        PLANE,
        [ROUGH[0], ROUGH[1]],
        1,
        "reflect",
        ref=map_coordinates,
        note="a list of coordinates",
        tol=SUM,
    ),
    case(
        "map_coordinates",
        LINE,
        array([[0.5, 1.5, 2.5, -0.5]]),
        0,
        ref=array([-1.0, 4.0, 2.0, 3.0]),
        note="halves go upwards",
        differentiable=False,
        tol=EXACT,
    ),
    *(
        case(
            "map_coordinates",
            array([5.0]),
            array([[0.3, -1.2, 2.6]]),
            1,
            mode,
            ref=map_coordinates,
            note=f"one element, {mode}",
        )
        for mode in MODES
    ),
    case(
        "map_coordinates",
        ints([0, 10, 21]),
        array([[0.5, 1.25, 1.5]]),
        1,
        ref=ints([5, 13, 16]),
        note="of integers",
        tol=EXACT,
    ),
    case("map_coordinates", LINE, np.zeros((1, 0)), 1, ref=map_coordinates, note="at no place", tol=EXACT),
    case(
        "map_coordinates",
        LINE,
        array([[np.nan, np.inf, -np.inf, 1e30]]),
        0,
        "constant",
        9.0,
        ref=array([9.0] * 4),
        note="at no numbers",
        differentiable=False,
        tol=EXACT,
    ),
    *(
        case("affine_transform", IMAGE, SHIFT, kind, mode, 2.5, ref=affine, note=f"{mode}, {kind}", tol=SUM)
        for mode in ("constant", "nearest", "wrap", "reflect", "mirror")
        for kind in ("nearest", "bilinear")
    ),
    case("affine_transform", BATCH, TURN, ref=affine, note="one for a batch", tol=SUM),
    case("affine_transform", BATCH, [SHIFT, TURN], ref=affine, note="one for each of a batch", tol=SUM),
    case("affine_transform", IMAGE, TILT, ref=affine, note="projective", tol=SUM),
    case("affine_transform", IMAGE, [1.0, 0, 0, 0, 1, 0, 0, 0], ref=affine, note="identity", tol=SUM),
    case(
        "affine_transform",
        np.moveaxis(IMAGE, -1, 0),
        TURN,
        fill_mode="reflect",
        data_format="channels_first",
        ref=affine,
        note="channels first",
        tol=SUM,
    ),
    case(
        "affine_transform",
        np.moveaxis(BATCH, -1, 1),
        TURN,
        data_format="channels_first",
        ref=affine,
        note="channels first, a batch",
        tol=SUM,
    ),
    case(
        "affine_transform",
        BATCH,
        array(TURN),
        ref=affine,
        note="a tensor, which gets no gradient",
        gradients=None,
        differentiable=False,
        tol=SUM,
    ),
    case(
        "affine_transform",
        ints([[[10], [21], [30]]], "uint8"),
        [1.0, 0, 0.25, 0, 1, 0, 0, 0],
        fill_mode="nearest",
        ref=ints([[[13], [23], [30]]], "uint8"),
        note="bytes",
        tol=EXACT,
    ),
    case("perspective_transform", IMAGE, CORNERS, MOVED, ref=perspective, tol=SOLVED),
    case("perspective_transform", BATCH, [CORNERS, MOVED], [MOVED, CORNERS], ref=perspective, note="batch", tol=SOLVED),
    case("perspective_transform", IMAGE, CORNERS, CORNERS, ref=perspective, note="nothing moves", tol=SOLVED),
    case(
        "perspective_transform",
        IMAGE,
        CORNERS,
        MOVED,
        "nearest",
        fill_value=4.0,
        ref=perspective,
        note="nearest",
        tol=SOLVED,
    ),
    case(
        "perspective_transform",
        IMAGE,
        array(CORNERS) + 0.07,
        array(MOVED),
        ref=perspective,
        note="points as tensors",
        tol=SOLVED,
    ),
    case(
        "elastic_transform",
        IMAGE,
        alpha=0.0,
        sigma=1.0,
        seed=3,
        ref=lambda x, **options: x,
        note="of no strength",
        tol=FORMULA,
    ),
    case(
        "elastic_transform",
        np.broadcast_to(np.arange(6.0)[None, :, None], (5, 6, 1)).copy(),
        alpha=0.5,
        sigma=1.0,
        fill_mode="nearest",
        seed=7,
        ref=lambda x, **options: displaced(x, 0.5, 1.0, 7),
        note="of a slope",
        dtypes=("float32",),
        tol=SUM,
        differentiable=False,
    ),
]


def displaced(x, alpha, sigma, seed):
    """The columns read by the displacements that the portable generator draws."""
    from kerasfront import random
    from kerasfront.backend import registry

    with registry.scope("numpy"):
        noise = ops.convert_to_numpy(random.normal((1, *x.shape[:2], 2), dtype="float32", seed=seed)).astype("float64")
    size = int(6 * sigma) | 1
    bell = np.exp(-0.5 * ((np.arange(size) - size // 2) / sigma) ** 2)
    bell /= bell.sum()
    wide = np.pad(noise[0], [(size // 2,) * 2] * 2 + [(0, 0)])
    moves = sum(
        bell[i] * bell[j] * wide[i : i + x.shape[0], j : j + x.shape[1]] for i in range(size) for j in range(size)
    )
    return read(x, lambda n, c, r: np.array([r, c]) + alpha * sigma * moves[r, c], "bilinear", "nearest", 0)
