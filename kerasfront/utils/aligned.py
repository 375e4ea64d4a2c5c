"""Arrays whose memory engines can take as it is: numbers in a row, from an address that suits their kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

# Bytes, of which addresses have to be multiples: what the widest instructions and a line of the cache take.
ALIGNMENT = 64


def is_aligned(array: np.ndarray) -> bool:
    """Return whether an engine can take the memory of an array: it may be written to as well."""
    return array.dtype.isnative and array.flags.carray and array.ctypes.data % ALIGNMENT == 0


def empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Return an aligned array with nothing in it yet.

    Args:
        shape: of the array.
        dtype: of its numbers.

    Example:
        >>> from kerasfront.utils import aligned
        >>> aligned.is_aligned(aligned.empty((2, 3), "float32"))
        True
    """
    dtype = np.dtype(dtype)
    size = int(np.prod(shape, dtype="int64")) * dtype.itemsize
    memory = np.empty(size + ALIGNMENT, "uint8")
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)


def aligned(array: np.ndarray) -> np.ndarray:
    """Return the array, or a copy of it that is aligned."""
    if is_aligned(array):
        return array
    copy = empty(array.shape, array.dtype)
    copy[...] = array
    return copy
