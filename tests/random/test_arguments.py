"""Signatures are those of Keras; wrong arguments are explained before an engine sees them."""

import inspect

import numpy as np
import pytest

from kerasfront import random
from kerasfront.backend import registry
from kerasfront.backend.symbolic import KerasTensor

SHAPED = ["uniform", "normal", "truncated_normal", "randint", "gamma", "beta", "binomial"]
SAMPLERS = [*SHAPED, "categorical", "dropout", "shuffle"]
MATRIX = np.zeros((2, 3), "float32")

WRONG = {
    "negative size": (lambda: random.uniform((2, -1)), r"random.uniform: shape \(2, -1\)"),
    "fractional size": (lambda: random.normal((2.5,)), "random.normal: shape"),
    "no shape": (lambda: random.normal("wide"), "random.normal: shape"),
    "integer dtype": (lambda: random.uniform((2,), dtype="int32"), "random.uniform: dtype 'int32'.*random.randint"),
    "exchanged bounds": (lambda: random.uniform((2,), 1.0, 0.0), "minval <= maxval"),
    "infinite bound": (lambda: random.uniform((2,), 0.0, np.inf), "maxval is out of range"),
    "NaN mean": (lambda: random.normal((2,), mean=float("nan")), "mean is out of range"),
    "negative deviation": (lambda: random.normal((2,), stddev=-1.0), "random.normal: stddev is out of range"),
    "negative deviation, truncated": (
        lambda: random.truncated_normal((2,), stddev=-1.0),
        "random.truncated_normal: stddev",
    ),
    "empty range": (lambda: random.randint((2,), 5, 5), "minval < maxval"),
    "range beyond the dtype": (lambda: random.randint((2,), 0, 300, dtype="uint8"), r"within \[0, 255\]"),
    "range too wide": (lambda: random.randint((2,), 0, 2**40, dtype="int64"), r"at most 2\^32 apart"),
    "float randint": (lambda: random.randint((2,), 0, 3, dtype="float32"), "no integer type"),
    "fractional bound": (lambda: random.randint((2,), 0.5, 3), "minval is 0.5. Expected an integer"),
    "rate too high": (lambda: random.dropout(MATRIX, 1.5), r"random.dropout: rate is out of range.*got 1.5"),
    "rate too low": (lambda: random.dropout(MATRIX, -0.1), "rate is out of range"),
    "rate no number": (lambda: random.dropout(MATRIX, "half"), "rate is out of range"),
    "noise shape": (lambda: random.dropout(MATRIX, 0.5, (2, 2)), r"noise_shape \(2, 2\)"),
    "noise rank": (lambda: random.dropout(MATRIX, 0.5, (2,)), r"noise_shape \(2,\)"),
    "logits rank": (lambda: random.categorical(MATRIX[0], 1), r"Expected \(batch, classes\); got \(3,\)"),
    "number of samples": (lambda: random.categorical(MATRIX, -1), "num_samples is -1"),
    "axis": (lambda: random.shuffle(MATRIX, axis=2), "axis 2 is out of range"),
    "alpha": (lambda: random.gamma((2,), 0.0), "random.gamma: alpha is out of range. Expected positive"),
    "second parameter": (lambda: random.beta((2,), 1.0, -1.0), "random.beta: beta is out of range"),
    "counts": (lambda: random.binomial((2,), -1, 0.5), "random.binomial: counts is out of range"),
    "probability": (lambda: random.binomial((2,), 3, 1.5), "random.binomial: probabilities is out of range"),
    "too many elements": (lambda: random.uniform((2**16, 2**16)), "too large. Expected at most 2147483647"),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_signature_is_that_of_keras(name):
    import keras

    ours, theirs = inspect.signature(getattr(random, name)), inspect.signature(getattr(keras.random, name))
    assert list(ours.parameters) == list(theirs.parameters)
    assert [p.default for p in ours.parameters.values()] == [p.default for p in theirs.parameters.values()]


def test_all_of_keras_random_is_there():
    import keras

    missing = {name for name in dir(keras.random) if not name.startswith("_")} - set(random.__all__)
    assert not missing


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_explained(name):
    call, message = WRONG[name]
    with registry.scope("numpy"), pytest.raises(ValueError, match=message):
        call()


SYMBOLIC = {
    "dropout": (lambda x: random.dropout(x, 0.5), (None, 4), "float32"),
    "dropout with noise shape": (lambda x: random.dropout(x, 0.5, (None, 1)), (None, 4), "float32"),
    "categorical": (lambda x: random.categorical(x, 7), (None, 7), "int32"),
    "shuffle": (lambda x: random.shuffle(x, axis=1), (None, 4), "float32"),
}


@pytest.mark.parametrize("name", SYMBOLIC)
def test_symbolic_tensors_get_a_node_and_no_draw(name):
    call, shape, dtype = SYMBOLIC[name]
    result = call(KerasTensor((None, 4)))
    assert (result.shape, result.dtype) == (shape, dtype)
    assert result.node is not None and len(result.node.inputs) == 1


def test_symbolic_tensors_do_not_hide_wrong_arguments():
    with pytest.raises(ValueError, match="rate is out of range"):
        random.dropout(KerasTensor((None, 4)), 2)
    with pytest.raises(ValueError, match="Expected \\(batch, classes\\)"):
        random.categorical(KerasTensor((None, 4, 2)), 2)


def test_a_draw_of_unknown_size_is_symbolic():
    drawn = random.normal((None, 3), seed=1)
    assert isinstance(drawn, KerasTensor) and drawn.shape == (None, 3)
