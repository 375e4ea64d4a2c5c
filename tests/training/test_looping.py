"""Steps that run in a loop inside the engine give what steps one by one give, and a repeated training the same bits."""

import importlib

import numpy as np
import pytest

import kerasfront as kf
from kerasfront.backend import dispatch, registry
from kerasfront.state import sharing
from kerasfront.state.function import Function
from kerasfront.state.repeated import Repeated
from kerasfront.training import data, looping, repeats, windows
from kerasfront.training.data import arrays

SAMPLES, BATCH = 330, 16
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(SAMPLES, 8)).astype("float32"), rng.integers(0, 3, SAMPLES)


def trained(watched=False, x=X):
    kf.utils.set_random_seed(3)
    layers = [kf.layers.Dense(16, activation="relu"), kf.layers.Dropout(0.3), kf.layers.BatchNormalization()]
    model = kf.Sequential([kf.Input((8,)), *layers, kf.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    # Who reads the logs of each batch keeps the steps single.
    watch = [kf.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: logs["loss"])] if watched else []
    history = model.fit(x, Y, batch_size=BATCH, epochs=3, verbose=0, callbacks=watch)
    return model.get_weights(), history.history


def runs_loops(engine):
    """Return whether steps over data on the host are repeated without Python."""
    # NumPy runs steps as they are, and PyTorch without its overrides.
    return engine in ("jax", "tensorflow") or (engine == "torch" and dispatch.OVERRIDES_ON)


def test_loops_agree_with_single_steps(engine, repeated_steps):
    weights, history = trained()
    in_loops = sum(repeated_steps)
    expected, singly = trained(watched=True)
    assert sum(repeated_steps) == in_loops
    for ours, theirs in zip(weights, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(history["loss"], singly["loss"], rtol=1e-5)
    assert history["accuracy"] == pytest.approx(singly["accuracy"], abs=1e-6)
    whole = 3 * (SAMPLES // BATCH)
    # One that records steps takes all whole batches but the first ones, which make the state.
    assert in_loops == (0 if engine == "numpy" else whole) or (engine == "torch" and in_loops >= whole - 3)


def test_another_number_of_samples_compiles_a_single_step_for_all(engine, repeated_steps, monkeypatch):
    kf.utils.set_random_seed(3)
    model = kf.Sequential([kf.Input((8,)), kf.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")

    def loops_over(samples):
        repeated_steps.clear()
        model.fit(X[:samples], Y[:samples], batch_size=BATCH, verbose=0)
        return sum(repeated_steps)

    if not kf.backend.active().compiles:
        pytest.skip("nothing is compiled: steps run as they are, or are recorded")
    monkeypatch.setattr(windows, "_LARGEST_WINDOW", 0)
    assert loops_over(10 * BATCH) == 10
    depends = kf.backend.active().compiles_for_samples
    assert loops_over(9 * BATCH) == (0 if depends else 9)
    assert loops_over(10 * BATCH) == 10
    monkeypatch.setattr(looping, "_FEWEST_OF_ANOTHER_SIZE", 5)
    assert loops_over(8 * BATCH) == loops_over(8 * BATCH) == 8
    assert int(model.optimizer.iterations) == 10 + 9 + 10 + 8 + 8


@pytest.mark.parametrize("samples", [2 * BATCH, 6 * BATCH + 5, 10 * BATCH, SAMPLES])
def test_another_number_of_samples_comes_in_windows(engine, repeated_steps, samples):
    def weights_after(epochs, x, y, callbacks=()):
        kf.utils.set_random_seed(3)
        inputs = {"one": kf.Input((8,)), "other": kf.Input((8,))}
        outputs = kf.layers.Dense(3, activation="softmax")(inputs["one"] + 2 * inputs["other"])
        model = kf.Model(inputs, outputs)
        model.compile("adam", "sparse_categorical_crossentropy")
        weight = np.linspace(0, 1, len(y), dtype="float32")
        model.fit({"one": x, "other": -x}, y, BATCH, epochs, 0, list(callbacks), sample_weight=weight)
        return model.get_weights()

    sharing.forget()
    weights_after(1, X[: 6 * BATCH], Y[: 6 * BATCH])
    repeated_steps.clear()
    weights = weights_after(2, X[:samples], Y[:samples])
    if kf.backend.active().compiles:
        assert sum(repeated_steps) == 2 * (samples // BATCH)
        # No call goes beyond its window.
        assert max(repeated_steps) <= 6 or not kf.backend.active().compiles_for_samples
    watch = kf.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: logs["loss"])
    expected = weights_after(2, X[:samples], Y[:samples], [watch])
    for one, other in zip(weights, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_repeated_training_has_the_same_bits(engine):
    (first, before), (second, after) = trained(), trained()
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    assert before == after


def test_a_loop_stops_when_a_callback_says_so(engine):
    class Stop(kf.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    kf.utils.set_random_seed(3)
    model = kf.Sequential([kf.Input((8,)), kf.layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    history = model.fit(X, Y, batch_size=BATCH, epochs=9, verbose=0, callbacks=[Stop()])
    assert len(history.history["loss"]) == 2
    assert int(model.optimizer.iterations) == 2 * (SAMPLES // BATCH + 1)


def test_evaluation_in_loops_agrees_with_single_steps(engine, repeated_steps, monkeypatch):
    monkeypatch.setattr(repeats, "FEWEST_RECORDED", 5)
    kf.utils.set_random_seed(3)
    model = kf.Sequential([kf.Input((8,)), kf.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    looped = [model.evaluate(X, Y, batch_size=BATCH, verbose=0) for _ in range(2)]
    in_loops = sum(repeated_steps)
    assert in_loops == 0 or in_loops >= 2 * (SAMPLES // BATCH) - 4
    watch = kf.callbacks.LambdaCallback(on_test_batch_end=lambda batch, logs: logs["loss"])
    singly = model.evaluate(X, Y, batch_size=BATCH, verbose=0, callbacks=[watch])
    np.testing.assert_allclose(looped, [singly, singly], rtol=1e-5)


def test_later_calls_begin_with_loops(engine, repeated_steps, monkeypatch):
    monkeypatch.setattr(repeats, "FEWEST_RECORDED", 5)
    kf.utils.set_random_seed(3)
    layers = [kf.layers.Dense(5, activation="relu"), kf.layers.Dense(3, activation="softmax")]
    model = kf.Sequential([kf.Input((8,)), *layers])
    model.compile("sgd", "sparse_categorical_crossentropy")
    watch = kf.callbacks.LambdaCallback(on_test_batch_end=lambda batch, logs: logs["loss"])

    def assert_right():
        looped = model.evaluate(X, Y, batch_size=BATCH, verbose=0)
        assert looped == pytest.approx(model.evaluate(X, Y, batch_size=BATCH, verbose=0, callbacks=[watch]), rel=1e-5)

    assert_right()
    model.set_weights([2 * one for one in model.get_weights()])
    repeated_steps.clear()
    assert_right()
    assert sum(repeated_steps) == (SAMPLES // BATCH if runs_loops(engine) else 0)
    if not registry.active().compiles:
        # What Python decides is looked at again in each call.
        layers[0].activation = kf.activations.tanh
        assert_right()


@pytest.mark.parametrize("dtype, mode", [("float32", "r"), ("float32", "r+"), ("float64", "r")])
def test_small_files_are_looped_over_as_arrays_are(engine, repeated_steps, tmp_path, dtype, mode):
    X.astype(dtype).tofile(tmp_path / "x")
    weights, history = trained(x=np.memmap(tmp_path / "x", dtype, mode, shape=X.shape))
    in_file = list(repeated_steps)
    repeated_steps.clear()
    expected, in_memory = trained()
    assert sum(in_file) == sum(repeated_steps)
    assert any(in_file) == runs_loops(engine)
    assert history == in_memory
    for one, other in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "dtype, mode, shared", [("float32", "r", True), ("float32", "r+", True), ("float64", "r", False)]
)
def test_large_files_are_read_where_they_are_or_by_windows(
    engine, repeated_steps, tmp_path, monkeypatch, dtype, mode, shared
):
    monkeypatch.setattr(arrays, "_SMALL_FILE", 0)
    if engine == "jax":
        monkeypatch.setattr(importlib.import_module("kerasfront_jax.backend"), "_LARGE", 0)
    X.astype(dtype).tofile(tmp_path / "x")
    file = np.memmap(tmp_path / "x", dtype, mode, shape=X.shape)
    source = data.source_from(file, Y, batch_size=BATCH)
    source.move_to(registry.active())
    assert (source.held is not None) == (engine != "numpy" and shared)
    weights, _ = trained(x=file)
    assert any(repeated_steps) == runs_loops(engine)
    expected, _ = trained()
    for one, other in zip(weights, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def read_only(values):
    values = values.copy()
    values.flags.writeable = False
    return values


def strided(values):
    return np.repeat(values, 2, axis=1)[:, ::2]


@pytest.mark.parametrize("form", [np.ascontiguousarray, np.asfortranarray, strided, read_only])
@pytest.mark.parametrize("shuffle", [True, False])
def test_data_too_large_to_copy_comes_in_windows(engine, repeated_steps, monkeypatch, form, shuffle):
    def outcome(x, other):
        kf.utils.set_random_seed(3)
        inputs = {"x": kf.Input((8,)), "other": kf.Input((1,))}
        outputs = kf.layers.Dense(3, activation="softmax")(kf.layers.Dropout(0.2)(inputs["x"]) + inputs["other"])
        model = kf.Model(inputs, outputs)
        model.compile("adam", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
        data, weight = {"x": x, "other": other}, np.linspace(0, 1, SAMPLES, dtype="float32")
        history = model.fit(data, Y, BATCH, 2, verbose=0, shuffle=shuffle, sample_weight=weight)
        return [*model.get_weights(), history.history["loss"], model.evaluate(data, Y, BATCH, verbose=0)]

    expected = outcome(X, X[:, :1])
    repeated_steps.clear()
    sharing.forget()
    monkeypatch.setattr(arrays, "_MODERATE", -1)
    monkeypatch.setattr(windows, "_LARGEST_WINDOW", 5 * BATCH * (9 * 4 + 8 + 4))
    seen = outcome(form(X), form(X[:, :1]))
    assert any(repeated_steps) == runs_loops(engine)
    assert max(repeated_steps, default=0) <= 5
    for one, other in zip(seen, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_loop_is_over_when_what_it_writes_is_there(engine, monkeypatch):
    total, rate = kf.Variable(0.0), kf.Variable(2.0)

    def step(x):
        total.assign(total + rate * kf.ops.sum(x))

    repeated = Repeated(Function(step, [total, rate]), (np.arange(4, dtype="float32"),), 2)
    if repeated.plan.useless:
        pytest.skip("steps run as they are")
    assert repeated(repeated.order_on_device(np.arange(4)), 0, 2)
    backend, waited = kf.backend.active(), []
    monkeypatch.setattr(type(backend), "synchronize", lambda self, value: waited.append(self.to_numpy(value)))
    repeated.wait()
    assert waited == [12]
