"""Callbacks: what happens around batches and epochs. Names are loaded when first used.

For the loop: build one `CallbackList(callbacks, add_history=True, add_progbar=verbose != 0, model=model, verbose=...,
epochs=..., steps=...)` and call its hooks, which have the names of `Callback`'s. What a loop may ask to save work:

- `callbacks.watches_batches(phase)` for phase "train", "test" or "predict": somebody overrides a hook of single
  batches. If not, several steps may go into one engine call, with `on_<phase>_batch_end(last_step, logs)` once per call
  (the progress bar allows that).
- `callbacks.needs_batch_logs(phase)`: somebody would be handed logs at the end of a batch (the progress bar too). If
  not, pass none.
- Logs may be a dict with device scalars in it, or a function without arguments that returns one: they become Python
  floats only when a callback reads them (`LazyLogs`); the progress bar reads only when it draws.
- `callbacks.history` is the `History` for `fit` to return.
- `warn_if_not_finite(state, logs, hint)` after each epoch, with one `NotFiniteWarning()` as state per fit, warns once
  if the loss is NaN or infinite.
"""

import importlib
from typing import Any

# Public name -> module that defines it. To add a public name, add a line.
_HOMES = {
    "CSVLogger": "kerasfront.callbacks.csv_logger",
    "Callback": "kerasfront.callbacks.callback",
    "CallbackList": "kerasfront.callbacks.callback_list",
    "EarlyStopping": "kerasfront.callbacks.early_stopping",
    "History": "kerasfront.callbacks.history",
    "LambdaCallback": "kerasfront.callbacks.lambda_callback",
    "LazyLogs": "kerasfront.callbacks.lazy_logs",
    "LearningRateScheduler": "kerasfront.callbacks.learning_rate_scheduler",
    "NotFiniteWarning": "kerasfront.callbacks.finiteness",
    "ProgbarLogger": "kerasfront.callbacks.progbar_logger",
    "ReduceLROnPlateau": "kerasfront.callbacks.reduce_lr_on_plateau",
    "TerminateOnNaN": "kerasfront.callbacks.finiteness",
    "warn_if_not_finite": "kerasfront.callbacks.finiteness",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
