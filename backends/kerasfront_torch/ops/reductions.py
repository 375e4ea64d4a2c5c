"""Reductions and running totals."""

from collections.abc import Callable

import torch

from kerasfront_torch.names import UNSIGNED

Tensor = torch.Tensor
Axes = tuple[int, ...]


def sum(x: Tensor, axis: Axes, keepdims: bool) -> Tensor:
    # PyTorch takes no axes for all of them, and adds up integers in 64 bits.
    if not axis:
        return x
    if x.is_floating_point():
        return torch.sum(x, axis, keepdims)
    wide = x.long() if x.dtype in UNSIGNED else x
    return torch.sum(wide, axis, keepdims, dtype=wide.dtype).to(x.dtype)


def product(x: Tensor, axis: Axes, keepdims: bool) -> Tensor:
    result = x.long() if x.dtype in UNSIGNED else x
    for one in reversed(axis):
        result = torch.prod(result, one, keepdims, dtype=result.dtype)
    return result.to(x.dtype)


def _extremum(reduction: Callable) -> Callable:
    def reduce(x: Tensor, axis: Axes, keepdims: bool) -> Tensor:
        if not axis:
            return x
        if x.dtype in UNSIGNED:
            return reduction(_ordered(x), axis, keepdims).to(x.dtype)
        return reduction(x, axis, keepdims)

    return reduce


def _ordered(x: Tensor) -> Tensor:
    """Unsigned integers as int64; the upper half of uint64 is beyond it and would compare as negative."""
    if x.dtype is torch.uint64 and bool((x.view(torch.int64) < 0).any()):
        raise NotImplementedError("uint64 values from 2**63 cannot be ordered")
    return x.long()


reduce_max = _extremum(torch.amax)
reduce_min = _extremum(torch.amin)


def any(x: Tensor, axis: Axes, keepdims: bool) -> Tensor:
    return torch.any(x, axis, keepdims) if axis else x


def all(x: Tensor, axis: Axes, keepdims: bool) -> Tensor:
    return torch.all(x, axis, keepdims) if axis else x


def _position(search: Callable) -> Callable:
    def find(x: Tensor, axis: int | None, keepdims: bool) -> Tensor:
        if x.dtype is torch.bool:
            x = x.byte()
        elif x.dtype in UNSIGNED:
            x = _ordered(x)
        if axis is None:
            found = search(x.reshape(-1), 0)
            return (found.reshape((1,) * x.ndim) if keepdims else found).int()
        return search(x, axis, keepdims).int()

    return find


argmax = _position(torch.argmax)
argmin = _position(torch.argmin)


def running_sum(x: Tensor, axis: int, dtype: str | None) -> Tensor:
    wide = x.long() if x.dtype in UNSIGNED else x
    return torch.cumsum(wide, axis, dtype=wide.dtype).to(x.dtype)


def running_product(x: Tensor, axis: int, dtype: str | None) -> Tensor:
    wide = x.long() if x.dtype in UNSIGNED else x
    return torch.cumprod(wide, axis, dtype=wide.dtype).to(x.dtype)
