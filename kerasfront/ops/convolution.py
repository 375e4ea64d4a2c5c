"""Convolution and pooling as Keras names them, on the primitives of `windows`.

All arithmetic of padding is here, so that every engine gets explicit numbers of zeros to add (see TARGETS: one
arithmetic).
"""

from __future__ import annotations

import functools
from typing import Any

from kerasfront import config
from kerasfront.backend.dispatch import Tensor, derived, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes, _shapes
from kerasfront.ops.movement import permute_axes
from kerasfront.ops.reductions import mean, reduce_max
from kerasfront.ops.windows import average_pooling, convolution, convolution_transpose, max_pooling

PADDINGS = ("valid", "same", "causal")


def spatial(value: Any, rank: int, name: str, what: str, least: int = 1) -> tuple[int, ...]:
    """Return one number per spatial axis; a single number stands for all.

    Raises:
        OpError: not ints of at least `least`, or not as many as axes.
    """
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,) * rank
    if len(values) != rank or any(
        isinstance(one, bool) or not hasattr(one, "__index__") or one < least for one in values
    ):
        raise OpError(
            f"{name}: {what} is {value!r}. Expected an integer of at least {least}, or {rank} of them. Correct the"
            f" argument."
        )
    return tuple(int(one) for one in values)


def pads(padding: str, sizes: Any, window: Any, strides: Any, dilation: Any, name: str) -> tuple[tuple[int, int], ...]:
    """Return the zeros to add (before, after) on each spatial axis."""
    mode = padding.lower() if isinstance(padding, str) else padding
    if mode == "valid":
        for size, width, step in zip(sizes, window, dilation, strict=True):
            if size is not None and size < step * (width - 1) + 1:
                raise OpError(
                    f"{name}: window {tuple(window)} (dilation {tuple(dilation)}) is larger than the input's spatial"
                    f" sizes {tuple(sizes)}. Use a smaller window or padding 'same'."
                )
        return ((0, 0),) * len(window)
    if mode == "same":
        return tuple(_shapes.same_padding(*each) for each in zip(sizes, window, strides, dilation, strict=True))
    if mode == "causal" and len(window) == 1:
        return ((dilation[0] * (window[0] - 1), 0),)
    raise OpError(f"{name}: padding is {padding!r}. Expected 'valid' or 'same' ('causal' in one dimension).")


def to_channels_last(x: Any, data_format: str | None) -> tuple[Any, bool]:
    """Return the tensor with channels last, and whether they came first."""
    if config.standardize_data_format(data_format) == "channels_last":
        return x, False
    rank = len(shape_of(x))
    return permute_axes(x, (0, *range(2, rank), 1)), True


def from_channels_last(x: Any, channels_first: bool) -> Any:
    """Undo `to_channels_last`."""
    rank = len(shape_of(x))
    return permute_axes(x, (0, rank - 1, *range(1, rank - 1))) if channels_first else x


def check_rank(name: str, x: Any, rank: int | None = None) -> int:
    """Return the number of spatial axes.

    Raises:
        OpError: not 1 to 3, or not as many as the kernel has.
    """
    return _checked_rank(name, shape_of(x), rank)


def _checked_rank(name: str, shape: tuple, rank: int | None) -> int:
    found = len(shape) - 2
    if not 1 <= found <= 3 or (rank is not None and found != rank):
        expected = "3 to 5 axes" if rank is None else f"{rank + 2} axes"
        raise OpError(
            f"{name}: input has shape {shape}. Expected {expected}: batch, spatial axes and channels. Add the"
            f" missing axis."
        )
    return found


