"""Convolution and pooling of (batch, *spatial, channels)."""

import functools
import itertools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

_LAYOUTS = {1: ("NWC", "WIO", "NWC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NDHWC", "DHWIO", "NDHWC")}


# More window places than this are left to XLA, for the size of the program.
_MOST_SHIFTS = 64


def _by_shifts(x: Any, kernel: Any, strides: tuple, padding: tuple, dilation: tuple) -> Any:
    """Convolve each channel with a kernel of its own as a sum of shifted slices.

    XLA's CPU code for it is 30 times slower (JAX 0.10.2: 32 x 28 x 28 x 64 under 3 x 3 takes 172 ms instead of 5).
    """
    wide = jnp.pad(x, ((0, 0), *padding, (0, 0)))
    window = kernel.shape[:-2]
    reach = [gap * (size - 1) for gap, size in zip(dilation, window, strict=True)]
    spans = [size - r for size, r in zip(wide.shape[1:-1], reach, strict=True)]
    total: Any = None
    for place in itertools.product(*map(range, window)):
        start = [i * gap for i, gap in zip(place, dilation, strict=True)]
        stop = [first + span for first, span in zip(start, spans, strict=True)]
        part = lax.slice(wide, (0, *start, 0), (x.shape[0], *stop, x.shape[-1]), (1, *strides, 1)) * kernel[place][0]
        total = part if total is None else total + part
    return total


def convolution(x: Any, kernel: Any, strides: tuple, padding: tuple, dilation: tuple, groups: int) -> Any:
    single = x.shape[-1] == groups == kernel.shape[-1] and x.dtype in (jnp.float32, jnp.float64)
    if single and math.prod(kernel.shape[:-2]) <= _MOST_SHIFTS and jax.default_backend() == "cpu":
        return _by_shifts(x, kernel, strides, padding, dilation)
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
