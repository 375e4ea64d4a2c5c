"""Losses that measure how little two regions overlap, for segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasfront import config, ops
from kerasfront.losses import agreement
from kerasfront.losses.loss import LossFunctionWrapper


def _axes(axis: int | Sequence[int] | None) -> Any:
    return tuple(axis) if isinstance(axis, (list, tuple)) else axis


def dice(y_true: Any, y_pred: Any, axis: int | Sequence[int] | None = None) -> Any:
    """Return ``1 - (2 * sum(y_true * y_pred) + e) / (sum(y_true) + sum(y_pred) + e)`` with e the epsilon.

    Shapes:
        y_true and y_pred of one shape; the result without `axis`.

    Args:
        axis: the axes of the sums, None for all.

    Raises:
        ValueError: the shapes differ.

    Source: Milletari et al., "V-Net", 2016, without the squares in the denominator.
    """
    y_true, y_pred = agreement.elementwise("dice", y_true, y_pred)
    common = ops.sum(y_true * y_pred, axis=_axes(axis))
    total = ops.sum(y_true + y_pred, axis=_axes(axis))
    return 1.0 - (2.0 * common + config.epsilon()) / (total + config.epsilon())


def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: int | Sequence[int] | None = None
) -> Any:
    """Return ``1 - (tp + e) / (tp + alpha * fn + beta * fp + e)`` with e the epsilon; alpha = beta = 0.5 is `dice`.

    Shapes:
        y_true and y_pred of one shape; the result without `axis`.

    Args:
        alpha: the weight of what is labelled but not predicted (false negatives).
        beta: the weight of what is predicted but not labelled (false positives).
        axis: the axes of the sums, None for all.

    Raises:
        ValueError: the shapes differ.

    Notes:
        The values are those of Keras 3.15, whose documentation (like the paper) exchanges alpha and beta.

    Source: Salehi et al., "Tversky loss function for image segmentation", 2017.
    """
    y_true, y_pred = agreement.elementwise("tversky", y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=_axes(axis))
    missed = ops.sum(y_true * (1.0 - y_pred), axis=_axes(axis))
    wrong = ops.sum((1.0 - y_true) * y_pred, axis=_axes(axis))
    total = right + alpha * missed + beta * wrong
    return 1.0 - (right + config.epsilon()) / (total + config.epsilon())


class Dice(LossFunctionWrapper):
    """One minus the Dice coefficient, see `dice`.

    Args:
        axis: the axes of the sums, None for all.
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(LossFunctionWrapper):
    """One minus the Tversky index, see `tversky`.

    Args:
        alpha: the weight of false negatives.
        beta: the weight of false positives.
        axis: the axes of the sums, None for all.
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: int | Sequence[int] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
