"""F-scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

from kerasfront import errors, ops
from kerasfront.backend import dispatch, masks
from kerasfront.losses import agreement
from kerasfront.metrics.metric import Metric
from kerasfront.metrics.reduction import masked_weight
from kerasfront.metrics.thresholds import full_weight

AVERAGES = ("micro", "macro", "weighted")


class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall: ``(1 + b**2) * p * r / (b**2 * p + r)``.

    Args:
        average: None (one score for each class), "micro" (one score from the counts of all classes), "macro" (the mean
            over classes), "weighted" (the mean by the number of labels of each class).
        beta: how many times more recall counts than precision; positive.
        threshold: predictions above it are positive; None for the largest one of each sample.
        name, dtype: see `Metric`.

    Raises:
        ValueError: an argument is out of range.

    Example:
        >>> import kerasfront as keras
        >>> metric = keras.metrics.FBetaScore(average="micro", beta=2.0, threshold=0.5)
        >>> metric.update_state([[1, 1, 1], [1, 0, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6]])
        >>> round(float(metric.result()), 4)
        0.5
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        label = type(self).__name__
        if average is not None and average not in AVERAGES:
            raise errors.unknown_name(f"{label} average", average, (*AVERAGES, "None"))
        if isinstance(beta, bool) or not isinstance(beta, (int, float)) or not beta > 0:
            raise ValueError(
                f"{label}: beta is out of range. Expected a positive number; got {beta!r}. 1.0 gives the F1 score."
            )
        if threshold is not None and (not isinstance(threshold, (int, float)) or not 0 < threshold <= 1):
            raise ValueError(
                f"{label}: threshold is out of range. Expected 0 < threshold <= 1; got {threshold!r}. Use None for "
                "the largest one."
            )
        self.average, self.beta, self.threshold = average, float(beta), threshold
        self.axis = None if average == "micro" else 0
        self.built = False

    def build(self, y_true_shape: tuple[int | None, ...], y_pred_shape: tuple[int | None, ...]) -> None:
        """Make the variables for the number of classes; the first `update_state` does it otherwise.

        Raises:
            ValueError: the shapes are not ``(batch, classes)``, or differ.
        """
        shapes = tuple(y_true_shape), tuple(y_pred_shape)
        if len(shapes[1]) != 2 or not agreement.shapes_agree(*shapes) or shapes[1][-1] is None:
            raise ValueError(
                f"{self.name}: the shapes do not fit. Expected y_true and y_pred of one shape (batch, classes); got "
                f"{shapes[0]} and {shapes[1]}. Use one-hot labels, or shape (batch, 1) for yes-no labels."
            )
        size = () if self.average == "micro" else (shapes[1][-1],)
        self.true_positives = self.add_variable(size, "zeros", name="true_positives")
        self.false_positives = self.add_variable(size, "zeros", name="false_positives")
        self.false_negatives = self.add_variable(size, "zeros", name="false_negatives")
        self.intermediate_weights = self.add_variable(size, "zeros", name="intermediate_weights")
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: labels 0 and 1, ``(batch, classes)``.
            y_pred: predictions of the same shape.
            sample_weight: a weight for each sample, or for each element.

        Raises:
            ValueError: labels or weights do not fit.
        """
        weight = masked_weight(self.name, sample_weight, masks.get_mask(y_pred), self.dtype)
        y_true = ops.convert_to_tensor(y_true, dtype=self.dtype)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        if not self.built:
            self.build(dispatch.shape_of(y_true), dispatch.shape_of(y_pred))
        if self.threshold is None:
            # A sample without any prediction has no largest one either.
            largest = ops.equal(y_pred, ops.max(y_pred, axis=-1, keepdims=True))
            positive = ops.logical_and(largest, ops.greater(ops.abs(y_pred), 1e-9))
        else:
            positive = ops.greater(y_pred, self.threshold)
        positive = ops.cast(positive, self.dtype)
        weight = full_weight(self.name, weight, y_true)
        labelled = y_true if weight is None else y_true * weight
        right = positive * labelled
        predicted = positive if weight is None else positive * weight
        for variable, values in (
            (self.true_positives, right),
            (self.false_positives, predicted - right),
            (self.false_negatives, labelled - right),
            (self.intermediate_weights, labelled),
        ):
            variable.assign(variable + ops.sum(values, axis=self.axis))

    def result(self) -> Any:
        """Return the score, 0 for a class without labels and predictions; one for each class without average."""
        if not self.built:
            return ops.zeros((), dtype=self.dtype)
        square = self.beta**2
        errors_ = square * self.false_negatives + self.false_positives
        scores = ops.divide_no_nan((1.0 + square) * self.true_positives, (1.0 + square) * self.true_positives + errors_)
        if self.average == "macro":
            return ops.mean(scores)
        if self.average == "weighted":
            return ops.divide_no_nan(ops.sum(scores * self.intermediate_weights), ops.sum(self.intermediate_weights))
        return scores

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        return {**super().get_config(), "average": self.average, "beta": self.beta, "threshold": self.threshold}


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall.

    Args:
        average, threshold: see `FBetaScore`.
        name, dtype: see `Metric`.

    Raises:
        ValueError: an argument is out of range.
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        config = super().get_config()
        del config["beta"]
        return config
