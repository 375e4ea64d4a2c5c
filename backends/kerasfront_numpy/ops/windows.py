"""Windows over (batch, *spatial, channels): strided views, and one matrix product for convolutions.

Everything is built from two pairs of linear functions, each the gradient of the other: patches and overlap, collect and
distribute. So gradients of any order follow.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from autograd.tracer import getval, isbox
from numpy.lib.stride_tricks import as_strided

from kerasfront_numpy.ops.contraction import matmul
from kerasfront_numpy.ops.elementwise import true_divide
from kerasfront_numpy.ops.indexing import basic_getitem
from kerasfront_numpy.ops.kernel import INEXACT, differentiable, kernel
from kerasfront_numpy.ops.movement import pad_constant, permute_axes, reshape

Sizes = tuple[int, ...]


def _counts(spatial: Sizes, window: Sizes, strides: Sizes, dilation: Sizes) -> Sizes:
    return tuple((n - d * (w - 1) - 1) // s + 1 for n, w, s, d in zip(spatial, window, strides, dilation, strict=True))


def _parts(counts: Sizes, window: Sizes, strides: Sizes, dilation: Sizes) -> Iterator[tuple[Sizes, tuple[slice, ...]]]:
    """Yield each place in the window with the key of all elements that stand at this place of some window."""
    for place in itertools.product(*map(range, window)):
        ends = zip(place, counts, strides, dilation, strict=True)
        yield place, (slice(None), *(slice(p * d, p * d + (n - 1) * s + 1, s) for p, n, s, d in ends))


def _padded(x: Any, padding: Any, constant: Any = 0) -> Any:
    return pad_constant(x, ((0, 0), *padding, (0, 0)), constant) if any(map(any, padding)) else x


def _view(x: np.ndarray, window: Sizes, strides: Sizes, dilation: Sizes) -> np.ndarray:
    counts, steps = _counts(x.shape[1:-1], window, strides, dilation), x.strides[1:-1]
    moved = [step * s for step, s in zip(steps, strides, strict=True)]
    inner = [step * d for step, d in zip(steps, dilation, strict=True)]
    shape = (x.shape[0], *counts, *window, x.shape[-1])
    return as_strided(x, shape, (x.strides[0], *moved, *inner, x.strides[-1]), writeable=False)


def _add_up(patches: np.ndarray, spatial: Sizes, strides: Sizes, dilation: Sizes) -> np.ndarray:
    rank = len(spatial)
    window = patches.shape[rank + 1 : -1]
    out = np.zeros((patches.shape[0], *spatial, patches.shape[-1]), patches.dtype)
    for place, key in _parts(patches.shape[1 : rank + 1], window, strides, dilation):
        out[key] += patches[(slice(None),) * (rank + 1) + place]
    return out


# (batch, *spatial, c) to (batch, *counts, *window, c) and back, where elements of several windows add up.
_patches = differentiable(
    _view, lambda ans, x, window, strides, dilation: lambda g: _overlap(g, x.shape[1:-1], strides, dilation)
)
_overlap = differentiable(
    _add_up,
    lambda ans, x, spatial, strides, dilation: lambda g: _patches(
        g, x.shape[len(spatial) + 1 : -1], strides, dilation
    ),
)


@kernel
def convolution(x: Any, kernel: Any, strides: Sizes, padding: Any, dilation: Sizes, groups: int) -> Any:
    *window, depth, filters = kernel.shape
    rank = len(window)
    patches = _patches(_padded(x, padding), tuple(window), strides, dilation)
    outer, inner = patches.shape[: rank + 1], math.prod(window) * depth
    if groups == 1:
        product = matmul(reshape(patches, (math.prod(outer), inner)), reshape(kernel, (inner, filters)))
        return reshape(product, (*outer, filters))
    grouped = reshape(patches, (math.prod(outer), math.prod(window), groups, depth))
    left = reshape(permute_axes(grouped, (2, 0, 1, 3)), (groups, math.prod(outer), inner))
    right = permute_axes(reshape(kernel, (inner, groups, filters // groups)), (1, 0, 2))
    return reshape(permute_axes(matmul(left, right), (1, 0, 2)), (*outer, filters))


@kernel
def convolution_transpose(x: Any, kernel: Any, strides: Sizes, padding: Any, output_size: Sizes, dilation: Sizes) -> Any:
    *window, filters, channels = kernel.shape
    columns = permute_axes(reshape(kernel, (math.prod(window) * filters, channels)), (1, 0))
    spread = reshape(matmul(reshape(x, (-1, channels)), columns), (*x.shape[:-1], *window, filters))
    kept = [slice(before, before + size) for (before, _), size in zip(padding, output_size, strict=True)]
    reach = zip(x.shape[1:-1], window, strides, dilation, kept, strict=True)
    spatial = tuple(max((n - 1) * s + d * (w - 1) + 1, part.stop) for n, w, s, d, part in reach)
    return basic_getitem(_overlap(spread, spatial, strides, dilation), (slice(None), *kept))


def _chosen_sum(x: np.ndarray, choice: np.ndarray | None, window: Sizes, strides: Sizes) -> np.ndarray:
    """Sum over each window, or take the element at its chosen place only."""
    once = (1,) * len(window)
    counts = _counts(x.shape[1:-1], window, strides, once)
    out = np.zeros((x.shape[0], *counts, x.shape[-1]), x.dtype)
    for number, (_, key) in enumerate(_parts(counts, window, strides, once)):
        out += x[key] if choice is None else np.where(choice == number, x[key], x.dtype.type(0))
    return out


def _hand_back(g: np.ndarray, choice: np.ndarray | None, spatial: Sizes, window: Sizes, strides: Sizes) -> np.ndarray:
    out = np.zeros((g.shape[0], *spatial, g.shape[-1]), g.dtype)
    for number, (_, key) in enumerate(_parts(g.shape[1:-1], window, strides, (1,) * len(window))):
        out[key] += g if choice is None else np.where(choice == number, g, g.dtype.type(0))
    return out


_collect = differentiable(
    _chosen_sum, lambda ans, x, choice, window, strides: lambda g: _distribute(g, choice, x.shape[1:-1], window, strides)
)
_distribute = differentiable(
    _hand_back, lambda ans, g, choice, spatial, window, strides: lambda h: _collect(h, choice, window, strides)
)


@kernel
def max_pooling(x: Any, window: Sizes, strides: Sizes, padding: Any) -> Any:
    x = _padded(x, padding, -np.inf if x.dtype in INEXACT else np.iinfo(x.dtype).min)
    values, once = getval(x), (1,) * len(window)
    parts = [key for _, key in _parts(_counts(x.shape[1:-1], window, strides, once), window, strides, once)]
    best = values[parts[0]]
    if not isbox(x):
        for key in parts[1:]:
            best = np.maximum(best, values[key])
        return np.array(best) if len(parts) == 1 else best
    choice = np.zeros(best.shape, np.int32)
    for number, key in enumerate(parts):
        better = (values[key] > best) | (np.isnan(values[key]) & ~np.isnan(best))
        choice[better] = number
        best = np.where(better, values[key], best)
    return _collect(x, choice, window, strides)


@kernel
def average_pooling(x: Any, window: Sizes, strides: Sizes, padding: Any) -> Any:
    inside = _padded(np.ones((1, *x.shape[1:-1], 1), x.dtype), padding)
    return true_divide(_collect(_padded(x, padding), None, window, strides), _collect(inside, None, window, strides))
