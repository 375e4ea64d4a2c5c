"""The gradient of every loss by the predictions, on every engine, beside differences of its own values in float64."""

import functools
import importlib.util
import pathlib

import numpy as np
import pytest

import kerasfront
from kerasfront import losses, ops
from kerasfront.backend import registry

_spec = importlib.util.spec_from_file_location("loss_cases", pathlib.Path(__file__).with_name("test_against_keras.py"))
_cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_cases)
CASES, IDS = _cases.CASES, _cases.IDS


@functools.cache
def slopes(index):
    """Return central differences of the summed loss; the values are those that are compared with Keras."""
    name, arguments, (y_true, y_pred) = CASES[index]
    y_pred = np.asarray(y_pred, "float64")
    result = np.zeros_like(y_pred)
    with registry.scope("numpy"):
        loss = getattr(losses, name)(reduction="sum", dtype="float64", **arguments)
        for place in np.ndindex(y_pred.shape):
            step = np.zeros_like(y_pred)
            step[place] = 1e-6
            result[place] = (float(loss(y_true, y_pred + step)) - float(loss(y_true, y_pred - step))) / 2e-6
    return result


@pytest.mark.parametrize("index", range(len(CASES)), ids=IDS)
def test_gradients_are_the_slopes_of_the_values(engine, index):
    name, arguments, (y_true, y_pred) = CASES[index]
    loss = getattr(losses, name)(reduction="sum", **arguments)
    predictions = kerasfront.Variable(np.asarray(y_pred, "float32"))
    _, (gradient,) = kerasfront.value_and_grad(lambda: loss(y_true, predictions.value), [predictions])
    expected = slopes(index)
    np.testing.assert_allclose(
        np.asarray(ops.convert_to_numpy(gradient), "float64"), expected, rtol=2e-4, atol=2e-5 * np.abs(expected).max()
    )
