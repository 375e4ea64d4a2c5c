"""`to_categorical` and `normalize` on host data, with Keras as the oracle."""

import inspect

import numpy as np
import pytest

from kerasfront import utils

LABELS = {
    "list": [0, 2, 1, 2],
    "number": 3,
    "matrix": [[0, 1], [2, 3]],
    "column": [[0], [1], [2]],
    "single": [1],
    "uint8": np.array([0, 4, 2], np.uint8),
    "whole floats": np.array([0.0, 2.0]),
    "bool": np.array([True, False]),
    "deep column": np.arange(6).reshape(2, 3, 1),
}


@pytest.mark.parametrize("num_classes", [None, 7])
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_to_categorical_agrees_with_keras(labels, num_classes):
    import keras

    ours, theirs = utils.to_categorical(labels, num_classes), keras.utils.to_categorical(labels, num_classes)
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == theirs.dtype


def test_to_categorical_of_no_labels_has_the_width_asked_for():
    assert utils.to_categorical(np.zeros((0,), int), 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("labels", "num_classes", "message"),
    [
        ([0, 3], 3, "labels out of range. Expected 0 to 2 for 3 classes; got 0 to 3"),
        ([-1, 1], 3, "labels out of range"),
        ([-1, 1], None, "labels out of range"),
        ([0.5], None, "no whole numbers"),
        ([float("nan")], None, "no whole numbers"),
        (["a"], None, "no whole numbers"),
        ([0], 0, "no count"),
        ([0], -2, "no count"),
        ([0], 2.5, "no count"),
        ([0], True, "no count"),
        ([], None, "no labels"),
    ],
)
def test_to_categorical_refuses_nonsense(labels, num_classes, message):
    with pytest.raises(ValueError, match=f"^to_categorical: .*{message}"):
        utils.to_categorical(labels, num_classes)


@pytest.mark.parametrize("order", [1, 2, 3, np.inf])
@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_normalize_agrees_with_keras_and_keeps_zero_vectors(axis, order):
    import keras

    x = np.random.RandomState(0).standard_normal((4, 5, 3))
    x[2], x[:, 1], x[..., 0] = 0, 0, 0
    ours = utils.normalize(x, axis, order)
    # Keras takes axis 0 for the last one, so it is asked about the last one only.
    theirs = np.moveaxis(keras.utils.normalize(np.moveaxis(x, axis, -1), -1, order), -1, axis)
    np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=0)
    assert not np.isnan(ours).any()


@pytest.mark.parametrize("name", ["to_categorical", "normalize", "get_file"])
def test_signature_is_that_of_keras(name):
    import keras

    def described(function):
        return [(p.name, p.default) for p in inspect.signature(function).parameters.values()]

    assert described(getattr(utils, name)) == described(getattr(keras.utils, name))


def test_unknown_names_are_reported_by_the_lazy_packages():
    with pytest.raises(AttributeError, match="no_such"):
        utils.no_such  # noqa: B018
    assert {"get_file", "to_categorical"} <= set(dir(utils))
