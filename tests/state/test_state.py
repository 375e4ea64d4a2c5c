"""Variables, lifting, gradients and compiled functions, on every engine."""

import signal
import threading

import numpy as np
import pytest

import kerasfront as kf
from kerasfront import ops


def test_variable_keeps_value_shape_dtype_and_path(engine):
    with kf.name_scope("outer"):
        variable = kf.Variable([[1.0, 2.0]], name="v")
    assert (variable.shape, variable.dtype, variable.path) == ((1, 2), "float32", "outer/v")
    variable.assign_add([[1.0, 1.0]])
    variable.assign_sub([[0.0, 1.0]])
    np.testing.assert_array_equal(variable.numpy(), [[2.0, 2.0]])
    np.testing.assert_array_equal(ops.convert_to_numpy(variable * 2 + 1), [[5.0, 5.0]])


def test_value_read_earlier_does_not_change_with_the_variable(engine):
    variable = kf.Variable([1.0, 2.0])
    before = variable.value
    variable.assign([5.0, 6.0])
    np.testing.assert_array_equal(ops.convert_to_numpy(before), [1.0, 2.0])


def test_host_array_of_the_user_is_not_shared(engine):
    array = np.ones(3, "float32")
    variable = kf.Variable(array)
    array[:] = 7
    np.testing.assert_array_equal(variable.numpy(), 1)
    kept = variable.numpy()
    kept[:] = 9
    np.testing.assert_array_equal(variable.numpy(), 1)


