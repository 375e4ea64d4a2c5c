"""A callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasfront import errors
from kerasfront.callbacks.callback import Callback

HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


class LambdaCallback(Callback):
    """Calls functions at the hooks they are named for.

    Args:
        on_epoch_begin, on_epoch_end: functions of `(epoch, logs)`.
        on_train_begin, on_train_end: functions of `(logs)`.
        on_train_batch_begin, on_train_batch_end: functions of `(batch, logs)`.
        **kwargs: functions for other hooks of `Callback`, by name; and attributes whose names do not begin with "on_".

    Raises:
        ValueError: a keyword begins with "on_" but is no hook.
        TypeError: an argument cannot be called.

    Example:
        >>> import kerasfront as keras
        >>> seen = []
        >>> callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
        >>> callback.on_epoch_end(0, {})
        >>> seen
        [0]
    """

    def __init__(
        self,
        on_epoch_begin: Callable | None = None,
        on_epoch_end: Callable | None = None,
        on_train_begin: Callable | None = None,
        on_train_end: Callable | None = None,
        on_train_batch_begin: Callable | None = None,
        on_train_batch_end: Callable | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        functions = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in functions.items():
            if not name.startswith("on_"):
                setattr(self, name, function)
                continue
            if name not in HOOKS:
                raise errors.unknown_name("LambdaCallback: hook", name, HOOKS)
            if function is None:
                continue
            if not callable(function):
                raise TypeError(
                    f"LambdaCallback: `{name}` cannot be called. Expected a function or None; got {function!r}. Pass a "
                    "function."
                )
            setattr(self, name, function)
