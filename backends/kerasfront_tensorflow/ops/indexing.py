"""Reading and writing by position."""

from typing import Any

import tensorflow as tf


def basic_getitem(x: Any, key: tuple) -> Any:
    return x[key] if key else x


def _indices(indices: Any, size: int) -> Any:
    """Count negative indices from the front, in a type that TensorFlow indexes with."""
    indices = tf.cast(indices, tf.int64 if indices.dtype in (tf.int64, tf.uint32, tf.uint64) else tf.int32)
    return tf.where(indices < 0, indices + size, indices)


def _missing(dtype: Any) -> Any:
    if dtype.is_floating or dtype.is_complex:
        return tf.constant(float("nan"), dtype)
    return tf.constant(dtype.min if dtype != tf.bool else False, dtype)


def gather(x: Any, indices: Any, axis: int) -> Any:
    size = x.shape[axis]
    indices = _indices(indices, size)
    if tf.executing_eagerly():
        # The front has checked the values.
        return tf.gather(x, indices, axis=axis)
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    if size == 0:
        return tf.fill(shape, _missing(x.dtype))
    inside = (indices >= 0) & (indices < size)
    found = tf.gather(x, tf.where(inside, indices, tf.zeros_like(indices)), axis=axis)
    inside = tf.reshape(inside, (*indices.shape, *(1,) * (len(x.shape) - axis - 1)))
    return tf.where(inside, found, _missing(x.dtype))
