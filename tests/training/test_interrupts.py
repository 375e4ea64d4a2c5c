"""Ctrl-C at chosen moments: what was interrupted has happened as a whole or not at all, and the model goes on.

A signal is handled when a Python function is entered, so interrupting at the n-th entry of one of ours meets every kind
of moment, without a clock. The loss is the mean output on inputs of 1, its gradient is 1 everywhere: after n steps all
weights and all momenta have the values of n steps, or the state is torn.
"""

import random
import signal
import sys

import numpy as np
import pytest

import kerasfront as keras
from kerasfront.backend import registry
from kerasfront.state import interrupts, sharing

pytestmark = pytest.mark.usefixtures("engine")
X, Y = np.ones((8, 4), "float32"), np.zeros((8, 1), "float32")
MOMENTS = 6


class Two(keras.Model):
    """Adds what two layers give."""

    def __init__(self):
        super().__init__()
        self.a, self.b = (zeros_dense() for _ in range(2))

    def call(self, inputs):
        return self.a(inputs) + self.b(inputs)


def zeros_dense():
    return keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")


def compiled(model):
    optimizer = model.optimizer or keras.optimizers.SGD(1.0, momentum=0.5)
    model.compile(optimizer, lambda y_true, y_pred: keras.ops.mean(y_pred, axis=-1), metrics=["mae"])
    return model


def unbuilt():
    return compiled(Two())


def trained():
    inputs = keras.Input((4,))
    model = compiled(keras.Model(inputs, keras.layers.Add()([zeros_dense()(inputs) for _ in range(2)])))
    model.fit(X, Y, batch_size=4, verbose=0)
    return model


def after(steps):
    """The weight and the momentum after some steps."""
    weight = momentum = 0.0
    for _ in range(steps):
        momentum = 0.5 * momentum - 1.0
        weight += momentum
    return weight, momentum


def assert_whole(model):
    steps = int(model.optimizer.iterations.numpy())
    weight, momentum = after(steps)
    assert len(model.weights) == (2 if model.built else 0)
    slots = [one for one in model.optimizer.variables if one.shape]
    assert len(slots) == (2 if model.optimizer.built else 0)
    for variables, value in ((model.weights, weight), (slots, momentum)):
        for variable in variables:
            np.testing.assert_allclose(variable.numpy(), np.full((4, 1), value), rtol=1e-6)
    return steps


def assert_usable(model):
    steps = assert_whole(model)
    model.train_on_batch(X, Y)
    assert len(model.fit(X, Y, batch_size=4, verbose=0).history["loss"]) == 1
    assert assert_whole(model) == steps + 3
    expected = 8 * after(steps + 3)[0]
    np.testing.assert_allclose(model.predict(X, verbose=0), np.full((8, 1), expected), rtol=1e-6)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), [expected, -expected], rtol=1e-6)


class Interrupter:
    """Sends SIGINT when the n-th function of ours is entered."""

    def __init__(self, moment):
        self.moment, self.entered = moment, 0

    def __call__(self, frame, event, argument):
        if event == "call" and "kerasfront" in frame.f_code.co_filename and frame.f_code.co_name != "<genexpr>":
            self.entered += 1
            if self.entered == self.moment:
                signal.raise_signal(signal.SIGINT)

    def run(self, action, model):
        """Run the action; return whether it was interrupted."""
        sys.setprofile(self)
        try:
            action(model)
        except KeyboardInterrupt:
            return True
        finally:
            sys.setprofile(None)
        return False


def endless():
    while True:
        yield X[:4], Y[:4]


def fit_arrays(model):
    model.fit(X, Y, batch_size=4, verbose=0, validation_data=(X, Y))


def fit_generator(model):
    model.fit(endless(), steps_per_epoch=2, epochs=2, verbose=0, validation_data=(X, Y))


def fit_in_loops(model):
    model.fit(X, Y, batch_size=2, epochs=10, verbose=0)


def predict_in_loops(model):
    model.predict(np.concatenate([X] * 10), batch_size=2, verbose=0)


def run_once(model):
    model.predict(X, verbose=0)
    model.evaluate(X, Y, verbose=0)
    model.train_on_batch(X, Y)
    model(X)


def build(model):
    model.build((None, 4))
    model.optimizer.build(model.trainable_variables)


def move_away_and_back(model):
    name = model._backend.name
    model.to_backend("torch" if name == "numpy" else "numpy")
    model.to_backend(name)


