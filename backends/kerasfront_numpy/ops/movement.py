"""Creation, and what moves elements without arithmetic."""

from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.numpy.numpy_vjps import unbroadcast_f
from autograd.tracer import isbox

from kerasfront_numpy.ops.kernel import differentiable

Shape = tuple[int, ...]


def _reshape(x: Any, shape: tuple[int, ...]) -> Any:
    # NumPy takes any one negative size for -1.
    if min(shape, default=0) < -1:
        raise ValueError(f"negative size in {shape}")
    return np.reshape(x, shape)


reshape = differentiable(_reshape, lambda ans, x, shape: lambda g: reshape(g, x.shape))
permute_axes = differentiable(
    np.transpose, lambda ans, x, axes: lambda g: permute_axes(g, tuple(int(i) for i in np.argsort(axes)))
)
broadcast_to = differentiable(np.broadcast_to, lambda ans, x, shape: unbroadcast_f(x, lambda g: g))
reverse = differentiable(np.flip, lambda ans, x, axis: lambda g: reverse(g, axis))


def concatenate(xs: list, axis: int) -> Any:
    return anp.concatenate(xs, axis) if len(xs) > 1 else xs[0]


def _inside(x: Any, widths: Any) -> tuple[slice, ...]:
    return tuple(slice(before, before + size) for (before, _), size in zip(widths, x.shape, strict=True))


def _pad(x: Any, widths: Any, constant: Any) -> Any:
    out = np.full([size + sum(ends) for ends, size in zip(widths, x.shape, strict=True)], constant, x.dtype)
    out[_inside(x, widths)] = x
    return out


# np.pad does the same several times slower.
pad_constant = differentiable(_pad, lambda ans, x, widths, constant: lambda g: g[_inside(x, widths)])


def filled(shape: Shape, fill_value: Any, dtype: str) -> Any:
    return broadcast_to(fill_value, shape) if isbox(fill_value) else np.full(shape, fill_value)


def count_up(size: int, dtype: str) -> Any:
    return np.arange(size, dtype=np.dtype(dtype))
