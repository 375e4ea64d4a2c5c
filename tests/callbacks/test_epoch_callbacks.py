"""Callbacks that act on epochs: what they decide, held against Keras on the same logs, and what they refuse."""

import itertools
import math
import random
import warnings

import numpy as np
import pytest

from kerasfront import callbacks
from tests.callbacks.stand_ins import Model, run

EARLY = [
    {"patience": 0},
    {"patience": 2},
    {"patience": 1, "min_delta": 0.5},
    {"patience": 1, "mode": "max"},
    {"patience": 2, "baseline": 0.4},
    {"patience": 1, "start_from_epoch": 3},
    {"patience": 1, "restore_best_weights": True},
    {"patience": 3, "restore_best_weights": True, "mode": "max", "min_delta": 0.1},
]
PLATEAU = [
    {"patience": 1},
    {"patience": 2, "factor": 0.5, "cooldown": 2},
    {"patience": 1, "min_lr": 0.03},
    {"patience": 1, "mode": "max", "min_delta": 0.3},
]


def scripts(count=25, length=12):
    """Yield sequences of losses, NaN among them, without ties that rounding to float32 could settle."""
    numbers = random.Random(5)
    for i in range(count):
        script = [{"loss": numbers.random()} for _ in range(length)]
        if i % 5 == 0:
            script[numbers.randrange(length)]["loss"] = math.nan
        yield script


@pytest.mark.parametrize("options", EARLY, ids=str)
def test_early_stopping_decides_like_the_oracle(options):
    import keras

    for script in scripts():
        ours = callbacks.EarlyStopping(monitor="loss", **options)
        theirs = keras.callbacks.EarlyStopping(monitor="loss", **options)
        (done, _, model), (their_done, _, their_model) = run(ours, script), run(theirs, script)
        assert (done, ours.stopped_epoch, ours.best_epoch) == (their_done, theirs.stopped_epoch, theirs.best_epoch)
        assert (model.weights, ours.wait) == (their_model.weights, theirs.wait)


@pytest.mark.parametrize("options", PLATEAU, ids=str)
def test_reduced_rates_are_those_of_the_oracle(options):
    import keras

    for script in scripts():
        ours = callbacks.ReduceLROnPlateau(monitor="loss", **options)
        theirs = keras.callbacks.ReduceLROnPlateau(monitor="loss", **options)
        rates = [logs["learning_rate"] for logs in run(ours, script)[1]]
        their_rates = [logs["learning_rate"] for logs in run(theirs, script)[1]]
        assert rates == pytest.approx(their_rates)
        assert len(set(rates)) > 1


def test_early_stopping_starts_afresh_with_each_training():
    callback = callbacks.EarlyStopping(monitor="loss", patience=1)
    script = [{"loss": loss} for loss in (0.1, 0.5, 0.6)]
    assert run(callback, script)[0] == run(callback, script)[0] == [0, 1]


def test_best_weights_come_back_also_if_training_was_not_stopped():
    callback = callbacks.EarlyStopping(monitor="loss", patience=10, restore_best_weights=True)
    _, _, model = run(callback, [{"loss": loss} for loss in (0.5, 0.2, 0.9)])
    assert model.weights == ["w2"] and callback.best == 0.2


def test_early_stopping_says_what_it_does(capsys):
    callback = callbacks.EarlyStopping(monitor="loss", verbose=1, restore_best_weights=True)
    run(callback, [{"loss": loss} for loss in (0.5, 0.6)])
    expected = "Epoch 2: early stopping\nRestoring model weights from the end of the best epoch: 1.\n"
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize("kind", [callbacks.EarlyStopping, callbacks.ReduceLROnPlateau])
class TestMonitoring:
    def test_a_wrong_name_warns_once_with_the_names_there_are(self, kind):
        with pytest.warns(UserWarning, match="no 'vla_loss'.*Expected one of: loss, accuracy") as caught:
            run(kind(monitor="vla_loss"), [{"loss": 1.0, "accuracy": 0.5}] * 3)
        assert len(caught) == 1

    def test_validation_that_is_missing_is_named(self, kind):
        with pytest.warns(UserWarning, match="Pass validation data to fit"):
            run(kind(), [{"loss": 1.0}])

    @pytest.mark.parametrize("name", ["accuracy", "val_accuracy", "acc", "auc", "val_precision", "f1_score"])
    def test_more_is_better_for_these(self, kind, name):
        callback = kind(monitor=name, patience=1)
        run(callback, [{name: 0.1}, {name: 0.9}])
        assert callback.best == 0.9

    @pytest.mark.parametrize("name", ["loss", "val_loss", "mae", "mean_squared_error", "false_positives"])
    def test_less_is_better_for_these(self, kind, name):
        callback = kind(monitor=name, patience=1)
        run(callback, [{name: 0.9}, {name: 0.1}])
        assert callback.best == 0.1

    def test_a_metric_may_say_what_is_better(self, kind):
        metric = type("Metric", (), {"name": "height", "_direction": "up"})()
        callback = kind(monitor="val_height", patience=1)
        run(callback, [{"val_height": 0.1}, {"val_height": 0.9}], Model(metrics=[metric]))
        assert callback.best == 0.9

    def test_a_name_that_tells_nothing_needs_a_mode(self, kind):
        with pytest.raises(ValueError, match="cannot tell whether more or less of 'height' is better.*mode='max'"):
            run(kind(monitor="height"), [{"height": 1.0}])


