"""The progress bar, as a terminal and as a pipe see it."""

import contextlib
import io
import os
import pty
import re
import subprocess
import sys

import pytest

from kerasfront.callbacks import CallbackList
from kerasfront.utils.progbar import Progbar

TRAINING = """
import time
from kerasfront.callbacks import CallbackList
callbacks = CallbackList(add_progbar=True, verbose={verbose}, epochs=2, steps={steps})
callbacks.on_train_begin()
for epoch in range(2):
    callbacks.on_epoch_begin(epoch)
    for step in range(3):
        time.sleep({pause})
        callbacks.on_train_batch_end(step, {{"loss": 0.5 - step / 10}})
    callbacks.on_test_begin()
    callbacks.on_test_batch_end(0, {{"loss": 9.0}})
    callbacks.on_test_end({{"loss": 9.0}})
    callbacks.on_epoch_end(epoch, {{"loss": 0.25, "val_loss": 1e-5}})
callbacks.on_train_end({{}})
"""
STEP = r"- \d+m?s/step"
VALUES = " - loss: 0.2500 - val_loss: 1.0000e-05"
LINE = STEP + VALUES


def program(verbose=1, steps=3, pause=0.0):
    return [sys.executable, "-c", TRAINING.format(verbose=verbose, steps=steps, pause=pause)]


def environment(**extra):
    return {**os.environ, "COLUMNS": "200", "PYTHONIOENCODING": "utf-8", **extra}


