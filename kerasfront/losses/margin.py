"""Hinge losses: predictions should lie beyond a margin on the right side."""

from __future__ import annotations

from typing import Any

from kerasfront import ops
from kerasfront.losses import agreement
from kerasfront.losses.loss import LossFunctionWrapper


def _signs(y_true: Any) -> Any:
    """Turn labels that are all 0 or 1 into -1 and 1; leave others as they are."""
    binary = ops.all(ops.equal(y_true, ops.square(y_true)))
    return ops.where(binary, 2.0 * y_true - 1.0, y_true)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Return the mean over the last axis of ``max(1 - y_true * y_pred, 0)``.

    Shapes:
        y_true and y_pred ``(batch, ..., d)``; the result ``(batch, ...)``.

    Args:
        y_true: -1 or 1. Where all labels are 0 or 1, the 0 count as -1.

    Raises:
        ValueError: the shapes differ.
    """
    y_true, y_pred = agreement.elementwise("hinge", y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return the mean over the last axis of ``max(1 - y_true * y_pred, 0)**2``. The rest is as in `hinge`."""
    y_true, y_pred = agreement.elementwise("squared_hinge", y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """Return ``max(1 + wrong - right, 0)`` with the score of the right class and the best score of a wrong one.

    Shapes:
        y_true (one-hot) and y_pred ``(batch, ..., classes)``; the result ``(batch, ...)``.

    Raises:
        ValueError: the shapes differ.
    """
    y_true, y_pred = agreement.one_hot_labels("categorical_hinge", y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(LossFunctionWrapper):
    """The hinge loss, see `hinge`.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "hinge", dtype: Any = None
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(LossFunctionWrapper):
    """The squared hinge loss, see `squared_hinge`.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(LossFunctionWrapper):
    """The hinge loss of the right class against the best wrong one, see `categorical_hinge`.

    Args:
        reduction, name, dtype: see `Loss`.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "categorical_hinge", dtype: Any = None
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)
