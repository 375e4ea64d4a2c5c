"""Blocks of images between depth, space and columns, and pooling to a given size: written out place by place."""

from __future__ import annotations

import math

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import HALVES, array, case, distinct, ints
from kerasfront.testing.tolerance import EXACT, FORMULA, SUM

NAN = math.nan
DEEP = distinct(2, 2, 3, 8, scale=0.1)
WIDE = distinct(1, 4, 6, 2, seed=1, scale=0.1)
PICTURE = distinct(2, 2, 4, 5, seed=2, scale=0.1)  # channels first


def first(x):
    return np.moveaxis(x, -1, 1)


def depth_to_space(x, block_size, data_format="channels_last"):
    b, last = block_size, data_format == "channels_last"
    n, h, w, depth = x.shape if last else np.moveaxis(x, 1, -1).shape
    c = depth // b**2
    out = np.zeros((n, h * b, w * b, c) if last else (n, c, h * b, w * b))
    for row, column, channel in np.ndindex(h * b, w * b, c):
        place = row % b * b + column % b
        if last:
            out[:, row, column, channel] = x[:, row // b, column // b, place * c + channel]
        else:
            out[:, channel, row, column] = x[:, channel * b * b + place, row // b, column // b]
    return out


def space_to_depth(x, block_size, data_format="channels_last"):
    """The image that `depth_to_space` takes back to x: it only moves elements, so their numbers tell where from."""
    b, last = block_size, data_format == "channels_last"
    n, h, w, c = x.shape if last else np.moveaxis(x, 1, -1).shape
    shape = (n, h // b, w // b, c * b * b) if last else (n, c * b * b, h // b, w // b)
    moved = depth_to_space(np.arange(x.size).reshape(shape), b, data_format).astype(int)
    out = np.zeros(x.size)
    out[moved.ravel()] = x.ravel()
    return out.reshape(shape)


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    k, d, p, s = (pair(value) for value in (kernel_size, dilation, padding, stride))
    x = np.pad(x, ((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1])))
    reach = [d[i] * (k[i] - 1) for i in (0, 1)]
    columns = [
        x[:, :, r : r + reach[0] + 1 : d[0], c : c + reach[1] + 1 : d[1]].reshape(len(x), -1)
        for r in range(0, x.shape[2] - reach[0], s[0])
        for c in range(0, x.shape[3] - reach[1], s[1])
    ]
    return np.stack(columns, -1)


def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add up each block where `unfold` took it from, told by the numbers of the elements."""
    h, w = pair(output_size)
    k = pair(kernel_size)
    c = x.shape[1] // (k[0] * k[1])
    numbers = np.arange(1, c * h * w + 1, dtype=float).reshape(1, c, h, w)
    taken = unfold(numbers, kernel_size, dilation, padding, stride)[0].astype(int)
    out = np.zeros((len(x), c * h * w + 1))
    for i in range(len(x)):
        np.add.at(out[i], taken.ravel(), x[i].ravel())
    return out[:, 1:].reshape(len(x), c, h, w)


def adaptive(reduction):
    def pool(x, output_size, data_format="channels_last"):
        if data_format == "channels_first":
            return first(pool(np.moveaxis(x, 1, -1), output_size))
        rank = x.ndim - 2
        counts = output_size if isinstance(output_size, tuple) else (output_size,) * rank
        out = np.zeros((x.shape[0], *counts, x.shape[-1]))
        for place in np.ndindex(*counts):
            seen = tuple(
                np.s_[math.floor(i * n / count) : math.ceil((i + 1) * n / count)]
                for i, n, count in zip(place, x.shape[1:-1], counts, strict=True)
            )
            out[(slice(None), *place)] = reduction(x[(slice(None), *seen)], tuple(range(1, rank + 1)))
        return out

    return pool


SLIDING = {
    "blocks of their own": {"kernel_size": 2, "stride": 2},
    "overlap": {"kernel_size": (2, 3)},
    "padding": {"kernel_size": 3, "padding": (1, 2), "stride": (2, 1)},
    "dilation": {"kernel_size": 2, "dilation": (2, 3)},
    "strides beyond the window": {"kernel_size": (1, 2), "stride": (2, 3), "padding": (0, 1)},
    "all": {"kernel_size": (3, 2), "dilation": (1, 2), "padding": 1, "stride": 2},
}
ADAPTIVE = {
    "1 axis": (distinct(2, 7, 2), 3),
    "even": (distinct(1, 6, 2), 3),
    "more than there are": (distinct(1, 3, 2), 5),
    "2 axes": (distinct(1, 5, 7, 2, scale=0.1), (3, 2)),
    "one number for 2 axes": (distinct(2, 4, 5, 1, scale=0.1), 2),
    "one place": (distinct(1, 3, 4, 2), 1),
    "3 axes": (distinct(1, 3, 4, 5, 1), (2, 3, 2)),
}
ADAPTIVES = {
    "adaptive_average_pool": (adaptive(np.mean), SUM),
    "adaptive_max_pool": (adaptive(np.max), EXACT),
}

CASES = [
    case("depth_to_space", DEEP, 2, ref=depth_to_space, tol=EXACT),
    case("depth_to_space", first(DEEP), 2, data_format="channels_first", ref=depth_to_space, note="first", tol=EXACT),
    case("depth_to_space", distinct(1, 1, 2, 9), 3, ref=depth_to_space, note="blocks of 3", tol=EXACT),
    case("depth_to_space", ints(np.arange(8).reshape(1, 1, 2, 4)), 2, ref=depth_to_space, note="ints", tol=EXACT),
    case("space_to_depth", WIDE, 2, ref=space_to_depth, tol=EXACT),
    case("space_to_depth", first(WIDE), 2, data_format="channels_first", ref=space_to_depth, note="first", tol=EXACT),
    case("space_to_depth", distinct(2, 3, 6, 1), 3, ref=space_to_depth, note="blocks of 3", tol=EXACT),
    *(
        case(
            "depth_to_space",
            x,
            ref=lambda x: x,
            call=lambda x, form=form: ops.depth_to_space(ops.space_to_depth(x, 2, form), 2, form),
            note=f"undoes space_to_depth, {form}",
            tol=EXACT,
        )
        for form, x in (("channels_last", WIDE), ("channels_first", first(WIDE)))
    ),
    *(case("unfold", PICTURE, **options, ref=unfold, note=name, tol=EXACT) for name, options in SLIDING.items()),
    *(
        case("fold", unfold(PICTURE, **options), (4, 5), **options, ref=fold, note=name, tol=SUM)
        for name, options in SLIDING.items()
    ),
    case("unfold", ints(np.arange(9).reshape(1, 1, 3, 3)), 2, ref=unfold, note="of integers", tol=EXACT),
    case("fold", ints(np.arange(16).reshape(1, 4, 4)), 3, 2, ref=fold, note="of integers", tol=EXACT),
    case(
        "unfold",
        array([[[[NAN, 1.0], [2.0, 3.0]]]]),
        (1, 2),
        ref=unfold,
        note="NaN stays in its block",
        tol=EXACT,
        differentiable=False,
    ),
    *(
        case(op, *args, ref=f, note=name, tol=tol)
        for op, (f, tol) in ADAPTIVES.items()
        for name, args in ADAPTIVE.items()
    ),
    *(
        case(op, first(ADAPTIVE["2 axes"][0]), (3, 2), data_format="channels_first", ref=f, note="first", tol=tol)
        for op, (f, tol) in ADAPTIVES.items()
    ),
    *(
        case(op, *ADAPTIVE["2 axes"], ref=f, note="half types", dtypes=HALVES, tol=tol)
        for op, (f, tol) in ADAPTIVES.items()
    ),
    *(
        case(
            op,
            array([[[NAN], [1.0], [2.0], [math.inf], [4.0]]]),
            3,
            ref=f,
            note="NaN stays in its windows",
            tol=tol,
            differentiable=False,
        )
        for op, (f, tol) in ADAPTIVES.items()
    ),
    case("adaptive_max_pool", ints([[[3], [-7], [-9], [-8], [5]]]), 2, ref=adaptive(np.max), note="ints", tol=EXACT),
    case(
        "adaptive_max_pool",
        array([[[2.0], [2.0], [2.0], [1.0]]]),
        3,
        ref=adaptive(np.max),
        note="slope goes to the first of ties",
        gradients=(array([[[1], [1], [1], [0]]]),),
    ),
    case(
        "psnr",
        WIDE,
        WIDE[..., ::-1] * 0.9,
        2.5,
        ref=lambda a, b, m: 10 * np.log10(m * m / ((a - b) ** 2).mean()),
        tol=FORMULA,
    ),
    case(
        "psnr",
        ints([0, 200], "uint8"),
        ints([10, 190], "uint8"),
        255,
        ref=array(10 * np.log10(255**2 / 100)),
        note="of bytes",
        tol=FORMULA,
    ),
    case(
        "psnr",
        array([1.0, 2.0]),
        array([1.0, 2.0]),
        1.0,
        ref=array(math.inf),
        note="of equal signals",
        differentiable=False,
    ),
]
