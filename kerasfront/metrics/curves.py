"""Metrics over all thresholds: area under a curve, and the best point of a curve under a condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasfront import config, errors, ops
from kerasfront.backend import dispatch, masks
from kerasfront.metrics import thresholds as counting
from kerasfront.metrics.confusion import one_class
from kerasfront.metrics.metric import Metric
from kerasfront.metrics.reduction import masked_weight

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "minoring", "majoring")


class _Counts(Metric):
    """The base: the four counts at each threshold."""

    def _add_counts(self, shape: tuple[int, ...]) -> None:
        self.true_positives, self.false_positives, self.true_negatives, self.false_negatives = (
            self.add_variable(shape, "zeros", name=kind) for kind in counting.KINDS
        )

    def _count(
        self, y_true: Any, y_pred: Any, weight: Any, thresholds: Sequence[float], per_label: bool = False
    ) -> None:
        found = counting.count(y_true, y_pred, weight, thresholds, counting.KINDS, per_label=per_label)
        for kind, number in zip(counting.KINDS, found, strict=True):
            variable = getattr(self, kind)
            variable.assign(variable + number)

    def _rates(self) -> dict[str, Any]:
        right, wrong = self.true_positives, self.false_positives
        return {
            "recall": ops.divide_no_nan(right, right + self.false_negatives),
            "precision": ops.divide_no_nan(right, right + wrong),
            "false_positive_rate": ops.divide_no_nan(wrong, wrong + self.true_negatives),
            "specificity": ops.divide_no_nan(self.true_negatives, self.true_negatives + wrong),
        }


class AUC(_Counts):
    """The area under the ROC, precision-recall or precision-recall-gain curve, by a sum over thresholds.

    Args:
        num_thresholds: how many thresholds cut [0, 1] evenly; more than 1.
        curve: "ROC", "PR" or "PRGAIN".
        summation_method: "interpolation" (trapezoids; for "PR" the interpolation of Davis and Goadrich), "minoring" or
            "majoring" (rectangles below or above the curve).
        name, dtype: see `Metric`.
        thresholds: thresholds of your own in [0, 1], instead of num_thresholds; 0 and 1 are added.
        multi_label: whether each label (last axis) has its own curve; the areas are averaged.
        num_labels: the number of labels, if known beforehand; only with multi_label.
        label_weights: a weight for each label: in the mean of the areas with multi_label, else in the counts.
        from_logits: whether predictions are logits; they go through a sigmoid first.

    Raises:
        ValueError: an argument is out of range, or num_labels without multi_label.

    Source: Davis and Goadrich, "The relationship between precision-recall and ROC curves", 2006; Flach and Kull,
        "Precision-recall-gain curves", 2015.

    Example:
        >>> import kerasfront as keras
        >>> metric = keras.metrics.AUC(num_thresholds=3)
        >>> metric.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
        >>> float(metric.result())
        0.75
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        for argument, value, choices in (("curve", curve, CURVES), ("summation_method", summation_method, SUMMATIONS)):
            if value not in choices:
                raise errors.unknown_name(f"AUC {argument}", value, choices)
        if num_labels is not None and not multi_label:
            raise ValueError(
                "AUC: num_labels came without multi_label. Expected both or neither. Pass multi_label=True."
            )
        margin = config.epsilon()
        if thresholds is not None:
            inner = sorted(counting.checked("AUC", thresholds))
            self._thresholds = [-margin, *inner, 1.0 + margin]
        elif isinstance(num_thresholds, bool) or int(num_thresholds) != num_thresholds or num_thresholds <= 1:
            raise ValueError(
                f"AUC: num_thresholds is out of range. Expected an integer above 1; got {num_thresholds!r}. The "
                "default is 200."
            )
        else:
            self._thresholds = counting.evenly_spaced(int(num_thresholds), margin)
        self._init_thresholds = thresholds
        self.num_thresholds = len(self._thresholds)
        self.curve, self.summation_method = curve, summation_method
        self.multi_label, self.num_labels, self.from_logits = multi_label, num_labels, from_logits
        self.label_weights = None if label_weights is None else [float(weight) for weight in np.ravel(label_weights)]
        self.built = False
        if not multi_label:
            self._make(None)
        elif num_labels is not None:
            self._make(int(num_labels))

    @property
    def thresholds(self) -> list[float]:
        """The thresholds in use, from just below 0 to just above 1."""
        return list(self._thresholds)

    def _make(self, labels: int | None) -> None:
        shape = (self.num_thresholds,) if labels is None else (self.num_thresholds, labels)
        self._add_counts(shape)
        self.num_labels = labels
        self.built = True

    def build(self, y_true_shape: tuple[int | None, ...], y_pred_shape: tuple[int | None, ...]) -> None:
        """Make the variables for the number of labels; the first `update_state` does it otherwise.

        Raises:
            ValueError: multi_label with other than two axes.
        """
        if self.multi_label and len(y_pred_shape) != 2:
            raise ValueError(
                f"{self.name}: the shapes do not fit multi_label. Expected y_pred of shape (batch, labels); got "
                f"{tuple(y_pred_shape)}. Reshape it, or leave multi_label out."
            )
        if not self.built:
            self._make(y_pred_shape[-1])

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
        if self.multi_label:
            self.build(dispatch.shape_of(y_true), dispatch.shape_of(y_pred))
        if self.from_logits:
            y_pred = ops.sigmoid(y_pred)
        weight = counting.full_weight(self.name, weight, y_pred)
        self._check_labels(y_pred)
        if self.label_weights is not None and not self.multi_label:
            factor = ops.convert_to_tensor(np.asarray(self.label_weights), dtype=self.dtype)
            weight = ops.broadcast_to(factor, ops.shape(y_pred)) if weight is None else weight * factor
        self._count(y_true, y_pred, weight, self._thresholds, per_label=self.multi_label)

    def _check_labels(self, y_pred: Any) -> None:
        shape = dispatch.shape_of(y_pred)
        wanted = self.num_labels if self.num_labels is not None else self.label_weights and len(self.label_weights)
        wanted = wanted or (len(self.label_weights) if self.label_weights is not None else None)
        if wanted is not None and (not shape or shape[-1] not in (None, wanted)):
            raise ValueError(
                f"{self.name}: the number of labels does not fit. Expected y_pred with a last axis of {wanted}; got "
                "shape "
                f"{shape}. Correct num_labels or label_weights."
            )

    def result(self) -> Any:
        """Return the area; with multi_label the (weighted) mean of the labels' areas."""
        if not self.built:
            return ops.zeros((), dtype=self.dtype)
        area = self._areas()
        if not self.multi_label:
            return area
        if self.label_weights is None:
            return ops.mean(area)
        weights = ops.convert_to_tensor(np.asarray(self.label_weights), dtype=self.dtype)
        return ops.divide_no_nan(ops.sum(area * weights), ops.sum(weights))

    def _areas(self) -> Any:
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._interpolated_precision_recall()
        x, y = self._axes()
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2.0
        elif self.summation_method == "minoring":
            heights = ops.minimum(y[:-1], y[1:])
        else:
            heights = ops.maximum(y[:-1], y[1:])
        return ops.sum((x[:-1] - x[1:]) * heights, axis=0)

    def _axes(self) -> tuple[Any, Any]:
        rates = self._rates()
        if self.curve == "ROC":
            return rates["false_positive_rate"], rates["recall"]
        if self.curve == "PR":
            return rates["recall"], rates["precision"]
        positives = self.true_positives + self.false_negatives
        negatives = self.true_negatives + self.false_positives
        odds = ops.divide_no_nan(positives, negatives)
        precision_gain = 1.0 - odds * ops.divide_no_nan(self.false_positives, self.true_positives)
        recall_gain = 1.0 - odds * ops.divide_no_nan(self.false_negatives, self.true_positives)
        # The curve starts where the recall is that of calling all positive: gain 0. Precision may lose, too.
        found = ops.greater(self.true_positives, 0.0)
        return ops.where(found, ops.maximum(recall_gain, 0.0), ops.zeros_like(recall_gain)), precision_gain

    def _interpolated_precision_recall(self) -> Any:
        """Integrate precision over recall where true positives are linear in all positives between two thresholds."""
        right = self.true_positives
        positive = right + self.false_positives
        slope = ops.divide_no_nan(right[:-1] - right[1:], ops.maximum(positive[:-1] - positive[1:], 0.0))
        intercept = right[1:] - slope * positive[1:]
        both = ops.logical_and(ops.greater(positive[:-1], 0.0), ops.greater(positive[1:], 0.0))
        safe = ops.where(both, positive[1:], ops.ones_like(positive[1:]))
        ratio = ops.where(both, positive[:-1] / safe, ops.ones_like(safe))
        area = slope * (right[:-1] - right[1:] + intercept * ops.log(ratio))
        labelled = ops.maximum(right[1:] + self.false_negatives[1:], 0.0)
        return ops.sum(ops.divide_no_nan(area, labelled), axis=0)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        settings: dict[str, Any] = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": self.label_weights,
            "from_logits": self.from_logits,
        }
        if self._init_thresholds is not None:
            settings["thresholds"] = self._thresholds[1:-1]
        return settings


