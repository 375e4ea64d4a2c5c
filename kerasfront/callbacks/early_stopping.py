"""Ending training when it no longer helps."""

from __future__ import annotations

from typing import Any

from kerasfront.callbacks import monitoring
from kerasfront.callbacks.announcement import announce


class EarlyStopping(monitoring.MonitorCallback):
    """Ends training when a number of the logs has stopped improving.

    Args:
        monitor: name in the logs.
        min_delta: what a change must exceed to count as an improvement.
        patience: epochs without improvement after which training ends.
        verbose: 1 to print when it happens.
        mode: "min", "max", or "auto" to tell from the name.
        baseline: a value that has to be beaten too, within `patience` epochs.
        restore_best_weights: give the model the weights of the best epoch at the end of training.
        start_from_epoch: epochs to let pass before monitoring starts.

    Attributes:
        best, best_epoch: the best value and its epoch.
        stopped_epoch: the epoch after which training was ended, 0 if it was not.

    Raises:
        ValueError: nonsense arguments.

    Example:
        >>> import kerasfront as keras
        >>> keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True).patience
        3
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = monitoring.whole_number("EarlyStopping", "patience", patience)
        self.verbose = verbose
        self.baseline = baseline if baseline is None else monitoring.number("EarlyStopping", "baseline", baseline)
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = monitoring.whole_number("EarlyStopping", "start_from_epoch", start_from_epoch)
        self._start()

    def _start(self) -> None:
        self.start_monitoring()
        self.wait = 0
        self.stopped_epoch = 0
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._start()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        current = self.monitored_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            # If nothing ever improves (all NaN), these are what there is to go back to.
            self._keep_weights(epoch)
        self.wait += 1
        if self.improves(current, self.best):
            self.best = current
            self._keep_weights(epoch)
            if self.baseline is None or self.improves(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep_weights(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def on_train_end(self, logs: dict | None = None) -> None:
        if self.stopped_epoch > 0 and self.verbose:
            announce(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                announce(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)