REFUSED = {
    "mode": (callbacks.EarlyStopping, {"mode": "lowest"}, "`mode` does not fit.*'lowest'"),
    "monitor": (callbacks.EarlyStopping, {"monitor": None}, "`monitor` does not fit"),
    "patience": (callbacks.EarlyStopping, {"patience": -1}, "EarlyStopping: `patience` does not fit.*-1"),
    "patience as float": (callbacks.EarlyStopping, {"patience": 1.5}, "`patience` does not fit"),
    "min_delta": (callbacks.EarlyStopping, {"min_delta": "a"}, "`min_delta` does not fit"),
    "baseline": (callbacks.EarlyStopping, {"baseline": math.nan}, "`baseline` does not fit"),
    "start": (callbacks.EarlyStopping, {"start_from_epoch": -3}, "`start_from_epoch` does not fit"),
    "factor 1": (callbacks.ReduceLROnPlateau, {"factor": 1.0}, "ReduceLROnPlateau: `factor` does not reduce"),
    "factor below 0": (callbacks.ReduceLROnPlateau, {"factor": -0.1}, "`factor` does not fit"),
    "cooldown": (callbacks.ReduceLROnPlateau, {"cooldown": -1}, "`cooldown` does not fit"),
    "min_lr": (callbacks.ReduceLROnPlateau, {"min_lr": -1.0}, "`min_lr` does not fit"),
    "schedule": (callbacks.LearningRateScheduler, {"schedule": 0.1}, "`schedule` does not fit"),
    "separator": (callbacks.CSVLogger, {"filename": "a", "separator": ", "}, "`separator` does not fit"),
    "hook": (callbacks.LambdaCallback, {"on_epoch_ends": print}, "unknown name 'on_epoch_ends'.*'on_epoch_end'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nonsense_arguments_are_refused(case):
    kind, options, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        kind(**options)


def test_a_lambda_callback_takes_functions_only():
    with pytest.raises(TypeError, match="`on_epoch_end` cannot be called"):
        callbacks.LambdaCallback(on_epoch_end=3)


# -- learning rates ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "schedule",
    [
        lambda epoch: 0.1 / (epoch + 1),
        lambda epoch, rate: 0.1 / (epoch + 1),
        lambda epoch, rate=None: np.float32(0.1 / (epoch + 1)),
    ],
    ids=["epoch", "epoch and rate", "NumPy number"],
)
def test_a_schedule_sets_the_rate_of_each_epoch(schedule):
    _, logs, model = run(callbacks.LearningRateScheduler(schedule), [{"loss": 1.0}] * 3)
    assert [entry["learning_rate"] for entry in logs] == pytest.approx([0.1, 0.05, 0.1 / 3])
    assert model.optimizer.learning_rate == pytest.approx(0.1 / 3)


def test_a_schedule_gets_the_current_rate():
    _, logs, _ = run(callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2), [{}] * 2, Model(rate=0.4))
    assert [entry["learning_rate"] for entry in logs] == [0.2, 0.1]


@pytest.mark.parametrize("rate", ["a", None, math.nan, -0.1, True])
def test_a_schedule_that_gives_no_rate_is_refused(rate):
    with pytest.raises(ValueError, match="`schedule` gave no learning rate for epoch 0"):
        run(callbacks.LearningRateScheduler(lambda epoch: rate), [{}])


def test_an_error_in_a_schedule_comes_through():
    def schedule(epoch, rate):
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        run(callbacks.LearningRateScheduler(schedule), [{}])


