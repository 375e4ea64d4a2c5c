"""What happens when the loss is not a finite number."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

from kerasfront.callbacks.announcement import announce
from kerasfront.callbacks.callback import Callback


class TerminateOnNaN(Callback):
    """Ends training after a batch whose loss is NaN or infinite.

    Args:
        raise_error: raise instead of ending training quietly.

    Raises:
        RuntimeError: the loss is not finite and `raise_error` is set.

    Notes:
        It reads the loss of each batch, so the loop waits for the engine each time.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"TerminateOnNaN: the loss of batch {batch} is {loss}. Expected a finite number. Try a smaller "
                "learning rate."
            )
        announce(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True


class NotFiniteWarning:
    """Whether the warning about a loss that is not finite was given. One per `fit`."""

    def __init__(self) -> None:
        self.given = False


def warn_if_not_finite(state: NotFiniteWarning, logs: dict | None, hint: Callable[[], str] = str) -> None:
    """Warn, once per `state`, if the loss in the logs of an epoch is NaN or infinite.

    Args:
        state: remembers whether it warned.
        logs: the logs of the epoch, numbers.
        hint: returns what else to say; called if there is a warning.
    """
    loss = (logs or {}).get("loss")
    if state.given or not isinstance(loss, (int, float)) or math.isfinite(loss):
        return
    state.given = True
    warnings.warn(
        f"fit: the loss is {loss}. Expected a finite number; training goes on, but the weights are probably lost. "
        "Check the data for NaN, lower the learning rate, or add keras.callbacks.TerminateOnNaN()."
        f"{hint()}",
        RuntimeWarning,
        stacklevel=2,
    )
