"""Convolution and pooling as Keras names them: sizes, strides, paddings, dilations, groups and layouts, crossed."""

from __future__ import annotations

import math

import numpy as np

from kerasfront.testing.case import HALVES, Case, array, case, distinct, ints, normal
from kerasfront.testing.cases import windows
from kerasfront.testing.tolerance import EXACT, SUM

NAN = math.nan
INPUTS = {
    1: distinct(2, 7, 4, scale=0.1),
    2: distinct(1, 5, 4, 4, seed=1, scale=0.1),
    3: distinct(1, 3, 4, 3, 2, seed=2, scale=0.1),
}


def tuples(value, rank):
    return tuple(value) if isinstance(value, tuple) else (value,) * rank


def numbers_of_zeros(padding, sizes, window, strides, dilation):
    """The definition of each padding, as pairs of zeros."""
    if padding == "valid":
        return ((0, 0),) * len(window)
    reaches = [d * (w - 1) + 1 for w, d in zip(window, dilation, strict=True)]
    if padding == "causal":
        return ((reaches[0] - 1, 0),)
    return tuple(windows.same(*each) for each in zip(sizes, reaches, strides, strict=True))


def any_layout(function):
    """Let a reference for channels last take channels first."""

    def in_layout(x, *args, data_format=None, **kwargs):
        if data_format != "channels_first":
            return function(x, *args, **kwargs)
        return np.moveaxis(function(np.moveaxis(x, 1, -1), *args, **kwargs), -1, 1)

    return in_layout


