"""Constraints: projections, data, errors."""

import keras as oracle
import numpy as np
import pytest

from kerasfront import constraints, ops

W = np.array([[0.1, -2.0, 0.0], [3.0, 0.5, 0.0], [-0.2, 4.0, 0.0]], "float32")

CASES = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 1.5, "axis": 1}),
    ("MaxNorm", {"max_value": 1.5, "axis": [0, 1]}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 2.5, "max_value": 4.0, "rate": 0.5, "axis": 1}),
]
cases = pytest.mark.parametrize(("name", "arguments"), CASES)


@cases
def test_projection_is_that_of_keras(engine, name, arguments):
    got = ops.convert_to_numpy(getattr(constraints, name)(**arguments)(ops.convert_to_tensor(W)))
    want = np.asarray(getattr(oracle.constraints, name)(**arguments)(oracle.ops.convert_to_tensor(W)))
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_norms_come_between_their_bounds(engine):
    got = ops.convert_to_numpy(constraints.MinMaxNorm(1.0, 2.0)(ops.convert_to_tensor(W[:, :2])))
    norms = np.linalg.norm(got, axis=0)
    assert (norms >= 1 - 1e-5).all() and (norms <= 2 + 1e-5).all()


@cases
def test_data_are_those_of_keras_and_make_an_equal_one(name, arguments):
    made = getattr(constraints, name)(**arguments)
    saved = constraints.serialize(made)
    assert saved == oracle.constraints.serialize(getattr(oracle.constraints, name)(**arguments))
    again = constraints.deserialize(saved)
    assert type(again) is type(made) and again.get_config() == made.get_config()


@pytest.mark.parametrize("name", ["max_norm", "MaxNorm", "non_neg", "unit_norm", "min_max_norm"])
def test_names_are_found(name):
    assert isinstance(constraints.get(name), constraints.Constraint)


REFUSED = [
    (lambda: constraints.get("maxnrm"), "Did you mean '(MaxNorm|max_norm)'"),
    (lambda: constraints.MaxNorm(-1), "MaxNorm: max_value is out of range"),
    (lambda: constraints.MinMaxNorm(2.0, 1.0), "MinMaxNorm: the bounds are in the wrong order"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_nonsense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
