"""Predictions in loops inside the engine are those of single calls, in order, whoever else predicts."""

import functools

import numpy as np
import pytest

import kerasfront as kf
from kerasfront.training import keeping
from tests.training.test_looping import runs_loops
from tests.training.test_threads import at_once

BATCH, WHOLE = 4, 40
X = np.random.default_rng(0).normal(size=(WHOLE * BATCH + 3, 6)).astype("float32")


def functional(units=3):
    inputs = kf.Input((6,))
    hidden = kf.layers.Dense(8, activation="relu")(inputs)
    shown = {"scores": kf.layers.Dense(units, activation="softmax")(hidden), "pair": [hidden, hidden[:, 0] > 0.5]}
    return kf.Model(inputs, shown)


class Subclassed(kf.Model):
    """One whose outputs are not known before it runs."""

    def __init__(self):
        super().__init__()
        self.dense = kf.layers.Dense(3)

    def call(self, x):
        return self.outputs_of(self.dense(x))

    def outputs_of(self, y):
        return y, kf.ops.argmax(y, axis=-1)


class Joined(Subclassed):
    """Its outputs have another number of rows than its inputs."""

    def outputs_of(self, y):
        return kf.ops.reshape(y, (-1, 1))


class Large(Subclassed):
    """Its outputs are too large for a few batches of them to be kept."""

    def outputs_of(self, y):
        return kf.ops.repeat(y, keeping._KEPT_BYTES // 4, axis=-1)


def singly(model, x=X):
    """Return the predictions of calls that a callback keeps single."""
    watch = kf.callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs: logs["outputs"])
    return model.predict(x, BATCH, verbose=0, callbacks=[watch])


def assert_same(ours, theirs):
    kf.tree.assert_same_structure(ours, theirs)
    for one, other in zip(kf.tree.flatten(ours), kf.tree.flatten(theirs), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", [functional, Subclassed])
def test_loops_predict_what_single_calls_predict(engine, repeated_steps, make):
    model = make()
    expected = singly(model)
    assert not repeated_steps
    assert_same(model.predict(X, BATCH, verbose=0), expected)
    # One that records steps takes the first ones by themselves; the first trace of a subclass is not enough.
    assert WHOLE - 2 <= sum(repeated_steps) <= WHOLE + 1 if runs_loops(engine) else not sum(repeated_steps)
    assert max(repeated_steps, default=0) <= keeping._MOST
    again = X[::-1][: 33 * BATCH]
    repeated_steps.clear()
    assert_same(model.predict(again, BATCH, verbose=0), singly(model, again))
    # Another number of samples.
    assert sum(repeated_steps) >= 31 or not runs_loops(engine)


@pytest.mark.parametrize("make", [Joined, Large])
def test_outputs_that_cannot_be_kept_come_from_single_calls(engine, repeated_steps, make):
    model = make()
    expected = singly(model, X[: 31 * BATCH])
    for _ in range(2):
        assert_same(model.predict(X[: 31 * BATCH], BATCH, verbose=0), expected)
    assert not any(repeated_steps)


def test_few_batches_are_not_worth_a_loop(engine, repeated_steps):
    model = functional()
    assert_same(model.predict(X[: 20 * BATCH], BATCH, verbose=0), singly(model, X[: 20 * BATCH]))
    assert not repeated_steps


def test_state_that_predictions_change_goes_on_from_batch_to_batch(engine):
    class Counting(kf.layers.Layer):
        def build(self, shape):
            self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, x):
            self.seen.assign_add(1.0)
            return x[:, :1] * 0 + self.seen

    model = kf.Sequential([kf.Input((6,)), Counting()])
    found = model.predict(X, BATCH, verbose=0)[:, 0]
    np.testing.assert_array_equal(found, np.arange(len(X)) // BATCH + 1)
    assert float(model.layers[0].seen) == WHOLE + 1


def test_a_callback_may_stop_predictions_in_loops(engine):
    class Stop(kf.callbacks.Callback):
        accepts_grouped_batches = True
        seen = None

        def on_predict_batch_end(self, batch, logs=None):
            self.seen = kf.ops.convert_to_numpy(logs["outputs"]["scores"])
            self.model.stop_predicting = batch >= 9

    model, stop = functional(), Stop()
    found = model.predict(X, BATCH, verbose=0, callbacks=[stop])["scores"]
    assert 10 * BATCH <= len(found) < len(X) and len(found) % BATCH == 0
    np.testing.assert_allclose(found, singly(model)["scores"][: len(found)], rtol=1e-5)
    np.testing.assert_array_equal(stop.seen, found[-BATCH:])


def test_predictions_see_new_weights_and_layers(engine):
    model = kf.Sequential([kf.Input((6,)), kf.layers.Dense(3)])
    model.predict(X, BATCH, verbose=0)
    model.set_weights([one + 1 for one in model.get_weights()])
    assert_same(model.predict(X, BATCH, verbose=0), singly(model))
    model.add(kf.layers.Dense(2))
    assert_same(model.predict(X, BATCH, verbose=0), singly(model))


def test_models_made_alike_predict_with_their_own_weights(engine):
    for model in (functional(), functional(), functional(units=2)):
        assert_same(model.predict(X, BATCH, verbose=0), singly(model))


def test_a_model_predicts_in_loops_on_one_engine_after_the_other():
    model = functional()
    expected = singly(model)
    for engine in ("jax", "numpy", "torch", "tensorflow", "jax", "torch"):
        model.to_backend(engine)
        assert_same(model.predict(X, BATCH, verbose=0), expected)


def test_threads_get_their_own_predictions(engine):
    model = functional()
    data = [X + shift for shift in range(3)]
    expected = [singly(model, one) for one in data]

    def predict(number):
        for _ in range(5):
            assert_same(model.predict(data[number], BATCH, verbose=0), expected[number])

    at_once(*(functools.partial(predict, number) for number in range(3)))


def test_a_wrong_batch_is_reported_as_in_single_calls(engine):
    with pytest.raises(ValueError, match=r"wrong shape.*Expected \(None, 6\)"):
        functional().predict(X[:, :5], BATCH, verbose=0)
