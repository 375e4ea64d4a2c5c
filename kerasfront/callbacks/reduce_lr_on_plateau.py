"""A smaller learning rate when progress stops."""

from __future__ import annotations

from typing import Any

from kerasfront.callbacks import learning_rate, monitoring
from kerasfront.callbacks.announcement import announce


class ReduceLROnPlateau(monitoring.MonitorCallback):
    """Multiplies the learning rate by `factor` when a number of the logs has stopped improving.

    Args:
        monitor: name in the logs.
        factor: new rate over old rate, below 1.
        patience: epochs without improvement after which the rate is reduced.
        verbose: 1 to print when it happens.
        mode: "min", "max", or "auto" to tell from the name.
        min_delta: what a change must exceed to count as an improvement.
        cooldown: epochs after a reduction before counting starts again.
        min_lr: the rate is never reduced below this.

    Raises:
        ValueError: nonsense arguments.

    Notes:
        The rate of each epoch goes into the logs as "learning_rate".

    Example:
        >>> import kerasfront as keras
        >>> keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=2).factor
        0.5
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        kind = "ReduceLROnPlateau"
        if kwargs:
            raise TypeError(
                f"{kind}: unknown arguments {sorted(kwargs)}. Expected those of the class; see help({kind})."
            )
        self.factor = monitoring.number(kind, "factor", factor, least=0.0)
        if factor >= 1.0:
            raise ValueError(
                f"{kind}: `factor` does not reduce anything. Expected a number below 1; got {factor!r}. Pass "
                "factor=0.1."
            )
        self.patience = monitoring.whole_number(kind, "patience", patience)
        self.verbose = verbose
        self.cooldown = monitoring.whole_number(kind, "cooldown", cooldown)
        self.min_lr = monitoring.number(kind, "min_lr", min_lr, least=0.0)
        self.cooldown_counter = 0
        self.wait = 0

    def in_cooldown(self) -> bool:
        """Return whether the last reduction is so recent that epochs do not count yet."""
        return self.cooldown_counter > 0

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.start_monitoring()
        self.cooldown_counter = 0
        self.wait = 0

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logs = {} if logs is None else logs
        rate = learning_rate.read(self.model, "ReduceLROnPlateau")
        current = self.monitored_value(logs)
        logs["learning_rate"] = rate
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch, rate)

    def _reduce(self, epoch: int, rate: float) -> None:
        if rate <= self.min_lr:
            return
        new = max(rate * self.factor, self.min_lr)
        learning_rate.write(self.model, new)
        if self.verbose:
            announce(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0
