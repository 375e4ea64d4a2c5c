"""Resizing with every kernel, up and down, and scaling with a shift, against weights summed one by one."""

from __future__ import annotations

import math

import numpy as np

from kerasfront.testing.case import HALVES, array, case, ints, normal
from kerasfront.testing.tolerance import EXACT, SUM

IMAGE, BATCH = normal(4, 5, 2), normal(2, 4, 6, 1, seed=1)
ROW = array([0.0, 1.0, 4.0, 9.0, 16.0]).reshape(1, 5, 1)
BYTES = ints(np.arange(2 * 3 * 4).reshape(2, 3, 4) * 11 % 256, "uint8")


def bilinear(d):
    return max(1 - d, 0.0)


def bicubic(d):
    if d < 1:
        return 1.5 * d**3 - 2.5 * d**2 + 1
    return -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2 if d < 2 else 0.0


def lanczos(radius):
    return lambda d: float(np.sinc(d) * np.sinc(d / radius)) if d < radius else 0.0


KERNELS = {"bilinear": bilinear, "bicubic": bicubic, "lanczos3": lanczos(3), "lanczos5": lanczos(5)}


def weights(old, new, kernel, step, shift=0.0, antialias=False):
    """The part of each old pixel in each new one; `step` old pixels to a new one."""
    matrix = np.zeros((new, old))
    spread = max(step, 1.0) if antialias else 1.0
    for i in range(new):
        place = (i + 0.5 - shift) * step - 0.5
        if -0.5 <= place <= old - 0.5:
            row = [kernel(abs(place - j) / spread) for j in range(old)]
            matrix[i] = np.array(row) / math.fsum(row)
    return matrix


def along(x, axis, matrix):
    return np.moveaxis(np.tensordot(matrix, x, (1, axis)), 0, axis)


def resize(images, size, interpolation="bilinear", antialias=False, data_format="channels_last"):
    first = images.ndim - (3 if data_format == "channels_last" else 2)
    for axis, new in zip((first, first + 1), size, strict=True):
        old = images.shape[axis]
        if interpolation == "nearest":
            images = np.take(images, [math.floor((i + 0.5) * old / new) for i in range(new)], axis)
        else:
            images = along(images, axis, weights(old, new, KERNELS[interpolation], old / new, antialias=antialias))
    return images


def cropped(images, size, crop_to_aspect_ratio):
    return resize(images[:, :, 1:5], size)


def padded(value, before, after):
    def reference(images, size, pad_to_aspect_ratio, fill_value=0.0):
        wide = np.pad(images, ((0, 0), (before, after), (0, 0), (0, 0)), constant_values=value)
        return resize(wide, size)

    return reference


def moved(images, output_shape, scale, translation, spatial_dims, method, antialias=True):
    kernel = KERNELS[{"linear": "bilinear", "triangle": "bilinear", "cubic": "bicubic"}.get(method, method)]
    for axis, factor, shift in zip(spatial_dims, scale, translation, strict=True):
        matrix = weights(images.shape[axis], output_shape[axis], kernel, 1 / factor, shift, antialias)
        images = along(images, axis, matrix)
    return images


def line(*args, **options):
    options.setdefault("tol", SUM)
    return case("resize", *args, **options)


CASES = [
    line(IMAGE, (3, 7), ref=resize),
    line(BATCH, (2, 3), ref=resize, note="a batch, half the size"),
    line(IMAGE, (4, 5), ref=resize, note="the same size", tol=EXACT),
    line(IMAGE, (1, 1), ref=resize, note="to one pixel"),
    line(normal(1, 1, 2), (2, 3), ref=resize, note="from one pixel"),
    line(np.zeros((0, 3, 3, 1)), (2, 2), ref=resize, note="of no images", tol=EXACT),
    line(IMAGE, (6, 3), ref=resize, data_format="channels_first", note="channels first, a wide one"),
    line(
        np.moveaxis(BATCH, -1, 1),
        (3, 4),
        "bicubic",
        data_format="channels_first",
        ref=resize,
        note="channels first, a batch",
    ),
    *(
        line(ROW, (1, new), kernel, antialias, ref=resize, note=f"{kernel}, 5 to {new}{', antialias' * antialias}")
        for kernel in KERNELS
        for new, antialias in ((2, False), (2, True), (3, True), (8, False))
    ),
    line(ROW, (1, 8), "bilinear", True, ref=resize, note="antialias without effect on growing"),
    *(
        line(ROW, (1, new), "nearest", ref=resize, note=f"nearest, 5 to {new}", tol=EXACT)
        for new in (1, 2, 3, 4, 7, 10)
    ),
    line(BATCH, (3, 9), "nearest", True, ref=resize, note="nearest, a batch", tol=EXACT),
    line(IMAGE, (3, 7), ref=resize, note="half types", dtypes=HALVES, differentiable=False),
    line(BYTES, (2, 2), ref=lambda x, size: np.rint(resize(x, size)).astype("uint8"), note="bytes", tol=EXACT),
    line(BYTES, (1, 5), "nearest", ref=resize, note="bytes, nearest", tol=EXACT),
    line(
        ints([[[0], [255], [255], [0]]], "uint8"),
        (1, 9),
        "bicubic",
        ref=lambda x, *rest: np.clip(np.rint(resize(x, *rest)), 0, 255).astype("uint8"),
        note="bytes stay in range",
        tol=EXACT,
    ),
    line(
        ints([[[-5], [8], [2]]]), (1, 2), ref=lambda x, size: np.rint(resize(x, size)).astype("int32"), note="integers"
    ),
    line(BATCH, (2, 2), crop_to_aspect_ratio=True, ref=cropped, note="crop to aspect ratio"),
    line(BATCH, (3, 3), pad_to_aspect_ratio=True, ref=padded(0.0, 1, 1), note="pad to aspect ratio"),
    line(
        normal(1, 3, 6, 1, seed=3),
        (2, 2),
        pad_to_aspect_ratio=True,
        fill_value=-1.5,
        ref=padded(-1.5, 1, 1),
        note="pad to aspect ratio, a fill value and an odd rest",
    ),
    *(
        case(
            "scale_and_translate",
            normal(3, 4, seed=2),
            (5, 6),
            [1.7, 0.6],
            [-0.4, 0.9],
            (0, 1),
            method,
            ref=moved,
            note=method,
            tol=SUM,
        )
        for method in ("linear", "cubic", "lanczos3", "lanczos5")
    ),
    case(
        "scale_and_translate",
        normal(3, 4, seed=2),
        (5, 6),
        [1.7, 0.6],
        [-0.4, 0.9],
        (0, 1),
        "triangle",
        antialias=False,
        ref=moved,
        note="without antialias",
        tol=SUM,
    ),
    case(
        "scale_and_translate",
        normal(2, 4, 3, seed=2),
        (2, 3, 3),
        [0.8],
        [0.3],
        (1,),
        "linear",
        ref=moved,
        note="one axis",
        tol=SUM,
    ),
    case(
        "scale_and_translate",
        normal(3, 4, seed=2),
        (4, 3),
        array([1.31, 0.73]),
        array([0.21, -0.17]),
        (0, 1),
        "cubic",
        ref=moved,
        note="tensors",
        tol=SUM,
    ),
    case(
        "scale_and_translate",
        ints([[0, 10, 20]]),
        (1, 3),
        [1.0],
        [0.3],
        (1,),
        "linear",
        ref=lambda *args: np.rint(moved(*args)).astype("int32"),
        note="integers",
        tol=EXACT,
    ),
]
