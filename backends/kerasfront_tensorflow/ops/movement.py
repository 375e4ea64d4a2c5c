"""Primitives that move elements."""

from typing import Any

import tensorflow as tf

reshape = tf.reshape
permute_axes = tf.transpose
broadcast_to = tf.broadcast_to
concatenate = tf.concat
reverse = tf.reverse


def pad_constant(x: Any, pad_width: Any, constant: Any) -> Any:
    return tf.pad(x, pad_width, constant_values=constant)
