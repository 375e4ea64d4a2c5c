"""Several threads at once: first calls, predictions during training, trainings side by side, also on two engines."""

import threading

import numpy as np
import pytest

import kerasfront as keras
from kerasfront.backend import registry

X, Y = np.ones((16, 4), "float32"), np.zeros((16, 1), "float32")
RATE = 2.0**-8


def mean_output(y_true, y_pred):
    return keras.ops.mean(y_pred, axis=-1)


def zeros_dense():
    return keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")


def two_outputs():
    """Each step on inputs of 1 takes RATE off all weights, so an answer tells after which step it was given."""
    inputs = keras.Input((4,))
    model = keras.Model(inputs, [zeros_dense()(inputs), zeros_dense()(inputs)])
    model.compile(keras.optimizers.SGD(RATE), [mean_output, mean_output])
    return model


class Unbuilt(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden, self.last = keras.layers.Dense(3), keras.layers.Dense(1)

    def call(self, inputs):
        return self.last(self.hidden(inputs))


def at_once(*works):
    """Run functions in threads of their own, starting together; raise what one of them raised."""
    errors, start = [], threading.Barrier(len(works))

    def run(work):
        try:
            start.wait(60)
            work()
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread of the test
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,), name="kerasfront-test") for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    if errors:
        raise errors[0]


def test_each_prediction_during_training_is_that_of_a_whole_step(engine):
    model, ended, answers = two_outputs(), threading.Event(), [[], []]

    def fit():
        try:
            model.fit(X, [Y, Y], batch_size=2, epochs=8, verbose=0)
        finally:
            ended.set()

    def predict(kept, call):
        while not ended.is_set():
            kept.append(call(X[:2]))

    at_once(
        fit,
        lambda: predict(answers[0], lambda x: model.predict(x, verbose=0)),
        lambda: predict(answers[1], model.predict_on_batch),
    )
    assert int(model.optimizer.iterations.numpy()) == 64
    for kept in answers:
        steps = np.array(kept)[:, :, :, 0].reshape(len(kept), -1) / (-4 * RATE)
        assert (steps == steps[:, :1]).all() and (steps == steps.round()).all()
        assert (np.diff(steps[:, 0]) >= 0).all() and steps.min() >= 0 and steps.max() <= 64


@pytest.mark.parametrize("call", ["predict", "call"])
def test_a_model_that_several_threads_call_first_is_built_once(engine, call):
    model, answers = Unbuilt(), []

    def first():
        outputs = model.predict(X, verbose=0) if call == "predict" else model(X)
        answers.append(keras.ops.convert_to_numpy(outputs))

    at_once(*[first] * 4)
    assert len(model.weights) == 4
    hidden, _, last, _ = model.get_weights()
    for answer in answers:
        np.testing.assert_allclose(answer, X @ hidden @ last, rtol=1e-5)


def test_a_function_that_several_threads_call_first_loses_no_assignment(engine):
    count, answers = keras.Variable(0.0, trainable=False), []

    @keras.function
    def step(x):
        count.assign(count + 1.0)
        return keras.ops.sum(x) + count

    def call():
        # The active engine is a matter of the thread.
        with keras.backend.scope(count.backend.name):
            answers.extend(float(step(np.ones(3, "float32"))) for _ in range(5))

    at_once(*[call] * 4)
    assert sorted(answers) == [3.0 + number for number in range(1, 21)]


def test_two_trainings_of_one_model_take_turns(engine):
    model = two_outputs()
    at_once(*[lambda: model.fit(X, [Y, Y], batch_size=4, epochs=3, verbose=0)] * 2)
    assert int(model.optimizer.iterations.numpy()) == 24
    for weight in model.get_weights():
        np.testing.assert_array_equal(weight, np.full((4, 1), -24 * RATE))


def test_models_on_all_engines_train_at_once():
    names = registry.available()
    models = []
    for name in names:
        with keras.backend.scope(name):
            models += [two_outputs(), two_outputs()]
    at_once(*[lambda m=model: m.fit(X, [Y, Y], batch_size=4, epochs=3, verbose=0) for model in models])
    assert {model.weights[0].backend.name for model in models} == set(names)
    for model in models:
        for weight in model.get_weights():
            np.testing.assert_array_equal(weight, np.full((4, 1), -12 * RATE))
