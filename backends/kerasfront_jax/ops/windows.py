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


def _padded(x: Any, padding: tuple, value: Any = 0) -> Any:
    return jnp.pad(x, ((0, 0), *padding, (0, 0)), constant_values=value) if any(map(any, padding)) else x


def _shifted(x: Any, window: tuple, strides: tuple, dilation: tuple) -> list:
    """Return, for each place in the window, the values of x that lie there under each window."""
    reach = [gap * (size - 1) for gap, size in zip(dilation, window, strict=True)]
    spans = [size - r for size, r in zip(x.shape[1:-1], reach, strict=True)]
    found = []
    for place in itertools.product(*map(range, window)):
        start = [i * gap for i, gap in zip(place, dilation, strict=True)]
        stop = [first + span for first, span in zip(start, spans, strict=True)]
        found.append(lax.slice(x, (0, *start, 0), (x.shape[0], *stop, x.shape[-1]), (1, *strides, 1)))
    return found


def _by_shifts(x: Any, kernel: Any, strides: tuple, padding: tuple, dilation: tuple) -> Any:
    """Convolve each channel with a kernel of its own as a sum of shifted slices.

    XLA's CPU code for it is 30 times slower (JAX 0.10.2: 32 x 28 x 28 x 64 under 3 x 3 takes 172 ms instead of 5).
    """
    window = kernel.shape[:-2]
    parts = _shifted(_padded(x, padding), window, strides, dilation)
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
        patches = jnp.concatenate(_shifted(_padded(x, padding), kernel.shape[:-2], strides, dilation), -1)
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
    x = _padded(x, padding, lowest)
    if window == strides:
        return _largest_in_tiles(x, window)
    return functools.reduce(_first_largest, _shifted(x, window, strides, (1,) * len(window)))


def _first_largest(a: Any, b: Any) -> Any:
    return jnp.where(_stays(a, b), a, b)


def _stays(a: Any, b: Any) -> Any:
    # NaN wins, and of equal values the first, which alone gets the gradient.
    return (a >= b) | (a != a)


def _alternating(a: Any, b: Any) -> list:
    return list(itertools.chain.from_iterable(zip(a, b, strict=True)))


def _tiled(x: Any, window: tuple) -> tuple[Any, tuple]:
    """Return x with an axis for the places in a tile behind each axis of tiles, and the numbers of those axes."""
    counts = [size // one for size, one in zip(x.shape[1:-1], window, strict=True)]
    whole = lax.slice(x, (0,) * x.ndim, (x.shape[0], *map(operator.mul, counts, window), x.shape[-1]))
    tiles = whole.reshape(x.shape[0], *_alternating(counts, window), x.shape[-1])
    return tiles, tuple(range(2, tiles.ndim, 2))


def _in_tiles(x: Any, window: tuple) -> list:
    """Return what `_shifted` does where windows do not overlap, in a form that XLA for the CPU reads faster."""
    tiles, _ = _tiled(x, window)
    every = slice(None)
    return [tiles[(every, *_alternating([every] * len(at), at))] for at in itertools.product(*map(range, window))]


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _largest_in_tiles(x: Any, window: tuple) -> Any:
    return functools.reduce(_first_largest, _in_tiles(x, window))


@_largest_in_tiles.defjvp
def _largest_in_tiles_jvp(window: tuple, primals: tuple, tangents: tuple) -> tuple:
    """Let the gradient go to the first of the largest, by one comparison instead of a sum of spread slices."""
    (x,), (dx,) = primals, tangents
    largest, *others = _in_tiles(x, window)
    chosen = jnp.zeros(largest.shape, "int32")
    for place, other in enumerate(others, 1):
        stays = _stays(largest, other)
        largest, chosen = jnp.where(stays, largest, other), jnp.where(stays, chosen, place)
    tiles, axes = _tiled(dx, window)
    places = jnp.arange(math.prod(window)).reshape(1, *_alternating([1] * len(window), window), 1)
    is_chosen = places == jnp.expand_dims(chosen, axes)
    return _largest_in_tiles(x, window), jnp.where(is_chosen, tiles, 0).sum(axes, dtype=dx.dtype)


def average_pooling(x: Any, window: tuple, strides: tuple, padding: tuple) -> Any:
    def total(values: Any) -> Any:
        # The zero must be a plain constant of the dtype: else `reduce_window` has no gradient.
        zero = np.zeros((), values.dtype)
        return lax.reduce_window(values, zero, lax.add, (1, *window, 1), (1, *strides, 1), ((0, 0), *padding, (0, 0)))

    if not any(map(any, padding)):
        return total(x) / int(np.prod(window))
    return total(x) / total(jnp.ones((1, *x.shape[1:-1], 1), x.dtype))