@any_layout
def conv(x, kernel, strides=1, padding="valid", dilation_rate=1):
    rank = x.ndim - 2
    strides, dilation = tuples(strides, rank), tuples(dilation_rate, rank)
    zeros = numbers_of_zeros(padding, x.shape[1:-1], kernel.shape[:-2], strides, dilation)
    return windows.convolution(x, kernel, strides, zeros, dilation, x.shape[-1] // kernel.shape[-2])


@any_layout
def depthwise_conv(x, kernel, **options):
    parts = [conv(x[..., c : c + 1], kernel[..., c : c + 1, :], **options) for c in range(x.shape[-1])]
    return np.concatenate(parts, -1)


@any_layout
def separable_conv(x, depthwise, pointwise, **options):
    return depthwise_conv(x, depthwise, **options) @ pointwise.reshape(pointwise.shape[-2:])


@any_layout
def conv_transpose(x, kernel, strides=1, padding="valid", output_padding=None, dilation_rate=1):
    """Every element spreads the kernel; "same" cuts the ends off, `output_padding` says how long the result is."""
    rank = x.ndim - 2
    strides, dilation, extra = (tuples(value, rank) for value in (strides, dilation_rate, output_padding))
    reaches = [d * (w - 1) + 1 for w, d in zip(kernel.shape[:-2], dilation, strict=True)]
    sizes, cuts = [], []
    for n, r, s, more in zip(x.shape[1:-1], reaches, strides, extra, strict=True):
        if padding == "valid":
            cut, size = 0, (n - 1) * s + (max(r, s) if more is None else r + more)
        elif more is None:
            cut, size = max(r - s, 0), n * s
        else:
            cut, size = r // 2 * 2, (n - 1) * s + r - r // 2 * 2 + more
        sizes.append(size)
        cuts.append(cut)
    wide = np.zeros(
        (x.shape[0], *(n + c + s + r for n, c, s, r in zip(sizes, cuts, strides, reaches)), kernel.shape[-2])
    )
    for place in np.ndindex(*x.shape[1:-1]):
        seen = tuple(np.s_[p * s : p * s + r : d] for p, s, r, d in zip(place, strides, reaches, dilation, strict=True))
        wide[(slice(None), *seen)] += np.tensordot(x[(slice(None), *place)], kernel, ([-1], [-1]))
    return wide[(slice(None), *(np.s_[c // 2 : c // 2 + n] for n, c in zip(sizes, cuts, strict=True)))]


def pool(primitive):
    @any_layout
    def pooled(x, pool_size, strides=None, padding="valid"):
        rank = x.ndim - 2
        window = tuples(pool_size, rank)
        steps = window if strides is None else tuples(strides, rank)
        return primitive(x, window, steps, numbers_of_zeros(padding, x.shape[1:-1], window, steps, (1,) * rank))

    return pooled


POOLS = {"max_pool": (pool(windows.max_pooling), EXACT), "average_pool": (pool(windows.average_pooling), SUM)}


def words(options: dict) -> str:
    """A note that says the options."""
    return ", ".join(f"{name} {value}" for name, value in options.items()) or "plain"


def in_both_layouts(op: str, ref, x: np.ndarray, *kernels: np.ndarray, tol=SUM, **options) -> list[Case]:
    """The call with channels last and, for the strided and padded ones, the same with channels first."""
    note = f"{x.ndim - 2} axes, {'x'.join(map(str, kernels[0].shape))}, " if kernels else f"{x.ndim - 2} axes, "
    note += words(options)
    cases = [case(op, x, *kernels, ref=ref, note=note, tol=tol, **options)]
    if options.get("padding") == "same" and options.get("strides", 1) != 1:
        x = np.moveaxis(x, -1, 1)
        options = {**options, "data_format": "channels_first", "dtypes": ("float32",)}
        cases.append(case(op, x, *kernels, ref=ref, note=f"{note}, first", tol=tol, **options))
    return cases


def kernel(rank: int, size: int, *channels: int) -> np.ndarray:
    return normal(*(size - (i == 1) for i in range(rank)), *channels, seed=rank)


CONVOLUTIONS = [
    case_
    for rank in (1, 2, 3)
    for options in (
        {},
        {"padding": "same"},
        {"strides": 2},
        {"strides": 2, "padding": "same"},
        {"dilation_rate": 2, "padding": "same"},
    )
    if rank < 3 or options in ({}, {"strides": 2, "padding": "same"})
    for size in (2, 3)
    for case_ in in_both_layouts("conv", conv, INPUTS[rank], kernel(rank, size, INPUTS[rank].shape[-1], 2), **options)
]
GROUPED = [
    case_
    for rank in (1, 2, 3)
    for options in ({}, {"strides": 2, "padding": "same"}, {"dilation_rate": 2, "padding": "same"})
    for case_ in in_both_layouts("conv", conv, INPUTS[rank], kernel(rank, 2, INPUTS[rank].shape[-1] // 2, 4), **options)
]
CAUSAL = [
    case_
    for options in ({}, {"strides": 2}, {"dilation_rate": 3})
    for case_ in in_both_layouts("conv", conv, INPUTS[1], kernel(1, 3, 4, 2), padding="causal", **options)
]
DEPTHWISE = [
    case_
    for rank in (1, 2)
    for options in ({}, {"strides": 2, "padding": "same"}, {"dilation_rate": 2})
    for case_ in (
        *in_both_layouts("depthwise_conv", depthwise_conv, INPUTS[rank], kernel(rank, 2, 4, 2), **options),
        *in_both_layouts(
            "separable_conv",
            separable_conv,
            INPUTS[rank],
            kernel(rank, 2, 4, 2),
            normal(*(1,) * rank, 8, 3),
            **options,
        ),
    )
]
TRANSPOSED = [
    case_
    for rank in (1, 2, 3)
    for size in (2, 3)
    for options in (
        {},
        {"strides": 2},
        {"strides": 2, "padding": "same"},
        {"strides": 3, "padding": "same"},
        {"strides": 3},
        {"strides": 2, "padding": "same", "output_padding": 1},
        {"strides": 3, "output_padding": 2},
        {"dilation_rate": 2, "padding": "same"},
        {"dilation_rate": 2},
    )
    if rank < 2 or (rank == 2 and size == 3) or "output_padding" in options
    for case_ in in_both_layouts(
        "conv_transpose",
        conv_transpose,
        INPUTS[rank][(slice(None), *(slice(2),) * (rank - 1))],
        kernel(rank, size, 2, INPUTS[rank].shape[-1]),
        **options,
    )
]
POOLED = [
    case_
    for op, (ref, tol) in POOLS.items()
    for rank in (1, 2, 3)
    for options in (
        {"pool_size": 2},
        {"pool_size": 2, "padding": "same"},
        {"pool_size": 3, "strides": 2, "padding": "same"},
        {"pool_size": 2, "strides": 3, "padding": "same"},
        {"pool_size": 3, "strides": 1},
    )
    if rank < 3 or "strides" not in options
    for case_ in in_both_layouts(op, ref, INPUTS[rank], tol=tol, **options)
]

CASES = [
    *CONVOLUTIONS,
    *GROUPED,
    *CAUSAL,
    *DEPTHWISE,
    *TRANSPOSED,
    *POOLED,
    *(
        case(op, INPUTS[2], (1, 3), (2, 1), "same", ref=ref, note="uneven windows", tol=tol)
        for op, (ref, tol) in POOLS.items()
    ),
    case(
        "conv",
        INPUTS[2],
        kernel(2, 3, 4, 2),
        (1, 2),
        "same",
        None,
        (2, 1),
        ref=lambda x, k, s, p, f, d: conv(x, k, strides=s, padding=p, dilation_rate=d),
        note="each axis its own",
        tol=SUM,
    ),
    case("conv", INPUTS[1], kernel(1, 3, 4, 2), ref=conv, note="half types", dtypes=HALVES, tol=SUM),
    case(
        "conv_transpose", INPUTS[1], kernel(1, 3, 2, 4), ref=conv_transpose, note="half types", dtypes=HALVES, tol=SUM
    ),
    case("conv", np.zeros((0, 5, 2)), normal(3, 2, 1), ref=np.zeros((0, 3, 1)), note="no samples", tol=EXACT),
    case(
        "conv",
        ints(np.arange(6).reshape(1, 3, 2)),
        ints(np.ones((2, 2, 1))),
        ref=array([[[6.0], [14.0]]]),
        note="of integers",
        tol=SUM,
    ),
    case(
        "max_pool",
        array([[[1.0], [NAN], [3.0], [4.0], [5.0]]]),
        2,
        2,
        "same",
        ref=array([[[NAN], [4.0], [5.0]]]),
        note="NaN wins in its window",
        tol=EXACT,
        differentiable=False,
    ),
    case(
        "average_pool",
        array([[[1.0], [NAN], [3.0], [4.0], [5.0]]]),
        2,
        2,
        "same",
        ref=array([[[NAN], [3.5], [5.0]]]),
        note="NaN stays in its window",
        tol=SUM,
        differentiable=False,
    ),
    case(
        "max_pool",
        array([[[-1.0], [-2.0], [-3.0]]]),
        3,
        1,
        "same",
        ref=array([[[-1.0], [-1.0], [-2.0]]]),
        note="padding is never the largest",
        tol=EXACT,
    ),
    case(
        "max_pool",
        array([[[3.0], [3.0], [3.0]]]),
        2,
        1,
        ref=array([[[3.0], [3.0]]]),
        note="slope goes to the first of ties",
        gradients=(array([[[1], [1], [0]]]),),
    ),
    case(
        "average_pool",
        ints([[[1], [2], [4]]]),
        2,
        1,
        "same",
        ref=array([[[1.5], [3.0], [4.0]]]),
        note="of integers",
        tol=SUM,
    ),
]
