"""Regularizers: penalties and their gradients, data, errors."""

import keras as oracle
import numpy as np
import pytest

import kerasfront as keras
from kerasfront import ops, regularizers

X = np.array([[1.0, -2.0, 0.5], [3.0, 0.0, -1.0], [0.2, 0.1, 0.4], [1.0, 1.0, 1.0]], "float32")


def orthogonal(x, axis):
    unit = x / np.linalg.norm(x, axis=axis, keepdims=True)
    products = abs(unit @ unit.T if axis == 1 else unit.T @ unit)
    pairs = np.triu(products, 1)
    return pairs.sum() / (len(products) * (len(products) - 1) / 2)


CASES = [
    ("L1", {}, lambda x: 0.01 * abs(x).sum()),
    ("L1", {"l1": 0.3}, lambda x: 0.3 * abs(x).sum()),
    ("L2", {"l2": 0.3}, lambda x: 0.3 * (x**2).sum()),
    ("L1L2", {}, lambda x: 0.0),
    ("L1L2", {"l1": 0.1, "l2": 0.2}, lambda x: 0.1 * abs(x).sum() + 0.2 * (x**2).sum()),
    ("OrthogonalRegularizer", {"factor": 0.5}, lambda x: 0.5 * orthogonal(x, 1)),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}, lambda x: 0.5 * orthogonal(x, 0)),
]
cases = pytest.mark.parametrize(("name", "arguments", "formula"), CASES)


@cases
def test_penalty_is_that_of_the_formula_and_of_keras(engine, name, arguments, formula):
    got = getattr(regularizers, name)(**arguments)(ops.convert_to_tensor(X))
    assert ops.shape(got) == () and ops.dtype(got) == "float32"
    assert float(got) == pytest.approx(formula(X.astype("float64")), rel=1e-5)
    if arguments.get("mode") != "columns":  # refused by Keras on host arrays that are not square
        want = getattr(oracle.regularizers, name)(**arguments)(oracle.ops.convert_to_tensor(X))
        assert float(got) == pytest.approx(float(np.asarray(want)), rel=1e-5)


@cases
def test_gradient_is_that_of_finite_differences(engine, name, arguments, formula):
    w = keras.Variable(X + np.float32(0.05))
    got = keras.value_and_grad(
        lambda: ops.convert_to_tensor(getattr(regularizers, name)(**arguments)(w)) + 0.0 * ops.sum(w), [w]
    )[1][0]
    x = w.numpy().astype("float64")
    steps = np.eye(x.size).reshape(-1, *x.shape) * 1e-6
    want = np.array([(formula(x + step) - formula(x - step)) / 2e-6 for step in steps]).reshape(x.shape)
    np.testing.assert_allclose(ops.convert_to_numpy(got), want, rtol=1e-4, atol=1e-5)


@cases
def test_data_make_an_equal_one(name, arguments, formula):
    made = getattr(regularizers, name)(**arguments)
    again = regularizers.deserialize(regularizers.serialize(made))
    assert type(again) is type(made) and again.get_config() == made.get_config()
    theirs = oracle.regularizers.serialize(getattr(oracle.regularizers, name)(**arguments))
    ours = regularizers.serialize(made)
    # Keras writes its factors rounded to float32.
    assert ours.pop("config") == pytest.approx(theirs.pop("config")) and ours == theirs


@pytest.mark.parametrize("name", ["l1", "L2", "L1L2", "l1_l2", "orthogonal_regularizer", "OrthogonalRegularizer"])
def test_names_are_found(name):
    assert isinstance(regularizers.get(name), regularizers.Regularizer)


REFUSED = [
    (lambda: regularizers.get("l3"), "regularizer: unknown name 'l3'"),
    (lambda: regularizers.L1(-1.0), "L1: the factor does not fit"),
    (lambda: regularizers.L2(float("inf")), "L2: the factor does not fit"),
    (lambda: regularizers.L1L2("a"), "L1L2: the factor does not fit"),
    (lambda: regularizers.OrthogonalRegularizer(mode="row"), "unknown mode 'row'"),
    (lambda: regularizers.OrthogonalRegularizer()(np.ones((2, 2, 2), "float32")), r"no matrix.*\(2, 2, 2\)"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
