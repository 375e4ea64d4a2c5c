"""Comparisons and arithmetic on single elements."""

from typing import Any

import torch

from kerasfront_torch import ops
from kerasfront_torch.fused.bodies import body
from kerasfront_torch.names import UNSIGNED

Tensor = torch.Tensor

not_equal = torch.ne
greater = ops.elementwise.with_unsigned(torch.gt)
greater_equal = ops.elementwise.with_unsigned(torch.ge)
logical_xor = torch.logical_xor
rsqrt = torch.rsqrt
reciprocal = torch.reciprocal
absolute = ops.elementwise.abs
isinf = torch.isinf
log2 = torch.log2
log10 = torch.log10


def square(x: Tensor) -> Tensor:
    x = x.int() if x.dtype is torch.bool else x
    return torch.mul(x, x)


def clip(x: Tensor, x_min: Tensor, x_max: Tensor) -> Tensor:
    if not x.is_floating_point() and (x.dtype is torch.bool or x.dtype in UNSIGNED):
        return body("clip")(x, x_min, x_max)
    return torch.clamp(x, x_min, x_max)


def where(condition: Tensor, x1: Any = None, x2: Any = None) -> Any:
    if type(x1) is Tensor is type(x2) and x1.dtype is x2.dtype and condition.dtype is torch.bool:
        return torch.where(condition, x1, x2)
    return body("where")(condition, x1, x2)
