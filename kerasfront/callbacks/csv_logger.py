"""The logs as a table in a file."""

from __future__ import annotations

import csv
import os
import pathlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from kerasfront.callbacks.callback import Callback


class CSVLogger(Callback):
    """Writes the logs of each epoch as a line of a CSV file.

    Args:
        filename: where to write.
        separator: one character between the columns.
        append: go on with a file that exists, without a second header. Otherwise it is replaced.

    Raises:
        ValueError: the separator is not one character.

    Notes:
        Columns are "epoch" and the names in the logs of the first epoch in alphabetical order. Where those have no
        validation results, columns for them follow, because validation may start later; what is missing is written as
        "NA".

    Example:
        >>> import kerasfront as keras
        >>> logger = keras.callbacks.CSVLogger("training.csv", separator=";", append=True)
    """

    def __init__(self, filename: str | os.PathLike, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        if not isinstance(separator, str) or len(separator) != 1:
            raise ValueError(
                f"CSVLogger: `separator` does not fit. Expected one character; got {separator!r}. Pass ',' or ';'."
            )
        self.filename = pathlib.Path(filename)
        self.separator = separator
        self.append = append
        self.keys: list[str] | None = None
        self._needs_header = True

    def on_train_begin(self, logs: dict | None = None) -> None:
        has_lines = self.append and self.filename.exists() and self.filename.stat().st_size > 0
        self._needs_header = not has_lines
        # A path that cannot be written shows before the training, not after its first epoch.
        with self.filename.open("a" if self.append else "w"):
            pass

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
        # Opened for each line, so that the line is on disk and no file is left open, whatever ends the training.
        with self.filename.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=self.separator)
            if self._needs_header:
                writer.writerow(["epoch", *self.keys])
                self._needs_header = False
            writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])


def _cell(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Iterable) and not isinstance(value, str):
        # With quotes of its own, which is how readers of such files know it.
        return f'"[{", ".join(map(str, value))}]"'
    return value
