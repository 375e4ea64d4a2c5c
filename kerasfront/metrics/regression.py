"""Metrics for real-valued targets."""

from __future__ import annotations

from typing import Any

from kerasfront import errors, ops
from kerasfront.backend import dispatch, masks
from kerasfront.losses import agreement
from kerasfront.losses import regression as losses
from kerasfront.losses.loss import align_weight
from kerasfront.metrics.metric import Metric
from kerasfront.metrics.reduction import Mean, MeanMetricWrapper, floats_as, masked_weight, number


class MeanSquaredError(MeanMetricWrapper):
    """The mean of squared errors, see `losses.mean_squared_error`.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kerasfront as keras
        >>> metric = keras.metrics.MeanSquaredError()
        >>> metric.update_state([[0.0, 1.0]], [[2.0, 1.0]])
        >>> float(metric.result())
        2.0
    """

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of absolute errors, see `losses.mean_absolute_error`.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean of absolute errors in percent of the labels, see `losses.mean_absolute_percentage_error`.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of squared differences of logarithms, see `losses.mean_squared_logarithmic_error`.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


class LogCoshError(MeanMetricWrapper):
    """The mean of the logarithm of the hyperbolic cosine of the error, see `losses.log_cosh`.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.log_cosh, name, dtype)


class RootMeanSquaredError(Mean):
    """The square root of the mean of squared errors.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Count a batch.

        Args:
            y_true: labels.
            y_pred: predictions of the same shape.
            sample_weight: a weight for each sample, or for each element.

        Raises:
            ValueError: labels or weights do not fit.
        """
        weight = masked_weight(self.name, sample_weight, masks.get_mask(y_pred), self.dtype)
        y_true, y_pred = agreement.elementwise(self.name, y_true, floats_as(y_pred, self.dtype))
        super().update_state(ops.square(y_true - y_pred), sample_weight=weight)

    def result(self) -> Any:
        """Return the root of the mean; 0 when nothing was counted."""
        return ops.sqrt(super().result())


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return the cosine of the angle between labels and predictions along `axis`: 1 for the same direction.

    It is minus the loss of this name.
    """
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between labels and predictions: 1 for the same direction.

    Args:
        name, dtype: see `Metric`.
        axis: along which the vectors lie.
    """

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)


AGGREGATIONS = ("uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """The share of the labels' variance that the predictions explain: ``1 - residual / total``.

    Args:
        class_aggregation: "uniform_average" (the mean over outputs), "variance_weighted_average", or None for one
            value for each output.
        num_regressors: independent variables of the model, for the adjusted score; 0 for the plain one.
        name, dtype: see `Metric`.

    Raises:
        ValueError: unknown aggregation, or a negative number of regressors.

    Notes:
        An output whose labels are all equal has no variance: 0 where the predictions miss, NaN where they are exact.
        The adjusted score counts each label of a sample with several outputs, as Keras does. It needs more than
        ``num_regressors + 1`` of them; with fewer the plain score is given.

    Example:
        >>> import kerasfront as keras
        >>> metric = keras.metrics.R2Score()
        >>> metric.update_state([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
        >>> round(float(metric.result()), 4)
        0.5714
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation is not None and class_aggregation not in AGGREGATIONS:
            raise errors.unknown_name("R2Score class_aggregation", class_aggregation, (*AGGREGATIONS, "None"))
        if num_regressors < 0:
            raise ValueError(
                f"R2Score: num_regressors is out of range. Expected 0 or more; got {num_regressors}. Use 0 for the "
                "plain score."
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self.built = False

    def build(self, y_true_shape: tuple[int | None, ...], y_pred_shape: tuple[int | None, ...]) -> None:
        """Make the variables for the number of outputs; the first `update_state` does it otherwise.

        Raises:
            ValueError: the shapes are not ``(batch, outputs)``, or differ.
        """
        shapes = tuple(y_true_shape), tuple(y_pred_shape)
        if len(shapes[1]) != 2 or not agreement.shapes_agree(*shapes) or shapes[1][-1] is None:
            raise ValueError(
                f"{self.name}: the shapes do not fit. Expected y_true and y_pred of one shape (batch, outputs); got "
                f"{shapes[0]} and {shapes[1]}. Reshape them to two axes."
            )
        size = (shapes[1][-1],)
        self.squared_sum = self.add_variable(size, "zeros", name="squared_sum")
        self.sum = self.add_variable(size, "zeros", name="sum")
        self.total_mse = self.add_variable(size, "zeros", name="residual")
        self.count = self.add_variable(size, "zeros", name="count")
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: labels ``(batch, outputs)``.
            y_pred: predictions of the same shape.
            sample_weight: a weight for each sample, or for each element.

        Raises:
            ValueError: labels or weights do not fit.
        """
        mask = masks.get_mask(y_pred)
        y_true = ops.convert_to_tensor(y_true, dtype=self.dtype)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        if not self.built:
            self.build(dispatch.shape_of(y_true), dispatch.shape_of(y_pred))
        weight = masked_weight(self.name, sample_weight, mask, self.dtype)
        if weight is None:
            weight = ops.ones_like(y_true)
        else:
            weight = align_weight(self.name, ops.convert_to_tensor(weight, dtype=self.dtype), y_true)
            weight = ops.broadcast_to(weight, ops.shape(y_true))
        weighted = y_true * weight
        self.sum.assign(self.sum + ops.sum(weighted, axis=0))
        self.squared_sum.assign(self.squared_sum + ops.sum(y_true * weighted, axis=0))
        self.total_mse.assign(self.total_mse + ops.sum(ops.square(y_true - y_pred) * weight, axis=0))
        self.count.assign(self.count + ops.sum(weight, axis=0))
        self.num_samples.assign(self.num_samples + number(ops.size(y_true)))

    def result(self) -> Any:
        """Return the score, one for each output without aggregation."""
        if not self.built:
            return ops.zeros((), dtype=self.dtype)
        total = self.squared_sum - ops.square(self.sum) / self.count
        missed = ops.logical_and(ops.equal(total, 0.0), ops.greater(self.total_mse, 0.0))
        scores = ops.where(missed, ops.zeros_like(total), 1.0 - self.total_mse / total)
        if self.class_aggregation == "uniform_average":
            scores = ops.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = ops.sum(scores * total) / ops.sum(total)
        return self._adjusted(scores) if self.num_regressors else scores

    def _adjusted(self, score: Any) -> Any:
        freedom = self.num_samples - float(self.num_regressors) - 1.0
        enough = ops.greater(freedom, 0.0)
        adjusted = 1.0 - (1.0 - score) * (self.num_samples - 1.0) / ops.where(enough, freedom, ops.ones_like(freedom))
        return ops.where(enough, adjusted, score)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }
