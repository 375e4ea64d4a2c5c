"""Settings of the process, without an engine."""

import logging
import subprocess
import sys

import numpy as np
import pytest

import kerasfront as kf


@pytest.fixture
def quiet():
    kf.config.disable_interactive_logging()
    yield
    kf.config.enable_interactive_logging()


def test_progress_goes_to_logging_where_interactive_logging_is_off(quiet, caplog, capsys):
    assert not kf.utils.is_interactive_logging_enabled()
    with caplog.at_level(logging.INFO, logger="kerasfront"):
        bar = kf.utils.Progbar(2)
        bar.update(2, [("loss", 0.5)])
    assert "loss: 0.5000" in caplog.text
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("setter", [kf.config.set_max_epochs, kf.config.set_max_steps_per_epoch])
@pytest.mark.parametrize("value", [0, -1, 1.5, "two", True])
def test_a_limit_is_a_positive_integer(setter, value):
    with pytest.raises(ValueError, match="expected a positive integer or None"):
        setter(value)


def test_names_start_over_after_clear_session():
    kf.utils.clear_session()
    assert [kf.layers.Dense(1).name for _ in range(2)] == ["dense", "dense_1"]
    kf.backend.clear_session()
    assert kf.layers.Dense(1).name == "dense"
    first = kf.backend.get_uid("of_this_test")
    assert (first, kf.backend.get_uid("of_this_test")) == (1, 2)


PROGRAM = """
import kerasfront as kf
kf.config.{choice}_traceback_filtering()
assert kf.config.is_traceback_filtering_enabled() is {on}
def user_function():
    kf.layers.Dense(-1)
user_function()
"""


@pytest.mark.parametrize(("choice", "on"), [("enable", True), ("disable", False)])
def test_printed_tracebacks_leave_out_our_frames_if_asked(choice, on):
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(choice=choice, on=on)], capture_output=True, text=True, timeout=120
    )
    assert "in user_function" in found.stderr and "units" in found.stderr
    # The frame that raised stays, the constructor that called it goes.
    assert ("in __init__" in found.stderr) is not on


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
        ({"maxlen": 2, "padding": "post", "truncating": "post", "value": 9}, [[1, 9], [2, 3], [4, 5]]),
    ],
)
def test_sequences_are_padded_and_cut(arguments, expected):
    padded = kf.utils.pad_sequences([[1], [2, 3], [4, 5, 6]], **arguments)
    assert padded.dtype == np.int32
    np.testing.assert_array_equal(padded, expected)


def test_sequences_of_vectors_and_strings_are_padded():
    padded = kf.utils.pad_sequences([[[1, 2]], [[3, 4], [5, 6]]], padding="post", dtype="float32")
    np.testing.assert_array_equal(padded, [[[1, 2], [0, 0]], [[3, 4], [5, 6]]])
    assert kf.utils.pad_sequences([["a"], ["b", "c"]], dtype=object, value="-").tolist() == [["-", "a"], ["b", "c"]]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"sequences": [1, 2]}, "element 0 of `sequences` is 1"),
        ({"sequences": [[1], [[2, 3]]]}, "element 1 .* shape"),
        ({"sequences": [[1]], "padding": "before"}, "padding: unknown name"),
        ({"sequences": [[1]], "value": "x"}, "dtype=object"),
    ],
)
def test_what_cannot_be_padded_is_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        kf.utils.pad_sequences(**arguments)
