"""Convolution and pooling of (batch, *spatial, channels).

TensorFlow's CPU kernels differentiate neither grouped nor dilated convolutions, so those are put together from plain
ones.
"""

import functools
import itertools
import math
from typing import Any

import tensorflow as tf

from kerasfront_tensorflow.ops.kernel import HALVES, widened
from kerasfront_tensorflow.ops.relu import before_relu, relu

Sizes = tuple[int, ...]


def _padded(x: Any, padding: Any, constant: Any = 0) -> Any:
    return tf.pad(x, ((0, 0), *padding, (0, 0)), constant_values=constant) if any(map(any, padding)) else x


def convolution(x: Any, kernel: Any, strides: Sizes, padding: Any, dilation: Sizes, groups: int) -> Any:
    if len(strides) == 1:
        # One row of an image.
        rows = convolution(x[:, None], kernel[None], (1, *strides), ((0, 0), *padding), (1, *dilation), groups)
        return tf.squeeze(rows, 1)
    if groups > 1 and groups == x.shape[-1] and len(set(strides)) == 1 and len(strides) == 2 and set(dilation) == {1}:
        return _depthwise(_padded(x, padding), kernel, strides)
    x, kernel = _padded(x, padding), _dilated(kernel, dilation)
    strides = (1, *strides, 1)
    native = tf.nn.conv2d if len(strides) == 4 else tf.nn.conv3d
    if groups == 1:
        return native(x, kernel, strides, "VALID")
    parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1), strict=True)
    return tf.concat([native(part, own, strides, "VALID") for part, own in parts], -1)


def _depthwise(x: Any, kernel: Any, strides: Sizes) -> Any:
    *window, _, filters = kernel.shape
    channels = x.shape[-1]
    own = tf.reshape(kernel, (*window, channels, filters // channels))
    return tf.nn.depthwise_conv2d(x, own, (1, *strides, 1), "VALID")


def _dilated(kernel: Any, dilation: Sizes) -> Any:
    """Put zeros between the taps of a kernel."""
    for axis, gap in enumerate(dilation):
        size = kernel.shape[axis]
        if gap > 1 and size > 1:
            shape = kernel.shape.as_list()
            added = [(0, gap - 1) if i == axis + 1 else (0, 0) for i in range(len(shape) + 1)]
            wide = tf.pad(tf.expand_dims(kernel, axis + 1), added)
            wide = tf.reshape(wide, (*shape[:axis], size * gap, *shape[axis + 1 :]))
            kernel = wide[(slice(None),) * axis + (slice(0, (size - 1) * gap + 1),)]
    return kernel


def convolution_transpose(
    x: Any, kernel: Any, strides: Sizes, padding: Any, output_size: Sizes, dilation: Sizes
) -> Any:
    if len(strides) == 1:
        arguments = (1, *strides), ((0, 0), *padding), (1, *output_size), (1, *dilation)
        return tf.squeeze(convolution_transpose(x[:, None], kernel[None], *arguments), 1)
    kernel = _dilated(kernel, dilation)
    # What the kernel reaches; the result is a part of it, or goes on with zeros.
    reach = [(n - 1) * s + w for n, s, w in zip(x.shape[1:-1], strides, kernel.shape[:-2], strict=True)]
    native = tf.raw_ops.Conv2DBackpropInput if len(strides) == 2 else tf.raw_ops.Conv3DBackpropInputV2
    sizes = tf.concat([tf.shape(x)[:1], [*reach, kernel.shape[-2]]], 0)
    steps = [1, *strides, 1]
    full = native(input_sizes=sizes, filter=kernel, out_backprop=x, strides=steps, padding="VALID")
    full = tf.ensure_shape(full, (x.shape[0], *reach, kernel.shape[-2]))
    kept = [slice(before, before + size) for (before, _), size in zip(padding, output_size, strict=True)]
    missing = [(0, max(part.stop - have, 0)) for part, have in zip(kept, reach, strict=True)]
    return _padded(full, missing)[(slice(None), *kept)]


def _pool_2d(x: Any, window: Sizes, strides: Sizes) -> Any:
    largest = tf.nn.max_pool2d(x, window, strides, "VALID")
    if not x.dtype.is_floating:
        return largest

    def marked() -> Any:
        marks = tf.nn.max_pool2d(tf.cast(tf.math.is_nan(x), x.dtype), window, strides, "VALID")
        return tf.where(marks > 0, tf.constant(float("nan"), x.dtype), largest)

    # The kernel overlooks NaN. The sum has one if an element has, in far less time than a second pooling takes. Where
    # opposite infinities make one, that does no harm.
    return tf.cond(tf.math.is_nan(tf.reduce_sum(x)), marked, lambda: largest)


def _slices(x: Any, window: Sizes, strides: Sizes) -> list:
    """Return for each place in the window the elements that stand there."""
    counts = [(size - one) // stride + 1 for size, one, stride in zip(x.shape[1:-1], window, strides, strict=True)]
    found = []
    for offsets in itertools.product(*map(range, window)):
        each = zip(offsets, counts, strides, strict=True)
        found.append(x[(slice(None), *(slice(o, o + (n - 1) * s + 1, s) for o, n, s in each))])
    return found


def _first_largest(a: Any, b: Any) -> Any:
    # NaN wins, and of equal values the first, which alone gets the gradient.
    return tf.where((a >= b) | (a != a), a, b)


def max_pooling(x: Any, window: Sizes, strides: Sizes, padding: Any) -> Any:
    before = before_relu(x)
    if before is not None:
        # The same values and gradients, and relu has a part of the elements only.
        return relu(max_pooling(before, window, strides, padding))
    lowest = float("-inf") if x.dtype.is_floating else x.dtype.min
    x = _padded(x, padding, tf.constant(lowest, x.dtype))
    if len(window) < 3 and x.dtype not in (tf.uint32, tf.uint64):
        if len(window) == 1:
            return tf.squeeze(_pool_2d(x[:, None], (1, *window), (1, *strides)), 1)
        return _pool_2d(x, window, strides)
    # The gradient of the kernel for three axes goes to all of equal values; some types have no kernel.
    return functools.reduce(_first_largest, _slices(x, window, strides))


def _average(x: Any, window: Sizes, strides: Sizes) -> Any:
    if len(window) == 3 and x.dtype == tf.float64:
        # For three axes there is no kernel of doubles.
        return tf.add_n(_slices(x, window, strides)) / math.prod(window)
    native = (tf.nn.avg_pool1d, tf.nn.avg_pool2d, tf.nn.avg_pool3d)[len(window) - 1]
    return native(x, window, strides, "VALID")


def _average_pooling(x: Any, window: Sizes, strides: Sizes, padding: Any) -> Any:
    mean = _average(_padded(x, padding), window, strides)
    if not any(map(any, padding)):
        return mean
    ones = _padded(tf.ones((1, *x.shape[1:-1], 1), x.dtype), padding)
    return mean / _average(ones, window, strides)


average_pooling = widened(_average_pooling, HALVES)
