"""Activations: values against float64 formulas and Keras, gradients at the kinks, integers, NaN, names."""

import math

import keras as oracle
import numpy as np
import pytest

import kerasfront as keras
from kerasfront import activations, ops

X = np.array([-30.0, -7.0, -3.0, -1.0, -0.5, -0.1, 0.0, 0.1, 0.5, 1.0, 3.0, 6.0, 7.0, 30.0], "float32")
erf = np.vectorize(math.erf)


def sigmoid(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def gelu_by_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def relu_with_all(x):
    return np.where(x > 0.5, np.minimum(x, 6), 0.1 * (x - 0.5))


def sparse_plus(x):
    return np.where(x <= -1, 0, np.where(x >= 1, x, 0.25 * (x + 1) ** 2))


SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772

# name, arguments, formula in float64, gradients at points where it has a kink or a bound
CASES = [
    ("celu", {"alpha": 0.5}, lambda x: np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0) / 0.5)), {0.0: 1.0}),
    ("elu", {"alpha": 0.5}, lambda x: np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0))), {0.0: 0.5}),
    ("exponential", {}, np.exp, {}),
    ("gelu", {}, lambda x: 0.5 * x * (1 + erf(x / math.sqrt(2))), {0.0: 0.5}),
    ("gelu", {"approximate": True}, gelu_by_tanh, {0.0: 0.5}),
    ("hard_shrink", {}, lambda x: np.where(np.abs(x) > 0.5, x, 0), {-0.5: 0.0, 0.5: 0.0, 1.0: 1.0}),
    ("hard_sigmoid", {}, lambda x: np.clip(x / 6 + 0.5, 0, 1), {-3.0: 0.0, 0.0: 1 / 6, 3.0: 0.0}),
    ("hard_silu", {}, lambda x: x * np.clip(x / 6 + 0.5, 0, 1), {-7.0: 0.0, 0.0: 0.5, 7.0: 1.0}),
    ("hard_tanh", {}, lambda x: np.clip(x, -1, 1), {-3.0: 0.0, 0.0: 1.0, 3.0: 0.0}),
    ("leaky_relu", {}, lambda x: np.where(x > 0, x, 0.2 * x), {-1.0: 0.2, 0.0: 0.2, 1.0: 1.0}),
    ("linear", {}, lambda x: x, {0.0: 1.0}),
    ("log_sigmoid", {}, lambda x: -softplus(-x), {0.0: 0.5, -30.0: 1.0}),
    ("mish", {}, lambda x: x * np.tanh(softplus(x)), {0.0: 0.6}),
    ("relu", {}, lambda x: np.maximum(x, 0), {-1.0: 0.0, 0.0: 0.0, 1.0: 1.0}),
    ("relu", {"negative_slope": 0.1}, lambda x: np.where(x > 0, x, 0.1 * x), {-1.0: 0.1, 0.0: 0.1, 1.0: 1.0}),
    ("relu", {"max_value": 3.0}, lambda x: np.clip(x, 0, 3), {0.0: 0.0, 3.0: 0.0, 1.0: 1.0}),
    ("relu", {"max_value": 6}, lambda x: np.clip(x, 0, 6), {0.0: 0.0, 6.0: 0.0, 1.0: 1.0}),
    ("relu", {"threshold": 0.5}, lambda x: np.where(x > 0.5, x, 0), {0.1: 0.0, 0.5: 0.0, 1.0: 1.0}),
    ("relu", {"negative_slope": 0.1, "max_value": 6.0, "threshold": 0.5}, relu_with_all, {0.5: 0.1, 7.0: 0.0}),
    ("relu6", {}, lambda x: np.clip(x, 0, 6), {0.0: 0.0, 6.0: 0.0, 1.0: 1.0}),
    ("selu", {}, lambda x: SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0))), {0.0: SCALE * ALPHA}),
    ("sigmoid", {}, sigmoid, {0.0: 0.25, 30.0: 0.0}),
    ("silu", {}, lambda x: x * sigmoid(x), {0.0: 0.5}),
    ("soft_shrink", {}, lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0), {0.5: 0.0, -0.5: 0.0, 1.0: 1.0}),
    ("softplus", {}, softplus, {0.0: 0.5, 30.0: 1.0}),
    ("softsign", {}, lambda x: x / (1 + np.abs(x)), {0.0: 1.0}),
    ("sparse_plus", {}, sparse_plus, {-1.0: 0.0, 0.0: 0.5, 1.0: 1.0}),
    ("sparse_sigmoid", {}, lambda x: np.clip(0.5 * (x + 1), 0, 1), {-3.0: 0.0, 0.0: 0.5, 3.0: 0.0}),
    ("squareplus", {"b": 2}, lambda x: 0.5 * (x + np.sqrt(x**2 + 2)), {0.0: 0.5}),
    ("tanh", {}, np.tanh, {0.0: 1.0}),
    ("tanh_shrink", {}, lambda x: x - np.tanh(x), {0.0: 0.0}),
    ("threshold", {"threshold": 0.5, "default_value": 2.0}, lambda x: np.where(x > 0.5, x, 2.0), {0.5: 0.0, 1.0: 1.0}),
]  # fmt: skip
IDS = [f"{name}{list(arguments.values()) or ''}" for name, arguments, _, _ in CASES]
cases = pytest.mark.parametrize(("name", "arguments", "formula", "kinks"), CASES, ids=IDS)


