"""Training on each kind of source: the same batches lead to the same weights; trouble leaves the model whole."""

import pathlib

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import kerasfront as keras
from kerasfront import callbacks

HERE = str(pathlib.Path(__file__).parent)
X = np.random.RandomState(0).normal(size=(20, 3)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


def make_model():
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1, "sigmoid")])
    made.compile(keras.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])
    made.set_weights(
        [np.linspace(-1, 1, weight.size, dtype="float32").reshape(weight.shape) for weight in made.get_weights()]
    )
    return made


@pytest.fixture
def model(engine):
    return make_model()


@pytest.fixture(scope="module")
def reference():
    """Per engine: a model that is compiled once, its weights at the start, and what training on arrays makes of
    them."""
    return {}


def trained(model, *args, epochs=2, **options):
    options = {"shuffle": False, "verbose": 0, **options}
    history = model.fit(*args, epochs=epochs, **options)
    return [*model.get_weights(), np.array(history.history["loss"])]


def slices(repeats):
    for _ in range(repeats):
        for start in range(0, 20, 8):
            yield X[start : start + 8], Y[start : start + 8]


class Slices(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return X[8 * index : 8 * index + 8], Y[8 * index : 8 * index + 8]


class Loader:
    def __iter__(self):
        return slices(1)


SOURCES = {
    "doubles": lambda: ((X.astype("float64"), Y.astype("float64")), {"batch_size": 8}),
    "lists": lambda: ((X.tolist(), Y.tolist()), {"batch_size": 8}),
    "data frames": lambda: ((pd.DataFrame(X), pd.Series(Y[:, 0])), {"batch_size": 8}),
    "sparse rows": lambda: ((scipy.sparse.csr_matrix(X), Y), {"batch_size": 8}),
    "tensors": lambda: ((keras.ops.convert_to_tensor(X), keras.ops.convert_to_tensor(Y)), {"batch_size": 8}),
    "generator": lambda: ((slices(2),), {"steps_per_epoch": 3}),
    "iterable": lambda: ((Loader(),), {}),
    "PyDataset": lambda: ((Slices(),), {}),
    "PyDataset with threads": lambda: ((Slices(workers=3),), {}),
    "weights of one": lambda: ((X, Y), {"batch_size": 8, "sample_weight": np.ones(20)}),
    "class weights of one": lambda: ((X, Y), {"batch_size": 8, "class_weight": {0: 1.0, 1: 1.0}}),
}


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_trains_the_same_weights(engine, reference, name):
    if engine not in reference:
        model = make_model()
        start = model.get_weights()
        reference[engine] = model, start, trained(model, X, Y, batch_size=8)
    model, start, expected = reference[engine]
    model.set_weights(start)
    args, options = SOURCES[name]()
    for got, wanted in zip(trained(model, *args, **options), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_class_weights_scale_the_loss_of_their_class(model):
    start = model.get_weights()
    by_class = trained(model, X, Y, class_weight={0: 1.0, 1: 3.0}, epochs=1)
    model.set_weights(start)
    by_sample = trained(model, X, Y, sample_weight=1.0 + 2.0 * Y[:, 0], epochs=1)
    for got, wanted in zip(by_class, by_sample, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_shuffled_epochs_differ_from_unshuffled_ones_and_resume_where_they_left(model):
    start = model.get_weights()
    results = {}
    for name, options in {"plain": {"shuffle": False}, "shuffled": {}, "again": {}}.items():
        keras.utils.set_random_seed(3)
        model.set_weights(start)
        results[name] = trained(model, X, Y, batch_size=4, **{"shuffle": True, **options})
    assert not np.allclose(results["plain"][0], results["shuffled"][0], atol=1e-6)
    for got, wanted in zip(results["again"], results["shuffled"], strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_a_short_generator_warns_and_ends_training(model):
    with pytest.warns(UserWarning, match="ran out of data"):
        history = model.fit(slices(1), steps_per_epoch=2, epochs=5, verbose=0)
    assert history.epoch == [0, 1]


def test_a_finite_generator_is_one_epoch(model):
    with pytest.warns(UserWarning, match="ran out of data"):
        history = model.fit(slices(1), epochs=3, verbose=0)
    assert history.epoch == [0]
    assert model.fit(slices(1), epochs=1, verbose=0).epoch == [0]


def test_validation_on_arrays_starts_at_the_first_batch_each_time(model):
    frozen = callbacks.LearningRateScheduler(lambda epoch: 0.0)
    history = model.fit(
        X,
        Y,
        validation_data=(X, Y),
        validation_steps=1,
        validation_batch_size=8,
        epochs=2,
        callbacks=[frozen],
        verbose=0,
    )
    first, second = history.history["val_loss"]
    assert first == second
    loss = model.evaluate(X[:8], Y[:8], verbose=0)[0]
    assert first == pytest.approx(loss, rel=1e-5)


def test_steps_of_prediction_never_repeat_data(model):
    with pytest.warns(UserWarning, match="predict: the input ran out of data"):
        assert model.predict(X, batch_size=8, steps=7, verbose=0).shape == (20, 1)


# -- trouble -----------------------------------------------------------------------------------------


def still_works(model):
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert len(model.fit(X, Y, verbose=0).epoch) == 1
    assert model.predict(X, verbose=0).shape == (20, 1)


class Interrupts(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            raise KeyboardInterrupt


@pytest.mark.parametrize("source", ["array", "threads", "processes"])
def test_an_interrupt_leaves_the_model_usable_and_no_worker_behind(model, monkeypatch, source):
    monkeypatch.syspath_prepend(HERE)
    import worker_datasets

    options = {"threads": {"workers": 3}, "processes": {"workers": 2, "use_multiprocessing": True}}
    data = (X, Y) if source == "array" else (worker_datasets.Rows(**options[source]),)
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            *data, epochs=3, verbose=0, callbacks=[Interrupts()], **({"batch_size": 4} if source == "array" else {})
        )
    still_works(model)


@pytest.mark.parametrize(("kind", "error"), [("Broken", KeyError), ("Killed", RuntimeError)])
def test_a_failing_worker_leaves_the_model_usable(model, monkeypatch, kind, error):
    monkeypatch.syspath_prepend(HERE)
    import worker_datasets

    with pytest.raises(error):
        model.fit(getattr(worker_datasets, f"{kind}Rows")(workers=2, use_multiprocessing=True), verbose=0)
    still_works(model)


def test_a_bad_batch_in_the_middle_leaves_the_model_usable(model):
    def stream():
        yield X, Y
        yield X, Y[:3]

    with pytest.raises(ValueError, match="x has 20 samples but y has 3"):
        model.fit(stream(), verbose=0)
    still_works(model)


# -- callbacks in a real training --------------------------------------------------------------------


def test_nan_in_the_loss_warns_once_and_terminates_if_asked(model, capsys):
    bad = np.full_like(X, np.nan)
    with pytest.warns(RuntimeWarning, match="the loss is nan") as caught:
        assert model.fit(bad, Y, epochs=3, verbose=0).epoch == [0, 1, 2]
    assert len(caught) == 1
    history = model.fit(bad, Y, epochs=3, batch_size=4, verbose=0, callbacks=[callbacks.TerminateOnNaN()])
    assert history.epoch == [0] and "Batch 0: Invalid loss" in capsys.readouterr().out


def test_best_weights_come_back_after_training(model):
    start = model.get_weights()
    grows = callbacks.LearningRateScheduler(lambda epoch: 0.0 if epoch == 0 else 50.0)
    stops = callbacks.EarlyStopping("loss", patience=1, restore_best_weights=True, mode="min")
    history = model.fit(X, 1 - Y, epochs=20, verbose=0, shuffle=False, callbacks=[grows, stops])
    best = int(np.argmin(history.history["loss"]))
    assert stops.best_epoch == best and len(history.epoch) < 20
    if best == 0:
        for got, wanted in zip(model.get_weights(), start, strict=True):
            np.testing.assert_array_equal(got, wanted)


def test_the_rate_is_reduced_and_logged(model):
    reduces = callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=10.0)
    history = model.fit(X, Y, epochs=3, verbose=0, callbacks=[reduces])
    assert history.history["learning_rate"] == pytest.approx([0.1, 0.1, 0.05])
    assert float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)) == pytest.approx(0.025)


def test_batch_logs_are_python_floats_of_the_epoch_so_far(model):
    seen = []
    watch = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(dict(logs)))
    history = model.fit(X, Y, batch_size=8, shuffle=False, verbose=0, callbacks=[watch])
    assert len(seen) == 3 and {type(value) for logs in seen for value in logs.values()} == {float}
    assert seen[-1]["loss"] == pytest.approx(history.history["loss"][0], rel=1e-6)


def test_stop_training_ends_after_the_batch(model):
    class Stops(callbacks.Callback):
        batches = 0

        def on_train_batch_end(self, batch, logs=None):
            self.batches += 1
            self.model.stop_training = True

    stops = Stops()
    model.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=[stops])
    assert stops.batches == 1


def test_the_progress_of_training_and_its_validation_is_one_line_per_epoch(model, capsys):
    model.fit(X, Y, batch_size=8, epochs=2, validation_split=0.2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2" and len(lines) == 4
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert f" - {name}: " in lines[1]
    assert lines[1].startswith("2/2 - ")
