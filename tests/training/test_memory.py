"""Nothing grows with the number of calls, and a model that nobody holds is freed with all that was compiled for it."""

import gc
import sys
import weakref
from pathlib import Path

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


# Calls that are worth one or two seconds on the slowest engine.
MANY = {
    "ops.add": (3000, lambda model, tensor: keras.ops.add(tensor, tensor)),
    "call": (3000, lambda model, tensor: model(tensor)),
    "call in training": (500, lambda model, tensor: model(tensor, training=True)),
    "predict_on_batch": (3000, lambda model, tensor: model.predict_on_batch(X)),
    "predict one row": (3000, lambda model, tensor: model.predict(X[:1], verbose=0)),
    "train_on_batch": (800, lambda model, tensor: model.train_on_batch(X, Y)),
    "test_on_batch": (1500, lambda model, tensor: model.test_on_batch(X, Y)),
    "fit": (300, lambda model, tensor: model.fit(X, Y, batch_size=4, verbose=0)),
}
MOST_MIB = 16


def resident_mib():
    """Return the memory of the process; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@pytest.mark.parametrize("name", MANY)
def test_thousands_of_calls_leave_neither_objects_nor_memory(name, engine, models):
    model = models[engine] if engine in models else models.setdefault(engine, trained())
    (calls, call), tensor = MANY[name], keras.ops.convert_to_tensor(X)
    for _ in range(50):
        call(model, tensor)
    before, memory = objects(), resident_mib()
    for _ in range(calls):
        call(model, tensor)
    assert objects() - before < SLACK
    assert resident_mib() - memory < MOST_MIB


def a_while_loop():
    ops = keras.ops
    scale = ops.convert_to_tensor(2.0)
    return ops.while_loop(lambda i, a: i < 2, lambda i, a: (i + 1, a * scale), (ops.convert_to_tensor(0), scale))


def a_scan():
    return keras.ops.scan(lambda total, x: (total + x, x), keras.ops.zeros((4,)), keras.ops.convert_to_tensor(X))


def a_gradient_of_a_scan():
    weight = keras.Variable(np.ones(4, "float32"))
    step = lambda total, x: (total + x * weight, x)  # noqa: E731 - new each time, as users write it
    return keras.value_and_grad(
        lambda: keras.ops.sum(keras.ops.scan(step, keras.ops.zeros((4,)), keras.ops.convert_to_tensor(X))[0]), [weight]
    )


recurrent = {}


def a_recurrent_layer():
    name = keras.backend.active_name()
    layer = recurrent[name] if name in recurrent else recurrent.setdefault(name, keras.layers.LSTM(3))
    return layer(X.reshape(2, 4, 4))


def a_new_compiled_function():
    step = keras.function(lambda x: keras.ops.maximum(keras.ops.relu(x), keras.ops.minimum(x, 0.5)))
    return step(X)


def a_new_model():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "relu")])
    return model.predict_on_batch(X)


@pytest.mark.parametrize(
    "run", [a_while_loop, a_scan, a_gradient_of_a_scan, a_recurrent_layer, a_new_compiled_function, a_new_model]
)
def test_what_an_engine_compiles_for_something_new_goes_with_it(run, engine):
    # What is compiled for one of these is a hundred objects and more.
    for _ in range(4):
        run()
    before = objects()
    for _ in range(8):
        run()
    assert objects() - before < SLACK


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
