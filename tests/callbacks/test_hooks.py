"""All hooks of a real training: their order, their numbers and their logs are those of Keras."""

import functools

import numpy as np
import pytest

import kerasfront
from tests.training.models import data, regression

X, _, Z = data()


def recorder(k):
    """A callback that keeps each call of a hook with its logs, rounded, and what `params` said."""

    class Recorder(k.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.calls = []

    def hook(name):
        def record(self, *args, logs=None):
            # Logs come by position or by name.
            *index, logs = args if logs is None else (*args, logs)
            numbers = {key: round(float(value), 4) for key, value in sorted(logs.items()) if key != "outputs"}
            self.calls.append((name, *index, numbers, dict(self.params)))

        return record

    phases = ["train", "test", "predict", "train_batch", "test_batch", "predict_batch", "epoch"]
    for name in [f"on_{phase}_{end}" for phase in phases for end in ("begin", "end")]:
        setattr(Recorder, name, hook(name))
    return Recorder()


def run(k, **options):
    model = regression(k)
    model.compile(k.optimizers.SGD(0.1), "mse", metrics=["mae"], **options)
    callback = recorder(k)
    given = {"batch_size": 4, "verbose": 0, "callbacks": [callback]}
    model.fit(X, Z, epochs=2, shuffle=False, validation_data=(X, Z), validation_freq=2, **given)
    model.evaluate(X, Z, **given)
    model.predict(X, **given)
    return callback.calls


@functools.cache
def expected():
    import keras

    return run(keras, run_eagerly=True)


def test_hooks_come_as_those_of_the_oracle(engine):
    assert [call[0] for call in expected()].count("on_test_batch_end") == 6
    assert run(kerasfront) == expected()


def test_a_list_of_callbacks_that_the_user_made(engine):
    import keras

    results = []
    for k in (keras, kerasfront):
        model = regression(k)
        model.compile(k.optimizers.SGD(0.1), "mse", run_eagerly=True)
        callback = recorder(k)
        callbacks = k.callbacks.CallbackList([callback], add_history=True, model=model, epochs=7, verbose=0, steps=9)
        history = model.fit(X, Z, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=callbacks)
        results.append((callback.calls, [round(loss, 4) for loss in history.history["loss"]]))
    assert results[0] == results[1]


class Upward(kerasfront.metrics.Mean):
    _direction = "up"

    def update_state(self, y_true, y_pred, sample_weight=None):
        return super().update_state(y_pred)


@pytest.mark.parametrize(
    "monitor, better",
    [
        ("loss", "less"),
        ("val_loss", "less"),
        ("mse", "less"),
        ("val_hinge", "less"),
        ("acc", "greater"),
        ("val_accuracy", "greater"),
        ("val_auc", "greater"),
        ("mine", "greater"),
        ("val_mine", "greater"),
    ],
)
@pytest.mark.parametrize("kind", ["EarlyStopping", "ReduceLROnPlateau"])
def test_the_name_or_the_metric_tells_what_is_better(engine, kind, monitor, better):
    model = kerasfront.Sequential([kerasfront.Input((4,)), kerasfront.layers.Dense(1, activation="sigmoid")])
    metrics = ["mse", "hinge", "acc", "accuracy", kerasfront.metrics.AUC(name="auc"), Upward(name="mine")]
    model.compile("sgd", "mse", metrics=metrics)
    callback = getattr(kerasfront.callbacks, kind)(monitor=monitor)
    assert callback.monitor_op is None
    model.fit(X, np.float32(Z > 0.5), verbose=0, validation_split=0.5, callbacks=[callback])
    assert callback.monitor_op is getattr(kerasfront.ops, better)


def test_a_name_that_tells_nothing_needs_a_mode(engine):
    model = regression()
    model.compile("sgd", "mse", metrics=[kerasfront.metrics.MeanMetricWrapper(lambda y, p: p, name="odd")])
    with pytest.raises(ValueError, match="cannot tell whether more or less of 'odd' is better"):
        model.fit(X, Z, verbose=0, callbacks=[kerasfront.callbacks.EarlyStopping(monitor="odd")])
    model.fit(X, Z, verbose=0, callbacks=[kerasfront.callbacks.EarlyStopping(monitor="odd", mode="max")])


def test_other_keywords_of_a_callback_of_functions_become_attributes():
    callback = kerasfront.callbacks.LambdaCallback(on_test_end=lambda logs: None, limit=3)
    assert callback.limit == 3
    with pytest.raises(ValueError, match="unknown name 'on_epoch_ends'.*Did you mean 'on_epoch_end'"):
        kerasfront.callbacks.LambdaCallback(on_epoch_ends=print)
