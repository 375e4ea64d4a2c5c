"""Each judge finds against a backend that is wrong in its way."""

import dataclasses
import types

import numpy as np
import pytest

from kerasfront import errors, ops
from kerasfront.backend import registry
from kerasfront.testing import judges
from kerasfront.testing.case import array, case, ints
from kerasfront.testing.cases import all_cases
from kerasfront.testing.conformance import Gap
from kerasfront.testing.models import in_models
from kerasfront.testing.tolerance import EXACT, FUNCTION, difference
from kerasfront.testing.unknown import KNOWN

EXP = case("exp", array([0.5, -1.0]), ref=np.exp)
SOFTMAX = case("softmax", array([[0.5, -1.0]]), ref=lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True))


@pytest.fixture
def broken(monkeypatch):
    """Replace a function of the NumPy backend for the length of a test."""
    backend = registry.get("numpy")

    def replace(name, function, overrides=False):
        if overrides:
            namespace = types.SimpleNamespace(**{name: function})
            monkeypatch.setattr(type(backend), "overrides", namespace, raising=False)
            monkeypatch.setattr(backend, "overrides", namespace, raising=False)
        else:
            monkeypatch.setattr(backend.ops, name, function)
        ops.__dict__[name].op.fast.clear()
        judges.forget()

    yield replace
    judges.forget()
    for name in ("exp", "softmax"):
        ops.__dict__[name].op.fast.clear()


def refused(judge, one):
    with pytest.raises((AssertionError, RuntimeError, errors.OpError)):
        judges.judge(judge, one, "numpy")


def test_runs_finds_an_op_that_raises(broken):
    def fails(x):
        raise RuntimeError("no kernel")

    broken("exp", fails)
    refused("runs", EXP)


def test_runs_finds_a_result_that_is_no_tensor(broken):
    broken("exp", lambda x: complex(1))
    refused("runs", EXP)


def test_shape_finds_a_wrong_shape(broken):
    broken("exp", lambda x: np.exp(x)[:1])
    refused("shape", EXP)


def test_shape_finds_a_wrong_dtype(broken):
    broken("exp", lambda x: np.exp(x).astype("float16"))
    refused("shape", EXP)


UNSTACK = case("unstack", array([[1.0, 2.0], [3.0, 4.0]]), axis=1, ref=lambda x, axis: list(np.moveaxis(x, axis, 0)))


def test_unknown_finds_a_size_that_inference_needs_without_saying_so():
    judges.judge("unknown", UNSTACK, "numpy")
    refused("unknown", dataclasses.replace(UNSTACK, known={}))


def test_unknown_finds_another_dtype():
    def by_size(x):
        return ops.cast(x, "int32" if x.shape[0] is None else "float32")

    refused("unknown", case("exp", array([1.0]), ref=np.exp, call=by_size))


@pytest.mark.parametrize("op", sorted(KNOWN))
def test_each_op_that_is_said_to_need_sizes_needs_them(op):
    without = [dataclasses.replace(one, known={}) for one in all_cases().values() if one.op == op and one.known is None]
    assert any(_refuses_unknown_sizes(one) for one in without)


def _refuses_unknown_sizes(one):
    try:
        judges.judge("unknown", one, "numpy")
    except (AssertionError, TypeError, ValueError, AttributeError):
        return True
    return False


@pytest.mark.parametrize("error", [1e-5, np.nan])
def test_values_finds_a_small_error_and_nan(broken, error):
    broken("exp", lambda x: np.exp(x) + np.asarray(error, x.dtype))
    refused("values", EXP)


def test_gradient_finds_a_wrong_slope(broken):
    right = registry.get("numpy").ops.exp
    broken("exp", lambda x: right(x) + 0.001 * (x - registry.get("numpy").ops.stop_gradient(x)))
    judges.judge("values", EXP, "numpy")
    refused("gradient", EXP)


def test_override_finds_another_value_than_the_body(broken):
    broken("softmax", lambda x, axis=-1: x * 0.5, overrides=True)
    assert "override" in judges.judges_of(SOFTMAX, registry.get("numpy"))
    refused("override", SOFTMAX)


def test_compiled_finds_another_value_than_eagerly():
    from kerasfront.state import scope

    changing = case("exp", array([0.5]), ref=np.exp, call=lambda x: ops.exp(x) * (2.0 if scope.in_frame() else 1.0))
    judges.judge("values", changing, "numpy")
    refused("compiled", changing)


def test_judges_pass_what_is_right():
    for one in (EXP, SOFTMAX):
        assert judges.try_case(one, "numpy") == []


def test_a_verdict_names_its_judge_and_what_is_wrong(broken):
    broken("exp", lambda x: np.exp(x).astype("float16"))
    with pytest.raises(judges.Verdict, match="judge 'shape': float32: result float16, inferred float32"):
        judges.try_case(EXP, "numpy")


def test_a_verdict_names_an_exception(broken):
    def fails(x):
        raise RuntimeError("no kernel")

    broken("exp", fails)
    with pytest.raises(judges.Verdict, match="judge 'runs': RuntimeError: no kernel"):
        judges.try_case(EXP, "numpy")


def test_a_listed_gap_is_met_and_the_other_judges_go_on(broken):
    right = registry.get("numpy").ops.exp
    broken("exp", lambda x: right(x) + 0.001 * (x - registry.get("numpy").ops.stop_gradient(x)))
    assert judges.try_case(EXP, "numpy", [Gap("exp", "why", "gradient")]) == ["gradient: why"]
    with pytest.raises(judges.Verdict, match="judge 'gradient'"):
        judges.try_case(EXP, "numpy", [Gap("exp", "why", "compiled")])


def test_a_listed_gap_that_passes_is_refused():
    with pytest.raises(judges.Verdict, match="judge 'values' finds for a listed gap: why"):
        judges.try_case(EXP, "numpy", [Gap("exp", "why", "values")])


@pytest.mark.parametrize("slope", [0.0, 0.001])
def test_models_find_a_wrong_value_and_a_wrong_slope(broken, slope):
    backend = registry.get("numpy")
    right, fixed = backend.ops.exp, backend.ops.stop_gradient
    broken("exp", lambda x: right(x) + slope * (x - fixed(x)) if slope else right(x) + np.float32(1e-3))
    with registry.scope(backend), pytest.raises(AssertionError, match="exp"):
        in_models("elementwise", backend)


def test_only_chosen_judges_are_asked(broken):
    broken("exp", lambda x: np.exp(x) + 1)
    assert judges.try_case(EXP, "numpy", chosen=("runs", "shape")) == []


@pytest.mark.parametrize(
    "actual, expected, tolerance, same",
    [
        ([1.0, 2.0], [1.0, 2.0], EXACT, True),
        ([1.0, np.nextafter(np.float32(2), np.float32(3))], [1.0, 2.0], EXACT, False),
        ([1.0, np.nextafter(np.float32(2), np.float32(3))], [1.0, 2.0], FUNCTION, True),
        ([np.nan], [np.nan], EXACT, True),
        ([np.nan], [1.0], FUNCTION, False),
        ([np.inf], [-np.inf], FUNCTION, False),
        ([1e30], [np.inf], FUNCTION, False),
        ([[1.0]], [1.0], EXACT, False),
    ],
)
def test_difference(actual, expected, tolerance, same):
    assert (difference(np.array(actual, "float32"), np.array(expected), tolerance, "float32") is None) == same


def test_integers_are_compared_exactly():
    assert difference(ints([1]), ints([2]), FUNCTION, "int32")
