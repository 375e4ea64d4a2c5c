"""What is measured: names, sizes, data."""

from __future__ import annotations

import dataclasses
import tempfile

import numpy as np

CLASSES = 10
HEADS = 4
WIDTH = 128
WIDE = 512
BLOCKS = 2


@dataclasses.dataclass(frozen=True)
class Workload:
    """One line of the table.

    Args:
        name: as the command line names it.
        title: for people.
        kind: "train", or which call is timed.
        shape: of one sample.
        batch: samples per step.
        count: steps or calls in one measurement.
        quick: the same for a trial run.
        units: of the hidden layers of a multi-layer perceptron.
        memory_mapped: whether the inputs lie in a file instead of memory.
        warm: epochs of training before the first measurement.
    """

    name: str
    title: str
    kind: str
    shape: tuple[int, ...]
    batch: int
    count: int
    quick: int
    units: tuple[int, ...] = (128, 128)
    memory_mapped: bool = False
    warm: int = 1

    def data(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return random inputs and labels for so many steps, the same at each call."""
        source = np.random.RandomState(0)
        samples = self.batch * count
        x = source.rand(samples, *self.shape).astype("float32")
        if self.name == "tiny":
            return x, source.rand(samples, *self.shape).astype("float32")
        if self.memory_mapped:
            x = in_a_file(x)
        return x, source.randint(0, CLASSES, samples).astype("int32")


def from_fields(fields: dict) -> Workload:
    """Return a workload from its fields as JSON gives them."""
    return Workload(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})


def in_a_file(array: np.ndarray) -> np.ndarray:
    """Return the array as a memory map of a file that goes away with it."""
    with tempfile.TemporaryFile() as file:
        mapped = np.memmap(file, array.dtype, "w+", shape=array.shape)
    mapped[:] = array
    return mapped


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("mlp", "MLP 784-128-128-10, batch 128, Adam", "train", (784,), 128, 469, 3, warm=10),
        Workload("cnn", "CNN 28x28, conv 32, conv 64, batch 128", "train", (28, 28, 1), 128, 8, 1),
        Workload("lstm", "LSTM 128, 80 steps, batch 64", "train", (80, 32), 64, 8, 1),
        Workload("transformer", "Transformer 2 blocks, dim 128, seq 64, batch 32", "train", (64, WIDTH), 32, 8, 1),
        Workload("tiny", "Dense 8-8, batch 8", "train", (8,), 8, 1000, 10, warm=6),
        Workload("predict_many", "predict, 100 batches of 128, MLP", "predict_many", (784,), 128, 100, 3),
        Workload("call", "model(x), batch 1, MLP", "call", (784,), 1, 100, 3),
        Workload("predict_on_batch", "predict_on_batch, batch 1, MLP", "predict_on_batch", (784,), 1, 100, 3),
        Workload("predict", "predict, one row, MLP", "predict", (784,), 1, 20, 2),
        Workload("add", "eager ops.add, 8x8", "add", (8, 8), 1, 2000, 50),
    )
}

# What a process does once, at its start; the kind says which program of fresh.py that is.
DEEP = (64,) * 50
STARTS = {
    workload.name: workload
    for workload in (
        Workload("import", "import", "import", (), 0, 1, 1),
        Workload("build", "build of 50 x Dense 64", "build", (64,), 128, 1, 1, DEEP),
        Workload("first-step", "first step of the MLP", "train", (784,), 128, 1, 1),
        Workload("first-step-50", "first step of 50 x Dense 64", "train", (64,), 128, 1, 1, DEEP),
    )
}