def values(name, x, arguments):
    return ops.convert_to_numpy(getattr(activations, name)(ops.convert_to_tensor(x), **arguments))


def gradients(name, x, arguments):
    w = keras.Variable(np.asarray(x, "float32"))
    return ops.convert_to_numpy(
        keras.value_and_grad(lambda: ops.sum(getattr(activations, name)(w, **arguments)), [w])[1][0]
    )


@cases
def test_values_are_those_of_the_formula_in_float64(engine, name, arguments, formula, kinks):
    got = values(name, X, arguments)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, formula(X.astype("float64")), rtol=3e-6, atol=2e-7)


@cases
def test_values_are_those_of_keras(engine, name, arguments, formula, kinks):
    want = oracle.ops.convert_to_numpy(getattr(oracle.activations, name)(oracle.ops.convert_to_tensor(X), **arguments))
    np.testing.assert_allclose(values(name, X, arguments), want, rtol=3e-6, atol=1e-6)


@cases
def test_gradients_between_the_kinks_are_those_of_finite_differences(engine, name, arguments, formula, kinks):
    x = np.array([-6.3, -2.3, -0.7, -0.3, 0.3, 0.7, 2.3, 5.3])
    want = (formula(x + 1e-5) - formula(x - 1e-5)) / 2e-5
    np.testing.assert_allclose(gradients(name, x, arguments), want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "arguments", "x", "want"),
    [(name, arguments, x, want) for name, arguments, _, kinks in CASES for x, want in kinks.items()],
)
def test_gradient_at_a_kink(engine, name, arguments, x, want):
    assert gradients(name, [x], arguments) == pytest.approx([want], rel=1e-5, abs=1e-6)


@cases
def test_nan_goes_through(engine, name, arguments, formula, kinks):
    got = values(name, np.array([1.0, np.nan, -1.0], "float32"), arguments)
    np.testing.assert_array_equal(np.isnan(got), [False, True, False])


@cases
def test_gradients_in_the_tails_are_finite(engine, name, arguments, formula, kinks):
    large = [-300.0, -88.0, 88.0] + ([300.0] if name != "exponential" else [])
    assert np.isfinite(gradients(name, large, arguments)).all()


INTEGERS = [case[:2] for case in CASES if case[0] not in ("linear",)]


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool"])
@pytest.mark.parametrize(("name", "arguments"), INTEGERS)
def test_integers_become_the_default_float_type(engine, name, arguments, dtype):
    x = np.array([0, 1, 3]).astype(dtype)
    got = values(name, x, arguments)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, values(name, x.astype("float32"), arguments), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@cases
def test_half_types_stay(engine, name, arguments, formula, kinks, dtype):
    x = ops.cast(ops.convert_to_tensor([-1.0, 0.25, 2.0]), dtype)
    got = getattr(activations, name)(x, **arguments)
    assert ops.dtype(got) == dtype
    want = formula(np.array([-1.0, 0.25, 2.0]))
    np.testing.assert_allclose(ops.convert_to_numpy(got).astype("float64"), want, rtol=0.03, atol=0.01)