def test_assigning_another_shape_is_refused(engine):
    variable = kf.Variable([1.0, 2.0], name="pair")
    with pytest.raises(ValueError, match=r"pair.*\(2,\).*\(3,\)"):
        variable.assign([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(variable.numpy(), [1.0, 2.0])


def test_gradient_and_assignments_inside(engine):
    w, count = kf.Variable([1.0, 2.0]), kf.Variable(0.0, trainable=False)

    def loss():
        count.assign(count + 1)
        return ops.sum(w * w * count), w * 3

    (value, aux), (gradient, none) = kf.value_and_grad(loss, [w, kf.Variable(5.0)], has_aux=True)
    assert float(value) == 5.0
    np.testing.assert_array_equal(ops.convert_to_numpy(aux), [3.0, 6.0])
    np.testing.assert_array_equal(ops.convert_to_numpy(gradient), [2.0, 4.0])
    assert none is None or float(none) == 0.0
    assert float(count) == 1.0


def test_second_derivative_by_nesting(engine):
    w = kf.Variable(3.0)

    def slope():
        _, (inner,) = kf.value_and_grad(lambda: w * w * w, [w])
        return inner

    value, (curvature,) = kf.value_and_grad(slope, [w])
    assert (float(value), float(curvature)) == pytest.approx((27.0, 18.0))


def test_loss_that_is_no_scalar_is_refused(engine):
    w = kf.Variable([1.0, 2.0])
    with pytest.raises(ValueError, match="scalar float"):
        kf.value_and_grad(lambda: w * 2, [w])


def test_compiled_function_keeps_state_and_finds_its_variables(engine):
    count, total = kf.Variable(0, dtype="int32", trainable=False), kf.Variable(np.zeros(2, "float32"))

    @kf.function
    def step(x, scale=2.0):
        count.assign_add(1)
        total.assign_add(x * scale)
        return {"b": total * 1, "a": count * 1}

    for i in range(3):
        result = step(np.ones(2, "float32"))
        assert list(result) == ["b", "a"]
        assert int(result["a"]) == i + 1
    np.testing.assert_array_equal(total.numpy(), [6.0, 6.0])


def test_failed_step_leaves_all_state_as_it_was(engine):
    first, second = kf.Variable(1.0), kf.Variable(2.0)

    def fails():
        first.assign(10.0)
        raise RuntimeError("in the middle")

    for eager in (False, True):
        step = kf.function(fails, variables=[first, second], eager=eager)
        with pytest.raises(RuntimeError, match="in the middle"):
            step()
        assert (float(first), float(second)) == (1.0, 2.0)


def test_interrupt_inside_a_step_comes_after_its_state_is_whole(engine):
    first, second = kf.Variable(0.0), kf.Variable(0.0)

    def step():
        first.assign(first + 1)
        signal.raise_signal(signal.SIGINT)
        second.assign(second + 1)

    with pytest.raises(KeyboardInterrupt):
        kf.function(step, eager=True)()
    assert (float(first), float(second)) == (1.0, 1.0)


def test_threads_have_their_own_active_backend(engine):
    names = kf.backend.available()
    seen = {}

    def work(name):
        with kf.backend.scope(name):
            for _ in range(20):
                assert kf.backend.get(name).is_tensor(ops.add([1.0], [2.0]))
            seen[name] = kf.backend.active_name()

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {name: name for name in names}
    assert kf.backend.active_name() == engine


def test_tensors_of_two_engines_in_one_op_are_refused_and_converted_on_demand(engine):
    others = [name for name in kf.backend.available() if name != engine and "numpy" not in (name, engine)]
    x = ops.ones((2,))
    for name in others:
        with kf.backend.scope(name):
            y = ops.ones((2,))
            with pytest.raises(kf.errors.BackendError, match="two engines") as caught:
                ops.add(x, y)
            assert engine in str(caught.value) and name in str(caught.value)
            moved = ops.convert_to_tensor(x)
            np.testing.assert_array_equal(ops.convert_to_numpy(ops.add(moved, y)), 2.0)


def test_ops_on_a_tensor_stay_with_its_engine_whatever_is_active(engine):
    if engine == "numpy":
        pytest.skip("NumPy arrays are host data: they belong to the active backend by design")
    x = ops.ones((2, 3))
    with kf.backend.scope("numpy"):
        assert kf.backend.get(engine).is_tensor(ops.softmax(x))
        assert kf.backend.get(engine).is_tensor(ops.add(x, 1))


def test_numpy_takes_a_variable_as_an_array_but_leaves_it_its_operators(engine):
    v = kf.Variable(np.array([3.0, 4.0], "float32"))
    assert np.linalg.norm(v) == 5.0
    assert np.sqrt(v)[1] == 2.0
    total = np.array([1.0, 1.0], "float32") + v
    assert kf.ops.is_tensor(total)
    np.testing.assert_array_equal(kf.ops.convert_to_numpy(total), [4.0, 5.0])
    _, (slope,) = kf.value_and_grad(lambda: kf.ops.sum(np.array([2.0, 3.0], "float32") * v), [v])
    np.testing.assert_array_equal(kf.ops.convert_to_numpy(slope), [2.0, 3.0])


def test_a_variable_takes_the_name_of_an_initializer(engine):
    v = kf.Variable("ones", shape=(2,), dtype="float32")
    np.testing.assert_array_equal(v.numpy(), [1.0, 1.0])
    with pytest.raises(ValueError, match="shape is missing"):
        kf.Variable("ones")
    with pytest.raises(ValueError, match="initializer: unknown name 'onse'"):
        kf.Variable("onse", shape=(2,))


@pytest.mark.parametrize("name", ["a/b", 3])
def test_a_name_scope_needs_one_part_of_a_path(name):
    with pytest.raises(ValueError, match="Expected a string without '/'"):
        kf.name_scope(name)


def test_a_variable_that_a_function_returns_has_its_present_value(engine):
    count, other = kf.Variable(0.0, trainable=False), kf.Variable(5.0)

    @kf.function
    def step(x):
        count.assign(count + x)
        return count, {"other": other}

    first = step(kf.ops.convert_to_tensor(1.0))
    other.assign(7.0)
    second = step(kf.ops.convert_to_tensor(2.0))
    for (counted, rest), expected in ((first, (1.0, 5.0)), (second, (3.0, 7.0))):
        assert (float(counted), float(rest["other"])) == expected
