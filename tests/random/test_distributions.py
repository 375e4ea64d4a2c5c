"""What is drawn has the distribution it should: on the NumPy engine, since the bits are the same on all."""

import numpy as np
import pytest
from scipy import stats

from kerasfront import ops, random
from kerasfront.backend import registry
from kerasfront.random import quantiles

N = 200_000
SMALLEST_P = 1e-5


@pytest.fixture(autouse=True)
def numpy_engine():
    with registry.scope("numpy"):
        yield


CONTINUOUS = {
    "uniform": (lambda: random.uniform((N,), -2.0, 3.0, seed=1), stats.uniform(-2, 5)),
    "uniform float64": (lambda: random.uniform((N,), dtype="float64", seed=1), stats.uniform()),
    "normal": (lambda: random.normal((N,), 1.0, 2.0, seed=2), stats.norm(1, 2)),
    "normal float64": (lambda: random.normal((N,), dtype="float64", seed=2), stats.norm()),
    "truncated normal": (lambda: random.truncated_normal((N,), 1.0, 2.0, seed=3), stats.truncnorm(-2, 2, 1, 2)),
    **{f"gamma {a}": (lambda a=a: random.gamma((N,), a, seed=4), stats.gamma(a)) for a in (0.3, 1.0, 2.5, 40.0)},
    **{
        f"beta {a} {b}": (lambda a=a, b=b: random.beta((N,), a, b, seed=5), stats.beta(a, b))
        for a, b in ((0.5, 0.5), (2.0, 5.0))
    },
}
WHOLE = {
    **{f"randint {n}": (lambda n=n: random.randint((N,), 0, n, seed=6), stats.randint(0, n)) for n in (2, 10, 1000)},
    **{
        f"binomial {n} {p}": (lambda n=n, p=p: random.binomial((N,), n, p, seed=7), stats.binom(n, p))
        for n, p in ((5, 0.3), (40, 0.02), (20, 0.5), (20, 0.9), (100, 0.3), (100_000, 0.4))
    },
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_draws_follow_the_distribution_function(name):
    draw, law = CONTINUOUS[name]
    drawn = np.asarray(draw(), "float64")
    assert stats.kstest(drawn, law.cdf).pvalue > SMALLEST_P
    mean, variance, kurtosis = (float(moment) for moment in law.stats("mvk"))
    assert abs(drawn.mean() - mean) < 5 * np.sqrt(variance / N)
    assert abs(((drawn - mean) ** 2).mean() - variance) < 5 * variance * np.sqrt((kurtosis + 2) / N)


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_come_as_often_as_they_should(name):
    draw, law = WHOLE[name]
    drawn = np.asarray(draw()).astype("int64")
    edges = np.unique(law.ppf(np.linspace(0.001, 0.999, 100)).astype("int64"))
    expected = np.diff(np.concatenate([[0.0], law.cdf(edges), [1.0]])) * N
    observed = np.bincount(np.searchsorted(edges, drawn), minlength=edges.size + 1)
    assert observed[expected == 0].sum() == 0
    enough = expected > 5
    assert stats.chisquare(observed[enough], expected[enough], sum_check=False).pvalue > SMALLEST_P


@pytest.mark.parametrize("distribution, law", [
    ("normal", stats.norm()), ("truncated_normal", stats.truncnorm(-2, 2)),
    ("exponential", stats.expon()), ("gumbel", stats.gumbel_r()),
])  # fmt: skip
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_quantile_tables_are_exact_to_2e5(distribution, law, dtype):
    values, slopes = quantiles.table(distribution, dtype)
    tails = np.unique(np.concatenate([np.exp2(np.linspace(0, 31, 40_000)).astype("int64") | 1, [1, 3, 2**31 - 1]]))
    patterns = tails.astype("float32").view("int32")
    cells = (patterns >> quantiles.MANTISSA_SHIFT) - quantiles.FIRST_CELL
    bits = quantiles.FRACTION_BITS[dtype]
    fraction = (patterns & 0xFFFF) >> 4 if bits == 12 else (patterns.astype("int64") & 0xFFFF) << 13
    for upper, exact in ((False, law.ppf), (True, law.isf)):
        shifted = cells + quantiles.CELLS * upper
        drawn = values[shifted].astype("float64") + fraction * slopes[shifted].astype("float64")
        assert np.abs(drawn - exact(tails * 2.0**-32)).max() < 2e-5


@pytest.mark.parametrize("distribution", ["normal", "truncated_normal", "exponential", "gumbel"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_of_the_tables_are_exact(distribution, dtype):
    _, slopes = quantiles.table(distribution, dtype)
    bits = quantiles.FRACTION_BITS[dtype]
    digits = np.ldexp(np.frexp(slopes.astype("longdouble"))[0], np.finfo(dtype).nmant + 1 - bits)
    assert np.array_equal(digits, np.rint(digits))


def test_normal_draws_reach_beyond_six_deviations():
    values, _ = quantiles.table("normal", "float32")
    assert values.min() < -6.2 and values.max() > 6.2


def test_truncated_normal_stays_within_two_deviations():
    drawn = ops.convert_to_numpy(random.truncated_normal((2_000_000,), seed=1))
    assert np.abs(drawn).max() <= 2.0 and np.abs(drawn).max() > 1.99999


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_uniform_never_reaches_its_upper_bound(dtype):
    for low, high in ((0.0, 1.0), (-1.0, 1.0), (2.0, 2.125)):
        drawn = np.asarray(random.uniform((1_000_000,), low, high, dtype=dtype, seed=1), "float64")
        assert drawn.min() >= low and drawn.max() < high
        assert drawn.max() - drawn.min() > 0.97 * (high - low) * (dtype != "bfloat16" or high < 2)


def test_empty_interval_gives_its_bound():
    assert np.array_equal(random.uniform((3,), 0.3, 0.3, seed=1), np.full(3, 0.3, "float32"))


def test_categorical_follows_the_softmax():
    probabilities = np.asarray([[0.1, 0.2, 0.3, 0.4], [0.97, 0.01, 0.01, 0.01]])
    drawn = random.categorical(np.log(probabilities).astype("float32"), N, seed=2)
    for row, expected in zip(np.asarray(drawn), probabilities, strict=True):
        assert stats.chisquare(np.bincount(row, minlength=4), expected * N).pvalue > SMALLEST_P


def test_categorical_never_draws_a_class_of_minus_infinity():
    drawn = random.categorical(np.asarray([[0.0, -np.inf, 1.0]], "float32"), 10_000, seed=2)
    assert set(np.unique(drawn)) == {0, 2}


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_the_rate_and_keeps_the_mean(rate):
    dropped = np.asarray(random.dropout(np.full((N,), 3.0, "float32"), rate, seed=3))
    zeros = (dropped == 0).mean()
    assert abs(zeros - rate) < 5 * np.sqrt(rate * (1 - rate) / N)
    np.testing.assert_allclose(dropped[dropped != 0], 3.0 / (1 - rate), rtol=1e-6)


def test_masks_of_neighbouring_counters_are_independent():
    seeds = random.SeedGenerator(1)
    ones = np.ones((N,), "float32")
    masks = np.stack([np.asarray(random.dropout(ones, 0.5, seed=seeds)) != 0 for _ in range(12)]) - 0.5
    z = (masks @ masks.T)[np.triu_indices(12, 1)] * 4 / np.sqrt(N)
    assert np.abs(z).max() < 5


@pytest.mark.parametrize("noise_shape, axes", [((None, 1), 1), ((1, None), 0), ((40, 1), 1)])
def test_noise_shape_drops_whole_slices(noise_shape, axes):
    dropped = np.asarray(random.dropout(np.ones((40, 30), "float32"), 0.5, noise_shape, seed=3)) != 0
    assert (dropped.all(axes) | ~dropped.any(axes)).all() and 0 < dropped.mean() < 1


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_shuffle_keeps_slices_whole(axis):
    x = np.arange(60).reshape(3, 4, 5)
    shuffled = np.asarray(random.shuffle(x, axis=axis, seed=4))
    slices = lambda array: sorted(part.tobytes() for part in np.moveaxis(array, axis, 0))  # noqa: E731
    assert not np.array_equal(shuffled, x) and slices(shuffled.astype(x.dtype)) == slices(x)


def test_dropped_elements_are_zero_whatever_they_were():
    x = np.asarray([np.nan, np.inf, -np.inf] * 1000, "float32")
    dropped = np.asarray(random.dropout(x, 0.5, seed=3))
    assert 1000 < (dropped == 0).sum() < 2000


def test_rates_at_the_ends():
    x = np.arange(4, dtype="float32")
    assert np.array_equal(random.dropout(x, 0.0, seed=1), x)
    assert np.array_equal(random.dropout(x, 1.0, seed=1), np.zeros(4))