@cases
def test_symbolic_shape_and_dtype_are_those_of_the_input(name, arguments, formula, kinks):
    got = getattr(activations, name)(keras.KerasTensor((None, 3)), **arguments)
    assert got.shape == (None, 3) and got.dtype == "float32"


# -- along an axis ---------------------------------------------------------------------------------

ROWS = np.array([[1.0, 2.0, 0.5, -1.0], [0.0, 0.0, 0.0, 0.0], [100.0, -100.0, 99.0, 3.0]], "float32")


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax", "glu"])
@pytest.mark.parametrize("axis", [-1, 1])
def test_functions_along_an_axis_are_those_of_keras(engine, name, axis):
    want = np.asarray(getattr(oracle.activations, name)(oracle.ops.convert_to_tensor(ROWS), axis=axis))
    np.testing.assert_allclose(values(name, ROWS, {"axis": axis}), want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax"])
def test_functions_along_the_first_axis_are_those_along_the_last_of_the_transpose(engine, name):
    got, want = values(name, ROWS, {"axis": 0}), values(name, ROWS.T.copy(), {"axis": -1}).T
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("axis", [(0, 1), (1,), None])
def test_softmax_over_several_axes_sums_to_one_over_them(engine, axis):
    got = values("softmax", ROWS, {"axis": axis})
    np.testing.assert_allclose(got.sum(axis=axis), np.ones_like(got.sum(axis=axis)), rtol=1e-6)


def test_log_softmax_of_distant_values_is_finite(engine):
    got = values("log_softmax", np.array([0.0, 1000.0], "float32"), {})
    np.testing.assert_allclose(got, [-1000.0, 0.0])


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax", "glu"])
def test_gradients_along_an_axis_are_those_of_finite_differences(engine, name):
    x = np.array([[0.9, 1.3, 0.2, -0.4], [0.3, -0.2, 0.1, 0.7]])
    weights = np.array([[1.0, -2.0, 0.5, 3.0], [0.3, 1.0, -1.0, 2.0]])[:, : 2 if name == "glu" else 4]
    w = keras.Variable(x.astype("float32"))
    loss = lambda: ops.sum(getattr(activations, name)(w) * ops.convert_to_tensor(weights.astype("float32")))  # noqa: E731
    got = ops.convert_to_numpy(keras.value_and_grad(loss, [w])[1][0])
    with keras.backend.scope("numpy"):
        f = lambda x: float((ops.convert_to_numpy(getattr(activations, name)(x)) * weights).sum())  # noqa: E731
        steps = np.eye(8).reshape(8, 2, 4) * 1e-5
        want = np.array([(f(x + step) - f(x - step)) / 2e-5 for step in steps]).reshape(2, 4)
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_odd_axis_cannot_be_halved(engine):
    with pytest.raises(ValueError, match=r"glu: axis 1 has an odd size.*\(2, 3\)"):
        activations.glu(np.ones((2, 3), "float32"))


def test_negative_largest_value_is_refused():
    with pytest.raises(ValueError, match="relu: max_value is out of range"):
        activations.relu([1.0], max_value=-1)


# -- names -----------------------------------------------------------------------------------------


def test_there_are_the_activations_of_keras():
    public = {
        name
        for name in dir(oracle.activations)
        if callable(getattr(oracle.activations, name)) and not name.startswith("_")
    }
    assert public <= set(dir(activations))


@pytest.mark.parametrize("name", ["relu", "swish", "hard_swish", "linear", "log_softmax"])
def test_names_are_found_and_written(name):
    found = activations.get(name)
    assert activations.deserialize(activations.serialize(found)) is found
    assert activations.serialize(found) == oracle.activations.serialize(oracle.activations.get(name))


def test_none_is_linear_and_functions_stay():
    assert activations.get(None) is activations.linear
    assert activations.get(np.tanh) is np.tanh


@pytest.mark.parametrize(("name", "near"), [("rleu", "relu"), ("sofmax", "softmax"), ("Tanh2", "tanh")])
def test_unknown_name_suggests_the_nearest(name, near):
    with pytest.raises(ValueError, match=f"activation: unknown name.*Did you mean '{near}'"):
        activations.get(name)
