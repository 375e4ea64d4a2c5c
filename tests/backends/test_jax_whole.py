"""Bodies of derived ops in one call of JAX: the same results, whatever arguments, settings and errors."""

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import config, ops

jax = pytest.importorskip("jax")
from kerasfront_jax.whole import MOST_VARIANTS, in_one_call  # noqa: E402


@pytest.fixture(autouse=True)
def on_jax():
    with keras.backend.scope("jax"):
        yield


def counted(body):
    """Return the body in one call, and the list of its runs: traced ones, and those as it is."""
    runs = []

    def watched(*arguments):
        runs.append(any(isinstance(one, jax.core.Tracer) for one in jax.tree.leaves(arguments)))
        return body(*arguments)

    return in_one_call(watched), runs


def test_a_body_runs_once_for_each_shape():
    call, runs = counted(lambda x, y: ops.multiply(ops.add(x, y), 2))
    x = ops.convert_to_tensor([1.0, 2.0])
    for _ in range(3):
        np.testing.assert_array_equal(call(x, x), [4.0, 8.0])
    assert runs == [True]
    assert call(ops.convert_to_tensor([[3.0]]), x).shape == (1, 2)
    assert runs == [True, True]


def test_equal_numbers_of_other_types_are_other_arguments():
    call, runs = counted(lambda x, by: ops.multiply(x, by))
    x = ops.convert_to_tensor([3, 4], "int32")
    assert [str(call(x, by).dtype) for by in (1, 1.0, True)] == ["int32", "float32", "int32"]
    assert runs == [True] * 3


def test_a_number_in_the_place_of_a_tensor_stays_weak():
    half = ops.convert_to_tensor([1.0], "float16")
    call, _ = counted(lambda x, y: ops.add(x, y))
    assert str(call(half, 2.0).dtype) == "float16"
    assert str(call(2.0, half).dtype) == "float16"


def test_ever_new_numbers_end_in_small_ops():
    call, runs = counted(lambda x, shift: ops.roll(x, shift))
    x = ops.arange(5)
    for shift in range(MOST_VARIANTS + 3):
        np.testing.assert_array_equal(call(x, shift), np.roll(np.arange(5), shift))
    assert runs == [True] * MOST_VARIANTS + [False] * 3


def test_a_body_that_decides_by_numbers_sees_them():
    call, runs = counted(lambda x: ops.take(x, ops.cast(x, "int32")))
    np.testing.assert_array_equal(call(ops.convert_to_tensor([1.0, 0.0])), [0.0, 1.0])
    assert runs == [True, False]
    with pytest.raises(ValueError, match="index 7 is out of range"):
        call(ops.convert_to_tensor([7.0, 0.0]))
    # It is not tried again.
    assert runs == [True, False, False]


def test_a_result_that_is_no_tensor_is_left_alone():
    call, runs = counted(lambda x: (x, 3, "name"))
    assert call(ops.arange(2))[1:] == (3, "name")
    assert runs == [True, False]


def test_lists_of_tensors_and_tuples_with_arrays():
    together, runs = counted(lambda xs: ops.concatenate(xs, 0))
    np.testing.assert_array_equal(together([ops.arange(2), ops.arange(1)]), [0, 1, 0])
    mixed, more = counted(lambda x, pair: ops.add(x, pair[0]))
    np.testing.assert_array_equal(mixed(ops.arange(2), (np.array([1, 2], "int32"), 0)), [1, 3])
    assert runs == [True]
    assert more == [False]


def test_slices_and_nested_numbers_are_part_of_what_is_compiled():
    call, runs = counted(lambda x, key: ops.get_item(x, key))
    x = ops.reshape(ops.arange(12), (3, 4))
    for key in (slice(1, 3), slice(0, 2), (slice(None, None, -1), ...), (slice(None, None, -1), 2), slice(1, 3)):
        np.testing.assert_array_equal(call(x, key), np.arange(12).reshape(3, 4)[key])
    assert runs == [True] * 4
    pairs, more = counted(lambda x, pairs: ops.add(x, ops.convert_to_tensor(pairs)))
    for pair in ([1, 2], [1, 3], [1.0, 2.0]):
        np.testing.assert_array_equal(pairs(ops.arange(2), [pair]), [np.arange(2) + pair])
    assert more == [True] * 3


def test_tensors_inside_of_other_arguments_move():
    call, runs = counted(lambda x, pair: ops.add(ops.add(x, pair[0]), pair[1][0]))
    x = ops.arange(2)
    for number in (1, 2):
        np.testing.assert_array_equal(call(x, (ops.full((2,), number), [3])), np.arange(2) + number + 3)
    assert runs == [True]


def test_settings_are_those_of_the_call():
    x = ops.convert_to_tensor([1, 2], "int32")
    assert str(ops.mean(x).dtype) == "float32"
    config.set_floatx("float16")
    try:
        assert str(ops.mean(x).dtype) == "float16"
    finally:
        config.set_floatx("float32")


def test_an_error_is_that_of_the_body_and_the_next_call_is_compiled_again():
    call, runs = counted(lambda x: ops.matmul(x, ops.ones((2, 1))))
    with pytest.raises(ValueError, match="matmul"):
        call(ops.ones((2, 3)))
    assert call(ops.ones((3, 2))).shape == (3, 1)
    assert runs == [True, False, True]


def test_gradients_of_an_eager_call_go_through_it():
    gradient = jax.grad(lambda x: ops.sum(ops.softplus(x)))(ops.convert_to_tensor([0.0, 1.0]))
    np.testing.assert_allclose(gradient, 1 / (1 + np.exp([0.0, -1.0])), rtol=1e-6)
