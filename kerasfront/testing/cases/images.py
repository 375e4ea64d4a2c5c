"""Colours, patches, crops, borders and filters of images, against loops over pixels."""

from __future__ import annotations

import colorsys

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import array, case, distinct, ints, normal
from kerasfront.testing.tolerance import EXACT, FORMULA, SUM

IMAGE, BATCH = normal(4, 5, 2), normal(2, 4, 5, 3, seed=1)
FIRST = np.moveaxis(BATCH, -1, 1)
COLOURS = (distinct(2, 5, 3, scale=0.03, seed=2) + 0.48).clip(0.01, 0.99)
CORNER_COLOURS = array([[[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]]])
BYTES = ints(np.arange(2 * 3 * 3).reshape(2, 3, 3) * 13 % 256, "uint8")
DARK = ints(np.arange(3 * 4).reshape(3, 4, 1), "uint8")
VOLUME = normal(2, 3, 4, 3, 1, seed=3)
FORMAT = {"data_format": "channels_first"}


def last(function):
    """The reference for channels first, from that for channels last."""

    def reference(images, *args, data_format=None, **options):
        if data_format != "channels_first":
            return function(images, *args, **options)
        place = 1 if images.ndim > 3 else 0
        return np.moveaxis(function(np.moveaxis(images, place, -1), *args, **options), -1, place)

    return reference


def each_colour(function):
    return last(lambda x: np.array([function(*colour) for colour in x.reshape(-1, 3)]).reshape(x.shape))


def grey(x, data_format=None):
    return np.tensordot(x, [0.2989, 0.5870, 0.1140], (-1, 0))[..., None]


