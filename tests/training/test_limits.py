"""`config.set_max_epochs` and `config.set_max_steps_per_epoch` cut every loop short, and say so."""

import os
import subprocess
import sys

import numpy as np
import pytest

import kerasfront as keras
from tests.training.models import data, regression

X, _, Z = data()


@pytest.fixture
def limits():
    yield keras.config
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)


class Counter(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.steps = {"train": 0, "test": 0, "predict": 0}

    def on_train_batch_end(self, batch, logs=None):
        self.steps["train"] += 1

    def on_test_batch_end(self, batch, logs=None):
        self.steps["test"] += 1

    def on_predict_batch_end(self, batch, logs=None):
        self.steps["predict"] += 1


def compiled():
    model = regression()
    model.compile("sgd", "mse")
    return model


def forever():
    while True:
        yield X[:2], Z[:2]


def test_epochs_are_limited(engine, limits):
    limits.set_max_epochs(2)
    with pytest.warns(UserWarning, match=r"fit: this run is limited to 2 of 5 epochs by .*set_max_epochs\(None\)"):
        history = compiled().fit(X, Z, epochs=5, verbose=0)
    assert history.epoch == [0, 1]
    assert history.params["epochs"] == 2


def test_epochs_are_counted_from_the_first_that_runs(engine, limits):
    limits.set_max_epochs(2)
    with pytest.warns(UserWarning, match="limited to 2 of 3 epochs"):
        history = compiled().fit(X, Z, initial_epoch=4, epochs=7, verbose=0)
    assert history.epoch == [4, 5]


@pytest.mark.parametrize("limit", [5, 1000])
@pytest.mark.filterwarnings("error")
def test_a_limit_that_is_not_reached_says_nothing(engine, limits, limit):
    limits.set_max_epochs(limit)
    limits.set_max_steps_per_epoch(limit)
    history = compiled().fit(X, Z, batch_size=2, epochs=3, verbose=0)
    assert history.epoch == [0, 1, 2] and history.params["steps"] == 5


def test_steps_are_limited_in_every_loop(engine, limits):
    limits.set_max_steps_per_epoch(2)
    model, counter = compiled(), Counter()
    expected = model.evaluate(X[:4], Z[:4], verbose=0)
    with pytest.warns(UserWarning, match="limited to 2 of 5 steps by .*MAX_STEPS_PER_EPOCH"):
        loss = model.evaluate(X, Z, batch_size=2, verbose=0, callbacks=[counter])
    np.testing.assert_allclose(loss, expected, rtol=1e-6)
    with pytest.warns(UserWarning, match="limited to 2 of 5 steps"):
        assert len(model.predict(X, batch_size=2, verbose=0, callbacks=[counter])) == 4
    with pytest.warns(UserWarning, match="limited to 2 of 5 steps") as caught:
        model.fit(X, Z, batch_size=2, epochs=3, verbose=0, validation_data=(X, Z), callbacks=[counter])
    assert [str(one.message).partition(": ")[0].partition(".")[2] for one in caught] == ["fit", "fit, validation_data"]
    assert counter.steps == {"train": 6, "test": 8, "predict": 2}


def test_a_generator_goes_on_where_the_limit_stopped_it(engine, limits):
    limits.set_max_steps_per_epoch(2)
    counter = Counter()
    with pytest.warns(UserWarning, match="limited to 2 of an unknown number of steps"):
        compiled().fit(forever(), epochs=2, verbose=0, callbacks=[counter])
    assert counter.steps["train"] == 4


def test_labels_are_checked_all_the_same(engine, limits):
    limits.set_max_steps_per_epoch(1)
    model = regression(width=3)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    labels = np.arange(10) % 4
    with pytest.warns(UserWarning, match="limited"), pytest.raises(ValueError, match="class label 3 in `y`"):
        model.fit(X, labels, batch_size=2, verbose=0)


def test_the_environment_sets_them():
    code = "import kerasfront as k; print(k.config.max_epochs(), k.config.max_steps_per_epoch())"
    env = {**os.environ, "KERASFRONT_MAX_EPOCHS": "3", "KERASFRONT_MAX_STEPS_PER_EPOCH": "7"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "7"]
