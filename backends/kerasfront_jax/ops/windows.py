"""Convolution and pooling of (batch, *spatial, channels)."""

import functools
import itertools
import math
import operator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_derivatives import SymbolicZero

_LAYOUTS = {1: ("NWC", "WIO", "NWC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NDHWC", "DHWIO", "NDHWC")}


# More window places than this are left to XLA, for the size of the program.
_MOST_SHIFTS = 64


# Elements of an array of patches; XLA may hold those of all layers at once.
_MOST_PATCHES = 2**23


def _shifted(x: Any, window: tuple, strides: tuple, padding: tuple, dilation: tuple) -> list:
    """Return, for each place in the window, the values of x that lie there under each window."""
    wide = jnp.pad(x, ((0, 0), *padding, (0, 0)))
    reach = [gap * (size - 1) for gap, size in zip(dilation, window, strict=True)]
    spans = [size - r for size, r in zip(wide.shape[1:-1], reach, strict=True)]
    found = []
    for place in itertools.product(*map(range, window)):
        start = [i * gap for i, gap in zip(place, dilation, strict=True)]
        stop = [first + span for first, span in zip(start, spans, strict=True)]
        found.append(lax.slice(wide, (0, *start, 0), (x.shape[0], *stop, x.shape[-1]), (1, *strides, 1)))
    return found


def _by_shifts(x: Any, kernel: Any, strides: tuple, padding: tuple, dilation: tuple) -> Any:
    """Convolve each channel with a kernel of its own as a sum of shifted slices.

    XLA's CPU code for it is 30 times slower (JAX 0.10.2: 32 x 28 x 28 x 64 under 3 x 3 takes 172 ms instead of 5).
    """
    window = kernel.shape[:-2]
    parts = _shifted(x, window, strides, padding, dilation)
    places = itertools.product(*map(range, window))
    return functools.reduce(operator.add, (part * kernel[at][0] for part, at in zip(parts, places, strict=True)))


@functools.partial(jax.custom_jvp, nondiff_argnums=(2, 3, 4))
def _by_xla_or_patches(x: Any, kernel: Any, strides: tuple, padding: tuple, dilation: tuple) -> Any:
    """Convolve by XLA, with the kernel's gradient as one matrix product of patches.

    XLA's CPU code for that gradient takes twice the time (JAX 0.10.2; the step of a CNN, 128 x 28 x 28 in two layers,
    64 ms instead of 50). The product for the way there, or for the inputs' gradient, gains nothing.
    """
    return _by_xla(x, kernel, strides, padding, dilation, 1)


@functools.partial(_by_xla_or_patches.defjvp, symbolic_zeros=True)
def _by_xla_or_patches_jvp(strides: tuple, padding: tuple, dilation: tuple, primals: tuple, tangents: tuple) -> tuple:
    (x, kernel), (dx, dkernel) = primals, tangents

    def by_patches(x: Any, kernel: Any) -> Any:
        parts = _shifted(x, kernel.shape[:-2], strides, padding, dilation)
        patches = jnp.concatenate(parts, -1)
        flat = patches.reshape(-1, patches.shape[-1]) @ kernel.reshape(-1, kernel.shape[-1])
        return flat.reshape(*patches.shape[:-1], kernel.shape[-1])

    out = _by_xla_or_patches(x, kernel, strides, padding, dilation)
    parts = []
    if not isinstance(dx, SymbolicZero):
        parts.append(_by_xla(dx, kernel, strides, padding, dilation, 1))
    if not isinstance(dkernel, SymbolicZero):
        # The patches are made on the way back.
        parts.append(jax.checkpoint(by_patches)(x, dkernel))
    return out, sum(parts) if parts else jnp.zeros_like(out)


def _by_xla(x: Any, kernel: Any, strides: tuple, padding: tuple, dilation: tuple, groups: int) -> Any:
    return lax.conv_general_dilated(
        x,
        kernel,
        strides,
        padding,
        rhs_dilation=dilation,
        dimension_numbers=_LAYOUTS[len(strides)],
        feature_group_count=groups,
    )


def convolution(x: Any, kernel: Any, strides: tuple, padding: tuple, dilation: tuple, groups: int) -> Any:
    window, exact = kernel.shape[:-2], x.dtype in (jnp.float32, jnp.float64)
    if exact and math.prod(window) <= _MOST_SHIFTS and jax.default_backend() == "cpu":
        if x.shape[-1] == groups == kernel.shape[-1]:
            return _by_shifts(x, kernel, strides, padding, dilation)
        if groups == 1 and math.prod(x.shape) * math.prod(window) // math.prod(strides) <= _MOST_PATCHES:
            return _by_xla_or_patches(x, kernel, strides, padding, dilation)
    return _by_xla(x, kernel, strides, padding, dilation, groups)


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
    if window == strides:
        return _largest_in_tiles(padded, window)
    counts = [(size - one) // stride + 1 for size, one, stride in zip(padded.shape[1:-1], window, strides, strict=True)]
    slices = []
    for offsets in itertools.product(*map(range, window)):
        ends = [o + (n - 1) * s + 1 for o, n, s in zip(offsets, counts, strides, strict=True)]
        slices.append(lax.slice(padded, (0, *offsets, 0), (x.shape[0], *ends, x.shape[-1]), (1, *strides, 1)))
    return functools.reduce(_first_largest, slices)


def _tiled(x: Any, window: tuple) -> tuple[Any, tuple]:
    """Return x with an axis for the places in a tile behind each axis of tiles, and those axes."""
    counts = [size // one for size, one in zip(x.shape[1:-1], window, strict=True)]
    whole = lax.slice(x, (0,) * x.ndim, (x.shape[0], *map(operator.mul, counts, window), x.shape[-1]))
    pairs = itertools.chain.from_iterable(zip(counts, window, strict=True))
    return whole.reshape(x.shape[0], *pairs, x.shape[-1]), tuple(range(2, 2 * len(window) + 1, 2))


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _largest_in_tiles(x: Any, window: tuple) -> Any:
    return functools.reduce(_first_largest, _places(x, window))


def _places(x: Any, window: tuple) -> list:
    tiles, axes = _tiled(x, window)
    found = []
    for place in itertools.product(*map(range, window)):
        at: list = [slice(None)] * tiles.ndim
        for axis, i in zip(axes, place, strict=True):
            at[axis] = i
        found.append(tiles[tuple(at)])
    return found


@_largest_in_tiles.defjvp
def _largest_in_tiles_jvp(window: tuple, primals: tuple, tangents: tuple) -> tuple:
    """Let the gradient go to the first of the largest, by one comparison instead of a sum of spread slices."""
    (largest, *others), places = _places(primals[0], window), itertools.count(1)
    chosen = jnp.zeros(largest.shape, "int32")
    for other, place in zip(others, places):
        stays = (largest >= other) | (largest != largest)
        largest, chosen = jnp.where(stays, largest, other), jnp.where(stays, chosen, place)
    moved, axes = _tiled(tangents[0], window)
    number = jnp.arange(math.prod(window)).reshape([window[i // 2] if i % 2 else 1 for i in range(2 * len(window))])
    is_chosen = number[None, ..., None] == jnp.expand_dims(chosen, axes)
    return _largest_in_tiles(primals[0], window), jnp.where(is_chosen, moved, 0).sum(axes, dtype=moved.dtype)


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
