"""Trouble in the middle of training: a clear error at once, the last whole step is kept, and nothing is left over."""

import multiprocessing
import os
import pathlib
import signal
import threading
import time

import numpy as np
import pytest

import kerasfront as keras

pytestmark = pytest.mark.usefixtures("engine", "nothing_left_running")
X, Y = np.ones((8, 4), "float32"), np.zeros((8, 1), "float32")
OBJECTS = np.array([np.ones(4), np.ones(3)], dtype=object)


@pytest.fixture
def nothing_left_running():
    threads, processes = set(threading.enumerate()), set(multiprocessing.active_children())
    yield
    deadline = time.monotonic() + 5
    while (left := _new(threads, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left


def _new(threads, processes):
    # Engines keep daemons of their own.
    ours = [
        one for one in threading.enumerate() if one not in threads and not (one.daemon and "kerasf" not in one.name)
    ]
    return ours + list(set(multiprocessing.active_children()) - processes)


def falling(width=4):
    """A model whose weights are all minus the number of steps: the loss is the mean output on inputs of 1."""
    dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((width,)), dense])
    model.compile(keras.optimizers.SGD(1.0), lambda y_true, y_pred: keras.ops.mean(y_pred + 0.0 * y_true, axis=-1))
    return model


def assert_whole_after(model, steps):
    assert int(model.optimizer.iterations.numpy()) == steps
    np.testing.assert_allclose(model.get_weights()[0], np.full((4, 1), -float(steps)), rtol=1e-6)
    # And it goes on.
    model.fit(X, Y, batch_size=4, verbose=0)
    np.testing.assert_allclose(model.predict(X, verbose=0), np.full((8, 1), -4.0 * (steps + 2)), rtol=1e-6)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), -4.0 * (steps + 2), rtol=1e-6)


def two_good_and(bad):
    yield X, Y
    yield X, Y
    yield bad() if callable(bad) else bad
    yield X, Y


def fails():
    raise OSError("the disk is gone")


