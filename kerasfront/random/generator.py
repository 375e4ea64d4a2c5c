"""The portable generator: 32 random bits as a function of (seed, counter, stream, index).

There is no state in here. A draw is named by three numbers, `seed`, `counter` and `stream`; they are hashed into a
key of three 32-bit words, and element `i` of the draw is a hash of `i` under that key. All arithmetic is on int32 with
wrap-around, which every engine computes alike, so the bits are the same on all of them, eager or compiled.

Each formula is written once, over a namespace `xp` that offers `add`, `multiply`, `bitwise_xor`, `bitwise_and`,
`bitwise_or`, `right_shift` and `flip`: NumPy itself on the host, `kerasfront.ops` on an engine.
"""

import math

import numpy as np

from kerasfront.state.seed import host_words

# A draw's flat index is an int32; more elements than this would have to repeat, so they are refused.
MAX_ELEMENTS = 2**31 - 1

# The host works through long draws in blocks that stay in a core's cache.
_BLOCK = 1 << 15

# Streams separate the draws that one (seed, counter) pair feeds. Samplers use the small numbers.
STREAM_PERMUTATION = 101
STREAM_SEEDS = 102

# Round constants, so that seed 0 and counter 0 do not enter the hash as equal words (SHA-256's first words).
_START = (0x6A09E667, 0xBB67AE85 - (1 << 32))
_STREAM_STEP = 0x3C6EF372


def _int32(word: int) -> int:
    """The int32 with the bits of the unsigned 32-bit `word`."""
    return ((word & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000


def _xor_shift(xp, x, shift: int):
    """`x ^ (x >> shift)` with a logical shift: int32 shifts keep the sign, so the copies of it are masked away."""
    return xp.bitwise_xor(x, xp.bitwise_and(xp.right_shift(x, shift), (1 << (32 - shift)) - 1))


def scramble(xp, x):
    """A bijection of int32 in which each input bit flips each output bit with probability near 1/2.

    Source: C. Wellons, "triple32" of the hash-prospector project (bias 0.021 of 1000 per bit pair).
    """
    x = xp.multiply(_xor_shift(xp, x, 17), _int32(0xED5AD4BB))
    x = xp.multiply(_xor_shift(xp, x, 11), _int32(0xAC4C1B51))
    x = xp.multiply(_xor_shift(xp, x, 15), _int32(0x31848BAB))
    return _xor_shift(xp, x, 14)


def derive_key(xp, words, stream: int):
    """Hash the int32 pair `words` = [seed, counter] and a static `stream` into the key words (start, stride, middle).

    Each word meets the other after both have been scrambled, so neighbouring seeds and counters give unrelated keys,
    and for one seed (one counter) `start` (`middle`) never repeats over all 2^32 counters (seeds).

    Args:
        xp: the namespace to compute in.
        words: int32, shape (2,), or (2, n) for n keys at once.
        stream: separates the draws that share seed and counter.

    Returns:
        Three int32 tensors of shape (1,) or (1, n); `stride` is odd.
    """
    step = stream * _STREAM_STEP
    start = np.asarray([_int32(word + step) for word in _START], "int32").reshape((2,) + (1,) * (len(words.shape) - 1))
    mixed = scramble(xp, xp.add(words, start))
    mixed = scramble(xp, xp.bitwise_xor(mixed, xp.flip(words, axis=0)))
    both = scramble(xp, xp.add(xp.multiply(mixed[0:1], _int32(0x9E3779B9)), mixed[1:2]))
    return mixed[0:1], xp.bitwise_or(both, 1), mixed[1:2]


def element_bits(xp, index, key):
    """The 32 random bits of each int32 `index` under `key`, an int32 of the same shape.

    An index walks from a random start in random odd strides, is scrambled by two multiplications with a further key
    word between them, and is combined with its own starting point, which makes the whole a random function rather
    than a permutation (a permutation of 2^32 values never repeats, and a long draw would show it).

    Source: the two multipliers are those of C. Wellons, "lowbias32" of the hash-prospector project.
    """
    start, stride, middle = key
    walk = xp.add(xp.multiply(index, stride), start)
    x = xp.multiply(_xor_shift(xp, walk, 16), 0x7FEB352D)
    x = xp.add(_xor_shift(xp, x, 15), middle)
    x = xp.multiply(x, _int32(0x846CA68B))
    return xp.bitwise_xor(_xor_shift(xp, x, 16), walk)


def element_count(shape: tuple[int, ...]) -> int:
    """The number of elements of a draw of this shape.

    Raises:
        ValueError: there are more than 2^31 - 1, which one key cannot number without repeating.
    """
    count = math.prod(shape)
    if count > MAX_ELEMENTS:
        raise ValueError(
            f"random: the draw is too large. Expected at most {MAX_ELEMENTS} elements; got shape {tuple(shape)} "
            f"with {count}. Draw it in parts, each with its own seed."
        )
    return count


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
