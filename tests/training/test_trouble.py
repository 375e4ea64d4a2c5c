"""A model outlives trouble: its state is whole, nothing leaks, and it can be used again."""

import signal
import threading

import numpy as np
import pytest

import kerasfront as keras
from tests.training.models import data, regression, same, sequential, weights_of

pytestmark = pytest.mark.usefixtures("engine")
X, Y, Z = data()


def compiled(model=None, **options):
    model = model or regression()
    model.compile(**{"optimizer": keras.optimizers.Adam(0.1), "loss": "mse", "metrics": ["mae"], **options})
    return model


class Raising(keras.callbacks.Callback):
    """Raises at the given hook and remembers the weights after each batch."""

    def __init__(self, hook, error, after=0):
        super().__init__()
        self.hook, self.error, self.after = hook, error, after
        self.weights = None

    def _maybe(self, hook, number):
        if hook == "on_train_batch_end":
            self.weights = weights_of(self.model)
        if hook == self.hook and number >= self.after:
            raise self.error

    def on_train_begin(self, logs=None):
        self._maybe("on_train_begin", 0)

    def on_epoch_begin(self, epoch, logs=None):
        self._maybe("on_epoch_begin", epoch)

    def on_epoch_end(self, epoch, logs=None):
        self._maybe("on_epoch_end", epoch)

    def on_train_batch_begin(self, batch, logs=None):
        self._maybe("on_train_batch_begin", batch)

    def on_train_batch_end(self, batch, logs=None):
        self._maybe("on_train_batch_end", batch)

    def on_test_batch_end(self, batch, logs=None):
        self._maybe("on_test_batch_end", batch)


HOOKS = [
    ("on_train_begin", 0, RuntimeError),
    ("on_epoch_begin", 1, KeyboardInterrupt),
    ("on_train_batch_begin", 2, RuntimeError),
    ("on_train_batch_end", 1, KeyboardInterrupt),
    ("on_test_batch_end", 0, RuntimeError),
    ("on_epoch_end", 0, KeyboardInterrupt),
]


@pytest.mark.parametrize("hook, after, error", HOOKS)
def test_trouble_in_a_callback_keeps_the_last_whole_step(hook, after, error):
    model = compiled()
    callback = Raising(hook, error("trouble"), after)
    with pytest.raises(error, match="trouble"):
        model.fit(X, Z, batch_size=3, epochs=3, validation_data=(X, Z), callbacks=[callback], verbose=0)
    if callback.weights is not None:
        assert same(callback.weights, weights_of(model))
    assert model.evaluate(X, Z, verbose=0)[0] > 0
    before = weights_of(model)
    assert np.isfinite(model.fit(X, Z, epochs=2, verbose=0).history["loss"]).all()
    assert not same(before, weights_of(model))


def broken(at, error):
    for i in range(10):
        if i == at:
            raise error
        yield X, Z


@pytest.mark.parametrize("at", [0, 3])
def test_trouble_in_a_generator_comes_through_and_stops_nothing_else(at):
    model = compiled()
    with pytest.raises(OSError, match="the disk is gone"):
        model.fit(broken(at, OSError("the disk is gone")), verbose=0)
    assert model.optimizer.iterations.numpy() == at if at else True
    assert np.isfinite(model.fit(X, Z, verbose=0).history["loss"]).all()


def with_a_bad_batch():
    yield X, Z
    yield X[:, :3], Z
    yield X, Z


def test_a_bad_batch_in_the_middle_changes_nothing():
    model = compiled()
    reference = compiled()
    reference.train_on_batch(X, Z)
    with pytest.raises(ValueError, match="3"):
        model.fit(with_a_bad_batch(), verbose=0)
    for mine, theirs in zip(weights_of(model), weights_of(reference), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)
    assert model.optimizer.iterations.numpy() == 1
    model.fit(X, Z, verbose=0)
    assert model.optimizer.iterations.numpy() == 2


