"""`to_categorical` and `normalize` on tensors of every engine."""

import numpy as np
import pytest

from kerasfront import backend, ops, utils


@pytest.mark.parametrize("labels", [[0, 2, 1], [[0], [2]], [[0, 1], [3, 2]]])
def test_to_categorical_of_a_tensor_is_a_tensor_of_its_engine(engine, labels):
    x = ops.convert_to_tensor(np.array(labels, "int32"))
    result = utils.to_categorical(x, 5)
    assert type(result) is type(ops.ones((1,)))
    np.testing.assert_array_equal(ops.convert_to_numpy(result), utils.to_categorical(labels, 5))


@pytest.mark.parametrize("labels", [[0, 5], [-1, 2]])
def test_to_categorical_of_a_tensor_refuses_labels_out_of_range(engine, labels):
    with pytest.raises(ValueError, match="labels out of range"):
        utils.to_categorical(ops.convert_to_tensor(np.array(labels, "int32")), 5)


def test_to_categorical_reads_the_number_of_classes_off_a_tensor(engine):
    assert tuple(utils.to_categorical(ops.convert_to_tensor([0, 6])).shape) == (2, 7)


def test_normalize_of_a_tensor_agrees_with_host_data(engine):
    x = np.random.RandomState(0).standard_normal((3, 4)).astype("float32")
    x[1] = 0
    result = utils.normalize(ops.convert_to_tensor(x))
    assert type(result) is type(ops.ones((1,)))
    np.testing.assert_allclose(ops.convert_to_numpy(result), utils.normalize(x), rtol=1e-6, atol=1e-7)


def test_tensor_of_another_engine_than_the_active_one_stays_there(engine):
    x = ops.convert_to_tensor([1, 0])
    with backend.scope("numpy"):
        result = utils.to_categorical(x, 2)
    assert type(result) is type(ops.ones((1,)))
