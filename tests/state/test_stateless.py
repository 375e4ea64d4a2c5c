"""Values in place of those of Variables."""

import numpy as np
import pytest

import kerasfront as kf


def test_assignments_stay_in_the_scope(engine):
    count, other = kf.Variable(1.0), kf.Variable([2.0, 3.0])
    with kf.StatelessScope([(count, 5.0)]) as scope:
        count.assign(count + 1.0)
        scope.add_update((other, kf.ops.zeros((2,))))
        assert float(count.value) == 6.0
        np.testing.assert_array_equal(other.numpy(), [0.0, 0.0])
    assert float(scope.get_current_value(count)) == 6.0
    assert float(count.value) == 1.0
    np.testing.assert_array_equal(other.numpy(), [2.0, 3.0])


def test_what_has_no_value_in_the_scope_gives_none(engine):
    with kf.StatelessScope() as scope:
        assert scope.get_current_value(kf.Variable(1.0)) is None


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (lambda v: {"state_mapping": [(3, 1.0)]}, "expected pairs of Variable and value"),
        (lambda v: {"state_mapping": [(v, [1.0, 2.0])]}, r"has shape \(2,\). Expected \(\)"),
        (lambda v: {"collect_losses": True}, "return_losses"),
    ],
)
def test_what_does_not_fit_is_refused(engine, arguments, match):
    with pytest.raises(ValueError, match=match):
        kf.StatelessScope(**arguments(kf.Variable(0.0)))


def test_nothing_is_recorded_in_a_symbolic_scope():
    x = kf.Input((3,))
    with kf.SymbolicScope():
        y = kf.ops.sum(x, axis=-1)
    assert y.shape == (None,)
    assert y.node is None


def test_a_path_can_start_anew_and_a_caller_counts_once():
    with kf.name_scope("outer"):
        with kf.name_scope("inner", override_parent="/a/b"):
            assert kf.Variable(0.0, name="v").path == "a/b/inner/v"
        with kf.name_scope("layer", caller=1), kf.name_scope("layer", caller=1):
            assert kf.Variable(0.0, name="v").path == "outer/layer/v"
        assert kf.Variable(0.0, name="v").path == "outer/v"


@pytest.mark.parametrize("what", ["regularizer", "constraint"])
def test_a_variable_takes_functions_only(what):
    v = kf.Variable(1.0)
    setattr(v, what, kf.ops.abs)
    assert getattr(v, what) is kf.ops.abs
    with pytest.raises(ValueError, match=f"{what} is 'l2'. Expected a function"):
        setattr(v, what, "l2")
    with pytest.raises(TypeError, match="must be a boolean"):
        v.overwrite_with_gradient = "true"
