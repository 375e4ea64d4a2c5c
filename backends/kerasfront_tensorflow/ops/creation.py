"""Primitives that make tensors."""

from typing import Any

import tensorflow as tf


def filled(shape: tuple, fill_value: Any, dtype: str) -> Any:
    return tf.fill(shape, fill_value)


def count_up(size: int, dtype: str) -> Any:
    return tf.range(size, dtype=dtype)
