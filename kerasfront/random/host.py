"""The namespace in which samplers run on the host: the ops they use, as NumPy functions on plain arrays.

Samplers are written over a namespace `xp`, either this module or `kerasfront.ops`.
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from kerasfront.random.generator import words_to_bits

abs, floor, negative = np.abs, np.floor, np.negative
add, subtract, multiply, minimum, maximum = np.add, np.subtract, np.multiply, np.minimum, np.maximum
less, less_equal, greater, greater_equal, logical_and = (
    np.less, np.less_equal, np.greater, np.greater_equal, np.logical_and,
)  # fmt: skip
bitwise_and, bitwise_or, bitwise_xor = np.bitwise_and, np.bitwise_or, np.bitwise_xor
left_shift, right_shift = np.left_shift, np.right_shift
where, broadcast_to, zeros = np.where, np.broadcast_to, np.zeros


def random_bits(words: np.ndarray, shape: tuple[int, ...], stream: int = 0) -> np.ndarray:
    """The int32 bits of a draw."""
    return words_to_bits(words, shape, stream)


def cast(x: Any, dtype: str) -> np.ndarray:
    """The values in another dtype."""
    return np.asarray(x).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)


def view(x: Any, dtype: str) -> np.ndarray:
    """The bits read as another dtype of the same width."""
    return np.asarray(x).view(dtype)


def convert_to_tensor(x: Any, dtype: str) -> np.ndarray:
    """An array of that dtype."""
    return np.asarray(x, dtype)


def take(x: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """The elements at the indices."""
    return x[indices]
