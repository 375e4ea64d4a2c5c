"""The same bits on every engine, eager and compiled, and when a compiled function goes on computing with them."""

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import ops, random
from kerasfront.backend import registry
from kerasfront.random.generator import host_bits, host_permutation
from kerasfront.state.seed import draw_seed

N = 5003

# Every sampler whose bits are equal on all engines.
EXACT = {
    "bits": lambda seed: ops.random_bits(random_words(seed), (N,)),
    "uniform": lambda seed: random.uniform((N,), seed=seed),
    "uniform symmetric": lambda seed: random.uniform((N,), -0.0713, 0.0713, seed=seed),
    "uniform between": lambda seed: random.uniform((N,), 0.1, 0.3, seed=seed),
    "uniform half": lambda seed: random.uniform((N,), 0.1, 0.3, dtype="float16", seed=seed),
    "uniform bfloat16": lambda seed: random.uniform((N,), dtype="bfloat16", seed=seed),
    "normal": lambda seed: random.normal((N,), seed=seed),
    "normal scaled": lambda seed: random.normal((N,), 0.0, 0.37, seed=seed),
    "normal moved": lambda seed: random.normal((N,), 0.1, 0.3, seed=seed),
    "normal half": lambda seed: random.normal((N,), 0.1, 0.3, dtype="float16", seed=seed),
    "normal bfloat16": lambda seed: random.normal((N,), 0.1, 0.3, dtype="bfloat16", seed=seed),
    "truncated normal": lambda seed: random.truncated_normal((N,), 0.1, 0.05, seed=seed),
    "randint": lambda seed: random.randint((N,), -5, 1_000_003, seed=seed),
    "randint all": lambda seed: random.randint((N,), -(2**31), 2**31, seed=seed),
    "categorical": lambda seed: random.categorical(_logits(), 40, seed=seed),
    "shuffle": lambda seed: random.shuffle(ops.arange(N, dtype="int32"), seed=seed),
    "gamma": lambda seed: random.gamma((N,), 2.7, seed=seed),
    "gamma below 1": lambda seed: random.gamma((N,), 0.7, seed=seed),
    "beta": lambda seed: random.beta((N,), 0.7, 3.0, seed=seed),
    "binomial few": lambda seed: random.binomial((N,), 50, 0.1, seed=seed),
    "binomial many": lambda seed: random.binomial((N,), 100, 0.3, seed=seed),
    "dropout": lambda seed: random.dropout(ops.ones((40, 50)), 0.3, seed=seed),
    "dropout by rows": lambda seed: random.dropout(ops.ones((40, 50)), 0.3, (None, 1), seed=seed),
}
WIDE = {
    "uniform float64": lambda seed: random.uniform((N,), 0.1, 0.3, dtype="float64", seed=seed),
    "normal float64": lambda seed: random.normal((N,), 0.1, 0.3, dtype="float64", seed=seed),
    "gamma float64": lambda seed: random.gamma((N,), 0.7, dtype="float64", seed=seed),
    "randint int64": lambda seed: random.randint((N,), 0, 3_000_000_000, dtype="int64", seed=seed),
}
ROUNDED = {
    "gamma": lambda seed: random.gamma((N,), 0.7, seed=seed),
    "beta": lambda seed: random.beta((N,), 0.7, 3.0, seed=seed),
    "binomial few": lambda seed: random.binomial((N,), 50, 0.1, seed=seed),
    "binomial many": lambda seed: random.binomial((N,), 100, 0.3, seed=seed),
}


def random_words(seed):
    return draw_seed(seed)


def _logits():
    return np.random.default_rng(0).normal(size=(30, 37)).astype("float32")


def _expected(sampler):
    with registry.scope("numpy"):
        return ops.convert_to_numpy(sampler(11))


def _compiled(sampler, jit_compile, then=lambda drawn: drawn):
    """Draw twice from a SeedGenerator in a compiled function; the first draw is that of the plain seed."""
    seeds = random.SeedGenerator(11)
    step = keras.function(lambda: then(sampler(seeds)), jit_compile=jit_compile)
    first, second = (ops.convert_to_numpy(step()) for _ in range(2))
    assert not np.array_equal(first, second)
    assert seeds.state.numpy().tolist() == [11, 2]
    return first


@pytest.mark.parametrize("name", EXACT)
def test_eager_draws_equal_those_of_the_host(engine, name):
    drawn = ops.convert_to_numpy(EXACT[name](11))
    assert drawn.dtype == _expected(EXACT[name]).dtype
    np.testing.assert_array_equal(drawn, _expected(EXACT[name]))


@pytest.mark.parametrize("jit_compile", [None, True])
@pytest.mark.parametrize("name", EXACT)
def test_compiled_draws_equal_those_of_the_host(engine, name, jit_compile):
    if engine == "torch" and jit_compile:
        pytest.skip("compiling each of these takes a minute; test_bits_survive_the_compiler_of_each_engine has one")
    np.testing.assert_array_equal(_compiled(EXACT[name], jit_compile), _expected(EXACT[name]))


