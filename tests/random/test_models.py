"""Draws of sizes that are not known yet, in layers of functional models with an open batch, and what they look like."""

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import ops, random


class Noise(keras.layers.Layer):
    """Adds a draw of the shape of its inputs, which has an open batch."""

    def __init__(self, draw, **kwargs):
        super().__init__(**kwargs)
        self.draw = draw

    def call(self, inputs):
        return inputs + self.draw(ops.shape(inputs))


DRAWS = {
    "uniform": lambda shape: random.uniform(shape, seed=3),
    "normal": lambda shape: random.normal(shape, seed=3),
    "truncated_normal": lambda shape: random.truncated_normal(shape, seed=3),
    "randint": lambda shape: ops.cast(random.randint(shape, 0, 9, seed=3), "float32"),
    "gamma": lambda shape: random.gamma(shape, 2.0, seed=3),
    "beta": lambda shape: random.beta(shape, 2.0, 0.5, seed=3),
    "binomial": lambda shape: random.binomial(shape, 5, 0.3, seed=3),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_layer_draws_for_a_batch_that_is_open(engine, name):
    inputs = keras.Input((4,))
    outputs = Noise(DRAWS[name])(inputs)
    assert outputs.shape == (None, 4) and outputs.dtype == "float32"
    model = keras.Model(inputs, outputs)
    for batch in (1, 3):
        found = ops.convert_to_numpy(model(np.ones((batch, 4), "float32")))
        expected = 1 + ops.convert_to_numpy(DRAWS[name]((batch, 4)))
        np.testing.assert_allclose(found, expected, rtol=1e-6)


CHOICES = {
    "dropout": lambda x: random.dropout(x, 0.5, seed=3),
    "dropout of rows": lambda x: random.dropout(x, 0.5, (None, 1), seed=3),
    "shuffle": lambda x: random.shuffle(x, axis=-1, seed=3),
    "shuffle of the batch": lambda x: random.shuffle(x, seed=3),
    "categorical": lambda x: random.categorical(x, 6, seed=3),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_a_node_of_a_functional_model(engine, name):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, CHOICES[name](inputs))
    for batch in (2, 5):
        x = np.arange(1, 4 * batch + 1, dtype="float32").reshape(batch, 4)
        np.testing.assert_array_equal(ops.convert_to_numpy(model(x)), ops.convert_to_numpy(CHOICES[name](x)))


def test_a_model_with_draws_inside_trains(engine):
    inputs = keras.Input((4,))
    hidden = Noise(DRAWS["normal"])(random.dropout(keras.layers.Dense(3)(inputs), 0.2, seed=1))
    model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    model.compile("sgd", "mean_squared_error")
    history = model.fit(np.ones((8, 4)), np.zeros((8, 1)), batch_size=3, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


MOMENTS = {
    "uniform": (lambda n: random.uniform((n,), [-1.0] * n, 3.0, seed=5), 1.0, 16 / 12),
    "normal": (lambda n: random.normal((n,), 2.0, 0.5, seed=5), 2.0, 0.25),
    "gamma": (lambda n: random.gamma((n,), 2.5, seed=5), 2.5, 2.5),
    "gamma below 1": (lambda n: random.gamma((n,), 0.3, seed=5), 0.3, 0.3),
    "beta": (lambda n: random.beta((n,), 2.0, 3.0, seed=5), 0.4, 0.04),
    "binomial": (lambda n: random.binomial((n,), 30, 0.2, seed=5), 6.0, 4.8),
    "binomial of many": (lambda n: random.binomial((n,), 200, 0.7, seed=5), 140.0, 42.0),
    "randint": (lambda n: random.randint((n,), -3, 4, seed=5), 0.0, 4.0),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_mean_and_variance(name):
    n = 20_000
    draw, mean, variance = MOMENTS[name]
    with keras.backend.scope("numpy"):
        drawn = np.asarray(draw(n), "float64")
    # Five standard errors of the mean; the variance's own error stays below 3 per cent for these at this size.
    assert abs(drawn.mean() - mean) < 5 * np.sqrt(variance / n)
    assert abs(drawn.var() / variance - 1) < 5 * 0.03


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("name", ["uniform", "normal", "truncated_normal", "gamma", "beta", "binomial"])
def test_draws_have_the_dtype_asked_for(engine, name, dtype):
    arguments = {"gamma": (1.5,), "beta": (1.5, 2.0), "binomial": (7, 0.4)}.get(name, ())
    drawn = getattr(random, name)((2, 3), *arguments, dtype=dtype, seed=1)
    assert ops.dtype(drawn) == dtype and ops.shape(drawn) == (2, 3)
    assert np.isfinite(ops.convert_to_numpy(drawn).astype("float32")).all()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64"])
def test_integers_have_the_dtype_asked_for_and_both_ends(engine, dtype):
    drawn = ops.convert_to_numpy(random.randint((400,), 3, 7, dtype=dtype, seed=1))
    assert set(drawn.tolist()) == {3, 4, 5, 6}


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), [4, 1]])
def test_shapes_of_no_axes_and_no_elements(engine, shape):
    for name, arguments in (("uniform", ()), ("normal", ()), ("randint", (0, 5)), ("gamma", (1.0,))):
        assert ops.shape(getattr(random, name)(shape, *arguments, seed=1)) == tuple(shape)
