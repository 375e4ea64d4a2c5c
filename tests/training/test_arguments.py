"""Nonsense numbers are named before anything is computed."""

import numpy as np
import pytest

from kerasfront.training import arguments


@pytest.mark.parametrize("value, expected", [(1, 1), (np.int64(3), 3), (None, None)])
def test_whole_numbers_pass(value, expected):
    assert arguments.whole_number("m.fit", "batch_size", value, 1) == expected


@pytest.mark.parametrize("value", [0, -1, 1.5, "8", True])
def test_other_numbers_are_refused(value):
    with pytest.raises(ValueError, match=r"m\.fit: `batch_size` does not fit.*got .*Pass batch_size="):
        arguments.whole_number("m.fit", "batch_size", value, 1)


@pytest.mark.parametrize("value", [1.5, 1.0, -0.1, float("nan"), "half"])
def test_a_validation_split_outside_of_zero_to_one_is_refused(value):
    with pytest.raises(ValueError, match="`validation_split` does not fit"):
        arguments.split_fraction("m.fit", value)


def test_validation_epochs_are_a_number_or_a_set():
    assert arguments.validation_epochs("m.fit", 2) == 2
    assert arguments.validation_epochs("m.fit", [1, 4]) == {1, 4}
    with pytest.raises(ValueError, match="`validation_freq` does not fit"):
        arguments.validation_epochs("m.fit", 0)


@pytest.mark.parametrize("labels, bad", [([0, 3], 3), ([-1, 0], -1), (np.array([[0.0], [7.0]]), "7.0")])
def test_class_labels_out_of_range_are_refused(labels, bad):
    with pytest.raises(ValueError, match=f"class label {bad} in `y` is out of range. Expected labels from 0 to 2"):
        arguments.check_sparse_labels("m.fit", labels, 3)


@pytest.mark.parametrize("labels, width", [([0, 2], 3), ([9], None), ([], 3), (["a"], 3)])
def test_other_labels_are_left_alone(labels, width):
    arguments.check_sparse_labels("m.fit", labels, width)
