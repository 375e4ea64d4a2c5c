"""Inputs, labels and weights in the forms in which users pass them: what is taken, as Keras does, and what is not."""

import functools
import itertools

import numpy as np
import pytest

import kerasfront
from tests.training.models import data, regression

X, Y, Z = data()
W = np.linspace(0.5, 2.0, 10).astype("float32")
LONG = np.random.RandomState(1).rand(10, 5, 4).astype("float32")
LONG_Y, LONG_Z = np.random.RandomState(2).randint(0, 3, (10, 5)), LONG[:, :, :1] / 2
STEPS = W[:, None] * np.arange(5, dtype="float32")
SPARSE = "sparse_categorical_crossentropy"


def joined(k, keyed):
    """Two inputs "a" and "bb" side by side into one number."""
    a, b = k.Input((4,), name="a"), k.Input((4,), name="bb")
    output = k.layers.Dense(1, name="o")(k.layers.Concatenate()([a, b]))
    model = k.Model({"a": a, "bb": b} if keyed else [a, b], output)
    model.set_weights([np.linspace(-1, 1, 8)[:, None], np.zeros(1)])
    return model


def by_step(k, width=1, activation=None):
    """An output for each of five time steps."""
    inputs = k.Input((5, 4))
    model = k.Model(inputs, k.layers.Dense(width, activation=activation, name="o")(inputs))
    model.set_weights([np.linspace(-1, 1, 4 * width).reshape(4, width), np.zeros(width)])
    return model


def sigmoid(k):
    inputs = k.Input((4,))
    model = k.Model(inputs, k.layers.Dense(1, activation="sigmoid")(inputs))
    model.set_weights([np.linspace(-1, 1, 4)[:, None], np.zeros(1)])
    return model


def classes(k):
    from tests.training.models import classifier

    return classifier(k)


def pairs(count=None):
    for i in itertools.count() if count is None else range(count):
        part = slice(0, 5) if i % 2 == 0 else slice(5, 10)
        yield X[part], Z[part], W[part]


def py_dataset(k):
    class Halves(k.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return X[5 * index : 5 * index + 5], Z[5 * index : 5 * index + 5]

    return Halves()


def tf_data(k):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((X, Z)).batch(4)


def loader(k):
    torch = pytest.importorskip("torch")
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Z)), batch_size=4)


def frame(k):
    pandas = pytest.importorskip("pandas")
    return {
        "x": pandas.DataFrame(X, columns=list("abcd")),
        "y": pandas.Series(Z[:, 0]),
        "sample_weight": pandas.Series(W),
    }


MSE = {"loss": "mse", "weighted_metrics": ["mae"]}
BY_CLASS = {"loss": SPARSE, "weighted_metrics": ["acc"]}
WEIGHTS = {0: 1.0, 1: 2.0, 2: 0.5}
KEYED, LISTED = functools.partial(joined, keyed=True), functools.partial(joined, keyed=False)
STEP_CLASSES = functools.partial(by_step, width=3, activation="softmax")

# name: (model, arguments of compile, function that gives the arguments of fit)
CASES = {
    "a dict of inputs": (KEYED, MSE, lambda k: {"x": {"bb": 2 * X, "a": X}, "y": Z}),
    "a dict for listed inputs": (LISTED, MSE, lambda k: {"x": {"bb": 2 * X, "a": X}, "y": Z}),
    "a tuple of inputs": (LISTED, MSE, lambda k: {"x": (X, 2 * X), "y": Z}),
    "a data frame": (regression, MSE, frame),
    "labels without an axis": (regression, MSE, lambda k: {"x": X, "y": Z[:, 0]}),
    "validation by a generator": (
        regression,
        MSE,
        lambda k: {"x": X, "y": Z, "epochs": 2, "validation_data": pairs(), "validation_steps": 3},
    ),
    "validation by a PyDataset": (regression, MSE, lambda k: {"x": X, "y": Z, "validation_data": py_dataset(k)}),
    "validation by tf.data": (regression, MSE, lambda k: {"x": X, "y": Z, "validation_data": tf_data(k)}),
    "validation by a DataLoader": (regression, MSE, lambda k: {"x": X, "y": Z, "validation_data": loader(k)}),
    "weighted validation": (
        regression,
        MSE,
        lambda k: {"x": X, "y": Z, "validation_data": (X, Z, W), "validation_batch_size": 3},
    ),
    "validation every other epoch": (
        regression,
        MSE,
        lambda k: {"x": X, "y": Z, "epochs": 4, "validation_data": (X, Z), "validation_freq": 2},
    ),
    "validation after some epochs": (
        regression,
        MSE,
        lambda k: {"x": X, "y": Z, "epochs": 4, "validation_data": (X, Z), "validation_freq": [1, 3]},
    ),
    "a few steps of validation": (
        regression,
        MSE,
        lambda k: {"x": X, "y": Z, "batch_size": 3, "validation_data": (X, Z), "validation_steps": 2},
    ),
    "weights are split too": (regression, MSE, lambda k: {"x": X, "y": Z, "sample_weight": W, "validation_split": 0.3}),
    "class weights": (classes, BY_CLASS, lambda k: {"x": X, "y": Y[:, 0], "class_weight": WEIGHTS}),
    "some class weights": (classes, BY_CLASS, lambda k: {"x": X, "y": Y, "class_weight": {1: 3.0}}),
    "class weights of one-hot labels": (
        classes,
        {"loss": "categorical_crossentropy", "weighted_metrics": ["acc"]},
        lambda k: {"x": X, "y": np.eye(3, dtype="float32")[Y[:, 0]], "class_weight": WEIGHTS},
    ),
    "class weights of two classes": (
        sigmoid,
        {"loss": "binary_crossentropy", "weighted_metrics": ["acc"]},
        lambda k: {"x": X, "y": np.float32(Z > 0.5), "class_weight": {0: 1.0, 1: 3.0}},
    ),
    "a column of weights": (regression, MSE, lambda k: {"x": X, "y": Z, "sample_weight": W[:, None]}),
    "whole weights": (regression, MSE, lambda k: {"x": X, "y": Z, "sample_weight": np.arange(10)}),
    "a weight for each step": (by_step, MSE, lambda k: {"x": LONG, "y": LONG_Z, "sample_weight": STEPS}),
    "a weight for each label": (STEP_CLASSES, BY_CLASS, lambda k: {"x": LONG, "y": LONG_Y, "sample_weight": STEPS}),
    "a part of the arrays an epoch": (
        regression,
        MSE,
        lambda k: {"x": X, "y": Z, "batch_size": 2, "steps_per_epoch": 2, "epochs": 2},
    ),
    "a part of a generator an epoch": (regression, MSE, lambda k: {"x": pairs(), "steps_per_epoch": 3, "epochs": 2}),
    "later epochs": (regression, MSE, lambda k: {"x": X, "y": Z, "initial_epoch": 2, "epochs": 4}),
    "a PyDataset": (regression, MSE, lambda k: {"x": py_dataset(k), "epochs": 2}),
    "tf.data": (regression, MSE, lambda k: {"x": tf_data(k), "epochs": 2}),
    "a DataLoader": (regression, MSE, lambda k: {"x": loader(k), "epochs": 2}),
    "whole numbers": (regression, {"loss": "mae"}, lambda k: {"x": np.arange(40).reshape(10, 4), "y": np.arange(10)}),
    "booleans": (sigmoid, {"loss": "binary_crossentropy"}, lambda k: {"x": X > 0.5, "y": Z > 0.5}),
}


