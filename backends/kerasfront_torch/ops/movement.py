"""Creation, and what moves elements without arithmetic."""

from typing import Any

import torch
from torch.nn.functional import pad as _pad

from kerasfront_torch.names import DTYPES, UNSIGNED, place

Tensor = torch.Tensor

reshape = torch.reshape
permute_axes = torch.permute
broadcast_to = torch.broadcast_to
concatenate = torch.cat


def reverse(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    # PyTorch 2.13 turns no unsigned integers but bytes.
    return torch.flip(x.long(), axes).to(x.dtype) if x.dtype in UNSIGNED else torch.flip(x, axes)


def pad_constant(x: Tensor, pad_width: Any, constant: Any) -> Tensor:
    # Pairs go from the last axis to the first.
    return _pad(x, [width for pair in reversed(pad_width) for width in pair], value=constant)


def filled(shape: tuple[int, ...], fill_value: Tensor, dtype: str) -> Tensor:
    return fill_value.expand(shape).contiguous()


def count_up(size: int, dtype: str) -> Tensor:
    return torch.arange(size, device=place.device).to(DTYPES[dtype])