def on_terminal(command, **extra):
    """Return what a program writes to a pseudo-terminal."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(command, stdout=follower, stderr=subprocess.STDOUT, env=environment(**extra))
    os.close(follower)
    written = b""
    try:
        while chunk := os.read(leader, 4096):
            written += chunk
    except OSError:
        # Linux reports the end of a terminal as an I/O error.
        pass
    finally:
        os.close(leader)
    assert process.wait(60) == 0, written
    return written.decode().replace("\r\n", "\n")


def on_pipe(command, **extra):
    """Return what a program writes to a pipe."""
    return subprocess.run(command, capture_output=True, env=environment(**extra), check=True).stdout.decode()


def plain(text):
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def test_a_terminal_sees_a_bar_that_moves_in_place():
    lines = plain(on_terminal(program(pause=0.08))).split("\n")
    assert [lines[0], lines[2], lines[4]] == ["Epoch 1/2", "Epoch 2/2", ""]
    drawings = lines[1].split("\r")
    assert len(drawings) >= 4
    assert re.fullmatch(r"1/3 ━{20} 0s \d+ms/step - loss: 0.5000 *", drawings[1])
    assert re.fullmatch(rf"3/3 ━{{20}} 0s \d+ms/step{VALUES} *", drawings[-1]), drawings[-1]


def test_a_terminal_sees_colours_unless_told_not_to():
    assert "\x1b[32m" in on_terminal(program())
    assert "\x1b" not in on_terminal(program(), NO_COLOR="1")


def test_a_terminal_without_unicode_sees_ascii():
    text = on_terminal(program(pause=0.06), PYTHONIOENCODING="ascii", NO_COLOR="1")
    assert text.isascii() and "1/3 [======..............]" in text and "3/3 [====================]" in text


def test_a_narrow_terminal_gets_no_line_that_wraps_before_the_last():
    text = plain(on_terminal(program(pause=0.08), COLUMNS="30"))
    drawings = text.split("\n")[1].split("\r")[1:-1]
    assert len(drawings) >= 2 and all(len(drawing.rstrip()) <= 29 for drawing in drawings)


@pytest.mark.parametrize("verbose", [1, 2, "'auto'"])
def test_a_pipe_sees_one_plain_line_per_epoch(verbose):
    text = on_pipe(program(verbose, pause=0.01))
    assert "\r" not in text and "\x1b" not in text
    assert re.fullmatch(rf"Epoch 1/2\n3/3 - 0s {LINE}\nEpoch 2/2\n3/3 - 0s {LINE}\n", text), text


def test_verbose_2_is_one_plain_line_on_a_terminal_too():
    assert on_terminal(program(2)).count("\n") == 4


@pytest.mark.parametrize("see", [on_terminal, on_pipe])
def test_verbose_0_is_silent(see):
    assert see(program(0)) == ""


def test_an_unknown_length_is_known_after_the_first_epoch():
    lines = plain(on_terminal(program(steps=None, pause=0.06))).split("\n")
    assert "      1/Unknown 0s" in lines[1] and lines[1].split("\r")[-1].startswith("3/3 ━")
    assert lines[3].split("\r")[1].startswith("1/3 ━")


def test_one_epoch_and_evaluation_have_no_headline(capsys):
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=1)
    callbacks.on_test_begin()
    callbacks.on_test_batch_end(0, {"loss": 0.5})
    callbacks.on_test_end({"loss": 0.5})
    callbacks.on_predict_begin()
    callbacks.on_predict_batch_end(0, {"outputs": object()})
    callbacks.on_predict_end()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("1/1 - 0s") and lines[0].endswith("loss: 0.5000")
    assert re.fullmatch(r"1/1 - 0s - \d+[mu]?s/step", lines[1])


def test_values_keep_their_places_from_the_first_drawing_to_the_last():
    with terminal() as stream:
        callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=1)
        callbacks.on_epoch_begin(0)
        callbacks.on_train_batch_end(0, {"loss": 0.5, "accuracy": 0.5})
        callbacks.on_epoch_end(0, {"accuracy": 0.5, "loss": 0.5, "val_loss": 0.5})
    names = [re.findall(r" - (\w+):", drawing) for drawing in stream.getvalue().split("\r")[1:]]
    assert names == [["accuracy", "loss"], ["accuracy", "loss", "val_loss"]]


# -- when it draws -----------------------------------------------------------------------------------


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@contextlib.contextmanager
def terminal():
    with contextlib.redirect_stdout(Terminal()) as stream:
        yield stream


def test_logs_are_read_only_when_something_is_drawn():
    reads = []

    def logs():
        reads.append(True)
        return {"loss": 0.5}

    with terminal() as stream:
        callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=1000)
        callbacks.on_train_begin()
        callbacks.on_epoch_begin(0)
        for step in range(1000):
            callbacks.on_train_batch_end(step, logs)
    assert 1 <= len(reads) == stream.getvalue().count("\r") < 10


def test_nothing_is_read_where_nothing_is_drawn(capsys):
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=3)
    callbacks.on_epoch_begin(0)
    callbacks.on_train_batch_end(0, lambda: pytest.fail("read"))


def test_drawings_are_an_interval_apart_but_the_last_one_comes():
    with terminal() as stream:
        bar = Progbar(100, interval=60)
        for step in range(100):
            bar.update(step + 1)
    assert stream.getvalue().count("\r") == 2 and stream.getvalue().endswith("\n")


def test_a_shorter_line_leaves_no_rest_of_a_longer_one():
    with terminal() as stream:
        bar = Progbar(2, interval=0)
        bar.update(1, [("note", "x" * 30)])
        bar.update(2, [("note", "y")])
    first, second = plain(stream.getvalue()).rstrip("\n").split("\r")[1:]
    assert len(second) >= len(first.rstrip())


# -- values ------------------------------------------------------------------------------------------


def shown(capsys, *updates, **options):
    bar = Progbar(updates[-1][0], verbose=2, **options)
    for current, values in updates:
        bar.update(current, values)
    return capsys.readouterr().out.strip().split(" - ")[3:]


UPDATES = ((1, [("a", 1.0), ("b", 1.0)]), (4, [("a", 3.0), ("b", 3.0)]))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["a: 3.0000", "b: 3.0000"]),
        ({"stateful_metrics": ["a"]}, ["a: 3.0000", "b: 2.5000"]),
        ({"stateless_metrics": ["a"]}, ["a: 2.5000", "b: 3.0000"]),
    ],
    ids=str,
)
def test_values_are_shown_as_they_came_or_averaged_over_steps(capsys, options, expected):
    assert shown(capsys, *UPDATES, **options) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5000"),
        (1e-5, "1.0000e-05"),
        (float("nan"), "nan"),
        (12345.6, "12345.6000"),
        (3, "3.0000"),
        ("on", "on"),
        (0.0, "0.0000e+00"),
    ],
)
def test_values_are_written_as_keras_users_know_them(capsys, value, text):
    assert shown(capsys, (1, [("a", value)])) == [f"a: {text}"]


def test_add_counts_on(capsys):
    bar = Progbar(3, verbose=2, unit_name="file")
    for _ in range(3):
        bar.add(1, [("loss", 0.5)])
    assert re.fullmatch(r"3/3 - 0s - \d+us/file - loss: 0.5000\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    "options",
    [{"target": -1}, {"width": 0}, {"verbose": 3}, {"stateful_metrics": [], "stateless_metrics": []}],
    ids=str,
)
def test_nonsense_arguments_are_refused(options):
    with pytest.raises(ValueError, match="Progbar: "):
        Progbar(**{"target": 1, **options})


def test_the_signature_is_that_of_the_oracle():
    import inspect

    import keras

    for name in ("__init__", "update", "add"):
        ours, theirs = (inspect.signature(getattr(kind, name)) for kind in (Progbar, keras.utils.Progbar))
        assert [(p.name, p.default) for p in ours.parameters.values()] == [
            (p.name, p.default) for p in theirs.parameters.values()
        ]


def test_a_single_call_at_the_end_tells_the_time_of_a_step(capsys):
    bar = Progbar(4, verbose=2)
    bar._start -= 0.2
    bar.update(4)
    shown = int(re.search(r"(\d+)ms/step", capsys.readouterr().out)[1])
    assert 50 <= shown < 500