@derived(dtype=_dtypes.promote_float)
def conv(
    inputs: Tensor,
    kernel: Tensor,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Return the convolution (cross-correlation) of inputs with a kernel in 1 to 3 dimensions.

    Shapes: `inputs` (batch, *spatial, channels) or channels first by `data_format`; `kernel` (*window, channels /
    groups, filters): fewer channels than the input's mean grouped convolution.

    Args:
        padding: "valid" (none), "same" (output size ceil(size / stride)), in one dimension also "causal".
        dilation_rate: distance between the kernel's elements.

    Example:
        >>> from kerasfront import ops
        >>> ops.conv(ops.ones((1, 5, 5, 2)), ops.ones((3, 3, 2, 4)), padding="same").shape
        (1, 5, 5, 4)
    """
    shape, kernel_shape = shape_of(inputs), shape_of(kernel)
    strides = tuple(strides) if isinstance(strides, list) else strides
    dilation_rate = tuple(dilation_rate) if isinstance(dilation_rate, list) else dilation_rate
    first = config.standardize_data_format(data_format) == "channels_first"
    try:
        geometry = _known_geometry(shape, kernel_shape, strides, padding, first, dilation_rate)
    except TypeError:  # not hashable: an argument that the checks will name, or a size of a kind of its own
        geometry = _geometry(shape, kernel_shape, strides, padding, first, dilation_rate)
    if not first:
        return convolution(inputs, kernel, *geometry)
    return from_channels_last(convolution(to_channels_last(inputs, data_format)[0], kernel, *geometry), True)


def _geometry(shape: tuple, kernel_shape: tuple, strides: Any, padding: Any, first: bool, dilation_rate: Any) -> tuple:
    """Return strides, padding, dilation and groups of a convolution as the primitive takes them."""
    rank = _checked_rank("conv", shape, len(kernel_shape) - 2)
    strides, dilation = spatial(strides, rank, "conv", "strides"), spatial(dilation_rate, rank, "conv", "dilation_rate")
    sizes, channels = (shape[2:], shape[1]) if first else (shape[1:-1], shape[-1])
    groups = 1 if channels is None or not kernel_shape[-2] else max(channels // kernel_shape[-2], 1)
    return strides, pads(padding, sizes, kernel_shape[:-2], strides, dilation, "conv"), dilation, groups


_known_geometry = functools.lru_cache(maxsize=1024, typed=True)(_geometry)


@derived(dtype=_dtypes.promote_float)
def conv_transpose(
    inputs: Tensor,
    kernel: Tensor,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Return the transposed convolution: the gradient of a convolution by its input.

    Shapes: `inputs` (batch, *spatial, channels), `kernel` (*window, filters, channels).

    Args:
        output_padding: size added behind the smallest output; None for size * stride with "same", and
            size * stride + max(window - stride, 0) with "valid" (windows dilated).
    """
    rank = check_rank("conv_transpose", inputs, len(shape_of(kernel)) - 2)
    strides = spatial(strides, rank, "conv_transpose", "strides")
    dilation = spatial(dilation_rate, rank, "conv_transpose", "dilation_rate")
    extra = (
        (None,) * rank
        if output_padding is None
        else spatial(output_padding, rank, "conv_transpose", "output_padding", 0)
    )
    x, channels_first = to_channels_last(inputs, data_format)
    window = shape_of(kernel)[:-2]
    arithmetic = [
        _transposed(padding, *each) for each in zip(shape_of(x)[1:-1], window, strides, dilation, extra, strict=True)
    ]
    sizes, padded = tuple(size for size, _ in arithmetic), tuple(pair for _, pair in arithmetic)
    return from_channels_last(convolution_transpose(x, kernel, strides, padded, sizes, dilation), channels_first)


def _transposed(padding: str, size: int | None, window: int, stride: int, dilation: int, extra: int | None) -> tuple:
    """Return output size and the padding of the convolution whose gradient this is, for one axis."""
    reach = dilation * (window - 1) + 1
    mode = padding.lower()
    if mode not in ("valid", "same"):
        raise OpError(f"conv_transpose: padding is {padding!r}. Expected 'valid' or 'same'.")
    if mode == "valid":
        added = max(stride - reach, 0) if extra is None else extra
        pair = (0, 0)
    else:
        total = max(reach - stride, 0) if extra is None else (reach // 2) * 2
        added = max(stride - reach, 0) if extra is None else extra
        pair = (total // 2, total - total // 2)
    length = None if size is None else (size - 1) * stride + reach - pair[0] - pair[1] + added
    return length, pair


@derived(dtype=_dtypes.promote_float)
def depthwise_conv(
    inputs: Tensor,
    kernel: Tensor,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Return the convolution of each channel with its own kernels.

    Shapes: `kernel` (*window, channels, multiplier); the result has channels * multiplier channels.
    """
    from kerasfront.ops.movement import reshape

    *window, channels, multiplier = shape_of(kernel)
    return conv(
        inputs, reshape(kernel, (*window, 1, channels * multiplier)), strides, padding, data_format, dilation_rate
    )


@derived(dtype=_dtypes.promote_float)
def separable_conv(
    inputs: Tensor,
    depthwise_kernel: Tensor,
    pointwise_kernel: Tensor,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Tensor:
    """Return a depthwise convolution followed by one with windows of size 1."""
    deep = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(deep, pointwise_kernel, 1, "valid", data_format)


@derived(dtype=_dtypes.promote)
def max_pool(
    inputs: Tensor, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None
) -> Tensor:
    """Return the largest value in each window; strides default to the window."""
    return _pool("max_pool", max_pooling, inputs, pool_size, strides, padding, data_format)


@derived(dtype=_dtypes.promote_float)
def average_pool(
    inputs: Tensor, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None
) -> Tensor:
    """Return the mean in each window, padding not counted; strides default to the window."""
    return _pool("average_pool", average_pooling, inputs, pool_size, strides, padding, data_format)


def _pool(
    name: str, primitive: Any, inputs: Any, pool_size: Any, strides: Any, padding: str, data_format: str | None
) -> Any:
    rank = check_rank(name, inputs)
    window = spatial(pool_size, rank, name, "pool_size")
    steps = window if strides is None else spatial(strides, rank, name, "strides")
    x, channels_first = to_channels_last(inputs, data_format)
    padded = pads(padding, shape_of(x)[1:-1], window, steps, (1,) * rank, name)
    return from_channels_last(primitive(x, window, steps, padded), channels_first)


@derived(dtype=_dtypes.promote_float)
def global_average(inputs: Tensor, data_format: str | None = None, keepdims: bool = False) -> Tensor:
    """Return the mean over all spatial axes."""
    return mean(inputs, _spatial_axes(inputs, data_format), keepdims)


@derived
def global_maximum(inputs: Tensor, data_format: str | None = None, keepdims: bool = False) -> Tensor:
    """Return the largest value over all spatial axes."""
    return reduce_max(inputs, _spatial_axes(inputs, data_format), keepdims)


def _spatial_axes(x: Any, data_format: str | None) -> tuple[int, ...]:
    rank = len(shape_of(x))
    return (
        tuple(range(1, rank - 1))
        if config.standardize_data_format(data_format) == "channels_last"
        else tuple(range(2, rank))
    )
