"""Nothing grows with the number of calls, and a model that nobody holds is freed with all that was compiled for it."""

import gc
import weakref

import numpy as np
import pytest

import kerasfront as keras

pytestmark = pytest.mark.usefixtures("engine")
X = np.random.RandomState(0).rand(8, 4).astype("float32")
Y = X[:, :1]
CALLS = 40
# Fewer than one object in three calls: what engines and Python keep now and then is no growth.
SLACK = 13


def trained():
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, "relu", kernel_regularizer="l2"),
            keras.layers.Dropout(0.1),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0)
    return model


class WithAddedLoss(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, inputs):
        outputs = self.dense(inputs)
        self.add_loss(keras.ops.mean(outputs))
        return outputs


def batches():
    yield X, Y
    yield X, Y


CASES = {
    "call": lambda model, tensor: model(tensor),
    "call on host data": lambda model, tensor: model(X, training=True),
    "train_on_batch": lambda model, tensor: model.train_on_batch(X, Y),
    "test_on_batch": lambda model, tensor: model.test_on_batch(X, Y),
    "predict": lambda model, tensor: model.predict(X, verbose=0),
    "predict_on_batch": lambda model, tensor: model.predict_on_batch(X),
    "fit": lambda model, tensor: model.fit(X, Y, batch_size=4, verbose=0),
    "fit a generator": lambda model, tensor: model.fit(batches(), verbose=0),
    "evaluate": lambda model, tensor: model.evaluate(X, Y, verbose=0),
    "reset_metrics": lambda model, tensor: model.reset_metrics(),
    "weights": lambda model, tensor: model.set_weights(model.get_weights()),
    "ops": lambda model, tensor: keras.ops.add(keras.ops.multiply(tensor, tensor), 1.0),
    "random": lambda model, tensor: keras.random.normal((3,)),
    "symbolic": lambda model, tensor: keras.layers.Dense(2)(keras.Input((3,))),
}


def objects():
    gc.collect()
    return len(gc.get_objects())


@pytest.fixture(scope="module")
def models():
    """By engine: a model that all of these calls may use."""
    return {}


@pytest.mark.parametrize("name", CASES)
def test_repeated_calls_leave_no_objects(name, engine, models):
    model = models[engine] if engine in models else models.setdefault(engine, trained())
    call, tensor = CASES[name], keras.ops.convert_to_tensor(X)
    for _ in range(10):
        call(model, tensor)
    before = objects()
    for _ in range(CALLS):
        call(model, tensor)
    assert objects() - before < SLACK
    # A second step for each kind of call would be compiled again and again.
    assert len(model._compiled_steps._functions) <= 6


def use(model):
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, batch_size=2, epochs=10, verbose=0, validation_data=(X, Y))
    model.predict(X, verbose=0)
    model.train_on_batch(X, Y)
    model(X)
    return model


@pytest.mark.parametrize("make", [trained, WithAddedLoss])
def test_a_model_that_nobody_holds_is_freed_with_its_compiled_steps(make):
    model = use(make())
    functions = list(model._compiled_steps._functions.values())
    held = [weakref.ref(one) for one in (model, *model.layers, *model.weights, model.optimizer, *functions)]
    assert len(held) > 6
    del model, functions
    gc.collect()
    assert not [one() for one in held if one() is not None]


def test_a_model_is_freed_after_a_failure_in_training():
    model = use(trained())
    held = weakref.ref(model)
    with pytest.raises(ValueError, match="4"):
        model.fit(X[:, :3], Y, verbose=0)
    del model
    gc.collect()
    assert held() is None


def test_a_compiled_function_that_nobody_holds_is_freed():
    def used():
        count = keras.Variable(0.0, trainable=False)
        step = keras.function(lambda x: count.assign(count + keras.ops.sum(x)))
        step(X)
        return weakref.ref(step), weakref.ref(count)

    held = used()
    gc.collect()
    assert [one() for one in held] == [None, None]
