"""Activations."""

from typing import Any

import torch
from torch.nn import functional

from kerasfront_torch.fused.bodies import body
from kerasfront_torch.tracing import levels

Tensor = torch.Tensor

relu = torch.relu
relu6 = functional.relu6
selu = torch.selu
sigmoid = torch.sigmoid
log_sigmoid = functional.logsigmoid
softsign = functional.softsign
hard_shrink = torch.hardshrink


def softmax(x: Tensor, axis: Any = -1) -> Tensor:
    return torch.softmax(x, axis) if isinstance(axis, int) else body("softmax")(x, axis)


def log_softmax(x: Tensor, axis: Any = -1) -> Tensor:
    return torch.log_softmax(x, axis) if isinstance(axis, int) else body("log_softmax")(x, axis)


def leaky_relu(x: Tensor, negative_slope: float = 0.2) -> Tensor:
    return functional.leaky_relu(x, negative_slope)


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    return functional.elu(x, alpha)


def softplus(x: Tensor) -> Tensor:
    # From 40 on the logarithm adds nothing to x, in float64 either; PyTorch's own limit is 20.
    return functional.softplus(x, 1, 40)


def silu(x: Tensor) -> Tensor:
    return functional.silu(x)


def gelu(x: Tensor, approximate: bool = True) -> Tensor:
    # functional.gelu adds 1 to an erf or tanh near -1, which loses four digits in the tail on some CPUs.
    if not approximate:
        return x * torch.erfc(x * -0.7071067811865476) * 0.5
    return x * torch.sigmoid(x * (1.5957691216057308 + 0.0713548162726009 * (x * x)))


def hard_sigmoid(x: Tensor) -> Tensor:
    # functional.hardsigmoid multiplies by a single-precision 1/6 in float64 too.
    return functional.relu6(x + 3) / 6


def hard_silu(x: Tensor) -> Tensor:
    # functional.hardswish has another gradient at 3.
    return x * hard_sigmoid(x)


def hard_tanh(x: Tensor) -> Tensor:
    # functional.hardtanh has gradient 0 at the bounds.
    return torch.clamp(x, -1, 1)


def tanh_shrink(x: Tensor) -> Tensor:
    return x - torch.tanh(x)


def soft_shrink(x: Tensor, threshold: float = 0.5) -> Tensor:
    return functional.softshrink(x, threshold)


def threshold(x: Tensor, threshold: float, default_value: float) -> Tensor:
    return functional.threshold(x, threshold, default_value)


def glu(x: Tensor, axis: int = -1) -> Tensor:
    return body("glu")(x, axis) if x.shape[axis] % 2 else functional.glu(x, axis)


def _attend(query: Tensor, key: Tensor, value: Tensor, bias: Any, scale: float, soft_cap: Any) -> Tensor:
    # The fused kernel has no second derivative.
    if soft_cap is not None or not isinstance(scale, float) or levels.depth > 1:
        return body("_attend")(query, key, value, bias, scale, soft_cap)
    return functional.scaled_dot_product_attention(query, key, value, bias, scale=scale)