def patches(images, size, strides=None, dilation_rate=1, padding="valid"):
    """Patches of (batch, *spatial, channels) or without batch, one after the other."""
    rank = len(size)
    if images.ndim == rank + 1:
        return patches(images[None], size, strides, dilation_rate, padding)[0]
    steps = size if strides is None else strides
    widths = [(0, 0)] * images.ndim
    reach = [dilation_rate * (s - 1) + 1 for s in size]
    if padding == "same":
        for i, (old, step, r) in enumerate(zip(images.shape[1:], steps, reach, strict=False)):
            total = max((-(-old // step) - 1) * step + r - old, 0)
            widths[i + 1] = (total // 2, total - total // 2)
    images = np.pad(images, widths)
    counts = [(old - r) // step + 1 for old, step, r in zip(images.shape[1:], steps, reach, strict=False)]
    found = np.zeros((len(images), *counts, int(np.prod(size)) * images.shape[-1]), images.dtype)
    for place in np.ndindex(*counts):
        cut = tuple(
            slice(p * step, p * step + r, dilation_rate) for p, step, r in zip(place, steps, reach, strict=True)
        )
        found[(slice(None), *place)] = images[(slice(None), *cut)].reshape(len(images), found.shape[-1])
    return found


def slid(images, kernel, same=True):
    """Each channel under a kernel, zeros around."""
    if images.ndim == 3:
        return slid(images[None], kernel, same)[0]
    h, w = kernel.shape
    if same:
        images = np.pad(images, ((0, 0), ((h - 1) // 2, h // 2), ((w - 1) // 2, w // 2), (0, 0)))
    rows, columns = images.shape[1] - h + 1, images.shape[2] - w + 1
    return sum(kernel[i, j] * images[:, i : i + rows, j : j + columns] for i in range(h) for j in range(w))


def bell(size, sigma):
    values = np.exp(-((np.arange(size) - (size - 1) / 2) ** 2) / (2 * sigma**2))
    return values / values.sum()


def blurred(images, kernel_size=(3, 3), sigma=(1.0, 1.0)):
    return slid(images, np.outer(bell(kernel_size[1], sigma[1]), bell(kernel_size[0], sigma[0])))


def edges(images, data_format=None):
    down = np.array([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]])
    if data_format == "channels_first":
        return np.moveaxis(edges(np.moveaxis(images, -3, -1)), -2, -4)
    return np.stack([slid(images, down), slid(images, down.T)], -1)


def similarity(a, b, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, data_format=None):
    if data_format == "channels_first":
        a, b = np.moveaxis(a, -3, -1), np.moveaxis(b, -3, -1)
    window = np.outer(bell(filter_size, filter_sigma), bell(filter_size, filter_sigma))
    ma, mb = slid(a, window, False), slid(b, window, False)
    va, vb, ab = (slid(x, window, False) for x in (a * a, b * b, a * b))
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    luminance = (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
    structure = (2 * (ab - ma * mb) + c2) / (va - ma**2 + vb - mb**2 + c2)
    return np.mean(luminance * structure, (-3, -2, -1))


def crop(images, top, left, bottom, right):
    return images[..., top : images.shape[-3] - bottom, left : images.shape[-2] - right, :]


PICTURES = (np.abs(normal(2, 6, 7, 2, seed=4)) / 3, np.abs(normal(2, 6, 7, 2, seed=5)) / 3)

CASES = [
    case("rgb_to_grayscale", COLOURS, ref=grey, tol=SUM),
    case("rgb_to_grayscale", BATCH, ref=grey, note="a batch", tol=SUM),
    case("rgb_to_grayscale", BATCH[..., :1], ref=lambda x: x, note="grey already", tol=EXACT),
    case("rgb_to_grayscale", FIRST, **FORMAT, ref=last(grey), note="channels first", tol=SUM),
    case("rgb_to_grayscale", BYTES, ref=lambda x: grey(x).astype("uint8"), note="bytes", tol=EXACT),
    case("rgb_to_hsv", COLOURS, ref=each_colour(colorsys.rgb_to_hsv), tol=FORMULA),
    case("rgb_to_hsv", CORNER_COLOURS, ref=each_colour(colorsys.rgb_to_hsv), note="corners", differentiable=False),
    case(
        "rgb_to_hsv",
        np.full((1, 2, 3), 0.5),
        ref=each_colour(colorsys.rgb_to_hsv),
        note="grey",
        differentiable=False,
        tol=EXACT,
    ),
    case(
        "rgb_to_hsv", np.moveaxis(COLOURS, -1, 0), **FORMAT, ref=each_colour(colorsys.rgb_to_hsv), note="channels first"
    ),
    case("hsv_to_rgb", COLOURS, ref=each_colour(colorsys.hsv_to_rgb), tol=FORMULA),
    case("hsv_to_rgb", CORNER_COLOURS, ref=each_colour(colorsys.hsv_to_rgb), note="corners", differentiable=False),
    case(
        "hsv_to_rgb",
        np.stack([COLOURS.transpose(2, 0, 1)] * 2),
        **FORMAT,
        ref=each_colour(colorsys.hsv_to_rgb),
        note="channels first",
        tol=FORMULA,
    ),
    case(
        "hsv_to_rgb",
        COLOURS,
        ref=lambda x: x,
        note="after rgb_to_hsv",
        tol=FORMULA,
        call=lambda x: ops.hsv_to_rgb(ops.rgb_to_hsv(x)),
    ),
    case("extract_patches", BATCH, (2, 2), ref=patches, tol=EXACT),
    case("extract_patches", IMAGE, (3, 2), (1, 2), ref=patches, note="overlapping, no batch", tol=SUM),
    case("extract_patches", BATCH, 2, (2, 1), ref=lambda x, n, s: patches(x, (n, n), s), note="a square", tol=EXACT),
    case("extract_patches", BATCH, (2, 2), (1, 1), 2, ref=patches, note="dilated", tol=SUM),
    case("extract_patches", BATCH, (2, 2), (2, 2), 2, ref=patches, note="dilated with strides", tol=EXACT),
    case("extract_patches", IMAGE, (3, 3), (2, 2), padding="same", ref=patches, note="same", tol=SUM),
    case("extract_patches", IMAGE, (2, 2), (1, 1), padding="same", ref=patches, note="same, even", tol=SUM),
    case("extract_patches", FIRST, (2, 3), **FORMAT, ref=last(patches), note="channels first", tol=EXACT),
    case("extract_patches", BYTES, (1, 2), ref=patches, note="bytes", tol=EXACT),
    case("extract_patches", VOLUME, (2, 2, 1), ref=patches, note="volumes", tol=EXACT),
    case("extract_patches", np.zeros((0, 4, 4, 1)), (2, 2), ref=patches, note="of no images", tol=EXACT),
    case("extract_patches_3d", VOLUME, (2, 2, 2), (1, 1, 1), ref=patches, tol=SUM),
    case("extract_patches_3d", VOLUME[0], 2, ref=lambda x, n: patches(x, (n, n, n)), note="a cube", tol=EXACT),
    case("extract_patches_3d", VOLUME, (2, 3, 2), padding="same", ref=patches, note="same", tol=EXACT),
    case(
        "extract_patches_3d",
        np.moveaxis(VOLUME, -1, 1),
        (1, 2, 3),
        **FORMAT,
        ref=last(patches),
        note="channels first",
        tol=EXACT,
    ),
    case("crop_images", BATCH, 1, 0, 1, 2, ref=crop, tol=EXACT),
    case(
        "crop_images",
        IMAGE,
        top_cropping=1,
        right_cropping=2,
        target_height=2,
        target_width=2,
        ref=lambda x, **options: x[1:3, 1:3],
        note="to a target",
        tol=EXACT,
    ),
    case(
        "crop_images",
        FIRST,
        bottom_cropping=1,
        left_cropping=2,
        target_height=3,
        target_width=1,
        **FORMAT,
        ref=lambda x, **options: x[:, :, 0:3, 2:3],
        note="channels first",
        tol=EXACT,
    ),
    case("crop_images", BYTES, 0, 1, 1, 0, ref=crop, note="bytes", tol=EXACT),
    case(
        "pad_images",
        BATCH,
        1,
        0,
        2,
        1,
        ref=lambda x, *sides: np.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0))),
        tol=EXACT,
    ),
    case(
        "pad_images",
        IMAGE,
        top_padding=1,
        right_padding=0,
        target_height=6,
        target_width=7,
        ref=lambda x, **options: np.pad(x, ((1, 1), (2, 0), (0, 0))),
        note="to a target",
        tol=EXACT,
    ),
    case(
        "pad_images",
        FIRST,
        0,
        1,
        1,
        0,
        **FORMAT,
        ref=lambda x, *sides, **options: np.pad(x, ((0, 0), (0, 0), (0, 1), (1, 0))),
        note="channels first",
        tol=EXACT,
    ),
    case("gaussian_blur", IMAGE, ref=blurred, tol=SUM),
    case("gaussian_blur", BATCH, (5, 3), (0.8, 1.7), ref=blurred, note="a batch, two sizes", tol=SUM),
    case("gaussian_blur", IMAGE, (2, 4), (1.0, 2.0), ref=blurred, note="even sizes", tol=SUM),
    case("gaussian_blur", IMAGE, (9, 1), (2.0, 1.0), ref=blurred, note="larger than the image", tol=SUM),
    case("gaussian_blur", FIRST, **FORMAT, ref=last(blurred), note="channels first", tol=SUM),
    case("gaussian_blur", BYTES, ref=lambda x: np.rint(blurred(x)).astype("uint8"), note="bytes", tol=EXACT),
    case("sobel_edges", BATCH, ref=edges, tol=SUM),
    case("sobel_edges", FIRST, **FORMAT, ref=edges, note="channels first", tol=SUM),
    case("sobel_edges", IMAGE, ref=edges, note="one image", tol=SUM),
    case("sobel_edges", BYTES, ref=edges, note="bytes", tol=SUM),
    case("ssim", *PICTURES, filter_size=5, ref=similarity, tol=SUM),
    case("ssim", PICTURES[0][0], PICTURES[1][0], filter_size=3, ref=similarity, note="one image", tol=SUM),
    case("ssim", *PICTURES, 2.0, 5, 1.0, 0.05, 0.1, ref=similarity, note="other settings", tol=SUM),
    case("ssim", PICTURES[0], PICTURES[0], filter_size=5, ref=np.ones(2), note="of equal images", differentiable=False),
    case(
        "ssim",
        *(np.moveaxis(x, -1, 1) for x in PICTURES),
        filter_size=3,
        **FORMAT,
        ref=similarity,
        note="channels first",
        tol=SUM,
    ),
    case("ssim", DARK, DARK, 255.0, 3, ref=array(1.0), note="of bytes", tol=SUM),
]
