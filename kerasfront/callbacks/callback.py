"""The base class of callbacks."""

from __future__ import annotations

from typing import Any


class Callback:
    """Something that is told what happens during `fit`, `evaluate` and `predict`. Subclass it and override hooks.

    Attributes:
        params: dict with "verbose", "epochs" and "steps" of the call (steps is None where unknown).

    Notes:
        Logs hold Python floats. A value at the end of a batch is fetched from the engine when it is read, which waits
        for the engine; a callback that reads every batch slows training down. Set `model.stop_training = True` to end
        training after the batch. A callback that overrides no hook of single batches lets the loop put several batches
        into one engine call.

    Example:
        >>> import kerasfront as keras
        >>> class Losses(keras.callbacks.Callback):
        ...     def on_train_begin(self, logs=None):
        ...         self.losses = []
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         self.losses.append(logs["loss"])
    """

    # A callback that is content with every few batches, such as a display, sets this.
    accepts_grouped_batches = False

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: Any = None

    # A subclass that does not call our __init__ works all the same.
    params: Any = None
    _model: Any = None

    @property
    def model(self) -> Any:
        """The model that is trained; None before."""
        return self._model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take over the parameters of the call."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take over the model."""
        self._model = model

    def on_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Called before an epoch of training; epochs count from 0."""

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Called after an epoch, and after its validation, whose results have the prefix ``val_`` in `logs`."""

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Called before a batch of training; batches count from 0 in each epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Called after a batch of training; `logs` has the metrics over the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Called before a batch of evaluation, also of validation inside `fit`."""

    def on_test_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Called after a batch of evaluation, also of validation inside `fit`."""

    def on_predict_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Called before a batch of prediction."""

    def on_predict_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Called after a batch of prediction, with its outputs in `logs["outputs"]`."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Called at the beginning of `fit`."""

    def on_train_end(self, logs: dict | None = None) -> None:
        """Called at the end of `fit`, with the logs of the last epoch."""

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Called at the beginning of an evaluation."""

    def on_test_end(self, logs: dict | None = None) -> None:
        """Called at the end of an evaluation, with its results."""

    def on_predict_begin(self, logs: dict | None = None) -> None:
        """Called at the beginning of `predict`."""

    def on_predict_end(self, logs: dict | None = None) -> None:
        """Called at the end of `predict`."""
