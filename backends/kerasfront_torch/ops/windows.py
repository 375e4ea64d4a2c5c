"""Windows over (batch, *spatial, channels).

PyTorch wants channels after the batch. Moving the axis makes a view in its "channels last" layout, for which the CPU
and GPU kernels are made, so nothing is copied.
"""

import functools
from typing import Any

import torch
from torch.nn import functional

Tensor = torch.Tensor
Sizes = tuple[int, ...]

_CONVOLUTIONS = {1: torch.conv1d, 2: torch.conv2d, 3: torch.conv3d}
_TRANSPOSED = {1: torch.conv_transpose1d, 2: torch.conv_transpose2d, 3: torch.conv_transpose3d}
_LARGEST = {1: torch.max_pool1d, 2: torch.max_pool2d, 3: torch.max_pool3d}
_MEAN = {1: torch.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}


def _channels_first(x: Tensor) -> Tensor:
    return x.movedim(-1, 1)


def _padded(x: Tensor, padding: Any, constant: float = 0.0) -> Tensor:
    """Add pads to the spatial axes, channels being first."""
    return functional.pad(x, [width for pair in reversed(padding) for width in pair], value=constant)


@functools.cache
def _symmetric(padding: Any) -> list[int] | None:
    """Return one width per axis, None where the ends of an axis differ."""
    return [before for before, _ in padding] if all(before == after for before, after in padding) else None


def convolution(x: Tensor, kernel: Tensor, strides: Sizes, padding: Any, dilation: Sizes, groups: int) -> Tensor:
    rank = len(strides)
    x, weight = x.movedim(-1, 1), kernel.permute(rank + 1, rank, *range(rank))
    if weight.shape[0] == 1:
        # PyTorch 2.13 on the CPU: "slow_conv2d: grad_weight must be contiguous" for the view of a single filter.
        weight = weight.contiguous()
    pads = _symmetric(padding)
    if pads is None:
        x, pads = _padded(x, padding), [0] * rank
    return _CONVOLUTIONS[rank](x, weight, None, strides, pads, dilation, groups).movedim(1, -1)


def convolution_transpose(
    x: Tensor, kernel: Tensor, strides: Sizes, padding: Any, output_size: Sizes, dilation: Sizes
) -> Tensor:
    rank = len(strides)
    weight = kernel.permute(rank + 1, rank, *range(rank))
    # All of it, then what is cut off or added at the ends.
    whole = _TRANSPOSED[rank](_channels_first(x), weight, None, strides, 0, 0, 1, dilation)
    ends = [
        (-before, before + size - length)
        for (before, _), size, length in zip(padding, output_size, whole.shape[2:], strict=True)
    ]
    return (_padded(whole, ends) if any(map(any, ends)) else whole).movedim(1, -1)


def max_pooling(x: Tensor, window: Sizes, strides: Sizes, padding: Any) -> Tensor:
    rank = len(window)
    x = _channels_first(x)
    if not x.is_floating_point():
        return _largest_integer(x, window, strides, padding).movedim(1, -1)
    pads = _symmetric(padding)
    if pads is None or any(2 * width > size for width, size in zip(pads, window, strict=True)):
        x, pads = _padded(x, padding, -torch.inf), [0] * rank
    return _LARGEST[rank](x, window, strides, pads).movedim(1, -1)


def _largest_integer(x: Tensor, window: Sizes, strides: Sizes, padding: Any) -> Tensor:
    """PyTorch pools no integers; they have no gradient, so the largest of strided views will do."""
    values = x.byte() if x.dtype is torch.bool else x
    values = _padded(values, padding, torch.iinfo(values.dtype).min)
    for axis, (size, stride) in enumerate(zip(window, strides, strict=True), 2):
        values = values.unfold(axis, size, stride)
    return torch.amax(values, tuple(range(-len(window), 0))).to(x.dtype)


def average_pooling(x: Tensor, window: Sizes, strides: Sizes, padding: Any) -> Tensor:
    pool = _MEAN[len(window)]
    x = _channels_first(x)
    if x.is_cpu and x.dim() == 5 and x.dtype in (torch.float16, torch.bfloat16):
        # There is no kernel for these.
        return average_pooling(x.movedim(1, -1).float(), window, strides, padding).to(x.dtype)
    if not any(map(any, padding)):
        return pool(x, window, strides).movedim(1, -1)
    ones = torch.ones((1, 1, *x.shape[2:]), dtype=x.dtype, device=x.device)
    return (pool(_padded(x, padding), window, strides) / pool(_padded(ones, padding), window, strides)).movedim(1, -1)