def test_an_exception_inside_a_step_leaves_no_half_step():
    class Failing(keras.Model):
        broken = False

        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            if self.broken:
                raise RuntimeError("after the optimizer")
            return super().compute_metrics(x, y, y_pred, sample_weight)

    for eager in (False, True):
        model = compiled(Failing(), run_eagerly=eager)
        model.fit(X, Z, verbose=0)
        before, count = weights_of(model), model.optimizer.iterations.numpy()
        model.broken = True
        model.compile(model.optimizer, "mse", run_eagerly=eager)
        with pytest.raises(RuntimeError, match="after the optimizer"):
            model.fit(X, Z, verbose=0)
        assert same(before, weights_of(model))
        assert model.optimizer.iterations.numpy() == count
        model.broken = False
        model.compile(model.optimizer, "mse", run_eagerly=eager)
        model.fit(X, Z, verbose=0)
        assert not same(before, weights_of(model))


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "rmsprop", "adagrad"])
def test_an_exception_after_the_optimizer_in_a_step_of_ones_own_undoes_all_of_it(name, eager):
    class Own(keras.Model):
        broken = False

        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
            variables = self.trainable_variables
            loss, gradients = keras.value_and_grad(lambda: self.compute_loss(x, y, self(x, training=True)), variables)
            self.optimizer.apply(gradients, variables)
            if self.broken:
                raise RuntimeError("after the optimizer")
            return {"loss": loss}

    def state():
        return [variable.numpy() for variable in (*model.weights, *model.optimizer.variables)]

    model = compiled(Own(), optimizer=name, run_eagerly=eager)
    model.fit(X, Z, epochs=2, verbose=0)
    before, model.broken = state(), True
    model.compile(model.optimizer, "mse", run_eagerly=eager)
    with pytest.raises(RuntimeError, match="after the optimizer"):
        model.fit(X, Z, verbose=0)
    assert same(before, state())


def test_a_failure_in_a_group_of_steps_leaves_weights_and_counter_in_line():
    model = compiled(optimizer=keras.optimizers.SGD(0.1), steps_per_execution=3)
    reference = compiled(optimizer=keras.optimizers.SGD(0.1))
    with pytest.raises(ValueError, match="3"):
        model.fit(with_a_bad_batch(), verbose=0)
    steps = int(model.optimizer.iterations.numpy())
    for _ in range(steps):
        reference.train_on_batch(X, Z)
    for mine, theirs in zip(weights_of(model), weights_of(reference), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def test_an_interrupt_inside_a_step_leaves_a_whole_step_or_none():
    class Interrupted(keras.Model):
        at = -1

        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)
            self.count = 0

        def call(self, x):
            self.count += 1
            if self.count == self.at:
                signal.raise_signal(signal.SIGINT)
            return self.dense(x)

    model = compiled(Interrupted(), run_eagerly=True)
    model.fit(X, Z, verbose=0)
    before, slots = weights_of(model), [np.array(v.numpy()) for v in model.optimizer.variables]
    model.at = model.count + 1
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Z, batch_size=2, verbose=0)
    assert model.count == model.at
    whole = same(before, weights_of(model)) and same(slots, [v.numpy() for v in model.optimizer.variables])
    assert whole or model.optimizer.iterations.numpy() == 2
    assert np.isfinite(model.fit(X, Z, verbose=0).history["loss"]).all()


def test_interrupts_at_any_time_leave_finite_whole_weights():
    model = compiled(sequential())
    model.fit(X, Z, verbose=0)
    raised = 0
    for delay in np.linspace(0.001, 0.05, 12):
        timer = threading.Timer(delay, signal.raise_signal, [signal.SIGINT])
        try:
            # Inside, because the shortest delay may be over before the start has returned.
            timer.start()
            model.fit(X, Z, batch_size=1, epochs=10_000, verbose=0)
        except KeyboardInterrupt:
            raised += 1
        timer.join()
        assert all(np.isfinite(weight).all() for weight in weights_of(model))
        steps = model.optimizer.iterations.numpy()
        model.train_on_batch(X, Z)
        assert model.optimizer.iterations.numpy() == steps + 1
    assert raised == 12


