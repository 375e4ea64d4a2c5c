"""Arrays of the host and the tensors made of them."""

import numpy as np
import pytest

import kerasfront as keras
from kerasfront.backend import registry
from kerasfront.utils import aligned


@pytest.mark.parametrize("dtype", [None, "float32"])
def test_a_tensor_does_not_follow_the_host_array_it_was_made_of(engine, dtype):
    if engine == "numpy":
        pytest.skip("NumPy's tensors are the arrays themselves")
    # JAX shares memory that is aligned to 64 bytes: one of four offsets is.
    whole = np.zeros(2**16 + 16, "float32")
    for offset in range(0, 16, 4):
        host = whole[offset : offset + 2**16]
        tensor = keras.ops.convert_to_tensor(host, dtype)
        host[:] = 1 + offset
        assert not np.any(keras.ops.convert_to_numpy(tensor))
        host[:] = 0


def test_what_is_said_to_share_memory_does(engine):
    backend = registry.active()
    array = aligned.empty((2**16, 8), "float32")
    array[:] = 1
    if not backend.shares_memory(array):
        pytest.skip("NumPy has no loops; JAX shares larger arrays only, see test_shared_memory.py")
    tensor = backend.resident(array)
    array[:] = 2
    np.testing.assert_array_equal(backend.to_numpy(tensor), array)
    assert not backend.shares_memory(array[::-1])
    assert not backend.shares_memory(array.astype(">f4"))


def test_a_generator_may_fill_the_same_buffer_again_and_again(engine):
    model = keras.Sequential([keras.Input((1024,)), keras.layers.Dense(1024, "relu"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    labels = np.zeros((256, 1), "float32")
    # Of four offsets one is aligned so that an engine may share the memory.
    whole = np.zeros(2**18 + 16, "float32")

    def batches(offset):
        buffer = whole[offset : offset + 2**18].reshape(256, 1024)
        for i in range(4):
            buffer[:] = i
            yield buffer, labels

    wanted = np.mean([model.test_on_batch(np.full((256, 1024), i, "float32"), labels) for i in range(4)])
    for offset in range(0, 16, 4):
        history = model.fit(batches(offset), verbose=0).history["loss"]
        np.testing.assert_allclose(history, [wanted], rtol=1e-5)