class _BestPoint(_Counts):
    """The base: the best value of one rate among the thresholds where another reaches a bound."""

    wanted = ""
    """The rate to be large."""
    bounded = ""
    """The rate that must reach the bound."""
    argument = ""
    """What the bound is called in `__init__`."""

    def _set_up(self, bound: float, num_thresholds: int, class_id: int | None) -> None:
        label = type(self).__name__
        if not 0 <= bound <= 1:
            raise ValueError(
                f"{label}: {self.argument} is out of range. Expected a number from 0 to 1; got {bound!r}. Correct it."
            )
        if isinstance(num_thresholds, bool) or int(num_thresholds) != num_thresholds or num_thresholds <= 0:
            raise ValueError(
                f"{label}: num_thresholds is out of range. Expected an integer above 0; got {num_thresholds!r}. The "
                "default is 200."
            )
        self.value, self.num_thresholds, self.class_id = bound, num_thresholds, class_id
        setattr(self, self.argument, bound)
        self.thresholds = counting.evenly_spaced(num_thresholds)
        self._add_counts((len(self.thresholds),))

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
        y_true, y_pred, weight = one_class(self.name, self.class_id, y_true, y_pred, weight)
        self._count(y_true, y_pred, weight, self.thresholds)

    def result(self) -> Any:
        """Return the best value, 0 where no threshold reaches the bound."""
        rates = self._rates()
        wanted = rates[self.wanted]
        return ops.max(ops.where(ops.greater_equal(rates[self.bounded], self.value), wanted, ops.zeros_like(wanted)))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        return {
            **super().get_config(),
            "class_id": self.class_id,
            "num_thresholds": self.num_thresholds,
            self.argument: self.value,
        }


