"""How labels and predictions vary together."""

from __future__ import annotations

from typing import Any

from kerasfront import config, ops
from kerasfront.losses import agreement
from kerasfront.metrics.reduction import MeanMetricWrapper


def _centred(name: str, y_true: Any, y_pred: Any, axis: int) -> tuple[Any, Any, Any]:
    """Return deviations from the means along `axis`, and the difference of the means."""
    y_true, y_pred = agreement.elementwise(name, y_true, y_pred)
    true_mean = ops.mean(y_true, axis=axis, keepdims=True)
    pred_mean = ops.mean(y_pred, axis=axis, keepdims=True)
    return y_true - true_mean, y_pred - pred_mean, ops.squeeze(true_mean - pred_mean, axis)


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return ``cov(y_true, y_pred) / sqrt(var(y_true) * var(y_pred))`` along `axis`, between -1 and 1.

    Shapes:
        y_true and y_pred of one shape; the result has no `axis`.

    Raises:
        ValueError: the shapes differ.

    Notes:
        Epsilon is added to each norm, so that a constant gives 0.
    """
    true, pred, _ = _centred("pearson_correlation", y_true, y_pred, axis)
    scale = ops.sqrt(ops.sum(ops.square(true), axis=axis)) * ops.sqrt(ops.sum(ops.square(pred), axis=axis))
    return ops.sum(true * pred, axis=axis) / (scale + config.epsilon())


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return ``2 * cov / (var(y_true) + var(y_pred) + (difference of the means)**2)`` along `axis`.

    It is 1 only where predictions equal labels: unlike Pearson's it punishes shifts and scales.

    Shapes:
        y_true and y_pred of one shape; the result has no `axis`.

    Raises:
        ValueError: the shapes differ.

    Source: Lin, "A concordance correlation coefficient to evaluate reproducibility", 1989.
    """
    true, pred, shift = _centred("concordance_correlation", y_true, y_pred, axis)
    variances = ops.mean(ops.square(true), axis=axis) + ops.mean(ops.square(pred), axis=axis)
    return 2.0 * ops.mean(true * pred, axis=axis) / (variances + ops.square(shift) + config.epsilon())


class PearsonCorrelation(MeanMetricWrapper):
    """The mean correlation coefficient, see `pearson_correlation`.

    Args:
        name, dtype: see `Metric`.
        axis: along which the values vary; 0 for the samples of a batch.
    """

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean concordance correlation coefficient, see `concordance_correlation`.

    Args:
        name, dtype: see `Metric`.
        axis: along which the values vary; 0 for the samples of a batch.
    """

    def __init__(self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)
        self.axis = axis
