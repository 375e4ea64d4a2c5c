"""`device` takes what is there, and says what is there where it is not."""

import numpy as np
import pytest

import kerasfront as kf


@pytest.mark.parametrize("name", ["cpu", "cpu:0"])
def test_tensors_are_made_on_a_device(engine, name):
    with kf.device(name):
        tensors = kf.ops.ones((2,)), kf.ops.convert_to_tensor(np.ones(2, "float32"))
    assert [kf.ops.convert_to_numpy(one).tolist() for one in tensors] == [[1, 1], [1, 1]]


@pytest.mark.parametrize("name", ["tpu:7", "cpu:99", "cpu:-1", "cpu:x"])
def test_a_device_that_is_not_there_is_refused(engine, name):
    message = f"device: '{name}' is not there. Expected one of .*'cpu:0'"
    with pytest.raises(kf.errors.BackendError, match=message), kf.device(name):
        raise AssertionError("it was entered")