class SensitivityAtSpecificity(_BestPoint):
    """The best sensitivity (recall) among the thresholds with at least the given specificity.

    Args:
        specificity: the bound, in [0, 1].
        num_thresholds: how many thresholds cut [0, 1] evenly.
        class_id: the only class that counts, None for all.
        name, dtype: see `Metric`.

    Raises:
        ValueError: an argument is out of range.
    """

    wanted, bounded, argument = "recall", "specificity", "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._set_up(specificity, num_thresholds, class_id)


class SpecificityAtSensitivity(_BestPoint):
    """The best specificity among the thresholds with at least the given sensitivity (recall).

    Args:
        sensitivity: the bound, in [0, 1].
        num_thresholds, class_id: see `SensitivityAtSpecificity`.
        name, dtype: see `Metric`.

    Raises:
        ValueError: an argument is out of range.
    """

    wanted, bounded, argument = "specificity", "recall", "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._set_up(sensitivity, num_thresholds, class_id)


class PrecisionAtRecall(_BestPoint):
    """The best precision among the thresholds with at least the given recall.

    Args:
        recall: the bound, in [0, 1].
        num_thresholds, class_id: see `SensitivityAtSpecificity`.
        name, dtype: see `Metric`.

    Raises:
        ValueError: an argument is out of range.
    """

    wanted, bounded, argument = "precision", "recall", "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._set_up(recall, num_thresholds, class_id)


class RecallAtPrecision(_BestPoint):
    """The best recall among the thresholds with at least the given precision.

    Args:
        precision: the bound, in [0, 1].
        num_thresholds, class_id: see `SensitivityAtSpecificity`.
        name, dtype: see `Metric`.

    Raises:
        ValueError: an argument is out of range.
    """

    wanted, bounded, argument = "recall", "precision", "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._set_up(precision, num_thresholds, class_id)