ACTIONS = [
    (unbuilt, fit_arrays),
    (unbuilt, fit_generator),
    (unbuilt, build),
    (trained, fit_arrays),
    (trained, fit_in_loops),
    (trained, predict_in_loops),
    (trained, run_once),
    (trained, move_away_and_back),
    (trained, compiled),
]
NAMES = ["first fit", "generator", "build", "fit", "loops", "predictions", "run", "move", "compile"]


@pytest.mark.parametrize("make, action", ACTIONS, ids=NAMES)
def test_a_model_is_whole_and_usable_after_an_interrupt(make, action):
    whole = Interrupter(-1)
    sharing.forget()
    assert not whole.run(action, make())
    source = random.Random(0)
    moments = sorted(source.sample(range(1, whole.entered), MOMENTS))
    interrupted, active = 0, registry.active_name()
    for moment in moments:
        # Else what the first run compiled would serve, with fewer moments.
        sharing.forget()
        model = make()
        interrupted += Interrupter(moment).run(action, model)
        assert interrupts.deferred._open is None
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert registry.active_name() == active
        # One engine holds all of it, whichever.
        assert len({one.backend for one in (*model.variables, *model.optimizer.variables)} - {model._backend}) == 0
        model.to_backend(active)
        assert model._fits_running == 0
        assert_usable(model)
    assert interrupted == MOMENTS


def test_interrupts_while_weights_are_set_leave_all_old_or_all_new():
    model = trained()
    new = [np.full((4, 1), 7.0), np.full((4, 1), 7.0)]
    whole = Interrupter(-1)
    whole.run(lambda model: model.set_weights(new), model)
    for moment in range(1, whole.entered, 7):
        model.set_weights([np.zeros((4, 1))] * 2)
        assert Interrupter(moment).run(lambda model: model.set_weights(new), model)
        assert {float(value) for weight in model.get_weights() for value in weight[:, 0]} in ({0.0}, {7.0})


def test_interrupts_while_metrics_are_reset_leave_all_or_none():
    model = trained()
    whole = Interrupter(-1)
    whole.run(keras.Model.reset_metrics, model)
    for moment in range(1, whole.entered, 7):
        model.evaluate(X, Y, verbose=0)
        before = [float(variable.numpy()) for variable in model.metrics_variables]
        assert any(before)
        assert Interrupter(moment).run(keras.Model.reset_metrics, model)
        assert [float(variable.numpy()) for variable in model.metrics_variables] in (before, [0.0] * len(before))


def test_a_second_interrupt_comes_at_once_but_not_between_two_assignments(monkeypatch):
    model = trained()
    put = keras.Variable.put
    weights = {id(weight) for weight in model.weights}

    def impatient(variable, value):
        put(variable, value)
        if id(variable) in weights:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(keras.Variable, "put", impatient)
    with pytest.raises(KeyboardInterrupt):
        # Each weight is assigned twice: inside, and when all are put in place.
        model.set_weights([np.full((4, 1), 7.0)] * 2)
    monkeypatch.undo()
    assert {float(weight[0, 0]) for weight in model.get_weights()} in ({7.0}, {after(2)[0]})

    with pytest.raises(KeyboardInterrupt), interrupts.deferred():
        signal.raise_signal(signal.SIGINT)
        with interrupts.deferred(firm=True):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the last one should have come at once")
    assert interrupts.deferred._open is None


def test_a_failure_while_building_leaves_nothing_behind():
    class Fragile(keras.layers.Layer):
        fails = True

        def __init__(self):
            super().__init__()
            self.inner = keras.layers.Dense(3)

        def build(self, input_shape):
            self.inner.build(input_shape)
            self.factor = self.add_weight((3,), "ones", name="factor")
            if self.fails:
                raise RuntimeError("half built")

        def call(self, inputs):
            return self.inner(inputs) * self.factor

    layer = Fragile()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="half built"):
            layer(X)
        assert not layer.built and not layer.inner.built and layer.weights == [] and not hasattr(layer, "factor")
    layer.fails = False
    assert tuple(layer(X).shape) == (8, 3)
    assert len(layer.weights) == 3


def test_a_layer_that_does_not_fit_is_not_added():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError):
        model.add(keras.layers.Conv1D(2, 3))
    assert len(model.layers) == 1
    model.add(keras.layers.Dense(1))
    assert model.output_shape == (None, 1)
