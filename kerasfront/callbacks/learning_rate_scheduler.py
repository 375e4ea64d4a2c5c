"""A learning rate set by a function of the epoch."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

from kerasfront.callbacks import lazy_logs, learning_rate
from kerasfront.callbacks.announcement import announce
from kerasfront.callbacks.callback import Callback


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of each epoch.

    Args:
        schedule: `schedule(epoch, learning_rate)` or `schedule(epoch)`, returns the new rate; epochs count from 0.
        verbose: 1 to print each rate.

    Raises:
        ValueError: `schedule` cannot be called, or it returned something else than a finite number of at least 0.

    Notes:
        The rate of each epoch goes into the logs as "learning_rate".

    Example:
        >>> import kerasfront as keras
        >>> halving = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate if epoch < 10 else rate / 2)
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise ValueError(
                "LearningRateScheduler: `schedule` does not fit. Expected a function of epoch and rate; got "
                f"{schedule!r}. Pass one."
            )
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        rate = learning_rate.read(self.model, "LearningRateScheduler")
        chosen = self.schedule(epoch, rate) if _takes_two(self.schedule) else self.schedule(epoch)
        new = lazy_logs.host_value(chosen)
        if isinstance(new, bool) or not isinstance(new, (int, float)) or not math.isfinite(new) or new < 0:
            raise ValueError(
                f"LearningRateScheduler: `schedule` gave no learning rate for epoch {epoch}. Expected a finite number "
                "of at least 0; "
                f"got {chosen!r}. Return a float."
            )
        learning_rate.write(self.model, float(new))
        if self.verbose:
            announce(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {float(new)}.")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = learning_rate.read(self.model, "LearningRateScheduler")


def _takes_two(function: Callable) -> bool:
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:
        # Built-in functions may have no signature.
        return True
    return True