def test_rates_are_announced(capsys):
    run(callbacks.LearningRateScheduler(lambda epoch: 0.5, verbose=1), [{}])
    run(callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, verbose=1), [{"loss": 1.0}] * 2)
    out = capsys.readouterr().out
    assert "Epoch 1: LearningRateScheduler setting learning rate to 0.5." in out
    assert "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.05." in out


# -- records -----------------------------------------------------------------------------------------


def test_history_keeps_each_epoch():
    callback = callbacks.History()
    _, _, model = run(callback, [{"loss": 1.0}, {"loss": 0.5, "val_loss": 0.7}], first=4)
    assert callback.history == {"loss": [1.0, 0.5], "val_loss": [0.7]}
    assert callback.epoch == [4, 5] and model.history is callback


SCRIPT = [{"loss": 0.5, "accuracy": 0.25}, {"loss": 0.25, "accuracy": 0.5, "val_loss": 1.0}]
TABLES = [{}, {"separator": ";"}, {"append": True}]


@pytest.mark.parametrize("options", TABLES, ids=str)
@pytest.mark.parametrize(
    "script", [SCRIPT, SCRIPT[::-1], [{"loss": 1.0, "wide": np.array([1.0, 2.0])}]], ids=["grows", "shrinks", "array"]
)
def test_tables_are_those_of_the_oracle(tmp_path, options, script):
    import keras

    for module, name in ((callbacks, "ours"), (keras.callbacks, "theirs")):
        for _ in range(2):
            run(module.CSVLogger(str(tmp_path / name), **options), script)
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_lines_are_on_disk_before_training_ends(tmp_path):
    logger = callbacks.CSVLogger(tmp_path / "log.csv")
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 1.0})
    assert (tmp_path / "log.csv").read_text().splitlines() == ["epoch,loss,val_loss", "0,1.0,NA"]


def test_a_path_that_cannot_be_written_shows_before_training(tmp_path):
    with pytest.raises(FileNotFoundError):
        callbacks.CSVLogger(tmp_path / "none" / "log.csv").on_train_begin()


# -- numbers that are not finite ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "stops"), [(math.nan, True), (math.inf, True), (-math.inf, True), (1.0, False), (None, False)]
)
def test_training_ends_at_a_loss_that_is_not_finite(loss, stops, capsys):
    callback = callbacks.TerminateOnNaN()
    callback.set_model(Model())
    callback.on_train_batch_end(3, {} if loss is None else {"loss": loss})
    assert callback.model.stop_training is stops
    assert ("Batch 3: Invalid loss, terminating training" in capsys.readouterr().out) is stops


def test_a_loss_that_is_not_finite_can_be_an_error():
    callback = callbacks.TerminateOnNaN(raise_error=True)
    with pytest.raises(RuntimeError, match="the loss of batch 3 is nan"):
        callback.on_train_batch_end(3, {"loss": math.nan})


def test_a_loss_that_is_not_finite_warns_once_per_training():
    for _ in range(2):
        state = callbacks.NotFiniteWarning()
        callbacks.warn_if_not_finite(state, {"loss": 1.0})
        with pytest.warns(RuntimeWarning, match="fit: the loss is nan.*TerminateOnNaN"):
            callbacks.warn_if_not_finite(state, {"loss": math.nan})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            callbacks.warn_if_not_finite(state, {"loss": math.nan})


@pytest.mark.parametrize("logs", [None, {}, {"loss": np.zeros(2)}])
def test_logs_without_a_single_loss_do_not_warn(logs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        callbacks.warn_if_not_finite(callbacks.NotFiniteWarning(), logs)


# -- signatures --------------------------------------------------------------------------------------

NAMES = (
    *("CSVLogger", "Callback", "EarlyStopping", "History", "LambdaCallback", "LearningRateScheduler"),
    *("ProgbarLogger", "ReduceLROnPlateau", "TerminateOnNaN", "CallbackList"),
)


@pytest.mark.parametrize("name", NAMES)
def test_names_and_defaults_are_those_of_the_oracle(name):
    import inspect

    import keras

    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (callbacks, keras.callbacks))
    described = [[(p.name, p.default) for p in each.values() if p.kind is not p.VAR_KEYWORD] for each in (ours, theirs)]
    for mine, its in itertools.zip_longest(*described):
        assert mine == its
    hooks = [hook for hook in dir(getattr(keras.callbacks, name)) if hook.startswith(("on_", "set_"))]
    assert all(hasattr(getattr(callbacks, name), hook) for hook in hooks)