def test_threads_may_predict_at_once():
    model = regression()
    expected = X @ model.get_weights()[0]
    results, errors = [], []
    barrier = threading.Barrier(4)

    def work():
        try:
            barrier.wait()
            results.extend(model.predict(X, batch_size=4, verbose=0) for _ in range(5))
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=work, name="kerasfront-test") for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors and len(results) == 20
    for result in results:
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_threads_may_predict_during_fit():
    """All weights start at 0 and move together, so an answer with weights of two steps would show."""
    inputs = keras.Input((4,))
    outputs = [keras.layers.Dense(1, kernel_initializer="zeros", name=name)(inputs) for name in "ab"]
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.01), "mse")
    stop, errors, answers = threading.Event(), [], []

    def work():
        try:
            while not stop.is_set():
                answers.append(model.predict(X, batch_size=16, verbose=0))
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=work, name="kerasfront-test") for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        model.fit(X, [Z, Z], batch_size=2, epochs=20, verbose=0)
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert not errors and answers
    for a, b in answers:
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert model.optimizer.iterations.numpy() == 100


def test_loops_inside_of_callbacks_do_not_disturb_the_epoch():
    class Curious(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.evaluate(X[:2], Z[:2], verbose=0)
            self.model.predict(X[:2], verbose=0)
            self.model.test_on_batch(X[:1], Z[:1])

        def on_epoch_end(self, epoch, logs=None):
            self.model.evaluate(X, Z, verbose=0)

    histories = []
    for callbacks in ([], [Curious()]):
        model = compiled()
        fitted = model.fit(X, Z, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=callbacks)
        histories.append(fitted.history)
    for name, numbers in histories[0].items():
        np.testing.assert_allclose(histories[1][name], numbers, rtol=1e-5)


def test_stop_training_ends_after_the_batch():
    class Stop(keras.callbacks.Callback):
        batches = 0

        def on_train_batch_end(self, batch, logs=None):
            self.batches += 1
            if batch == 1:
                self.model.stop_training = True

    stop = Stop()
    history = compiled().fit(X, Z, batch_size=2, epochs=5, verbose=0, callbacks=[stop])
    assert stop.batches == 2 and history.epoch == [0]


def test_a_loss_that_is_not_finite_warns_once():
    model = compiled(loss=lambda y, p: p * float("nan"), metrics=None)
    with pytest.warns(RuntimeWarning, match="the loss is nan") as caught:
        model.fit(X, Z, epochs=3, verbose=0)
    assert len(caught) == 1


@pytest.mark.parametrize("kind", ["dense", "conv"])
@pytest.mark.parametrize("activation", ["relu", "relu6", "leaky_relu", "elu"])
def test_nan_in_the_data_is_not_lost_on_the_way(kind, activation):
    # Engines make one kernel of a product, a bias and an activation, and not every such kernel hands NaN on.
    layer = {"dense": keras.layers.Dense, "conv": lambda *a, **k: keras.layers.Conv2D(*a, kernel_size=3, **k)}[kind]
    shape = (5,) if kind == "dense" else (5, 5, 2)
    model = keras.Sequential(
        [keras.Input(shape), layer(4, activation=activation), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    x = np.full((4, *shape), np.nan, "float32")
    assert np.isnan(model.predict(x, verbose=0)).all()
    assert np.isnan(model.predict_on_batch(x)).all()
    with pytest.warns(RuntimeWarning, match="the loss is nan"):
        assert np.isnan(model.fit(x, np.zeros((4, 1)), verbose=0).history["loss"]).all()


def test_terminate_on_nan_stops_at_once():
    model = compiled(loss=lambda y, p: p * float("nan"), metrics=None)
    history = model.fit(X, Z, batch_size=2, epochs=3, verbose=0, callbacks=[keras.callbacks.TerminateOnNaN()])
    assert len(history.epoch) <= 1
    assert model.optimizer.iterations.numpy() == 1


def test_logs_at_the_end_of_a_batch_are_numbers_when_read():
    class Reader(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.losses = []

        def on_train_batch_end(self, batch, logs=None):
            self.losses.append(logs["loss"])

    reader = Reader()
    history = compiled().fit(X, Z, batch_size=4, verbose=0, callbacks=[reader]).history
    assert all(isinstance(loss, float) for loss in reader.losses)
    np.testing.assert_allclose(reader.losses[-1], history["loss"][0], rtol=1e-6)
