"""The portable generator on the host: the bits and orders that every engine draws, as NumPy arrays."""

from __future__ import annotations

import numpy as np

from kerasfront.ops.random_bits import derive_key, element_bits, element_count
from kerasfront.state.seed import host_words

# The stream of permutations. Samplers use streams below 101.
STREAM_PERMUTATION = 101

# Long draws are made in blocks that stay in a core's cache.
_BLOCK = 1 << 15


def host_bits(seed: int, counter: int, shape: tuple[int, ...], stream: int = 0) -> np.ndarray:
    """Draw random bits on the host: those that every engine draws for the same arguments.

    Args:
        seed: any integer.
        counter: which draw of this seed; taken modulo 2^32.
        shape: of the result.
        stream: separates several draws that share seed and counter.

    Returns:
        An array of uint32.

    Raises:
        ValueError: more than 2^31 - 1 elements.

    Example:
        >>> host_bits(0, 0, (3,)).dtype
        dtype('uint32')
    """
    return words_to_bits(host_words(seed, counter), shape, stream).view("uint32")


def words_to_bits(words: np.ndarray, shape: tuple[int, ...], stream: int) -> np.ndarray:
    """The int32 bits of a draw on the host, given its int32 pair [seed, counter]."""
    count = element_count(shape)
    key = derive_key(np, words, stream)
    bits = np.empty(count, "int32")
    for first in range(0, count, _BLOCK):
        last = min(first + _BLOCK, count)
        bits[first:last] = element_bits(np, np.arange(first, last, dtype="int32"), key)
    return bits.reshape(shape)


def host_permutation(n: int, seed: int, counter: int) -> np.ndarray:
    """Return a random order of `range(n)` as int64, the same on every machine and engine.

    Example:
        >>> sorted(host_permutation(4, seed=1, counter=0).tolist())
        [0, 1, 2, 3]
    """
    bits = host_bits(seed, counter, (n,), STREAM_PERMUTATION)
    # Sorting (bits, index) packed into one word settles ties by the index and is faster than a stable argsort.
    # The order is that of signed words, so that `shuffle` finds the same on an engine.
    signed_order = (bits ^ np.uint32(0x80000000)).astype("uint64")
    packed = (signed_order << np.uint64(32)) | np.arange(n, dtype="uint64")
    packed.sort()
    return (packed & np.uint64(0xFFFFFFFF)).astype("int64")
