"""Means and norms."""

import torch

from kerasfront_torch.fused.bodies import body

Tensor = torch.Tensor
Axes = tuple[int, ...]

# PyTorch takes no axes for all of them.


def mean(x: Tensor, axis: Axes, keepdims: bool = False) -> Tensor:
    return torch.mean(x, axis, keepdims) if axis else x


def var(x: Tensor, axis: Axes, keepdims: bool = False) -> Tensor:
    if not axis or x.is_complex() or not x.numel():
        return body("var")(x, axis, keepdims)
    return torch.var(x, axis, correction=0, keepdim=keepdims)


def logsumexp(x: Tensor, axis: Axes, keepdims: bool = False) -> Tensor:
    return torch.logsumexp(x, axis, keepdims) if axis and not x.is_complex() else body("logsumexp")(x, axis, keepdims)


def norm_of_vector(x: Tensor, axis: Axes, keepdims: bool = False) -> Tensor:
    if not axis or x.is_complex():
        return body("norm_of_vector")(x, axis, keepdims)
    return torch.linalg.vector_norm(x, 2, axis, keepdims)