@pytest.mark.parametrize("jit_compile", [None, True])
@pytest.mark.parametrize("name", ["uniform between", "uniform symmetric", "normal", "normal moved", "normal scaled"])
def test_bits_survive_arithmetic_in_the_same_compiled_function(engine, name, jit_compile):
    if engine == "torch" and jit_compile:
        pytest.skip("compiling each of these takes a minute; test_bits_survive_the_compiler_of_each_engine has one")
    other = np.random.default_rng(1).normal(size=N).astype("float32")

    def then(drawn):  # a sum after the draw's own product or sum, which compilers like to contract or reorder
        return ops.multiply(ops.add(drawn, ops.convert_to_tensor(other)), 1.1)

    expected = (_expected(EXACT[name]) + other) * np.float32(1.1)
    np.testing.assert_array_equal(_compiled(EXACT[name], jit_compile, then), expected)


def test_bits_survive_the_compiler_of_each_engine(engine):
    other = np.random.default_rng(1).normal(size=N).astype("float32")
    names = ("bits", "uniform between", "normal moved", "dropout")

    def draw(seed):
        drawn = [EXACT[name](seed) for name in names]
        return [*drawn, ops.multiply(ops.add(drawn[2], ops.convert_to_tensor(other)), 1.1)]

    expected = [_expected(EXACT[name]) for name in names]
    expected.append((expected[2] + other) * np.float32(1.1))
    for found, wanted in zip(keras.function(lambda: draw(11), jit_compile=True)(), expected, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(found), wanted)


@pytest.mark.parametrize("name", WIDE)
def test_wide_draws_equal_those_of_the_host(engine, name):
    _needs_64_bits()
    np.testing.assert_array_equal(ops.convert_to_numpy(WIDE[name](11)), _expected(WIDE[name]))
    np.testing.assert_array_equal(_compiled(WIDE[name], None), _expected(WIDE[name]))


def test_ops_draw_the_bits_of_the_host_generator(engine):
    drawn = ops.convert_to_numpy(ops.random_bits(random_words(3), (7, 11), 5))
    np.testing.assert_array_equal(drawn.view("uint32"), host_bits(3, 0, (7, 11), 5))


def test_shuffle_is_the_host_permutation(engine):
    shuffled = ops.convert_to_numpy(random.shuffle(ops.arange(1000, dtype="int32"), seed=8))
    np.testing.assert_array_equal(shuffled, host_permutation(1000, 8, 0))


def test_dropout_keeps_where_signed_bits_reach_the_threshold(engine):
    kept = ops.convert_to_numpy(random.dropout(ops.ones((N,)), 0.3, seed=4)) != 0
    threshold = round(0.3 * 2**32) - 2**31
    np.testing.assert_array_equal(kept, host_bits(4, 0, (N,)).view("int32") >= threshold)


@pytest.mark.parametrize("parameter", [0.25, np.linspace(0.1, 2.0, N).astype("float32")])
def test_parameters_may_be_tensors(engine, parameter):
    with registry.scope("numpy"):
        expected = ops.convert_to_numpy(random.normal((N,), parameter, parameter, seed=2))
    drawn = random.normal((N,), ops.convert_to_tensor(parameter), ops.convert_to_tensor(parameter), seed=2)
    np.testing.assert_array_equal(ops.convert_to_numpy(drawn), expected)


def test_gradient_of_dropout_is_the_scaled_mask(engine):
    weights = keras.Variable(np.ones((N,), "float32"))
    _, (gradient,) = keras.value_and_grad(lambda: ops.sum(random.dropout(weights, 0.25, seed=6)), [weights])
    expected = ops.convert_to_numpy(random.dropout(ops.ones((N,)), 0.25, seed=6))
    np.testing.assert_array_equal(ops.convert_to_numpy(gradient), expected)


def test_gradient_goes_through_the_parameters_of_a_normal_draw(engine):
    mean, stddev = keras.Variable(0.5), keras.Variable(2.0)
    z = ops.convert_to_numpy(random.normal((N,), seed=6)).astype("float64")

    def loss():
        return ops.sum(random.normal((N,), mean, stddev, seed=6))

    _, (by_mean, by_stddev) = keras.value_and_grad(loss, [mean, stddev])
    np.testing.assert_allclose(ops.convert_to_numpy(by_mean), N, rtol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(by_stddev), z.sum(), rtol=1e-4)


def _needs_64_bits():
    try:
        ops.convert_to_tensor(np.zeros(1), "float64")
    except (ValueError, NotImplementedError) as error:
        pytest.skip(f"the engine has no 64-bit types in this process: {error}")
