"""Losses, metrics and their names are those of Keras for the same weights, data and order."""

import numpy as np
import pytest

import kerasfront
from tests.training.models import classifier, data, regression, two_outputs

X, Y, Z = data()
W = np.linspace(0.5, 2.0, 10).astype("float32")
SPARSE = "sparse_categorical_crossentropy"
BOTH = {"loss": [SPARSE, "mse"]}

# name: (model, labels, arguments of compile, arguments of fit)
CASES = {
    "plain": (regression, Z, {"loss": "mse", "metrics": ["mae", "mse"]}, {}),
    "weighted": (regression, Z, {"loss": "mse", "metrics": ["mae"], "weighted_metrics": ["mae"]}, {"sample_weight": W}),
    "repeated": (regression, Z, {"loss": "mse", "metrics": ["mae", "mae"]}, {}),
    "factor": (regression, Z, {"loss": "mse", "metrics": ["mae"], "loss_weights": 0.5}, {}),
    "classes": (classifier, Y, {"loss": SPARSE, "metrics": ["accuracy", "acc"]}, {}),
    "one-hot": (classifier, np.eye(3)[Y[:, 0]], {"loss": "categorical_crossentropy", "metrics": ["acc"]}, {}),
    "binary": (regression, np.float32(Z > 0.5), {"loss": "binary_crossentropy", "metrics": ["accuracy"]}, {}),
    "class weights": (
        classifier,
        Y,
        {"loss": SPARSE, "weighted_metrics": ["acc"]},
        {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}},
    ),
    "lists": (two_outputs, [Y, Z], {**BOTH, "metrics": [["acc"], ["mae", "mse"]]}, {}),
    "dicts": (
        two_outputs,
        {"a": Y, "b": Z},
        {"loss": {"b": "mse", "a": SPARSE}, "metrics": {"b": "mae", "a": ["acc"]}},
        {},
    ),
    "some metrics": (two_outputs, [Y, Z], {**BOTH, "metrics": {"b": ["mae"]}}, {}),
    "one loss": (two_outputs, [Y, Z], {"loss": [None, "mse"], "metrics": [None, "mae"]}, {}),
    "factors": (two_outputs, [Y, Z], {**BOTH, "loss_weights": [0.5, 2.0]}, {}),
    "both weighted": (
        two_outputs,
        [Y, Z],
        {**BOTH, "metrics": [["acc"], []], "weighted_metrics": [["accuracy"], ["mae"]]},
        {},
    ),
    "keys": (
        lambda k: two_outputs(k, keyed=True),
        {"p": Y, "q": Z},
        {"loss": {"p": SPARSE, "q": "mse"}, "metrics": {"p": "acc"}},
        {},
    ),
    "one key": (
        lambda k: two_outputs(k, keyed=True),
        {"p": Z, "q": Z},
        {"loss": {"q": "mse"}, "metrics": {"q": "mae"}},
        {},
    ),
    "two steps a call": (regression, Z, {"loss": "mse", "metrics": ["mae"], "steps_per_execution": 2}, {}),
}


def train(k, make, labels, compiling, fitting):
    model = make(k)
    model.compile(optimizer=k.optimizers.SGD(0.1), **compiling)
    history = model.fit(
        X, labels, batch_size=4, epochs=2, shuffle=False, verbose=0, validation_data=(X, labels), **fitting
    )
    return history.history, model.evaluate(X, labels, batch_size=4, verbose=0), model.get_weights()


@pytest.fixture(scope="module")
def expected():
    import keras

    return {name: train(keras, *case) for name, case in CASES.items()}


@pytest.mark.parametrize("name", CASES)
def test_history_and_evaluation_agree(engine, expected, name):
    history, evaluation, weights = expected[name]
    mine, my_evaluation, my_weights = train(kerasfront, *CASES[name])
    assert list(mine) == list(history)
    for key, numbers in history.items():
        np.testing.assert_allclose(mine[key], numbers, rtol=1e-5, atol=1e-6, err_msg=key)
    np.testing.assert_allclose(my_evaluation, evaluation, rtol=1e-5, atol=1e-6)
    for mine, theirs in zip(my_weights, weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
