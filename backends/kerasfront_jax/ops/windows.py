"""Convolution and pooling of (batch, *spatial, channels)."""

import functools
import itertools
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

_LAYOUTS = {1: ("NWC", "WIO", "NWC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NDHWC", "DHWIO", "NDHWC")}


def convolution(x: Any, kernel: Any, strides: tuple, padding: tuple, dilation: tuple, groups: int) -> Any:
    return lax.conv_general_dilated(
        x,
        kernel,
        strides,
        padding,
        rhs_dilation=dilation,
        dimension_numbers=_LAYOUTS[len(strides)],
        feature_group_count=groups,
    )


def convolution_transpose(
    x: Any, kernel: Any, strides: tuple, padding: tuple, output_size: tuple, dilation: tuple
) -> Any:
    # A convolution of the input spread out by the strides with the kernel turned round.
    turned = jnp.swapaxes(jnp.flip(kernel, tuple(range(len(strides)))), -1, -2)
    pads = []
    for size, window, stride, pair, gap, target in zip(
        x.shape[1:-1], kernel.shape[:-2], strides, padding, dilation, output_size, strict=True
    ):
        before = gap * (window - 1) - pair[0]
        pads.append((before, target - (size - 1) * stride - 1 - before + gap * (window - 1)))
    return lax.conv_general_dilated(
        x,
        turned,
        (1,) * len(strides),
        pads,
        lhs_dilation=strides,
        rhs_dilation=dilation,
        dimension_numbers=_LAYOUTS[len(strides)],
    )


def max_pooling(x: Any, window: tuple, strides: tuple, padding: tuple) -> Any:
    # The largest of strided slices: XLA's CPU code for `reduce_window` and its gradient is several times slower.
    lowest = -jnp.inf if jnp.issubdtype(x.dtype, jnp.inexact) else np.iinfo(x.dtype).min
    padded = jnp.pad(x, ((0, 0), *padding, (0, 0)), constant_values=lowest) if any(map(any, padding)) else x
    counts = [(size - one) // stride + 1 for size, one, stride in zip(padded.shape[1:-1], window, strides, strict=True)]
    slices = []
    for offsets in itertools.product(*map(range, window)):
        ends = [o + (n - 1) * s + 1 for o, n, s in zip(offsets, counts, strides, strict=True)]
        slices.append(lax.slice(padded, (0, *offsets, 0), (x.shape[0], *ends, x.shape[-1]), (1, *strides, 1)))
    return functools.reduce(_first_largest, slices)


def _first_largest(a: Any, b: Any) -> Any:
    # NaN wins, and of equal values the first, which alone gets the gradient.
    return jnp.where((a >= b) | (a != a), a, b)


def average_pooling(x: Any, window: tuple, strides: tuple, padding: tuple) -> Any:
    def total(values: Any) -> Any:
        # The zero must be a plain constant of the dtype: else `reduce_window` has no gradient.
        zero = np.zeros((), values.dtype)
        return lax.reduce_window(values, zero, lax.add, (1, *window, 1), (1, *strides, 1), ((0, 0), *padding, (0, 0)))

    if not any(map(any, padding)):
        return total(x) / int(np.prod(window))
    return total(x) / total(jnp.ones((1, *x.shape[1:-1], 1), x.dtype))
