"""Train four models with one seed on every engine, in one process, and print how far the runs are apart.

Run: python benchmarks/parity.py [--backends numpy,jax] [--steps 50]

Initial weights, the order of the batches and dropout masks must be equal bit for bit, and the losses of all steps
within a relative distance of 1e-4 of each other. The exit code is 1 where they are not.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import kerasfront as keras

SEED = 7
CLASSES = 4
BATCH = 16
BATCHES = 10
RTOL = 1e-4


# -- the models ------------------------------------------------------------------------------------


def mlp() -> keras.Model:
    """Three Dense layers."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((20,)),
            layers.Dense(32, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def cnn() -> keras.Model:
    """Two convolutions with batch normalization, pooling and dropout."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3, padding="same"),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(12, 3, activation="relu"),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def lstm() -> keras.Model:
    """An LSTM over eight steps."""
    layers = keras.layers
    return keras.Sequential([keras.Input((8, 6)), layers.LSTM(16), layers.Dense(CLASSES, activation="softmax")])


def transformer() -> keras.Model:
    """Two blocks of attention and feed-forward layers, with dropout."""
    layers = keras.layers
    inputs = keras.Input((8, 16))
    x = inputs
    for _ in range(2):
        attended = layers.MultiHeadAttention(num_heads=2, key_dim=8, dropout=0.1)(x, x)
        x = layers.LayerNormalization()(layers.Add()([x, attended]))
        wide = layers.Dense(16)(layers.Dense(32, activation="gelu")(x))
        x = layers.LayerNormalization()(layers.Add()([x, layers.Dropout(0.1)(wide)]))
    return keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(layers.GlobalAveragePooling1D()(x)))


MODELS: dict[str, Callable[[], keras.Model]] = {"mlp": mlp, "cnn": cnn, "lstm": lstm, "transformer": transformer}


class Witness(keras.Model):
    """Learns nothing; its compiled step returns the rows it was given and the dropout mask it drew."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = keras.layers.Dropout(0.5)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Return the batch and a mask."""
        rows, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return {"rows": rows, "mask": self.dropout(keras.ops.ones((4, 33)), training=True)}


# -- one run ---------------------------------------------------------------------------------------


@dataclasses.dataclass
class Run:
    """What one model did on one engine."""

    initial: list[np.ndarray]
    losses: np.ndarray
    final: list[np.ndarray]
    model: keras.Model


class EachLoss(keras.callbacks.Callback):
    """Keeps the loss of each batch, instead of the mean since the start of the epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Start the mean anew."""
        self.model.reset_metrics()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Read the loss."""
        self.losses.append(float(logs["loss"]))


class EachLog(keras.callbacks.Callback):
    """Keeps the logs of each batch as arrays."""

    def __init__(self) -> None:
        super().__init__()
        self.logs: list[dict[str, np.ndarray]] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Read the logs."""
        self.logs.append({name: np.array(value) for name, value in logs.items()})


def data_for(model: keras.Model) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs of the model's shape, and labels that a linear rule gives, so that there is something to learn."""
    source = np.random.RandomState(SEED)
    x = source.normal(size=(BATCH * BATCHES, *model.input_shape[1:])).astype("float32")
    rule = source.normal(size=(x[0].size, CLASSES))
    return x, np.argmax(x.reshape(len(x), -1) @ rule, axis=1).astype("int32")


def train(engine: str, build: Callable[[], keras.Model], steps: int) -> Run:
    """Train a model from the seed on an engine."""
    with keras.backend.scope(engine):
        keras.utils.set_random_seed(SEED)
        model = build()
        model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
        initial = copies(model)
        x, y = data_for(model)
        each = EachLoss()
        epochs = -(-steps // BATCHES)
        model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[each])
    return Run(initial, np.asarray(each.losses[:steps]), copies(model), model)


def witness(engine: str) -> list[dict[str, np.ndarray]]:
    """Return the rows of each batch of two epochs, and the dropout mask that each compiled step drew."""
    with keras.backend.scope(engine):
        keras.utils.set_random_seed(SEED)
        model, each = Witness(), EachLog()
        model.compile()
        rows = np.arange(50, dtype="float32")[:, None]
        model.fit(rows, batch_size=8, epochs=2, verbose=0, callbacks=[each])
    return each.logs


def copies(model: keras.Model) -> list[np.ndarray]:
    """Return the weights, not to be changed by training on."""
    return [np.array(weight) for weight in model.get_weights()]


# -- comparison ------------------------------------------------------------------------------------


def same_bits(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> bool:
    """Return whether all arrays are equal in dtype, shape and bits."""
    return len(first) == len(second) and all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in zip(first, second)
    )


def distance(losses: np.ndarray, reference: np.ndarray) -> float:
    """Return the largest relative distance of two loss curves; infinite where one is not finite."""
    if losses.shape != reference.shape or not np.all(np.isfinite(losses)):
        return float("inf")
    return float(np.max(np.abs(losses - reference) / np.abs(reference)))


@dataclasses.dataclass
class Line:
    """How far an engine's run is from that of the reference."""

    model: str
    engine: str
    reference: str
    initial_equal: bool
    distance: float
    first_loss: float
    last_loss: float

    @property
    def holds(self) -> bool:
        """Whether the run is the same, within the promise."""
        return self.initial_equal and self.distance <= RTOL


def compare(engines: Sequence[str], steps: int, models: Sequence[str] = tuple(MODELS)) -> list[Line]:
    """Train the models on all engines; each is compared with the first engine."""
    lines = []
    for name in models:
        runs = {engine: train(engine, MODELS[name], steps) for engine in engines}
        reference = runs[engines[0]]
        for engine, run in runs.items():
            equal = same_bits(run.initial, reference.initial)
            apart = distance(run.losses, reference.losses)
            lines.append(Line(name, engine, engines[0], equal, apart, float(run.losses[0]), float(run.losses[-1])))
    return lines


def compare_draws(engines: Sequence[str]) -> dict[str, tuple[bool, bool]]:
    """Return for each engine whether batch order and dropout masks equal those of the first one, bit for bit."""
    logs = {engine: witness(engine) for engine in engines}
    first = logs[engines[0]]
    return {
        engine: tuple(same_bits([one[key] for one in found], [one[key] for one in first]) for key in ("rows", "mask"))
        for engine, found in logs.items()
    }


def show(lines: Sequence[Line], draws: dict[str, tuple[bool, bool]], steps: int) -> None:
    """Print both comparisons."""
    words = {True: "equal", False: "[red]differ[/red]"}
    console = Console()
    table = Table(title=f"{steps} steps from seed {SEED}, beside {lines[0].reference}; losses within {RTOL:g}")
    for heading in ("model", "engine", "initial weights", "first loss", "last loss", "largest distance"):
        table.add_column(heading)
    for line in lines:
        far = f"{line.distance:.1e}" if line.distance <= RTOL else f"[red]{line.distance:.1e}[/red]"
        numbers = (f"{line.first_loss:.6f}", f"{line.last_loss:.6f}", far)
        table.add_row(line.model, line.engine, words[line.initial_equal], *numbers)
    console.print(table)
    table = Table(title="What two epochs of compiled steps saw and drew")
    for heading in ("engine", "batch order", "dropout masks"):
        table.add_column(heading)
    for engine, (order, masks) in draws.items():
        table.add_row(engine, words[order], words[masks])
    console.print(table)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    installed = ",".join(keras.backend.available())
    parser.add_argument("--backends", default=installed, help="engines, the first is the reference")
    parser.add_argument("--steps", type=int, default=50)
    options = parser.parse_args(arguments)
    engines = options.backends.split(",")
    lines, draws = compare(engines, options.steps), compare_draws(engines)
    show(lines, draws, options.steps)
    return 0 if all(line.holds for line in lines) and all(map(all, draws.values())) else 1


if __name__ == "__main__":
    sys.exit(main())
