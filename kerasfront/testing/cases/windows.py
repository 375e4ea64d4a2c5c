"""Windows: convolution, its transpose, and pooling, written out as loops over places in float64."""

from __future__ import annotations

import itertools
import math

import numpy as np

from kerasfront.testing.case import HALVES, array, case, distinct, ints, normal
from kerasfront.testing.tolerance import EXACT, SUM

NAN = math.nan


def places(sizes, window, strides, padding, dilation):
    """Yield each output place with the padded input slices that it sees."""
    counts = [
        (size + sum(pair) - d * (w - 1) - 1) // s + 1
        for size, w, s, pair, d in zip(sizes, window, strides, padding, dilation, strict=True)
    ]
    for place in itertools.product(*map(range, counts)):
        yield (
            place,
            tuple(
                np.s_[p * s : p * s + d * (w - 1) + 1 : d]
                for p, s, w, d in zip(place, strides, window, dilation, strict=True)
            ),
        )


def padded(x, padding, value=0.0):
    return np.pad(x, ((0, 0), *padding, (0, 0)), constant_values=value)


def convolution(x, kernel, strides, padding, dilation, groups):
    *window, per_group, filters = kernel.shape
    wide, out = padded(x, padding), {}
    for place, seen in places(x.shape[1:-1], window, strides, padding, dilation):
        patch = wide[(slice(None), *seen)]
        parts = [
            np.tensordot(
                patch[..., g * per_group : (g + 1) * per_group],
                kernel[..., g * filters // groups : (g + 1) * filters // groups],
                len(window) + 1,
            )
            for g in range(groups)
        ]
        out[place] = np.concatenate(parts, -1)
    return collected(out, x.shape[0], filters)


def collected(values, batch, channels):
    shape = tuple(size + 1 for size in max(values))
    result = np.zeros((batch, *shape, channels))
    for place, value in values.items():
        result[(slice(None), *place)] = value
    return result


def convolution_transpose(x, kernel, strides, padding, output_size, dilation):
    """Spread each element of x over the padded output, then cut the padding off."""
    *window, filters, _ = kernel.shape
    wide = np.zeros((x.shape[0], *(size + sum(pair) for size, pair in zip(output_size, padding, strict=True)), filters))
    for place, seen in places(output_size, window, strides, padding, dilation):
        if all(p < size for p, size in zip(place, x.shape[1:-1], strict=True)):
            wide[(slice(None), *seen)] += np.tensordot(x[(slice(None), *place)], kernel, ([-1], [-1]))
    cut = tuple(np.s_[low : low + size] for size, (low, _) in zip(output_size, padding, strict=True))
    return wide[(slice(None), *cut)]


def pooled(reduction, filler):
    def pool(x, window, strides, padding):
        wide, out = padded(x * 1.0, padding, filler), {}
        for place, seen in places(x.shape[1:-1], window, strides, padding, (1,) * len(window)):
            out[place] = reduction(wide[(slice(None), *seen)], tuple(range(1, len(window) + 1)))
        return collected(out, x.shape[0], x.shape[-1])

    return pool


max_pooling = pooled(lambda x, axes: x.max(axes), -math.inf)
# Padding is NaN here, so that it counts nowhere.
average_pooling = pooled(np.nanmean, NAN)


def same(size, window, stride):
    total = max((math.ceil(size / stride) - 1) * stride + window - size, 0)
    return (total // 2, total - total // 2)


LINE, PLANE, SPACE = distinct(2, 7, 2), distinct(1, 5, 6, 2, seed=1, scale=0.11), distinct(1, 3, 4, 3, 1, seed=2)
CONVOLUTIONS = {
    "1 axis": (LINE, normal(3, 2, 3), (1,), ((0, 0),), (1,), 1),
    "strides and padding": (LINE, normal(2, 2, 2), (2,), ((1, 0),), (1,), 1),
    "dilation": (LINE, normal(3, 2, 2), (1,), ((2, 2),), (2,), 1),
    "groups": (LINE, normal(3, 1, 4), (1,), ((1, 1),), (1,), 2),
    "2 axes": (PLANE, normal(3, 2, 2, 2), (1, 1), ((1, 1), (0, 1)), (1, 1), 1),
    "2 axes with strides": (PLANE, normal(2, 3, 2, 1), (2, 1), ((0, 1), (1, 1)), (1, 1), 1),
    "2 axes with groups and dilation": (PLANE, normal(2, 2, 1, 2), (1, 1), ((0, 0), (0, 0)), (2, 1), 2),
    "3 axes": (SPACE, normal(2, 2, 2, 1, 2), (1, 2, 1), ((0, 0), (1, 1), (1, 0)), (1, 1, 1), 1),
}
TRANSPOSED = {
    "1 axis": (LINE[:, :4], normal(3, 3, 2), (2,), ((0, 0),), (9,), (1,)),
    "padding": (LINE[:, :4], normal(3, 2, 2), (2,), ((1, 0),), (8,), (1,)),
    "size beyond": (LINE[:, :3], normal(2, 1, 2), (2,), ((0, 0),), (7,), (1,)),
    "dilation": (LINE[:, :3], normal(2, 1, 2), (1,), ((1, 1),), (4,), (3,)),
    "2 axes": (PLANE[:, :2, :3], normal(3, 2, 2, 2), (2, 1), ((0, 1), (0, 0)), (4, 4), (1, 1)),
}
POOLS = {
    "1 axis": (LINE, (2,), (2,), ((0, 0),)),
    "overlap and padding": (LINE, (3,), (1,), ((1, 1),)),
    "uneven padding": (LINE, (2,), (2,), ((0, 1),)),
    "2 axes": (PLANE, (2, 3), (2, 1), ((0, 1), (1, 1))),
    "3 axes": (SPACE, (2, 2, 1), (1, 2, 2), ((0, 0), (0, 0), (0, 0))),
}
FLOATS_ONLY = {"average_pooling": (average_pooling, SUM), "max_pooling": (max_pooling, EXACT)}

CASES = [
    *(case("convolution", *args, ref=convolution, note=name, tol=SUM) for name, args in CONVOLUTIONS.items()),
    case("convolution", *CONVOLUTIONS["2 axes"], ref=convolution, note="half types", dtypes=HALVES, tol=SUM),
    *(
        case("convolution_transpose", *args, ref=convolution_transpose, note=name, tol=SUM)
        for name, args in TRANSPOSED.items()
    ),
    *(
        case(op, *args, ref=f, note=name, tol=tol)
        for op, (f, tol) in FLOATS_ONLY.items()
        for name, args in POOLS.items()
    ),
    *(
        case(op, *POOLS["2 axes"], ref=f, note="half types", dtypes=HALVES, tol=tol)
        for op, (f, tol) in FLOATS_ONLY.items()
    ),
    *(
        case(op, *POOLS["3 axes"], ref=f, note="half types, 3 axes", dtypes=HALVES, tol=tol)
        for op, (f, tol) in FLOATS_ONLY.items()
    ),
    case(
        "max_pooling",
        ints([[[3], [-7], [-9]]]),
        (2,),
        (1,),
        ((1, 1),),
        ref=ints([[[3], [3], [-7], [-9]]]),
        note="of integers",
        tol=EXACT,
    ),
    case(
        "max_pooling",
        array([[[-5.0], [-3.0], [NAN], [-1.0]]]),
        (2,),
        (2,),
        ((1, 1),),
        ref=array([[[-5.0], [NAN], [-1.0]]]),
        note="NaN wins, padding never",
        tol=EXACT,
        differentiable=False,
    ),
    case(
        "max_pooling",
        array([[[2.0], [2.0], [1.0], [1.0]]]),
        (2,),
        (2,),
        ((0, 0),),
        ref=array([[[2.0], [1.0]]]),
        note="slope goes to the first of ties",
        gradients=(array([[[1], [0], [1], [0]]]),),
    ),
    case(
        "average_pooling",
        array([[[1.0], [2.0], [3.0]]]),
        (2,),
        (2,),
        ((0, 1),),
        ref=array([[[1.5], [3.0]]]),
        note="padding is not counted",
    ),
    case(
        "conv",
        LINE,
        normal(4, 2, 2),
        strides=2,
        padding="same",
        note="same with an even window",
        tol=SUM,
        ref=lambda x, k, strides, padding: convolution(x, k, (2,), (same(7, 4, 2),), (1,), 1),
    ),
    case(
        "conv",
        LINE,
        normal(3, 2, 2),
        padding="causal",
        dilation_rate=2,
        note="causal",
        tol=SUM,
        ref=lambda x, k, padding, dilation_rate: convolution(x, k, (1,), ((4, 0),), (2,), 1),
    ),
    case(
        "conv",
        np.moveaxis(PLANE, -1, 1),
        normal(3, 3, 2, 2),
        data_format="channels_first",
        note="channels first",
        tol=SUM,
        ref=lambda x, k, data_format: np.moveaxis(
            convolution(np.moveaxis(x, 1, -1), k, (1, 1), ((0, 0),) * 2, (1, 1), 1), -1, 1
        ),
    ),
    case(
        "conv_transpose",
        LINE[:, :4],
        normal(3, 2, 2),
        strides=2,
        padding="valid",
        tol=SUM,
        ref=lambda x, k, strides, padding: convolution_transpose(x, k, (2,), ((0, 0),), (9,), (1,)),
    ),
    case(
        "conv_transpose",
        LINE[:, :4],
        normal(3, 2, 2),
        strides=2,
        padding="same",
        note="same",
        tol=SUM,
        ref=lambda x, k, strides, padding: convolution_transpose(x, k, (2,), ((0, 1),), (8,), (1,)),
    ),
    case(
        "depthwise_conv",
        LINE,
        normal(3, 2, 2),
        tol=SUM,
        ref=lambda x, k: convolution(x, k.reshape(3, 1, 4), (1,), ((0, 0),), (1,), 2),
    ),
    case(
        "separable_conv",
        LINE,
        normal(3, 2, 2),
        normal(1, 4, 3),
        tol=SUM,
        ref=lambda x, d, p: convolution(x, d.reshape(3, 1, 4), (1,), ((0, 0),), (1,), 2) @ p[0],
    ),
    case(
        "max_pool",
        PLANE,
        2,
        ref=lambda x, n: max_pooling(x, (2, 2), (2, 2), ((0, 0),) * 2),
        note="strides of the window",
        tol=EXACT,
    ),
    case(
        "max_pool",
        PLANE,
        (3, 2),
        strides=2,
        padding="same",
        tol=EXACT,
        note="same",
        ref=lambda x, n, strides, padding: max_pooling(x, (3, 2), (2, 2), (same(5, 3, 2), same(6, 2, 2))),
    ),
    case(
        "average_pool",
        PLANE,
        3,
        strides=2,
        padding="same",
        tol=SUM,
        note="same",
        ref=lambda x, n, strides, padding: average_pooling(x, (3, 3), (2, 2), (same(5, 3, 2), same(6, 3, 2))),
    ),
    case("global_average", PLANE, keepdims=True, ref=lambda x, keepdims: x.mean((1, 2), keepdims=True), tol=SUM),
    case("global_maximum", PLANE, ref=lambda x: x.max((1, 2)), tol=EXACT),
]
