"""Losses for real-valued targets."""

from __future__ import annotations

import math
from typing import Any

from kerasfront import config, ops
from kerasfront.losses import agreement
from kerasfront.losses.loss import LossFunctionWrapper


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean over the last axis of ``(y_true - y_pred)**2``.

    Shapes:
        y_true and y_pred ``(batch, ..., d)``; the result ``(batch, ...)``.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> import kerasfront as keras
        >>> float(keras.losses.mean_squared_error([[0.0, 1.0]], [[2.0, 1.0]])[0])
        2.0
    """
    y_true, y_pred = agreement.elementwise("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Return the mean over the last axis of ``|y_true - y_pred|``. Shapes and errors as `mean_squared_error`."""
    y_true, y_pred = agreement.elementwise("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.abs(y_pred - y_true), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Return ``100 * mean(|y_true - y_pred| / max(|y_true|, epsilon))`` over the last axis.

    Shapes and errors as `mean_squared_error`.
    """
    y_true, y_pred = agreement.elementwise("mean_absolute_percentage_error", y_true, y_pred)
    scale = ops.maximum(ops.abs(y_true), config.epsilon())
    return 100.0 * ops.mean(ops.abs(y_pred - y_true) / scale, axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Return ``mean((log(1 + y_true) - log(1 + y_pred))**2)`` over the last axis.

    Values below epsilon count as epsilon. Shapes and errors as `mean_squared_error`.
    """
    y_true, y_pred = agreement.elementwise("mean_squared_logarithmic_error", y_true, y_pred)
    logs = [ops.log1p(ops.maximum(value, config.epsilon())) for value in (y_true, y_pred)]
    return ops.mean(ops.square(logs[1] - logs[0]), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Return the mean over the last axis of a loss that is quadratic near 0 and linear further out.

    With ``e = |y_true - y_pred|`` an element costs ``e**2 / 2`` where ``e <= delta``, else ``delta * (e - delta / 2)``.
    Shapes and errors as `mean_squared_error`.

    Source: Huber, "Robust estimation of a location parameter", 1964.
    """
    y_true, y_pred = agreement.elementwise("huber", y_true, y_pred)
    error = ops.abs(y_pred - y_true)
    # With q = min(e, delta) both branches are q * (e - q / 2): no `where`, no branch that overflows unused.
    quadratic = ops.minimum(error, delta)
    return ops.mean(quadratic * (error - 0.5 * quadratic), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Return the mean over the last axis of ``log(cosh(y_pred - y_true))``.

    Shapes and errors as `mean_squared_error`.

    Notes:
        Computed as ``e + log(1 + exp(-2e)) - log(2)`` with ``e = |y_pred - y_true|``, which does not overflow.
    """
    y_true, y_pred = agreement.elementwise("log_cosh", y_true, y_pred)
    error = ops.abs(y_pred - y_true)
    return ops.mean(error + ops.log1p(ops.exp(-2.0 * error)) - math.log(2.0), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return minus the cosine of the angle between labels and predictions along `axis`.

    -1 means the same direction, 0 orthogonal (or a vector of zeros), 1 opposite: so minimising it brings the
    vectors into line. Shapes and errors as `mean_squared_error`; the axis is the one reduced.

    Example:
        >>> import kerasfront as keras
        >>> float(keras.losses.cosine_similarity([[3.0, 4.0]], [[3.0, 4.0]])[0])
        -1.0
    """
    y_true, y_pred = agreement.elementwise("cosine_similarity", y_true, y_pred)
    return -ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


class MeanSquaredError(LossFunctionWrapper):
    """The mean of squared errors, see `mean_squared_error`.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kerasfront as keras
        >>> float(keras.losses.MeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]]))
        0.5
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """The mean of absolute errors, see `mean_absolute_error`.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """The mean of absolute errors relative to the labels, in percent, see `mean_absolute_percentage_error`.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """The mean of squared differences of ``log(1 + x)``, see `mean_squared_logarithmic_error`.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class Huber(LossFunctionWrapper):
    """The Huber loss: quadratic for small errors, linear for large ones, see `huber`.

    Args:
        delta: the error where it changes from one to the other; positive.
        reduction, name, dtype: see `Loss`.

    Raises:
        ValueError: delta is not positive.
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        if not delta > 0:
            raise ValueError(
                f"Huber: delta is out of range. Expected a positive number; got {delta!r}. The default is 1.0."
            )
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(LossFunctionWrapper):
    """The mean of the logarithm of the hyperbolic cosine of the error, see `log_cosh`.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "log_cosh", dtype: Any = None
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine of the angle between labels and predictions, see `cosine_similarity`.

    Args:
        axis: along which the vectors lie.
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