BAD = {
    "width": ((np.ones((8, 5), "float32"), Y), ValueError, r"Expected \(None, 4\); got \(8, 5\)"),
    "rank": ((np.ones(8, "float32"), Y), ValueError, r"Expected \(None, 4\); got \(8,\)"),
    "no labels": ((X,), ValueError, "there are no labels"),
    "lengths": ((X, Y[:3]), ValueError, "x has 8 samples but y has 3"),
    "empty": ((X[:0], Y[:0]), ValueError, "a batch is empty"),
    "nothing": (None, ValueError, "there is no data"),
    "text": ((np.full((8, 4), "a"), Y), ValueError, "does not consist of numbers"),
    "objects": ((OBJECTS, Y[:2]), ValueError, "does not consist of numbers"),
    "ragged": (([[1.0] * 4] * 7 + [[1.0] * 3], Y), ValueError, "different lengths"),
    "keys": (({"a": X}, Y), ValueError, "'a'"),
    "parts": ((X, Y, Y, Y), ValueError, "4 parts"),
    "exception": (fails, OSError, "the disk is gone"),
    "interrupt": (lambda: signal.raise_signal(signal.SIGINT), KeyboardInterrupt, None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_batch_after_good_ones(name):
    bad, error, message = BAD[name]
    model = falling()
    with pytest.raises(error, match=message):
        model.fit(two_good_and(bad), verbose=0)
    assert_whole_after(model, 2)


def test_labels_of_another_shape_after_good_ones():
    model = falling()
    model.compile(model.optimizer, "mse")
    with pytest.raises(ValueError, match=r"\(8, 1\); got y_true \(8, 3\)"):
        model.fit(two_good_and((X, np.zeros((8, 3), "float32"))), verbose=0)
    assert int(model.optimizer.iterations.numpy()) == 2


@pytest.mark.parametrize("name", ["width", "exception"])
def test_a_bad_batch_in_validation_leaves_the_trained_epoch(name):
    bad, error, message = BAD[name]
    model = falling()
    with pytest.raises(error, match=message):
        model.fit(X, Y, batch_size=4, epochs=3, verbose=0, validation_data=two_good_and(bad), validation_steps=4)
    assert_whole_after(model, 2)


class Batches(keras.utils.PyDataset):
    """Ones, but for batch 2, which makes trouble."""

    def __init__(self, trouble, **options):
        super().__init__(**options)
        self.trouble = trouble

    def __len__(self):
        return 6

    def __getitem__(self, index):
        if index == 2:
            self.trouble()
        return np.ones((4, 4), "float32"), np.zeros((4, 1), "float32")


class Indexed:
    """The same for a loader: samples by number."""

    def __init__(self, trouble):
        self.trouble = trouble

    def __len__(self):
        return 24

    def __getitem__(self, index):
        if index == 9:
            self.trouble()
        return np.ones(4, "float32"), np.zeros(1, "float32")


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


WORKERS = {
    "none": ({}, fails, OSError, "the disk is gone"),
    "threads": ({"workers": 2}, fails, OSError, "the disk is gone"),
    "processes": ({"workers": 2, "use_multiprocessing": True}, fails, OSError, "the disk is gone"),
    "killed": ({"workers": 2, "use_multiprocessing": True}, kill_self, RuntimeError, "ended by signal 9"),
}


@pytest.fixture
def importable(monkeypatch):
    """Worker processes import this module by its name."""
    root = str(pathlib.Path(__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", root + os.pathsep + os.environ.get("PYTHONPATH", ""))


@pytest.mark.usefixtures("importable")
@pytest.mark.parametrize("kind", WORKERS)
def test_trouble_in_a_worker_comes_through_after_the_batches_before_it(kind):
    options, trouble, error, message = WORKERS[kind]
    model = falling()
    with pytest.raises(error, match=message):
        model.fit(Batches(trouble, **options), epochs=2, shuffle=False, verbose=0)
    if kind == "killed":
        # The other worker's batches may be lost with the queue, but none is half done.
        assert_whole_after(model, int(model.optimizer.iterations.numpy()))
    else:
        assert_whole_after(model, 2)


# The engine's own way to start workers is a fork, about which other engines in this process warn.
@pytest.mark.filterwarnings("ignore:os.fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded")
@pytest.mark.parametrize("trouble, error", [(fails, "the disk is gone"), (kill_self, "killed|exited unexpectedly")])
def test_trouble_in_a_worker_of_an_engines_loader_comes_through(trouble, error):
    torch = pytest.importorskip("torch")
    loader = torch.utils.data.DataLoader(Indexed(trouble), batch_size=4, num_workers=2, timeout=60)
    model = falling()
    with pytest.raises((RuntimeError, OSError), match=error):
        model.fit(loader, epochs=2, verbose=0)
    assert_whole_after(model, int(model.optimizer.iterations.numpy()))


HOOKS = [
    ("on_train_begin", 0), ("on_epoch_begin", 0), ("on_train_batch_begin", 0), ("on_train_batch_end", 1),
    ("on_test_begin", 2), ("on_test_batch_begin", 2), ("on_test_batch_end", 2), ("on_test_end", 2), ("on_epoch_end", 2),
    ("on_train_end", 2), ("set_model", 0), ("set_params", 0),
]  # fmt: skip


@pytest.mark.parametrize("hook, steps", HOOKS)
def test_an_exception_in_any_hook_leaves_the_last_whole_step(hook, steps):
    def trouble(*args, **kwargs):
        raise OSError("the disk is gone")

    callback = keras.callbacks.Callback()
    setattr(callback, hook, trouble)
    model = falling()
    with pytest.raises(OSError, match="the disk is gone"):
        model.fit(X, Y, batch_size=4, verbose=0, validation_data=(X, Y), callbacks=[callback])
    assert_whole_after(model, steps)
