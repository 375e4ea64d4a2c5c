"""Losses, metrics and their names are those of Keras for the same weights, data and order."""

import functools

import numpy as np
import pytest

import kerasfront
from tests.training.models import classifier, data, nested_outputs, regression, two_outputs

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
    "one metric each": (two_outputs, [Y, Z], {**BOTH, "metrics": ["accuracy", "mae"]}, {}),
    "tuples": (two_outputs, (Y, Z), {"loss": (SPARSE, "mse"), "metrics": (("accuracy",), ("mae",))}, {}),
    "factors by name": (two_outputs, [Y, Z], {**BOTH, "loss_weights": {"a": 0.5, "b": 2.0}}, {}),
    "weights by output": (
        two_outputs,
        [Y, Z],
        {**BOTH, "weighted_metrics": [["acc"], ["mae"]]},
        {"sample_weight": [W, W[::-1]]},
    ),
    "a list for keys": (
        lambda k: two_outputs(k, keyed=True),
        {"p": Y, "q": Z},
        {**BOTH, "metrics": [["acc"], ["mae"]], "loss_weights": [0.5, 2.0]},
        {},
    ),
    "deep": (
        nested_outputs,
        {"u": {"m": Z, "n": 1 - Z}, "v": Y},
        {
            "loss": {"u": {"m": "mse", "n": "mae"}, "v": SPARSE},
            "loss_weights": {"u": {"m": 3.0, "n": 0.1}, "v": 0.5},
            "metrics": {"u": {"m": "mae", "n": ["mse", "mae"]}, "v": "accuracy"},
        },
        {},
    ),
    "deep, in part": (
        nested_outputs,
        {"u": {"m": Z, "n": Z}, "v": Y},
        {"loss": {"u": {"n": "mse"}, "v": SPARSE}, "metrics": {"u": {"m": [], "n": "mae"}, "v": ["accuracy"]}},
        {},
    ),
    "lists of lists": (
        functools.partial(nested_outputs, lists=True),
        [[Z, 1 - Z], Y],
        {"loss": [["mse", "mae"], SPARSE], "metrics": [["mae", "mse"], "accuracy"]},
        {},
    ),
    "a list for one output": (regression, [Z], {"loss": ["mse"], "metrics": [["mae"]], "loss_weights": [0.5]}, {}),
    "a dict for one output": (regression, Z, {"loss": {"b": "mse"}, "metrics": {"b": ["mae"]}}, {}),
    "two steps a call": (regression, Z, {"loss": "mse", "metrics": ["mae"], "steps_per_execution": 2}, {}),
}


def train(k, make, labels, compiling, fitting, **options):
    model = make(k)
    model.compile(optimizer=k.optimizers.SGD(0.1), **compiling, **options)
    history = model.fit(
        X, labels, batch_size=4, epochs=2, shuffle=False, verbose=0, validation_data=(X, labels), **fitting
    )
    judge = functools.partial(model.evaluate, X, labels, batch_size=4, verbose=0)
    return history.history, judge(return_dict=True), judge(), model.get_weights()


@functools.cache
def expected(name):
    import keras

    # Eagerly, because compiling each case takes the oracle seconds.
    return train(keras, *CASES[name], run_eagerly=True)


# The oracle's own warning says nothing on the engine it runs on; ours comes where an output has no loss.
@pytest.mark.filterwarnings("ignore:.*no gradient for 2 variables")
@pytest.mark.parametrize("name", CASES)
def test_history_and_evaluation_agree(engine, name):
    history, numbers, listed, weights = expected(name)
    my_history, my_numbers, my_list, my_weights = train(kerasfront, *CASES[name])
    assert list(my_history) == list(history)
    for key in history:
        np.testing.assert_allclose(my_history[key], history[key], rtol=1e-5, atol=1e-6, err_msg=key)
    assert my_numbers == pytest.approx(numbers, rel=1e-5, abs=1e-6)
    # The oracle lists a metric that was given twice once too often, and those of nested outputs in another order.
    if name not in ("repeated", "weighted", "deep", "deep, in part", "lists of lists"):
        np.testing.assert_allclose(my_list, listed, rtol=1e-5, atol=1e-6)
    for mine, theirs in zip(my_weights, weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


def test_losses_in_a_list_for_one_output_are_added_up(engine):
    logs = []
    for loss in ([SPARSE, ["mse", "mae"]], [SPARSE, "mse"], [SPARSE, "mae"], {"a": SPARSE, "b": ["mse", "mae"]}):
        model = two_outputs()
        model.compile("sgd", loss=loss)
        logs.append(model.evaluate(X, [Y, Z], verbose=0, return_dict=True))
    both, one, other, keyed = logs
    assert both["b_loss"] == pytest.approx(one["b_loss"] + other["b_loss"], rel=1e-5)
    assert both["loss"] == pytest.approx(both["a_loss"] + both["b_loss"], rel=1e-5)
    assert keyed == both


@pytest.mark.filterwarnings("ignore:.*no gradient for 2 variables")
def test_labels_may_come_for_the_outputs_with_a_loss_alone(engine):
    # The oracle takes them too, but gives another number than for all labels where batches have different sizes.
    histories = [train(kerasfront, two_outputs, y, {"loss": [None, "mse"]}, {})[0] for y in ([Y, Z], Z, [Z])]
    assert histories[0] == histories[1] == histories[2]
