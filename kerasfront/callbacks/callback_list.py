"""Many callbacks as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kerasfront import tree
from kerasfront.callbacks.callback import Callback
from kerasfront.callbacks.history import History
from kerasfront.callbacks.lazy_logs import LazyLogs
from kerasfront.callbacks.progbar_logger import ProgbarLogger

PHASES = ("train", "test", "predict")


def _overrides(callback: Any, hook: str) -> bool:
    """Return whether a callback has a hook of its own, on its class or set on the instance."""
    method = getattr(callback, hook, None)
    return method is not None and getattr(method, "__func__", method) is not getattr(Callback, hook)


class CallbackList(Callback):
    """Calls the hooks of several callbacks in order, and only of those that override the hook.

    Args:
        callbacks: a callback or a list of them; nested lists are flattened.
        add_history: add a `History` unless there is one.
        add_progbar: add a `ProgbarLogger` unless there is one.
        model: the model, handed to each.
        **params: "verbose", "epochs" and "steps", handed to each as `params`.

    Raises:
        TypeError: something is no callback.

    Example:
        >>> import kerasfront as keras
        >>> callbacks = keras.callbacks.CallbackList([], add_history=True, epochs=1)
        >>> callbacks.on_train_begin()
        >>> callbacks.on_epoch_end(0, {"loss": 0.5})
        >>> callbacks.history.history
        {'loss': [0.5]}
        >>> callbacks.watches_batches("train")
        False
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Any] = _checked(callbacks)
        # At the end, because users' callbacks may put more into the logs, such as the learning rate.
        if add_progbar and not any(isinstance(callback, ProgbarLogger) for callback in self.callbacks):
            self.callbacks.append(ProgbarLogger())
        if add_history and not any(isinstance(callback, History) for callback in self.callbacks):
            self.callbacks.append(History())
        self._called: dict[str, list[Callable]] = {}
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    @property
    def history(self) -> History | None:
        """The `History` among the callbacks."""
        return next((callback for callback in self.callbacks if isinstance(callback, History)), None)

    def append(self, callback: Callback) -> None:
        """Add a callback at the end."""
        self.callbacks.extend(_checked(callback))
        self._called.clear()

    def set_params(self, params: dict[str, Any]) -> None:
        """Hand the parameters of the call to each callback."""
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Hand the model to each callback."""
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def watches_batches(self, phase: str = "train") -> bool:
        """Return whether a callback wants to be called for every single batch of a phase.

        Args:
            phase: "train", "test" or "predict".
        """
        return any(
            not getattr(callback, "accepts_grouped_batches", False) and self._hooks_into(callback, phase, moment)
            for callback in self.callbacks
            for moment in ("begin", "end")
        )

    def needs_batch_logs(self, phase: str = "train") -> bool:
        """Return whether a callback would be handed logs after batches of a phase."""
        return any(self._hooks_into(callback, phase, "end") for callback in self.callbacks)

    def _hooks_into(self, callback: Any, phase: str, moment: str) -> bool:
        if isinstance(callback, CallbackList):
            return callback.needs_batch_logs(phase) if moment == "end" else callback.watches_batches(phase)
        older = phase == "train" and _overrides(callback, f"on_batch_{moment}")
        return older or _overrides(callback, f"on_{phase}_batch_{moment}")

    def _methods(self, hook: str) -> list[Callable]:
        methods = self._called.get(hook)
        if methods is None:
            methods = self._called[hook] = [
                getattr(callback, hook) for callback in self.callbacks if self._is_called(callback, hook)
            ]
        return methods

    def _is_called(self, callback: Any, hook: str) -> bool:
        _, *phase, moment = hook.split("_")
        if len(phase) == 2 and phase[1] == "batch":
            return self._hooks_into(callback, phase[0], moment)
        return _overrides(callback, hook)

    def _batch(self, hook: str, batch: int, logs: Any) -> None:
        methods = self._methods(hook)
        if methods:
            logs = _as_logs(logs)
            for method in methods:
                method(batch, logs)

    def _boundary(self, hook: str, logs: Any) -> None:
        logs = _as_logs(logs)
        for method in self._methods(hook):
            method(logs)

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        self.on_train_batch_end(batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._batch("on_epoch_begin", epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._batch("on_epoch_end", epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._batch("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._batch("on_train_batch_end", batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._batch("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self._batch("on_test_batch_end", batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._batch("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        self._batch("on_predict_batch_end", batch, logs)

    def on_train_begin(self, logs: Any = None) -> None:
        self._boundary("on_train_begin", logs)

    def on_train_end(self, logs: Any = None) -> None:
        self._boundary("on_train_end", logs)

    def on_test_begin(self, logs: Any = None) -> None:
        self._boundary("on_test_begin", logs)

    def on_test_end(self, logs: Any = None) -> None:
        self._boundary("on_test_end", logs)

    def on_predict_begin(self, logs: Any = None) -> None:
        self._boundary("on_predict_begin", logs)

    def on_predict_end(self, logs: Any = None) -> None:
        self._boundary("on_predict_end", logs)


def _as_logs(logs: Any) -> dict[str, Any]:
    """Return logs that convert themselves when read; a plain dict of Python numbers stays, so that all callbacks share
    it."""
    if logs is None:
        return {}
    if (
        isinstance(logs, LazyLogs)
        or isinstance(logs, dict)
        and all(type(value) in (float, int) for value in logs.values())
    ):
        return logs
    return LazyLogs(logs)


def _checked(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    found: Iterable[Any] = [item for item in tree.flatten(callbacks) if item is not None]
    for callback in found:
        if isinstance(callback, type) or not (isinstance(callback, Callback) or hasattr(callback, "set_model")):
            hint = (
                f"Write {callback.__name__}()." if isinstance(callback, type) else "Subclass keras.callbacks.Callback."
            )
            raise TypeError(
                f"callbacks: {callback!r} is no callback. Expected instances of Callback; "
                f"got {type(callback).__name__}. {hint}"
            )
    return list(found)
