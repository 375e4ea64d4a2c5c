"""Precision, recall, and the four counts they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasfront import ops
from kerasfront.backend import dispatch, masks
from kerasfront.metrics import thresholds as counting
from kerasfront.metrics.metric import Metric
from kerasfront.metrics.reduction import masked_weight


class ConfusionCount(Metric):
    """The base of the four counts: adds up the weights of one kind of answer at each threshold."""

    kind = ""

    def __init__(
        self, thresholds: float | Sequence[float] | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.thresholds = counting.checked(type(self).__name__, thresholds)
        self.init_thresholds = counting.as_given(thresholds)
        self.accumulator = self.add_variable((len(self.thresholds),), "zeros", name="accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: labels; what is not 0 counts as 1.
            y_pred: predictions of the same shape.
            sample_weight: a weight for each sample, or for each element.

        Raises:
            ValueError: labels or weights do not fit.
        """
        weight = masked_weight(self.name, sample_weight, masks.get_mask(y_pred), self.dtype)
        y_true, y_pred = counting.labels_and_predictions(self.name, y_true, y_pred, self.dtype)
        weight = counting.full_weight(self.name, weight, y_pred)
        (found,) = counting.count(y_true, y_pred, weight, self.thresholds, (self.kind,))
        self.accumulator.assign(self.accumulator + found)

    def result(self) -> Any:
        """Return the count: one number for one threshold, else one for each."""
        return self.accumulator[0] if len(self.thresholds) == 1 else self.accumulator.value

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(ConfusionCount):
    """The number of positive predictions with label 1.

    Args:
        thresholds: predictions above are positive; a number or several in [0, 1], None for 0.5.
        name, dtype: see `Metric`.

    Raises:
        ValueError: a threshold is not in [0, 1].

    Example:
        >>> import kerasfront as keras
        >>> metric = keras.metrics.TruePositives()
        >>> metric.update_state([0, 1, 1, 1], [1, 0, 1, 1])
        >>> float(metric.result())
        2.0
    """

    kind = "true_positives"


class FalsePositives(ConfusionCount):
    """The number of positive predictions with label 0. The rest is as in `TruePositives`."""

    kind = "false_positives"


class TrueNegatives(ConfusionCount):
    """The number of negative predictions with label 0. The rest is as in `TruePositives`."""

    kind = "true_negatives"


class FalseNegatives(ConfusionCount):
    """The number of negative predictions with label 1. The rest is as in `TruePositives`."""

    kind = "false_negatives"


class ConfusionRatio(Metric):
    """The base of precision and recall: true positives among them and one kind of error."""

    errors = ""

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        label = type(self).__name__
        self.top_k, self.class_id = top_k, class_id
        if top_k is not None and (isinstance(top_k, bool) or int(top_k) != top_k or top_k < 1):
            raise ValueError(
                f"{label}: top_k does not fit. Expected a positive integer; got {top_k!r}. Use None for all."
            )
        self.thresholds = counting.checked(label, thresholds, default=0.5 if top_k is None else counting.LOWEST)
        self.init_thresholds = counting.as_given(thresholds)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, "zeros", name="true_positives")
        self._errors = self.add_variable(shape, "zeros", name=self.errors)
        setattr(self, self.errors, self._errors)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: labels; what is not 0 counts as 1.
            y_pred: predictions of the same shape, ``(batch, classes)`` with `top_k` or `class_id`.
            sample_weight: a weight for each sample, or for each element.

        Raises:
            ValueError: labels or weights do not fit; fewer classes than `class_id` asks for.
        """
        weight = masked_weight(self.name, sample_weight, masks.get_mask(y_pred), self.dtype)
        y_true, y_pred = counting.labels_and_predictions(self.name, y_true, y_pred, self.dtype)
        if self.top_k is not None:
            y_pred = counting.top_k_only(y_pred, self.top_k)
        weight = counting.full_weight(self.name, weight, y_pred)
        y_true, y_pred, weight = one_class(self.name, self.class_id, y_true, y_pred, weight)
        kinds = ("true_positives", self.errors)
        right, wrong = counting.count(y_true, y_pred, weight, self.thresholds, kinds)
        self.true_positives.assign(self.true_positives + right)
        self._errors.assign(self._errors + wrong)

    def result(self) -> Any:
        """Return the ratio, 0 where nothing was counted: one number for one threshold, else one for each."""
        ratio = ops.divide_no_nan(self.true_positives, self.true_positives + self._errors)
        return ratio[0] if len(self.thresholds) == 1 else ratio

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


def one_class(name: str, class_id: int | None, *tensors: Any) -> tuple[Any, ...]:
    """Return the entries of one class along the last axis of each tensor (None stays None).

    Raises:
        ValueError: there is no such class.
    """
    if class_id is None:
        return tensors
    if len(dispatch.shape_of(tensors[0])) < 2:
        raise ValueError(
            f"{name}: class_id {class_id} needs classes in the last axis. Expected labels and predictions of shape "
            f"(batch, ..., classes); got {dispatch.shape_of(tensors[0])}. Leave class_id out."
        )
    classes = dispatch.shape_of(tensors[0])[-1]
    if classes is not None and not -classes <= class_id < classes:
        raise ValueError(f"{name}: class_id {class_id} names no class. Expected 0 to {classes - 1}. Correct class_id.")
    return tuple(None if tensor is None else tensor[..., class_id] for tensor in tensors)


class Precision(ConfusionRatio):
    """The share of the positive predictions that are right: ``tp / (tp + fp)``.

    Args:
        thresholds: predictions above are positive; a number or several in [0, 1], None for 0.5.
        top_k: the k largest predictions of a sample are positive, whatever their value (unless thresholds are given).
        class_id: the only class that counts, None for all.
        name, dtype: see `Metric`.

    Raises:
        ValueError: a threshold is not in [0, 1]; top_k is no positive integer.

    Example:
        >>> import kerasfront as keras
        >>> metric = keras.metrics.Precision()
        >>> metric.update_state([0, 1, 1, 1], [1, 0, 1, 1])
        >>> round(float(metric.result()), 4)
        0.6667
    """

    errors = "false_positives"


class Recall(ConfusionRatio):
    """The share of the labels 1 that are found: ``tp / (tp + fn)``.

    Args:
        thresholds, top_k, class_id: see `Precision`.
        name, dtype: see `Metric`.

    Raises:
        ValueError: a threshold is not in [0, 1]; top_k is no positive integer.
    """

    errors = "false_negatives"
