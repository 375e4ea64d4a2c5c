"""Integers of 64 bits on JAX, which has them switched off unless asked for."""

import numpy as np
import pytest

import kerasfront as kf

pytest.importorskip("jax")


@pytest.fixture(autouse=True)
def on_jax():
    with kf.backend.scope("jax"):
        yield


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1])
def test_integers_beyond_32_bits_are_refused(value):
    array = np.array([1, value])
    with pytest.raises(ValueError, match="JAX_ENABLE_X64"):
        kf.ops.convert_to_tensor(array)
    with pytest.raises(ValueError, match="JAX_ENABLE_X64"):
        kf.function(lambda x: x + 1)(array)


def test_integers_that_fit_become_32_bit_ones():
    array = np.array([2**31 - 1, -(2**31)])
    tensor = kf.ops.convert_to_tensor(array)
    assert kf.backend.standardize_dtype(tensor.dtype) == "int32"
    np.testing.assert_array_equal(kf.ops.convert_to_numpy(tensor), array)
