"""Integers that an embedding does not have, in models of every form: refused, or said where only NaN can tell."""

import warnings

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import layers, ops

X = np.arange(30).reshape(10, 3) % 10
WRONG = np.where(X == 5, 12, X)
Y = np.zeros((10, 1), "float32")


def compiled(model):
    model.compile("sgd", "mse")
    return model


def lookup():
    indices = keras.Input((3,), dtype="int32")
    return keras.Model(indices, layers.Flatten()(layers.Embedding(10, 4, name="table")(indices)))


def in_a_functional_model():
    indices = keras.Input((3,), dtype="int32")
    return keras.Model(indices, layers.Dense(1)(lookup()(indices)))


def in_a_sequential_model():
    return keras.Sequential([lookup(), layers.Dense(1)])


def two_deep():
    return keras.Sequential([keras.Sequential([lookup()]), layers.Dense(1)])


@pytest.mark.parametrize("make", [in_a_functional_model, in_a_sequential_model, two_deep])
def test_an_inner_table_is_known_before_the_first_step(make, engine):
    model = compiled(make())
    model.predict(X, verbose=0)
    before = [np.array(weight) for weight in model.get_weights()]
    for call in (
        lambda: model.fit(WRONG, Y, verbose=0),
        lambda: model.evaluate(WRONG, Y, verbose=0),
        lambda: model.predict(WRONG, batch_size=5, verbose=0),
        lambda: model.predict_on_batch(WRONG),
    ):
        with pytest.raises(ValueError, match=r"index 12 in `x` is out of range for layer 'table'. Expected .* 0 to 9"):
            call()
    for weight, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, other)


def test_each_of_several_inputs_of_an_inner_model_is_checked(engine):
    one, two = keras.Input((2,), dtype="int32"), keras.Input((2,), dtype="int32")
    tables = [layers.Embedding(size, 2, name=f"of_{size}") for size in (4, 9)]
    inner = keras.Model([one, two], layers.Add()([table(at) for table, at in zip(tables, (one, two), strict=True)]))
    first, second = keras.Input((2,), dtype="int32"), keras.Input((2,), dtype="int32")
    # In the other order.
    model = compiled(keras.Model([first, second], inner([second, first])))
    assert model.predict([np.array([[8, 8]]), np.array([[3, 3]])], verbose=0).shape == (1, 2, 2)
    with pytest.raises(ValueError, match=r"index 4 in `x\[1\]` is out of range for layer 'of_4'"):
        model.predict([np.array([[8, 8]]), np.array([[3, 4]])], verbose=0)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.table, self.flatten, self.dense = layers.Embedding(10, 4, name="table"), layers.Flatten(), layers.Dense(1)

    def call(self, inputs):
        return self.dense(self.flatten(self.table(inputs)))


def computed():
    indices = keras.Input((3,), dtype="int32")
    return keras.Model(indices, layers.Dense(1)(layers.Flatten()(layers.Embedding(10, 4, name="table")(indices + 0))))


@pytest.mark.parametrize("make", [Subclassed, computed])
def test_what_cannot_be_known_before_is_refused_or_told(make, engine):
    model = compiled(make())
    model.predict(X, verbose=0)

    def heard(call):
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            try:
                call()
            except ValueError as error:
                return str(error)
        return " ".join(str(one.message) for one in heard)

    for call in (
        lambda: model.predict(WRONG, batch_size=5, verbose=0),
        lambda: model.predict_on_batch(WRONG),
        lambda: model.fit(WRONG, Y, verbose=0),
    ):
        text = heard(call)
        assert "index 12 is out of range" in text or "tables are in 'table' (integers from 0 to 9)" in text


def test_nan_of_a_model_without_tables_is_no_matter_of_lookups(engine):
    model = compiled(keras.Sequential([keras.Input((2,)), layers.Dense(1)]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(model.predict(np.full((3, 2), np.nan, "float32"), verbose=0)).all()


def test_a_table_that_comes_later_is_noticed(engine):
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.first = layers.Identity()

        def call(self, x):
            return ops.cast(self.first(x), "float32")

    model = Model()
    assert np.array_equal(model.predict_on_batch(WRONG), WRONG)
    model.first = layers.Embedding(10, 4, name="late")
    model.compile()
    if keras.backend.get(engine).compiles:
        with pytest.warns(RuntimeWarning, match=r"'late' \(integers from 0 to 9\)"):
            model.predict_on_batch(WRONG)
    else:
        with pytest.raises(ValueError, match="12 is out of range"):
            model.predict_on_batch(WRONG)