def train(k, make, compiling, fitting, **options):
    model = make(k)
    model.compile(optimizer=k.optimizers.SGD(0.1), **compiling, **options)
    return model.fit(**{"verbose": 0, "shuffle": False, **fitting(k)}).history, model.get_weights()


@functools.cache
def expected(name):
    import keras

    return train(keras, *CASES[name], run_eagerly=True)


@pytest.mark.filterwarnings("ignore:.*copy keyword:DeprecationWarning")
@pytest.mark.parametrize("name", CASES)
def test_training_agrees_with_the_oracle(engine, name):
    history, weights = expected(name)
    my_history, my_weights = train(kerasfront, *CASES[name])
    assert list(my_history) == list(history)
    for key in history:
        np.testing.assert_allclose(my_history[key], history[key], rtol=1e-5, atol=1e-6, err_msg=key)
    for mine, theirs in zip(my_weights, weights, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


WARNED = [
    (True, {"a": X, "bb": X, "c": X}, r"'c' not used. Expected \['a', 'bb'\]; got \['a', 'bb', 'c'\]"),
    (False, {"a": X, "bb": X, "c": X}, "'c' not used"),
    (True, [X, X], r"a list came, taken in the order \['a', 'bb'\]"),
]


@pytest.mark.parametrize("keyed, x, message", WARNED)
def test_inputs_in_another_structure_are_taken_with_a_warning(engine, keyed, x, message):
    model = joined(kerasfront, keyed)
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match=message):
        model.fit(x, Z, verbose=0)
    np.testing.assert_allclose(model.predict([X, X] if not keyed else {"a": X, "bb": X}, verbose=0).shape, (10, 1))


REFUSED = [
    (KEYED, {"x": {"a": X}, "y": Z}, r"input 'bb' is missing. Expected keys \['a', 'bb'\]; got \['a'\]"),
    (LISTED, {"x": {"a": X, "b": X}, "y": Z}, "input 'bb' is missing"),
    (LISTED, {"x": X, "y": Z}, r"the number of inputs does not fit. Expected 2: \['a', 'bb'\]; got 1"),
    (LISTED, {"x": [X, X, X], "y": Z}, "Expected 2: .*got 3"),
    (regression, {"x": [None], "y": Z}, r"there is no data in `x`.*got \[None\]"),
    (regression, {"x": None, "y": Z}, "there is no data in `x`.*got None"),
    (regression, {"x": {}, "y": Z}, "there is no data in `x`"),
    (regression, {"x": X, "y": Z[:7]}, "x has 10 samples but y has 7"),
    (regression, {"x": X, "y": Z, "sample_weight": np.ones((10, 3))}, r"weights do not fit.*got \(10, 3\)"),
    (regression, {"x": X, "y": Z, "sample_weight": W[:8]}, "x has 10 samples but sample_weight has 8"),
    (STEP_CLASSES, {"x": LONG, "y": LONG_Y, "class_weight": WEIGHTS}, r"got \(10, 5\) with numbers from 0 to 2"),
    (regression, {"x": pairs(2), "y": Z}, "`y` came beside a generator"),
    (regression, {"x": pairs(2), "validation_split": 0.2}, "`validation_split` needs arrays"),
]


@pytest.mark.parametrize("make, fitting, message", REFUSED)
def test_inputs_that_do_not_fit_are_named(engine, make, fitting, message):
    model = make(kerasfront)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=message):
        model.fit(verbose=0, **fitting)
