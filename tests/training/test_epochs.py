"""How epochs end and what order they have: too little data, none at all, a new order each time."""

import warnings

import numpy as np
import pytest

import kerasfront as keras
from kerasfront.backend import registry
from tests.training.models import regression

X, Y = np.random.RandomState(0).rand(12, 4).astype("float32"), np.zeros((12, 1), "float32")


def compiled():
    model = regression()
    model.compile(keras.optimizers.SGD(0.01), "mse")
    return model


def batches(count):
    for _ in range(count):
        yield X[:4], Y[:4]


@pytest.mark.parametrize("given, epochs", [(5, 2), (4, 2), (3, 1)])
def test_a_generator_too_short_for_its_steps_warns_and_ends_the_training(engine, given, epochs):
    model = compiled()
    with pytest.warns(UserWarning, match="ran out of data"):
        history = model.fit(batches(given), steps_per_epoch=3 if given != 4 else 2, epochs=4, verbose=0)
    assert int(model.optimizer.iterations.numpy()) == given
    assert len(history.epoch) == epochs and np.isfinite(history.history["loss"]).all()
    model.fit(X, Y, verbose=0)


EMPTY = {
    "arrays": lambda: ((X[:0], Y[:0]), {}),
    "generator": lambda: ((iter(()),), {}),
    "generator of steps": lambda: ((iter(()),), {"steps_per_epoch": 2}),
    "list of nothing": lambda: (([],), {}),
}


@pytest.mark.parametrize("name", EMPTY)
def test_training_on_nothing_is_refused_and_changes_nothing(engine, name):
    model = compiled()
    model.fit(X, Y, batch_size=4, verbose=0)
    before = model.get_weights()
    arguments, options = EMPTY[name]()
    with pytest.raises(ValueError, match="empty|no batch|no array|no data"):
        model.fit(*arguments, **options, verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(model.optimizer.iterations.numpy()) == 3
    model.fit(X, Y, verbose=0)


def orders(epochs=3):
    """The order of the samples in each epoch, as a step sees them."""
    seen = []

    class Seeing(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            seen.append([])

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, data):
            seen[-1].extend(keras.ops.convert_to_numpy(data[0])[:, 0].astype(int).tolist())
            return super().train_step(data)

    keras.utils.set_random_seed(3)
    model = Model()
    model.compile("sgd", "mse", run_eagerly=True)
    x = np.arange(20, dtype="float32").reshape(20, 1)
    model.fit(x, 0.0 * x, batch_size=6, epochs=epochs, verbose=0, callbacks=[Seeing()])
    return seen


def test_each_epoch_has_a_new_order_the_same_on_every_engine(engine):
    mine = orders()
    assert all(sorted(order) == list(range(20)) for order in mine)
    assert len({tuple(order) for order in (*mine, range(20))}) == 4
    for other in registry.available():
        with registry.scope(other):
            assert orders() == mine


@pytest.mark.parametrize("looped", [False, True])
def test_nan_in_the_loss_ends_training_at_once_only_if_asked(engine, looped):
    x = np.ones((40, 4), "float32")
    x[20:] = np.nan

    def fit(callbacks):
        model = compiled()
        history = model.fit(
            x, x[:, :1], batch_size=2 if looped else 10, epochs=3, shuffle=False, verbose=0, callbacks=callbacks
        )
        return model, history

    with pytest.warns(RuntimeWarning, match="the loss is nan"):
        model, history = fit([])
    assert history.epoch == [0, 1, 2] and np.isnan(history.history["loss"]).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model, history = fit([keras.callbacks.TerminateOnNaN()])
    assert int(model.optimizer.iterations.numpy()) == (11 if looped else 3)
