"""Reductions and running totals."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kerasfront_tensorflow.ops.kernel import HALVES, INTEGERS, widened

sum = widened(tf.reduce_sum, INTEGERS, HALVES)
product = widened(tf.reduce_prod, INTEGERS, HALVES)
any = tf.reduce_any
all = tf.reduce_all


def _extremum(native: Callable, on_bool: Callable) -> Callable:
    def run(x: Any, axis: tuple, keepdims: bool) -> Any:
        if x.shape.num_elements() == 0 and 0 in [x.shape[i] for i in axis]:
            # TensorFlow gives infinity; refusing makes dispatch explain.
            raise ValueError("no elements")
        return (on_bool if x.dtype == tf.bool else native)(x, axis, keepdims)

    return widened(run, {tf.uint32: tf.int64})


reduce_max = _extremum(tf.reduce_max, tf.reduce_any)
reduce_min = _extremum(tf.reduce_min, tf.reduce_all)


def _position(native: Callable, x: Any, axis: int | None, keepdims: bool) -> Any:
    rank = len(x.shape)
    flat = tf.reshape(x, (-1,)) if axis is None else x
    if flat.dtype == tf.bool:
        flat = tf.cast(flat, tf.int32)
    found = native(flat, axis or 0, tf.int32)
    if flat.dtype.is_floating:
        # The kernel overlooks NaN.
        bad = tf.math.is_nan(flat)
        found = tf.where(tf.reduce_any(bad, axis or 0), tf.argmax(tf.cast(bad, tf.int32), axis or 0, tf.int32), found)
    if not keepdims:
        return found
    return tf.reshape(found, (1,) * rank) if axis is None else tf.expand_dims(found, axis)


def argmax(x: Any, axis: int | None, keepdims: bool) -> Any:
    return _position(tf.argmax, x, axis, keepdims)


def argmin(x: Any, axis: int | None, keepdims: bool) -> Any:
    return _position(tf.argmin, x, axis, keepdims)


def running_sum(x: Any, axis: int, dtype: str) -> Any:
    return widened(tf.cumsum, INTEGERS)(tf.cast(x, dtype), axis)


def running_product(x: Any, axis: int, dtype: str) -> Any:
    x = tf.cast(x, dtype)
    if not (x.dtype.is_floating or x.dtype.is_complex):
        return widened(tf.math.cumprod, INTEGERS)(x, axis)
    # TensorFlow's gradient divides by the values. Here each round multiplies by the product that ends `shift` places
    # before.
    shift, size, before = 1, x.shape[axis], (slice(None),) * axis
    while shift < size:
        head, tail = x[(*before, slice(None, shift))], x[(*before, slice(shift, None))]
        x = tf.concat([head, tail * x[(*before, slice(None, size - shift))]], axis)
        shift *= 2
    return x
