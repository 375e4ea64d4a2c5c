"""The loss that `compile` describes: one loss per output, weighted and added up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasfront import losses as losses_module
from kerasfront import metrics as metrics_module
from kerasfront import tree
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.training import alignment, arguments, targets

_BY_SHAPE = {
    "binary": losses_module.BinaryCrossentropy,
    "sparse": losses_module.SparseCategoricalCrossentropy,
    "categorical": losses_module.CategoricalCrossentropy,
}
_NAMES_BY_SHAPE = ("crossentropy", "ce")


class CompileLoss:
    """The weighted sum of the losses of all outputs, with a running mean of each where there is more than one.

    Args:
        loss: a name, function or `Loss`; or a list or dict of these, None for outputs without loss. What stands for
            one output may be a list, whose losses are added up.
        loss_weights: None, a number, or a list or dict of numbers in the same manner.
        where: the model's name for messages.
    """

    def __init__(self, loss: Any, loss_weights: Any = None, where: str = "model"):
        self._loss, self._loss_weights = loss, loss_weights
        self._where = where
        alignment.check_items(f"{where}.compile: `loss`", loss, "a name, a function or a Loss")
        for name in alignment.names_in(loss):
            # What else is wrong shows with the first batch; a wrong name need not wait.
            if name.lower() not in _NAMES_BY_SHAPE:
                losses_module.get(name)
        self.built = False
        self.names: list[str] = []
        self.losses: list[Any] = []
        self.weights: list[float | None] = []
        self.trackers: list[Any] = []
        self.labelled: list[bool] | None = None
        self._skeleton: Any = None
        self._widths: list[int | None] = []

    @property
    def metrics(self) -> list:
        """The running means of the outputs' losses; none where only one output has a loss."""
        return [tracker for tracker in self.trackers if tracker is not None]

    def build(self, y_true: Any, y_pred: Any, layer_names: Sequence[str] | None = None) -> None:
        """Find the loss of each output; only shapes and dtypes of the arguments are looked at.

        Args:
            y_true: labels.
            y_pred: outputs of the model.
            layer_names: names of the layers that give out the outputs, None where the model does not know.

        Raises:
            ValueError: the losses, weights or labels do not fit the outputs.
        """
        names = alignment.output_names(y_pred, layer_names)

        def is_leaf(item: Any) -> bool:
            several = isinstance(item, (list, tuple)) and item is not self._loss
            return _is_loss(item) or (several and len(item) > 0 and all(map(_is_loss, item)))

        items = alignment.align(
            f"{self._where}.compile: `loss`", self._loss, y_pred, names, is_leaf, spread=True, partial=True
        )
        items = [None if item is alignment.MISSING else item for item in items]
        labelled = [item is not None for item in items]
        labels = targets.align_targets(self._where, y_true, y_pred, names, labelled)
        predictions = tree.flatten(y_pred)
        found = []
        for name, item, true, pred in zip(names, items, labels, predictions, strict=True):
            found.append(None if item is None else self._resolve(name, item, true, pred))
        if all(item is None for item in found):
            raise ValueError(
                f"{self._where}.compile: no output has a loss. Expected at least one; "
                f"got loss={self._loss!r}. Pass a loss."
            )
        self.weights = self._align_weights(y_pred, names)
        several = sum(labelled) > 1
        self.trackers = [
            _tracker(f"{name}_loss") if several and item is not None else None
            for name, item in zip(names, found, strict=True)
        ]
        self._skeleton = tree.map_structure(lambda _: 0, y_pred)
        self._widths = [
            pred.shape[-1] if loss is not None and targets.takes_class_indices(loss) and len(pred.shape) > 1 else None
            for loss, pred in zip(found, predictions, strict=True)
        ]
        self.names, self.losses, self.labelled, self.built = names, found, labelled, True

    def _resolve(self, name: str, item: Any, true: Any, pred: Any) -> Any:
        """Return the `Loss` object for one output and check that the labels fit it."""
        where = f"{self._where}, loss of output {name!r}"
        targets.check_labels(where, true)
        if isinstance(item, (list, tuple)):
            parts = [self._resolve(name, part, true, pred) for part in item if part is not None]
            return parts[0] if len(parts) == 1 else _Added(parts)
        if isinstance(item, str) and item.lower() in _NAMES_BY_SHAPE:
            item = _BY_SHAPE[targets.kind_of_classes(true, pred)]()
        loss = losses_module.get(item)
        if not isinstance(loss, losses_module.Loss):
            label = getattr(loss, "__name__", None) or type(loss).__name__
            loss = losses_module.LossFunctionWrapper(loss, name=label.strip("<>"))
        if isinstance(pred, KerasTensor) and isinstance(true, KerasTensor):
            _try_symbolically(where, loss, true, pred)
        return loss

    def _align_weights(self, y_pred: Any, names: list[str]) -> list[float | None]:
        weights = self._loss_weights
        if weights is None:
            return [None] * len(names)
        where = f"{self._where}.compile: `loss_weights`"
        aligned = alignment.align(where, weights, y_pred, names, targets.is_scalar, spread=True, partial=True)
        return [None if weight is alignment.MISSING else _factor(where, weight) for weight in aligned]

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the total, a scalar, and count each output's loss in its running mean.

        Args:
            y_true: labels: one tensor, a list or a dict under the outputs' names.
            y_pred: the model's outputs.
            sample_weight: None, one tensor for all outputs, or a structure like `y_true`.
        """
        if not self.built:
            self.build(y_true, y_pred)
        targets.check_labels(f"{self._where}, loss", y_true)
        if len(self.losses) == 1 and all(map(targets.is_scalar, (y_true, y_pred, sample_weight))):
            # One output: nothing to align and nothing to add up.
            value = self.losses[0](y_true, y_pred, sample_weight=sample_weight)
            return value if self.weights[0] is None else value * self.weights[0]
        labels = targets.align_targets(self._where, y_true, y_pred, self.names, self.labelled)
        weights = targets.align_weights(self._where, sample_weight, y_pred, self.names)
        total = None
        for i, pred in enumerate(tree.flatten(y_pred)):
            if self.losses[i] is None:
                continue
            targets.check_labels(f"{self._where}, loss of output {self.names[i]!r}", labels[i])
            value = self.losses[i](labels[i], pred, sample_weight=weights[i])
            if self.trackers[i] is not None:
                self.trackers[i].update_state(value, sample_weight=targets.batch_size(pred))
            if self.weights[i] is not None:
                value = value * self.weights[i]
            total = value if total is None else total + value
        return total

    def check_host_labels(self, where: str, y_true: Any) -> None:
        """Check labels on the host: classes against the number of classes, probabilities against 0 and 1.

        Raises:
            ValueError: a class label is out of range.
        """
        probable = [getattr(loss, "probability_labels", False) for loss in self.losses]
        if not any(probable) and all(width is None for width in self._widths):
            return
        labels = targets.align_targets(where, y_true, self._skeleton, self.names, self.labelled)
        for i, (name, label) in enumerate(zip(self.names, labels, strict=True)):
            called = "y" if len(self.names) == 1 else f"y[{name!r}]"
            if not isinstance(label, (np.ndarray, list)):
                continue
            if self._widths[i] is not None:
                arguments.check_sparse_labels(where, label, self._widths[i], called)
            elif probable[i]:
                arguments.warn_of_no_probabilities(where, label, self.losses[i].name, called)


def _try_symbolically(where: str, loss: Any, y_true: Any, y_pred: Any) -> None:
    """Run the loss on shapes, so that labels which do not fit are named before anything is compiled."""
    try:
        value = loss(y_true, y_pred)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    if len(value.shape):
        raise ValueError(
            f"{where}: {loss.name!r} gives no single number. Expected a scalar; got shape {tuple(value.shape)}. "
            "Use a reduction such as 'sum_over_batch_size'."
        )


class _Added:
    """Several losses of one output, added up."""

    def __init__(self, losses: list[Any]):
        self._losses = losses
        self.name = "_and_".join(str(loss.name) for loss in losses)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        first, *others = (loss(y_true, y_pred, sample_weight=sample_weight) for loss in self._losses)
        return sum(others, start=first)


def _tracker(name: str) -> Any:
    """Return a running mean; the name of a nested output has slashes, which names of variables cannot have."""
    tracker = metrics_module.Mean(name=name.replace("/", "_"))
    tracker.name = name
    return tracker


def _factor(where: str, weight: Any) -> float | None:
    if weight is None:
        return None
    try:
        number = float(weight)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{where} does not fit. Expected finite numbers; got {weight!r}. Pass 1.0 for no change.")
    return number


def _is_loss(item: Any) -> bool:
    """Tell one loss from a list or dict of losses; a serialized loss is one."""
    if isinstance(item, dict):
        return "class_name" in item
    return item is None or isinstance(item, str) or callable(item)
