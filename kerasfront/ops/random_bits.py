"""The portable generator: 32 random bits as a function of (seed, counter, stream, index).

There is no state in here. A draw is named by three numbers, `seed`, `counter` and `stream`; they are hashed into a
key of three 32-bit words, and element `i` of the draw is a hash of `i` under that key. All arithmetic is on int32 with
wrap-around, which every engine computes alike, so the bits are the same on all of them, eager or compiled.

Each formula is written once, over a namespace `xp` that offers `add`, `multiply`, `bitwise_xor`, `bitwise_and`,
`bitwise_or`, `right_shift` and `flip`: NumPy itself on the host, ops on an engine. How the generator was tested is
told in docs/random.md.
"""

from __future__ import annotations

import math
import types
from typing import Any

import numpy as np

from kerasfront import errors
from kerasfront.backend.dispatch import WEAK, Shape, Tensor, derived, owner_of
from kerasfront.ops import creation, elementwise, movement

# A draw's flat index is an int32; more elements than this would have to repeat, so they are refused.
MAX_ELEMENTS = 2**31 - 1

# Round constants, so that seed 0 and counter 0 do not enter the hash as equal words (SHA-256's first words).
_START = (0x6A09E667, 0xBB67AE85 - (1 << 32))
_STREAM_STEP = 0x3C6EF372


def _int32(word: int) -> int:
    """The int32 with the bits of the unsigned 32-bit `word`."""
    return ((word & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000


def _xor_shift(xp: Any, x: Any, shift: int) -> Any:
    """`x ^ (x >> shift)` with a logical shift: int32 shifts keep the sign, so the copies of it are masked away."""
    return xp.bitwise_xor(x, xp.bitwise_and(xp.right_shift(x, shift), (1 << (32 - shift)) - 1))


def scramble(xp: Any, x: Any) -> Any:
    """A bijection of int32 in which each input bit flips each output bit with probability near 1/2.

    Source: C. Wellons, "triple32" of the hash-prospector project (bias 0.021 of 1000 per bit pair).
    """
    x = xp.multiply(_xor_shift(xp, x, 17), _int32(0xED5AD4BB))
    x = xp.multiply(_xor_shift(xp, x, 11), _int32(0xAC4C1B51))
    x = xp.multiply(_xor_shift(xp, x, 15), _int32(0x31848BAB))
    return _xor_shift(xp, x, 14)


def derive_key(xp: Any, words: Any, stream: int) -> tuple[Any, Any, Any]:
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


def element_bits(xp: Any, index: Any, key: tuple[Any, Any, Any]) -> Any:
    """The 32 random bits of each int32 `index` under `key`, an int32 of the same shape.

    An index walks from a random start in random odd strides and is scrambled by three rounds, a further key word
    entering before the second. Its starting point enters again before the third, which makes the whole a random
    function rather than a permutation (a permutation of 2^32 values never repeats, and a long draw would show it).

    Source: multipliers and shifts are those of C. Wellons, "triple32" of the hash-prospector project. Two rounds are
        too few: neighbouring elements come out too regular (docs/random.md).
    """
    start, stride, middle = key
    walk = xp.add(xp.multiply(index, stride), start)
    x = xp.multiply(_xor_shift(xp, walk, 17), _int32(0xED5AD4BB))
    x = xp.multiply(xp.add(_xor_shift(xp, x, 11), middle), _int32(0xAC4C1B51))
    x = xp.multiply(xp.add(_xor_shift(xp, x, 15), walk), _int32(0x31848BAB))
    return _xor_shift(xp, x, 14)


def element_count(shape: tuple[int, ...]) -> int:
    """The number of elements of a draw of this shape.

    Raises:
        ValueError: there are more than 2^31 - 1, which one key cannot number without repeating.
    """
    count = math.prod(shape)
    if count > MAX_ELEMENTS:
        raise errors.OpError(
            f"random: the draw is too large. Expected at most {MAX_ELEMENTS} elements; got shape {tuple(shape)} "
            f"with {count}. Draw it in parts, each with its own seed."
        )
    return count


_ON_ENGINES = types.SimpleNamespace(
    add=elementwise.add,
    multiply=elementwise.multiply,
    bitwise_and=elementwise.bitwise_and,
    bitwise_or=elementwise.bitwise_or,
    bitwise_xor=elementwise.bitwise_xor,
    right_shift=elementwise.right_shift,
    flip=movement.flip,
)


@derived
def random_bits(words: Any, shape: Shape, stream: int = 0) -> Tensor:
    """Draw 32 random bits for each element of a shape.

    Shapes: words (2,) -> `shape`.
    Dtypes: int32 -> int32, all of whose values are equally likely.

    Args:
        words: the pair [seed, counter] that names the draw: a host array, whose key is derived on the host, or a tensor
            of the active engine.
        shape: at most 2^31 - 1 elements.
        stream: a number from 0 to 2^31 - 1; separates several draws that share seed and counter.

    Returns:
        The same bits on every engine, eager and compiled: those of `kerasfront.random.generator.host_bits`.

    Raises:
        ValueError: the shape has too many elements.

    Example:
        >>> import kerasfront as keras
        >>> keras.ops.random_bits([0, 0], (2, 3)).shape == (2, 3)
        True
    """
    if None in shape:
        return creation.zeros(shape, dtype="int32")
    count = element_count(shape)
    if owner_of(words) is WEAK:
        key = derive_key(np, np.asarray(words, "int32"), stream)
    else:
        key = derive_key(_ON_ENGINES, words, stream)
    return movement.reshape(element_bits(_ON_ENGINES, creation.arange(count, dtype="int32"), key), shape)
