"""Random bits in place, block by block, so that each block stays in the cache."""

import functools
from typing import Any

import numpy as np
import torch

from kerasfront.ops.random_bits import derive_key, element_count
from kerasfront_torch.fused.bodies import body
from kerasfront_torch.names import place
from kerasfront_torch.recording import whole
from kerasfront_torch.tracing import is_traced, tracing

Tensor = torch.Tensor
_BLOCK = 1 << 16
_FIRST, _SECOND, _THIRD = 0xED5AD4BB - (1 << 32), 0xAC4C1B51 - (1 << 32), 0x31848BAB


@functools.lru_cache(maxsize=2)
def _numbers(device: torch.device) -> Tensor:
    return torch.arange(_BLOCK, dtype=torch.int32, device=device)


def _xor_shifted(x: Tensor, shift: int, scratch: Tensor) -> None:
    """x ^= x >> shift, with zeros moved in."""
    torch.bitwise_right_shift(x, shift, out=scratch)
    scratch.bitwise_and_((1 << (32 - shift)) - 1)
    x.bitwise_xor_(scratch)


def random_bits(words: Any, shape: tuple[int, ...], stream: int = 0) -> Tensor:
    if None in shape or tracing() or (isinstance(words, Tensor) and is_traced(words)):
        return body("random_bits")(words, shape, stream)
    return _bits(words, shape, stream)


@whole()
def _bits(words: Any, shape: tuple[int, ...], stream: int) -> Tensor:
    host = words.cpu().numpy() if isinstance(words, Tensor) else np.asarray(words, "int32")
    start, stride, middle = (int(word.item()) for word in derive_key(np, host, stream))
    count, device = element_count(shape), place.device
    result = torch.empty(count, dtype=torch.int32, device=device)
    numbers, scratch, walk = _numbers(device), *torch.empty(2, min(count, _BLOCK), dtype=torch.int32, device=device)
    for first in range(0, count, _BLOCK):
        x = result[first : first + _BLOCK]
        size = x.shape[0]
        here, there = walk[:size], scratch[:size]
        torch.mul(numbers[:size], stride, out=here)
        here.add_(_wrapped(start + first * stride))
        x.copy_(here)
        _xor_shifted(x, 17, there)
        x.mul_(_FIRST)
        _xor_shifted(x, 11, there)
        x.add_(middle)
        x.mul_(_SECOND)
        _xor_shifted(x, 15, there)
        x.add_(here)
        x.mul_(_THIRD)
        _xor_shifted(x, 14, there)
    return result.reshape(shape)


def _wrapped(number: int) -> int:
    """The int32 that a number leaves after wrapping round."""
    return ((number + (1 << 31)) % (1 << 32)) - (1 << 31)
