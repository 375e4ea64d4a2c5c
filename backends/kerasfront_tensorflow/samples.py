"""Samples on the host as loops take them: read from the array's own memory where that can be, or copied.

TensorFlow reads memory from addresses that are multiples of 64, and NumPy's large arrays begin 16 bytes behind one.
"""

import math
import types
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from kerasfront.utils import aligned

# Bytes of data whose copies matter.
_LARGE = 1 << 20
# Larger arrays have pages of their own (glibc), and begin 16 bytes behind the first. Smaller ones begin anywhere, and
# each place would be traced as a graph of its own.
_LARGEST_ON_HEAP = 1 << 25
# What is copied in place of all: at most this part of it.
_MOST_BESIDE = 1 / 16


class Early(NamedTuple):
    """An array whose memory is shared from some numbers before the first one on, so that each row begins too early.

    The numbers before the first row are never used; they lie in the same line of the cache, so they can be read.
    """

    rows: Any
    """The array as a tensor, each number some places further back."""
    lasts: Any
    """A copy of as many last numbers of each sample, of shape (samples, places)."""
    flat: Any
    """All numbers in a row, those before the first sample too."""


def resident(array: np.ndarray) -> Any:
    """Return a host array as a tensor or as `Early`; None where TensorFlow itself has to make a tensor."""
    if not _stays_on_host(array):
        return None
    if aligned.is_aligned(array):
        return _shared(array)
    if array.nbytes < _LARGE:
        return None
    places = _places(array)
    # `tf.constant` makes two copies, and keeps the memory of one.
    return _early(array, places) if places else _shared(aligned.aligned(array))


def is_shared(array: np.ndarray) -> bool:
    """Return whether `resident` makes no copy worth mentioning."""
    return _stays_on_host(array) and (aligned.is_aligned(array) or _places(array) > 0)


def batch_of(samples: Any, first: Any, size: int, places: Any) -> Any:
    """Return the samples at some places of what is resident, or `size` of them from number `first` on."""
    if not isinstance(samples, Early):
        return tf.gather(samples, places) if places is not None else rows_from(samples, first, size)
    shape, early = samples.rows.shape[1:], samples.lasts.shape[1]
    numbers = math.prod(shape)
    if places is None:
        found = rows_from(samples.flat, tf.cast(first, tf.int64) * numbers + early, size * numbers)
    else:
        flat = tf.reshape(tf.gather(samples.rows, places), [-1, numbers])
        found = tf.concat([flat[:, early:], tf.gather(samples.lasts, places)], 1)
    return tf.reshape(found, [-1, *shape])


def rows_from(tensor: Any, first: Any, size: int) -> Any:
    """Return `size` rows of a tensor from number `first` on."""
    first = tf.convert_to_tensor(first)
    others = tensor.shape[1:]
    begin = tf.stack([first, *[tf.zeros((), first.dtype)] * len(others)])
    return tf.slice(tensor, begin, tf.constant([size, *others], first.dtype))


def _stays_on_host(array: np.ndarray) -> bool:
    return array.dtype.kind in "fiu" and not tf.config.list_logical_devices("GPU")


def _places(array: np.ndarray) -> int:
    """Return how many places the memory has to be shared too early; 0 where it is not worth it, or cannot be."""
    places, left = divmod(array.ctypes.data % aligned.ALIGNMENT, array.itemsize)
    plain = array.dtype.isnative and array.flags.carray and not left and array.nbytes > _LARGEST_ON_HEAP
    return places if plain and places <= array[0].size * _MOST_BESIDE else 0


def _early(array: np.ndarray, places: int) -> Early:
    start = array.ctypes.data - places * array.itemsize
    # It keeps the array, whose memory it describes.
    moved = types.SimpleNamespace(array=array)
    moved.__array_interface__ = {"version": 3, "typestr": array.dtype.str, "data": (start, False)}
    moved.__array_interface__["shape"] = (array.size + places,)
    flat = np.asarray(moved)
    lasts = array.reshape(len(array), -1)[:, -places:]
    return Early(_shared(flat[: array.size].reshape(array.shape)), _shared(aligned.aligned(lasts)), _shared(flat))


def _shared(array: np.ndarray) -> tf.Tensor:
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
