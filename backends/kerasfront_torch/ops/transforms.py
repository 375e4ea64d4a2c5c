"""Fourier analysis along the last axis."""

from collections.abc import Callable
from typing import Any

import torch


def _also_of_nothing(transform: Callable) -> Callable:
    """MKL refuses tensors without elements (torch 2.13)."""

    def run(x: torch.Tensor, *arguments: Any) -> torch.Tensor:
        if x.numel() or not x.shape[-1]:
            return transform(x, *arguments)
        return transform(x.new_zeros(x.shape[-1:]), *arguments).expand(*x.shape[:-1], -1)

    return run


complex_fft = _also_of_nothing(torch.fft.fft)
complex_ifft = _also_of_nothing(torch.fft.ifft)
real_fft = _also_of_nothing(torch.fft.rfft)
real_ifft = _also_of_nothing(torch.fft.irfft)
