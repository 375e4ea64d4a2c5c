"""Normalization by mean and variance."""

from typing import Any

import torch
from torch.nn import functional

from kerasfront import config
from kerasfront_torch.fused.bodies import body
from kerasfront_torch.names import HALVES

Tensor = torch.Tensor
# Above this size PyTorch's one pass for mean and variance is faster than two vectorized ones.
_LARGE = 1 << 17


def moments(x: Tensor, axes: tuple[int, ...], keepdims: bool = False, synchronized: bool = False) -> Any:
    # The body sees to variances beyond float16.
    if synchronized or not axes or x.is_complex() or not x.numel() or x.dtype is torch.float16:
        return body("moments")(x, axes, keepdims, synchronized)
    if x.numel() > _LARGE or x.dtype in HALVES:
        variance, mean = torch.var_mean(x, axes, correction=0, keepdim=keepdims)
        return mean, variance
    mean = torch.mean(x, axes, True)
    centred = x - mean
    variance = torch.mean(centred * centred, axes, keepdims)
    return mean if keepdims else mean.squeeze(axes), variance


def batch_normalization(
    x: Tensor, mean: Tensor, variance: Tensor, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Tensor:
    factor = torch.rsqrt(variance + epsilon)
    if scale is not None:
        factor = factor * scale
    # One pass over x: what is taken away and what is added are one vector.
    shift = -mean * factor if offset is None else torch.addcmul(offset, mean, factor, value=-1)
    if axis % x.ndim != x.ndim - 1:
        shape = [-1 if place == axis % x.ndim else 1 for place in range(x.ndim)]
        factor, shift = factor.reshape(shape), shift.reshape(shape)
    return torch.addcmul(shift, x, factor)


def _last_axes(x: Tensor, axis: Any) -> list[int] | None:
    """Return the sizes of the axes if they are the last ones in order, else None."""
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if not axes or [one % x.ndim if isinstance(one, int) else one for one in axes] != list(
        range(x.ndim - len(axes), x.ndim)
    ):
        return None
    return list(x.shape[x.ndim - len(axes) :])


def layer_normalization(
    x: Tensor,
    gamma: Any = None,
    beta: Any = None,
    axis: Any = -1,
    epsilon: float | None = None,
    rms_scaling: bool = False,
) -> Tensor:
    sizes = None if rms_scaling else _last_axes(x, axis)
    if sizes is None or any(part is not None and list(part.shape) != sizes for part in (gamma, beta)):
        return body("layer_normalization")(x, gamma, beta, axis, epsilon, rms_scaling)
    return functional.layer_norm(x, sizes, gamma, beta, config.epsilon() if epsilon is None else epsilon)


def rms_normalization(x: Tensor, scale: Any = None, axis: Any = -1, epsilon: float | None = None) -> Tensor:
    sizes = _last_axes(x, axis)
    if sizes is None or (scale is not None and list(scale.shape) != sizes):
        return body("rms_normalization")(x, scale, axis, epsilon)
    return functional.rms_norm(x, sizes, scale, config.epsilon() if epsilon is None else epsilon)
