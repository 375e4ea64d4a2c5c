"""Reading and writing by position, and order."""

import builtins
from typing import Any

import torch
from torch.nn.functional import embedding

from kerasfront_torch.names import UNSIGNED
from kerasfront_torch.tracing import is_traced

Tensor = torch.Tensor


def basic_getitem(x: Tensor, key: tuple) -> Tensor:
    if not builtins.any(isinstance(part, builtins.slice) and part.step is not None and part.step < 0 for part in key):
        return x[key]
    # PyTorch has no negative steps: the same elements in ascending order, then turned round.
    axis = place = 0
    forward, turned = [], []
    for part in key:
        if isinstance(part, builtins.slice) and part.step is not None and part.step < 0:
            chosen = range(*part.indices(x.shape[axis]))
            part = builtins.slice(chosen[-1], chosen[0] + 1, -part.step) if chosen else builtins.slice(0, 0)
            turned.append(place)
        forward.append(part)
        axis += part is not None
        place += part is None or isinstance(part, builtins.slice)
    return torch.flip(x[tuple(forward)], turned)


def _lowest(x: Tensor) -> Any:
    """What stands for an element that is not there."""
    if x.is_floating_point() or x.is_complex():
        return float("nan")
    return False if x.dtype is torch.bool else torch.iinfo(x.dtype).min


def gather(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    if indices.dtype is not torch.int32:
        indices = indices.long()
    size = x.shape[axis]
    if not size:
        return x.new_zeros((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))
    # Negative ones count from the end; eagerly the front has refused what is beyond.
    found = _rows(x, torch.remainder(indices, size), axis)
    if not is_traced(indices):
        return found
    valid = ((indices >= -size) & (indices < size)).reshape(*indices.shape, *(1,) * (x.ndim - axis - 1))
    return torch.where(valid, found, torch.tensor(_lowest(x), dtype=x.dtype, device=x.device))


def _rows(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    if x.ndim == 2 and axis == 0 and x.is_floating_point():
        # Its gradient adds up rows several times faster than that of index_select.
        return embedding(indices, x)
    return torch.index_select(x, axis, indices.reshape(-1)).reshape(
        (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    )


def gather_along_axis(x: Tensor, indices: Tensor, axis: int) -> Tensor:
    size = x.shape[axis]
    places = indices.long()
    if x.dtype in UNSIGNED:
        return gather_along_axis(x.long(), indices, axis).to(x.dtype)
    found = torch.take_along_dim(x, torch.remainder(places, max(size, 1)), axis)
    if not is_traced(indices):
        return found
    valid = (places >= -size) & (places < size)
    return torch.where(valid, found, torch.tensor(_lowest(x), dtype=x.dtype, device=x.device))


def _block(x: Tensor, start: Tensor, shape: Any) -> tuple:
    """The key of a block: slices where the start is known, else one index vector for each axis."""
    if not is_traced(start):
        return tuple(builtins.slice(begin, begin + size) for begin, size in zip(start.tolist(), shape, strict=True))
    vectors = []
    for axis, size in enumerate(shape):
        # As on engines that cannot raise either, a block that reaches past the end is moved back.
        first = torch.clamp(start[axis].long(), 0, x.shape[axis] - size)
        vectors.append((first + torch.arange(size, device=x.device)).reshape(-1, *(1,) * (x.ndim - axis - 1)))
    return tuple(vectors)


def dynamic_slice(inputs: Tensor, start_indices: Tensor, shape: tuple[int, ...]) -> Tensor:
    return inputs[_block(inputs, start_indices, shape)]


def slice_update(inputs: Tensor, start_indices: Tensor, updates: Tensor) -> Tensor:
    result = inputs.clone()
    result[_block(inputs, start_indices, updates.shape)] = updates
    return result


def scatter_add(inputs: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    if inputs.dtype in UNSIGNED:
        return scatter_add(inputs.long(), indices, updates.long()).to(inputs.dtype)
    return inputs.index_put(torch.unbind(indices.long(), -1), updates, accumulate=True)


def scatter_set(inputs: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    return inputs.index_put(torch.unbind(indices.long(), -1), updates)


def sort_along(x: Tensor, axis: int) -> Tensor:
    return torch.sort(x, dim=axis, stable=True)[0]


def stable_argsort(x: Tensor, axis: int) -> Tensor:
    return torch.argsort(x, dim=axis, stable=True).int()


def searchsorted(sorted_sequence: Tensor, values: Tensor, side: str) -> Tensor:
    if sorted_sequence.dtype is torch.bool or sorted_sequence.dtype in UNSIGNED:
        sorted_sequence, values = sorted_sequence.long(), values.long()
    return torch.searchsorted(sorted_sequence, values.contiguous(), right=side == "right", out_int32=True)


def nonzero(x: Tensor) -> tuple:
    return tuple(positions.int() for positions in torch.nonzero(x.bool(), as_tuple=True))
