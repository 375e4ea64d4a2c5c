"""The record of a training run."""

from __future__ import annotations

from kerasfront.callbacks.callback import Callback


class History(Callback):
    """Keeps the logs of each epoch. `fit` returns one.

    Attributes:
        epoch: numbers of the epochs, from 0.
        history: dict from metric name to the list of its values, one per epoch that reported it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list] = {}

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        if self.model is not None:
            self.model.history = self
