"""Windows over (batch, *spatial, channels): strided views, and one matrix product for convolutions.

Everything is built from one pair of linear functions, each the gradient of the other: patches, a view of all windows,
and overlap, which adds them up again. So gradients of any order follow.
"""

import itertools
import math
from typing import Any

import numpy as np
from autograd.tracer import getval, isbox
from numpy.lib.stride_tricks import as_strided

from kerasfront_numpy.ops.contraction import matmul
from kerasfront_numpy.ops.elementwise import if_else, true_divide
from kerasfront_numpy.ops.indexing import basic_getitem
from kerasfront_numpy.ops.kernel import INEXACT, differentiable, kernel
from kerasfront_numpy.ops.movement import pad_constant, permute_axes, reshape
from kerasfront_numpy.ops.reductions import sum

Sizes = tuple[int, ...]


def _padded(x: Any, padding: Any, constant: Any = 0) -> Any:
    return pad_constant(x, ((0, 0), *padding, (0, 0)), constant) if any(map(any, padding)) else x


def _view(x: np.ndarray, window: Sizes, strides: Sizes, dilation: Sizes) -> np.ndarray:
    each = zip(x.shape[1:-1], window, strides, dilation, strict=True)
    shape = (x.shape[0], *((n - d * (w - 1) - 1) // s + 1 for n, w, s, d in each), *window, x.shape[-1])
    first, *middle, last = x.strides
    steps = (first, *np.multiply(middle, strides).tolist(), *np.multiply(middle, dilation).tolist(), last)
    return as_strided(x, shape, steps, writeable=False)


def _add_up(patches: np.ndarray, spatial: Sizes, strides: Sizes, dilation: Sizes) -> np.ndarray:
    rank = len(spatial)
    counts, window = patches.shape[1 : rank + 1], patches.shape[rank + 1 : -1]
    out = np.zeros((patches.shape[0], *spatial, patches.shape[-1]), patches.dtype)
    for place in itertools.product(*map(range, window)):
        each = zip(place, counts, strides, dilation, strict=True)
        # All elements that stand at this place of some window.
        key = (slice(None), *(slice(p * d, p * d + (n - 1) * s + 1, s) for p, n, s, d in each))
        out[key] += patches[(slice(None),) * (rank + 1) + place]
    return out


# (batch, *spatial, c) to (batch, *counts, *window, c), and back.
_patches = differentiable(
    _view, lambda ans, x, window, strides, dilation: lambda g: _overlap(g, x.shape[1:-1], strides, dilation)
)
_overlap = differentiable(
    _add_up, lambda ans, x, spatial, *steps: lambda g: _patches(g, x.shape[len(spatial) + 1 : -1], *steps)
)


@kernel
def convolution(x: Any, kernel: Any, strides: Sizes, padding: Any, dilation: Sizes, groups: int) -> Any:
    *window, depth, filters = kernel.shape
    patches = _patches(_padded(x, padding), tuple(window), strides, dilation)
    outer, inner = patches.shape[: len(window) + 1], math.prod(window) * depth
    grouped = reshape(patches, (math.prod(outer), math.prod(window), groups, depth))
    left = reshape(permute_axes(grouped, (2, 0, 1, 3)), (groups, math.prod(outer), inner))
    right = permute_axes(reshape(kernel, (inner, groups, filters // groups)), (1, 0, 2))
    return reshape(permute_axes(matmul(left, right), (1, 0, 2)), (*outer, filters))


@kernel
def convolution_transpose(
    x: Any, kernel: Any, strides: Sizes, padding: Any, output_size: Sizes, dilation: Sizes
) -> Any:
    *window, filters, channels = kernel.shape
    columns = permute_axes(reshape(kernel, (math.prod(window) * filters, channels)), (1, 0))
    spread = reshape(matmul(reshape(x, (-1, channels)), columns), (*x.shape[:-1], *window, filters))
    kept = [slice(before, before + size) for (before, _), size in zip(padding, output_size, strict=True)]
    reach = zip(x.shape[1:-1], window, strides, dilation, kept, strict=True)
    spatial = tuple(max((n - 1) * s + d * (w - 1) + 1, part.stop) for n, w, s, d, part in reach)
    return basic_getitem(_overlap(spread, spatial, strides, dilation), (slice(None), *kept))


def _windows(x: Any, window: Sizes, strides: Sizes) -> tuple[Any, Sizes]:
    """Return the patches and the axes in which they lie."""
    return _patches(x, window, strides, (1,) * len(window)), tuple(range(len(window) + 1, 2 * len(window) + 1))


@kernel
def max_pooling(x: Any, window: Sizes, strides: Sizes, padding: Any) -> Any:
    x = _padded(x, padding, -np.inf if x.dtype in INEXACT else np.iinfo(x.dtype).min)
    patches, inside = _windows(x, window, strides)
    values = getval(patches)
    if not isbox(x):
        return np.max(values, inside)
    # The gradient goes to the first of the largest elements, which is the one argmax names.
    best = np.argmax(values.reshape(*values.shape[: len(window) + 1], -1, x.shape[-1]), -2, keepdims=True)
    chosen = (best == np.arange(math.prod(window))[:, None]).reshape(values.shape)
    return sum(if_else(chosen, patches, x.dtype.type(0)), inside, False)


@kernel
def average_pooling(x: Any, window: Sizes, strides: Sizes, padding: Any) -> Any:
    ones = np.ones((1, *x.shape[1:-1], 1), x.dtype)
    total, count = (sum(*_windows(_padded(part, padding), window, strides), False) for part in (x, ones))
    return true_divide(total, count)
