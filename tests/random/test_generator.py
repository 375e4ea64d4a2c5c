"""The host generator: recorded bits, a second implementation in Python integers, and orders."""

import numpy as np
import pytest

from kerasfront.ops.random_bits import MAX_ELEMENTS, element_count
from kerasfront.random.generator import host_bits, host_permutation
from kerasfront.state.seed import host_words

WORD = 0xFFFFFFFF
# Recorded with the first version; `_word` below gives the same bits.
GOLDEN = [570892652, 807242007, 4231919462, 4273851043]
GOLDEN_ORDER = [7, 1, 2, 4, 3, 0, 5, 6]


def _scramble(x):
    for shift, factor in ((17, 0xED5AD4BB), (11, 0xAC4C1B51), (15, 0x31848BAB)):
        x = ((x ^ (x >> shift)) * factor) & WORD
    return x ^ (x >> 14)


def _word(seed, counter, stream, index):
    """The generator in unsigned Python integers, written from its description and not from its code."""
    step = stream * 0x3C6EF372
    a = _scramble((seed + 0x6A09E667 + step) & WORD)
    b = _scramble((counter + 0xBB67AE85 + step) & WORD)
    start, middle = _scramble(a ^ counter), _scramble(b ^ seed)
    stride = _scramble((start * 0x9E3779B9 + middle) & WORD) | 1
    walk = (index * stride + start) & WORD
    x = ((walk ^ (walk >> 17)) * 0xED5AD4BB) & WORD
    x = (((x ^ (x >> 11)) + middle) * 0xAC4C1B51) & WORD
    x = (((x ^ (x >> 15)) + walk) * 0x31848BAB) & WORD
    return x ^ (x >> 14)


@pytest.mark.parametrize(
    "seed, counter, stream", [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (2**32 - 1, 2**32 - 1, 101)]
)
def test_bits_are_those_of_the_formula_in_unsigned_integers(seed, counter, stream):
    expected = [_word(seed, counter, stream, index) for index in range(300)]
    assert host_bits(seed, counter, (300,), stream).tolist() == expected


def test_bits_do_not_change_between_versions():
    assert host_bits(0, 0, (4,)).tolist() == GOLDEN
    assert host_permutation(8, seed=5, counter=2).tolist() == GOLDEN_ORDER


def test_blocks_do_not_show():
    long = host_bits(9, 4, (100_000,))
    assert [int(long[i]) for i in (0, 32767, 32768, 65535, 65536, 99_999)] == [
        _word(9, 4, 0, i) for i in (0, 32767, 32768, 65535, 65536, 99_999)
    ]


def test_shape_does_not_matter_to_the_bits():
    assert np.array_equal(host_bits(1, 2, (6, 7)).ravel(), host_bits(1, 2, (42,)))
    assert host_bits(1, 2, ()).shape == ()
    assert host_bits(1, 2, (0, 3)).shape == (0, 3)


@pytest.mark.parametrize("seed", [0, 2**31, 2**32, 2**40, 3**80, -(2**40)])
def test_all_integers_are_seeds_and_differ(seed):
    assert host_words(seed, 0).dtype == "int32"
    assert not np.array_equal(host_bits(seed, 0, (4,)), host_bits(seed + 1, 0, (4,)))
    assert not np.array_equal(host_bits(seed, 0, (4,)), host_bits(seed + 2**32, 0, (4,)))


def test_small_negative_seeds_count_down_from_2_to_the_32():
    assert np.array_equal(host_words(-3, 0), host_words(2**32 - 3, 0))


def test_a_draw_that_would_repeat_is_refused():
    assert element_count((MAX_ELEMENTS,)) == MAX_ELEMENTS
    with pytest.raises(ValueError, match=r"too large. Expected at most 2147483647 elements"):
        host_bits(0, 0, (2**16, 2**15))


@pytest.mark.parametrize("n", [0, 1, 2, 1000])
def test_permutation_holds_each_number_once(n):
    order = host_permutation(n, seed=3, counter=0)
    assert order.dtype == "int64" and sorted(order.tolist()) == list(range(n))


def test_permutations_of_other_counters_and_seeds_differ():
    orders = {tuple(host_permutation(20, seed, counter)) for seed in range(10) for counter in range(10)}
    assert len(orders) == 100


def test_permutation_puts_each_number_everywhere_equally_often():
    orders = np.stack([host_permutation(10, 1, counter) for counter in range(5000)])
    table = np.stack([np.bincount(orders[:, place], minlength=10) for place in range(10)])
    statistic = ((table - 500.0) ** 2 / 500.0).sum() * 9 / 10
    assert abs(statistic - 81) < 5 * np.sqrt(2 * 81)  # chi-square with 9 * 9 degrees of freedom
