"""Pooling to a given size: the windows follow from the sizes of input and result."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront.backend.dispatch import Tensor, derived, dtype_of, shape_of
from kerasfront.ops import _dtypes
from kerasfront.ops.convolution import check_rank, from_channels_last, spatial, to_channels_last
from kerasfront.ops.elementwise import cast, if_else, true_divide
from kerasfront.ops.indexing import gather
from kerasfront.ops.movement import reshape_known
from kerasfront.ops.reductions import sum
from kerasfront.ops.windows import max_pooling


def _windows(size: int | None, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return positions (count, longest window) and how many of each row belong to its window; the last is repeated.

    Window i reaches from floor(i * size / count) to ceil((i + 1) * size / count).
    """
    # An unknown size occurs in shape inference only, where the shape of the result is all that matters.
    known = count if size is None else size
    starts = np.arange(count) * known // count
    ends = -(-(np.arange(count) + 1) * known // count)
    positions = starts[:, None] + np.arange((ends - starts).max())
    return np.minimum(positions, ends[:, None] - 1).astype("int32"), ends - starts


@derived(dtype=_dtypes.promote_float)
def adaptive_average_pool(inputs: Tensor, output_size: Any, data_format: str | None = None) -> Tensor:
    """Return means over windows chosen so that the result has the size asked for.

    Shapes: `inputs` (batch, *spatial, channels) or channels first by `data_format`, 1 to 3 spatial axes; the result
    has `output_size` in their place.

    Args:
        output_size: an int for all spatial axes, or one for each. Window i of n over a size reaches from
            floor(i * size / n) to ceil((i + 1) * size / n); neighbours may overlap.

    Example:
        >>> from kerasfront import ops
        >>> ops.adaptive_average_pool(ops.ones((1, 5, 7, 2)), (3, 2)).shape
        (1, 3, 2, 2)
    """
    rank = check_rank("adaptive_average_pool", inputs)
    counts = spatial(output_size, rank, "adaptive_average_pool", "output_size")
    x, channels_first = to_channels_last(inputs, data_format)
    for axis, count in enumerate(counts, 1):
        x = _mean_of_windows(x, axis, count)
    return from_channels_last(x, channels_first)


def _mean_of_windows(x: Any, axis: int, count: int) -> Any:
    positions, lengths = _windows(shape_of(x)[axis], count)
    longest = positions.shape[1]
    shape = list(shape_of(x))
    shape[axis : axis + 1] = [count, longest]
    parts = reshape_known(gather(x, positions.ravel(), axis), shape)
    after = (1,) * (len(shape) - axis - 2)
    if lengths.min() < longest:
        inside = (np.arange(longest) < lengths[:, None]).reshape(count, longest, *after)
        parts = if_else(inside, parts, cast(0, dtype_of(x)))
    return true_divide(sum(parts, axis + 1), cast(lengths.reshape(count, *after).astype("float32"), dtype_of(x)))


@derived(dtype=_dtypes.promote)
def adaptive_max_pool(inputs: Tensor, output_size: Any, data_format: str | None = None) -> Tensor:
    """Return the largest values of windows chosen so that the result has the size asked for.

    Shapes and windows are those of `adaptive_average_pool`. NaN wins; the gradient goes to the first of tied values.
    """
    rank = check_rank("adaptive_max_pool", inputs)
    counts = spatial(output_size, rank, "adaptive_max_pool", "output_size")
    x, channels_first = to_channels_last(inputs, data_format)
    longest = []
    for axis, count in enumerate(counts, 1):
        positions, _ = _windows(shape_of(x)[axis], count)
        longest.append(positions.shape[1])
        if positions.size != shape_of(x)[axis]:
            x = gather(x, positions.ravel(), axis)
    pooled = max_pooling(x, tuple(longest), tuple(longest), ((0, 0),) * rank)
    return from_channels_last(pooled, channels_first)
