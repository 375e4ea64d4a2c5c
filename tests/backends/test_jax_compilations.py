"""What JAX does not compile anew."""

import logging

import numpy as np
import pytest

import kerasfront as keras
from kerasfront.backend import registry

jax = pytest.importorskip("jax", reason="needs the engine")


@pytest.fixture(autouse=True)
def backend():
    with registry.scope("jax") as active:
        yield active


@pytest.fixture
def compilations(caplog):
    """What JAX says about each program that it has compiled."""
    with jax.log_compiles(True), caplog.at_level(logging.WARNING, "jax"):
        yield lambda: [one.message for one in caplog.records if one.message.startswith("Finished XLA compilation")]


def test_tensors_of_new_shapes_from_the_host_compile_nothing(compilations):
    def made(size):
        tensor = keras.ops.convert_to_tensor(np.full((size, 3), 2.5, "float32"))
        assert tensor.shape == (size, 3)
        assert keras.ops.convert_to_tensor(np.arange(size)).dtype == "int32"
        assert keras.ops.arange(size).tolist() == list(range(size))
        assert keras.ops.zeros((size, 4), "bfloat16").dtype == "bfloat16"
        assert keras.ops.full((size,), 0.5).tolist() == size * [0.5]
        return tensor

    # Numbers of each dtype are made once.
    made(6)
    before = compilations()
    tensor = [made(size) for size in (7, 8, 9)][-1]
    assert compilations() == before
    keras.ops.sin(tensor)
    assert len(compilations()) == len(before) + 1


@pytest.mark.parametrize("call", ["fit", "evaluate", "predict"])
def test_a_loop_over_shared_memory_is_compiled_once(call, backend, compilations):
    model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    x = np.full((100 * 64, 784), 1e-3, "float32")
    assert backend.shares_memory(x)
    data = (x,) if call == "predict" else (x, np.ones((len(x), 2), "float32"))
    for _ in range(2):
        getattr(model, call)(*data, batch_size=64, verbose=0)
    assert sum("jit(loop)" in one for one in compilations()) == 1


def test_tensors_from_the_host_keep_their_numbers(compilations):
    array = np.ones(1 << 12, "float32")
    tensor = keras.ops.convert_to_tensor(array)
    array[:] = 2
    assert float(keras.ops.max(tensor)) == 1
    traced = jax.jit(lambda: keras.ops.convert_to_tensor(array))()
    array[:] = 3
    assert float(keras.ops.max(traced)) == 2
