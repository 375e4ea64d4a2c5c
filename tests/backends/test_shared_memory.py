"""Large data of the host in loops: not copied where it can be, and the same samples in any case."""

import gc
import importlib
import weakref

import numpy as np
import pytest

import kerasfront as keras
from kerasfront.backend import registry
from kerasfront.state.function import Function
from kerasfront.state.repeated import Repeated

# The engines that compile loops, and take memory from some addresses only.
ENGINES = ["jax", "tensorflow"]


@pytest.fixture(params=ENGINES)
def backend(request, monkeypatch):
    pytest.importorskip(request.param, reason="needs the engine")
    if request.param == "tensorflow":
        # For data as large as it is for JAX.
        adapter = importlib.import_module("kerasfront_tensorflow.samples")
        monkeypatch.setattr(adapter, "_LARGEST_ON_HEAP", 1 << 24)
    with registry.scope(request.param) as active:
        yield active


def samples(shape, dtype, start):
    """Return numbers that begin `start` items after an address that is aligned to 64 bytes."""
    count, dtype = int(np.prod(shape)), np.dtype(dtype)
    memory = np.zeros((count + start) * dtype.itemsize + 64, "uint8")
    first = -memory.ctypes.data % 64 + start * dtype.itemsize
    found = memory[first : first + count * dtype.itemsize].view(dtype).reshape(shape)
    found[...] = np.random.default_rng(0).integers(0, 100, shape)
    return found


def loop_over(array, count, size):
    """Return a function that loops over batches in an order of positions, and returns those the engine has seen."""
    seen = keras.Variable(np.zeros((count // size, size, *array.shape[1:]), "float32"))

    def step(batch):
        seen.assign(keras.ops.concatenate([seen[1:], keras.ops.cast(batch[None], "float32")]))

    repeated = Repeated(Function(step, [seen]), (array,), size)

    def run(order):
        assert repeated(repeated.order_on_device(order), 0, count // size)
        return seen.numpy()

    return run


FORMS = [
    ((70_000, 8, 8), "float32", 4),
    ((70_000, 64), "float32", 0),
    ((70_000, 64), "int32", 15),
    ((140_000, 64), "float16", 8),
    ((300_000, 64), "uint8", 16),
    ((20_000, 1024), "uint8", 63),
    ((20_000, 130), "int16", 1),
    # No whole sample before the first aligned number.
    ((1_200_000, 4), "float32", 4),
    ((5_000_000,), "float32", 4),
]


@pytest.mark.parametrize("shape, dtype, start", FORMS)
def test_loops_over_shared_memory_see_each_sample(shape, dtype, start, backend):
    array = samples(shape, dtype, start)
    order = np.array([5, 0, len(array) - 1, 1, 0, 17])
    expected = array[order].reshape(3, 2, *shape[1:])
    np.testing.assert_array_equal(loop_over(array, 6, 2)(order), expected)
    np.testing.assert_array_equal(loop_over(array, 6, 2)(None), array[:6].reshape(3, 2, *shape[1:]))


@pytest.mark.parametrize("form", ["plain", "transposed", "read-only", "sliced", "float64"])
def test_what_cannot_be_shared_is_copied(form, backend):
    array = samples((70_000, 64), "float32", 4)
    array = {
        "transposed": np.asfortranarray(array),
        "sliced": samples((70_000, 128), "float32", 4)[:, ::2],
        "float64": array.astype("float64"),
    }.get(form, array)
    array.flags.writeable = form != "read-only"
    order = np.array([3, 0, 69_999, 1])
    np.testing.assert_array_equal(loop_over(array, 4, 2)(order), array[order].reshape(2, 2, 64))


def test_large_data_is_not_copied(backend):
    array = samples((70_000, 64), "float32", 4)
    assert backend.shares_memory(array)
    run = loop_over(array, 4, 2)
    order = np.array([3, 0, 69_999, 1])
    run(order)
    # Who writes to it in the meantime sees that it is the same memory, but for what one sample needs.
    array[3] += 1
    np.testing.assert_array_equal(run(order)[0, 0, :48], array[3, :48])


def test_large_data_is_let_go(backend):
    array = samples((70_000, 64), "float32", 4)
    kept = weakref.ref(array.base)
    run = loop_over(array, 4, 2)
    run(np.array([3, 0, 69_999, 1]))
    del array, run
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize("backend", ["tensorflow"], indirect=True)
def test_arrays_that_may_begin_anywhere_are_copied_to_one_form(backend):
    arrays = [samples((8_000, 64), "float32", start) for start in range(16)]
    assert all(backend.is_tensor(backend.resident(array)) for array in arrays)
    assert [backend.shares_memory(array) for array in arrays] == [True] + [False] * 15


@pytest.mark.parametrize("backend", ["jax"], indirect=True)
def test_data_whose_positions_are_no_int32_is_not_shared(backend, monkeypatch):
    array = samples((70_000, 64), "float32", 4)
    assert backend.shares_memory(array)
    # By its path: the package has the backend itself under this name.
    monkeypatch.setattr(importlib.import_module("kerasfront_jax.backend"), "_MOST_NUMBERS", array.size)
    assert not backend.shares_memory(array)
