"""The workloads in the Keras API: the same text for kerasfront and for Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workloads import sizes, timing


def model_for(keras: Any, workload: sizes.Workload) -> Any:
    """Return the model of a workload, not compiled."""
    layers = keras.layers
    inputs = keras.Input(workload.shape)
    x = inputs
    if workload.name == "tiny":
        return keras.Model(inputs, layers.Dense(8)(x))
    if workload.name == "cnn":
        for filters in (32, 64):
            x = layers.MaxPooling2D(2)(layers.Conv2D(filters, 3, activation="relu")(x))
        x = layers.Flatten()(x)
    elif workload.name == "lstm":
        x = layers.LSTM(sizes.WIDTH)(x)
    elif workload.name == "transformer":
        for _ in range(sizes.BLOCKS):
            x = _block(layers, x)
        x = layers.GlobalAveragePooling1D()(x)
    else:
        for units in workload.units:
            x = layers.Dense(units, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(sizes.CLASSES, activation="softmax")(x))


def _block(layers: Any, x: Any) -> Any:
    attended = layers.MultiHeadAttention(num_heads=sizes.HEADS, key_dim=sizes.WIDTH // sizes.HEADS)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, attended]))
    wide = layers.Dense(sizes.WIDTH)(layers.Dense(sizes.WIDE, activation="relu")(x))
    return layers.LayerNormalization()(layers.Add()([x, wide]))


def prepare(keras: Any, workload: sizes.Workload, count: int) -> Callable[[], timing.Sample]:
    """Return a function that takes one measurement; everything is built and warm when it is returned."""
    if workload.kind == "add":
        ones = keras.ops.ones(workload.shape)
        return _measurement(lambda: keras.ops.add(ones, ones), count, keras.ops.convert_to_numpy)
    model = model_for(keras, workload)
    model.compile("adam", "mean_squared_error" if workload.name == "tiny" else "sparse_categorical_crossentropy")
    if workload.kind == "train":
        return _training(keras, model, workload, count)
    if workload.kind == "predict_many":
        x, _ = workload.data(count)
        return timing.per_batch(lambda x: model.predict(x, batch_size=workload.batch, verbose=0), x, count)
    x, _ = workload.data(1)
    if workload.kind == "call":
        tensor = keras.ops.convert_to_tensor(x)
        return _measurement(lambda: model(tensor), count, keras.ops.convert_to_numpy)
    if workload.kind == "predict":
        return _measurement(lambda: model.predict(x, verbose=0), count)
    return _measurement(lambda: model.predict_on_batch(x), count)


def _measurement(call: Callable, count: int, finish: Callable | None = None) -> Callable[[], timing.Sample]:
    timing.repeated(call, 3, finish)
    return lambda: timing.repeated(call, count, finish)


def _training(keras: Any, model: Any, workload: sizes.Workload, count: int) -> Callable[[], timing.Sample]:
    class Epochs(keras.callbacks.Callback):
        """Notes the time at the end of each epoch."""

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            times.append(timing.now())

    times: list[timing.Sample] = []
    x, y = workload.data(count)

    def fit(epochs: int) -> None:
        times.clear()
        model.fit(x, y, batch_size=workload.batch, epochs=epochs, verbose=0, callbacks=[Epochs()])

    def measure() -> timing.Sample:
        # From the end of the first epoch to that of the second: what a step costs, not what a call of fit costs.
        fit(2)
        return timing.between(times[0], times[1], count)

    # TensorFlow's loops go on with XLA only after some thousand steps.
    fit(workload.warm if count > workload.quick else 1)
    return measure
