"""Creation, and what moves elements without arithmetic."""

from typing import Any

import torch

from kerasfront import dtypes
from kerasfront.backend.dispatch import normalize_axis
from kerasfront_torch.fused.bodies import body
from kerasfront_torch.names import DTYPES, place

Tensor = torch.Tensor
_NUMBERS = (bool, int, float)


def _known(shape: Any) -> bool:
    return type(shape) is tuple and all(type(size) is int and size >= 0 for size in shape)


def zeros(shape: Any, dtype: Any = None) -> Any:
    if not _known(shape):
        return body("zeros")(shape, dtype)
    return torch.zeros(shape, dtype=DTYPES[dtypes.standardize_dtype(dtype)], device=place.device)


def ones(shape: Any, dtype: Any = None) -> Any:
    if not _known(shape):
        return body("ones")(shape, dtype)
    return torch.ones(shape, dtype=DTYPES[dtypes.standardize_dtype(dtype)], device=place.device)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    if not _known(shape) or type(fill_value) not in _NUMBERS:
        return body("full")(shape, fill_value, dtype)
    return torch.full(shape, fill_value, dtype=DTYPES[dtypes.standardize_dtype(dtype)], device=place.device)


def _dtype_like(x: Tensor, dtype: Any) -> torch.dtype:
    return x.dtype if dtype is None else DTYPES[dtypes.standardize_dtype(dtype)]


def zeros_like(x: Tensor, dtype: Any = None) -> Tensor:
    return torch.zeros(x.shape, dtype=_dtype_like(x, dtype), device=x.device)


def ones_like(x: Tensor, dtype: Any = None) -> Tensor:
    return torch.ones(x.shape, dtype=_dtype_like(x, dtype), device=x.device)


def full_like(x: Tensor, fill_value: Any, dtype: Any = None) -> Tensor:
    if type(fill_value) not in _NUMBERS:
        return body("full_like")(x, fill_value, dtype)
    return torch.full(x.shape, fill_value, dtype=_dtype_like(x, dtype), device=x.device)


def expand_dims(x: Tensor, axis: Any) -> Tensor:
    if type(axis) is int and -x.ndim - 1 <= axis <= x.ndim:
        return torch.unsqueeze(x, axis)
    return body("expand_dims")(x, axis)


def squeeze(x: Tensor, axis: Any = None) -> Tensor:
    if axis is None:
        return torch.squeeze(x)
    if type(axis) is int and -x.ndim <= axis < x.ndim and x.shape[axis] == 1:
        return torch.squeeze(x, axis)
    return body("squeeze")(x, axis)


def ravel(x: Tensor) -> Tensor:
    return torch.reshape(x, (-1,))


def swapaxes(x: Tensor, axis1: int, axis2: int) -> Tensor:
    return torch.transpose(x, axis1, axis2)


def transpose(x: Tensor, axes: Any = None) -> Tensor:
    return torch.permute(x, tuple(range(x.ndim))[::-1]) if axes is None else body("transpose")(x, axes)


def stack(x: list, axis: Any = 0) -> Tensor:
    first = x[0] if x else None
    fits = type(axis) is int and type(first) is Tensor and -first.ndim - 1 <= axis <= first.ndim
    if fits and all(type(one) is Tensor and one.dtype is first.dtype and one.shape == first.shape for one in x):
        return torch.stack(x, axis)
    return body("stack")(x, axis)


def split(x: Tensor, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    size, parts = x.shape[axis], indices_or_sections
    if type(parts) is int and size and parts > 0 and size % parts == 0:
        return list(torch.split(x, size // parts, axis))
    return body("split")(x, parts, axis)


def unstack(x: Tensor, num: int | None = None, axis: int = 0) -> list[Tensor]:
    return list(torch.unbind(x, axis)) if num is None or num == x.shape[axis] else body("unstack")(x, num, axis)


def one_hot(x: Tensor, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Tensor:
    if sparse or dtype == "string":
        return body("one_hot")(x, num_classes, axis, dtype, sparse)
    place_of_classes = normalize_axis(axis, x.ndim + 1, "one_hot")
    classes = torch.arange(num_classes, dtype=torch.int32, device=x.device)
    classes = classes.reshape((num_classes,) + (1,) * (x.ndim - place_of_classes))
    return torch.eq(x.int().unsqueeze(place_of_classes), classes).to(
        DTYPES[dtypes.standardize_dtype(dtype or "float32")]
    )


def top_k(x: Tensor, k: int, sorted: bool = True) -> Any:
    if not x.ndim or not 0 < k <= x.shape[-1]:
        return body("top_k")(x, k, sorted)
    # torch.topk leaves the order of ties open.
    values, positions = torch.sort(x, dim=-1, descending=True, stable=True)
    return values[..., :k], positions[..., :k].int()
