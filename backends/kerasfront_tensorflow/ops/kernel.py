"""Types for which TensorFlow has no kernel on some device: computed in a wider one."""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

SMALL = {tf.int8: tf.int32, tf.int16: tf.int32, tf.uint8: tf.int32, tf.uint16: tf.int32}
# Sums, products and bits of a wider integer, cut to 32 bits, are those of the narrower one.
INTEGERS = {**SMALL, tf.uint32: tf.int64, tf.uint64: tf.int64}
BOOL = {tf.bool: tf.int32}
HALVES = {tf.float16: tf.float32, tf.bfloat16: tf.float32}


def widened(function: Callable, *tables: dict) -> Callable:
    """Return the function with arguments of the types in the tables cast up, and its result cast back."""
    wider = {key: value for table in tables for key, value in table.items()}

    @functools.wraps(function)
    def run(x: Any, *rest: Any) -> Any:
        wide = wider.get(x.dtype)
        if wide is None:
            return function(x, *rest)
        same = [tf.cast(one, wide) if isinstance(one, tf.Tensor) and one.dtype == x.dtype else one for one in rest]
        result = function(tf.cast(x, wide), *same)
        if isinstance(result, tuple):
            return tuple(tf.cast(part, x.dtype) if part.dtype == wide else part for part in result)
        return tf.cast(result, x.dtype) if result.dtype == wide else result

    return run
