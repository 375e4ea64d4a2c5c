"""Reading and writing by position."""

from typing import Any

import tensorflow as tf

from kerasfront_tensorflow.ops.kernel import BOOL, widened


def basic_getitem(x: Any, key: tuple) -> Any:
    return x[key] if key else x


def _integers(indices: Any) -> Any:
    """Return indices in a type that TensorFlow indexes with."""
    return tf.cast(indices, tf.int64 if indices.dtype in (tf.int64, tf.uint32, tf.uint64) else tf.int32)


def _from_the_front(indices: Any, size: Any) -> Any:
    indices = _integers(indices)
    return tf.where(indices < 0, indices + tf.cast(size, indices.dtype), indices)


def _missing(dtype: Any) -> Any:
    if dtype.is_floating or dtype.is_complex:
        return tf.constant(float("nan"), dtype)
    return tf.constant(False if dtype == tf.bool else dtype.min, dtype)


def gather(x: Any, indices: Any, axis: int) -> Any:
    size = x.shape[axis]
    indices = _from_the_front(indices, size)
    if tf.executing_eagerly():
        # The front has checked the values.
        return tf.gather(x, indices, axis=axis)
    if x.shape.num_elements() == 0:
        return tf.fill((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), _missing(x.dtype))
    inside = (indices >= 0) & (indices < size)
    found = tf.gather(x, tf.where(inside, indices, tf.zeros_like(indices)), axis=axis)
    inside = tf.reshape(inside, (*_sizes(indices), *(1,) * (len(x.shape) - axis - 1)))
    return tf.where(inside, found, _missing(x.dtype))


def _sizes(x: Any) -> list:
    """Return the sizes of a tensor, as tensors where they are not known."""
    return [known if known is not None else tf.shape(x)[i] for i, known in enumerate(x.shape)]


def _broadcast_but(x: Any, other: Any, axis: int) -> Any:
    """Broadcast all axes but one to those of another tensor."""
    each = enumerate(zip(_sizes(x), _sizes(other), strict=True))
    sizes = [mine if i == axis or theirs == 1 else theirs for i, (mine, theirs) in each]
    return x if sizes == list(x.shape) else tf.broadcast_to(x, sizes)


def _last(x: Any, axis: int) -> Any:
    """Exchange an axis with the last one; once more puts it back."""
    order = list(range(len(x.shape)))
    order[axis], order[-1] = order[-1], order[axis]
    return x if axis == len(order) - 1 else tf.transpose(x, order)


def gather_along_axis(x: Any, indices: Any, axis: int) -> Any:
    size = x.shape[axis]
    indices = _from_the_front(indices, size)
    x, indices = _last(_broadcast_but(x, indices, axis), axis), _last(_broadcast_but(indices, x, axis), axis)
    rank = len(x.shape) - 1
    if tf.executing_eagerly():
        return _last(tf.gather(x, indices, batch_dims=rank), axis)
    if x.shape.num_elements() == 0:
        return _last(tf.fill(indices.shape, _missing(x.dtype)), axis)
    inside = (indices >= 0) & (indices < size)
    found = tf.gather(x, tf.where(inside, indices, tf.zeros_like(indices)), batch_dims=rank)
    return _last(tf.where(inside, found, _missing(x.dtype)), axis)


def _block_start(start: Any, whole: tuple, part: tuple) -> Any:
    # In a graph a block that goes beyond the end is moved back, as nothing can be raised there.
    return tf.clip_by_value(tf.cast(start, tf.int32), 0, [size - own for size, own in zip(whole, part, strict=True)])


def dynamic_slice(inputs: Any, start_indices: Any, shape: tuple) -> Any:
    return tf.slice(inputs, _block_start(start_indices, inputs.shape, shape), shape) if shape else inputs


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    if not inputs.shape:
        return updates
    begin = _block_start(start_indices, inputs.shape, updates.shape)
    steps = [1] * len(inputs.shape)
    end = begin + updates.shape.as_list()
    return tf.raw_ops.TensorStridedSliceUpdate(input=inputs, begin=begin, end=end, strides=steps, value=updates)


def _places(inputs: Any, indices: Any, updates: Any) -> tuple[Any, Any]:
    """Return indices counted from the front, and updates in the shape that goes with them."""
    depth = indices.shape[-1]
    indices = _from_the_front(indices, inputs.shape[:depth].as_list())
    return indices, tf.broadcast_to(updates, (*_sizes(indices)[:-1], *inputs.shape[depth:]))


def scatter_add(inputs: Any, indices: Any, updates: Any) -> Any:
    return widened(tf.tensor_scatter_nd_add, BOOL)(inputs, *_places(inputs, indices, updates))


def scatter_set(inputs: Any, indices: Any, updates: Any) -> Any:
    return tf.tensor_scatter_nd_update(inputs, *_places(inputs, indices, updates))


def sort_key(x: Any) -> Any:
    """Return signed integers in the order of the values, NaN last.

    The bits of positive floats grow with them; those of negative ones fall, so all but the sign are inverted.
    """
    dtype = x.dtype
    if dtype == tf.uint64:
        return tf.bitcast(tf.bitwise.bitwise_xor(x, tf.constant(1 << 63, dtype)), tf.int64)
    if not dtype.is_floating:
        return tf.cast(x, tf.int64 if dtype in (tf.int64, tf.uint32) else tf.int32)
    x = x if dtype in (tf.float32, tf.float64) else tf.cast(x, tf.float32)
    # -0 and 0 are equal (adding 0 would do, but graphs leave it out); all NaN become one, a positive one.
    x = tf.where(tf.equal(x, 0), tf.zeros((), x.dtype), x)
    x = tf.where(tf.math.is_nan(x), tf.constant(float("nan"), x.dtype), x)
    bits = tf.bitcast(x, tf.int32 if x.dtype == tf.float32 else tf.int64)
    return tf.where(bits < 0, tf.bitwise.bitwise_xor(bits, tf.constant(bits.dtype.max, bits.dtype)), bits)


def stable_argsort(x: Any, axis: int) -> Any:
    if not x.shape:
        return tf.zeros((), tf.int32)
    # `top_k` keeps the order of equal values; inverting all bits turns the order of integers round.
    key = tf.bitwise.invert(sort_key(_last(x, axis)))
    return _last(tf.math.top_k(key, x.shape[axis] if x.shape[axis] is not None else tf.shape(x)[axis]).indices, axis)


def sort_along(x: Any, axis: int) -> Any:
    if not x.shape:
        return x
    x = _last(x, axis)
    order = stable_argsort(x, len(x.shape) - 1)
    return _last(tf.gather(x, order, batch_dims=len(x.shape) - 1), axis)


def searchsorted(sorted_sequence: Any, values: Any, side: str) -> Any:
    if 0 in values.shape:
        # The kernel refuses to search for nothing in a graph.
        return tf.zeros(values.shape, tf.int32)
    # As keys NaN has a place, and all types have a kernel.
    found = tf.searchsorted(sort_key(sorted_sequence), tf.reshape(sort_key(values), (-1,)), side)
    return tf.reshape(found, _sizes(values))


def nonzero(x: Any) -> tuple:
    found = tf.cast(tf.where(x if x.dtype == tf.bool else tf.not_equal(x, tf.zeros_like(x))), tf.int32)
    return tuple(tf.unstack(found, len(x.shape), axis=1))
