"""Batches read ahead by a thread: the same ones in the same order, and nothing stays behind."""

import gc
import threading
import time

import numpy as np
import pytest

import kerasfront as keras
from kerasfront.backend import registry


def threads():
    return [one for one in threading.enumerate() if one.name.startswith("kerasfront-data")]


def wait_until(holds):
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert holds()


def batches(count=6, size=4):
    rows = np.arange(count * size * 3, dtype="float32").reshape(count, size, 3) / 100
    return [(x, x.sum(1, keepdims=True)) for x in rows]


def trained_on(data, **options):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(data, verbose=0, **options)
    return history.history["loss"], model.get_weights()


@pytest.mark.parametrize("form", ["generator", "iterable"])
def test_training_is_the_same_as_on_the_data_itself(form, engine):
    made = {"generator": lambda: iter(batches() * 2), "iterable": batches}[form]
    steps = 6 if form == "generator" else None

    class Data:
        def __iter__(self):
            return iter(made())

    data = made() if form == "generator" else Data()
    losses, weights = trained_on(keras.utils.prefetch(data), epochs=2, steps_per_epoch=steps)
    data = made() if form == "generator" else Data()
    expected, expected_weights = trained_on(data, epochs=2, steps_per_epoch=steps)
    assert losses == expected
    for one, other in zip(weights, expected_weights, strict=True):
        np.testing.assert_array_equal(one, other)
    wait_until(lambda: not threads())


def test_the_thread_works_ahead_and_no_further():
    read = []

    def stream():
        for number in range(10):
            read.append(number)
            yield number

    reading = keras.utils.prefetch(stream(), ahead=3)
    assert read == []
    assert next(reading) == 0
    wait_until(lambda: len(read) == 4)
    time.sleep(0.05)
    assert len(read) == 4
    assert list(reading) == list(range(1, 10))
    assert list(reading) == []


def test_what_was_read_ahead_is_kept_for_the_next_call(engine):
    reading = keras.utils.prefetch(iter(batches(6)))
    first, _ = trained_on(reading, steps_per_epoch=2)
    assert next(reading)[0][0, 0] == np.float32(24) / np.float32(100)


def test_a_generator_may_fill_the_same_array_again():
    def stream():
        array = np.zeros(2)
        for number in range(5):
            array[:] = number
            yield {"x": array}

    assert [batch["x"][0] for batch in keras.utils.prefetch(stream(), ahead=4)] == [0, 1, 2, 3, 4]


def test_errors_come_with_their_batch_and_end_the_thread(engine):
    def stream():
        yield from batches(2)
        raise KeyError("no such file")

    with pytest.raises(KeyError, match="no such file"):
        trained_on(keras.utils.prefetch(stream()))
    gc.collect()
    wait_until(lambda: not threads())


def test_the_thread_ends_with_what_it_reads_for():
    reading = keras.utils.prefetch(iter(range(100)))
    next(reading)
    assert len(threads()) == 1
    del reading
    gc.collect()
    wait_until(lambda: not threads())


def test_the_iterable_runs_on_the_engine_of_the_reader(engine):
    def stream():
        yield registry.active().name, threading.current_thread().name

    name, thread = next(keras.utils.prefetch(stream()))
    assert name == engine and thread != threading.current_thread().name


def test_loaders_and_data_sets_keep_their_length():
    torch = pytest.importorskip("torch", reason="its loader is read")
    x = torch.arange(10.0).reshape(5, 2)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, x[:, :1]), batch_size=2)
    ahead = keras.utils.prefetch(loader)
    assert len(ahead) == 3
    for _ in range(2):
        assert np.concatenate([batch[0] for batch in ahead]).tolist() == x.tolist()


@pytest.mark.parametrize("data", [np.zeros((3, 2)), 7, None])
def test_what_is_no_iterable_of_batches_is_refused(data):
    with pytest.raises(ValueError, match="prefetch: `data` is no iterable of batches"):
        keras.utils.prefetch(data)
    with pytest.raises(ValueError, match="ahead"):
        keras.utils.prefetch(iter([]), ahead=0)
