"""Counting true and false positives and negatives at thresholds: the arithmetic under precision, recall and AUC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasfront import ops
from kerasfront.backend import dispatch
from kerasfront.losses import agreement
from kerasfront.losses.loss import align_weight

FEW = 8
"""Up to here each threshold meets each prediction; above, predictions are sorted into the gaps between thresholds."""

KINDS = ("true_positives", "false_positives", "true_negatives", "false_negatives")

LOWEST = -1e10
"""Stands for predictions that are not among the top k, and for the threshold below all that are."""


def checked(name: str, thresholds: float | Sequence[float] | None, default: float = 0.5) -> list[float]:
    """Return thresholds as a list.

    Args:
        name: who asks, for errors.
        thresholds: one, several, or None for the default.
        default: used for None.

    Raises:
        ValueError: one is not in [0, 1].
    """
    if thresholds is None:
        return [default]
    try:
        found = [float(value) for value in np.ravel(np.asarray(thresholds, dtype="float64"))]
    except (TypeError, ValueError):
        found = []
    if not found or not all(0 <= value <= 1 for value in found):
        raise ValueError(
            f"{name}: thresholds are out of range. Expected numbers from 0 to 1; got {thresholds!r}. "
            "Predictions are probabilities: apply a sigmoid to logits."
        )
    return found


def as_given(thresholds: float | Sequence[float] | None) -> float | list[float] | None:
    """Return thresholds as plain data, for configs: a number for a number, a list for several, None for None."""
    if thresholds is None:
        return None
    if np.ndim(thresholds) and any(value is None for value in np.ravel(np.asarray(thresholds, dtype=object))):
        raise ValueError(f"thresholds are {thresholds!r}. Expected numbers from 0 to 1. Take the None out.")
    return [float(value) for value in np.ravel(thresholds)] if np.ndim(thresholds) else float(np.asarray(thresholds))


def evenly_spaced(count: int, margin: float = 0.0) -> list[float]:
    """Return `count` thresholds from 0 to 1, the outer ones `margin` outside; a single one is 0.5."""
    if count == 1:
        return [0.5]
    inner = [(index + 1) / (count - 1) for index in range(count - 2)]
    return [0.0 - margin, *inner, 1.0 + margin]


def labels_and_predictions(name: str, y_true: Any, y_pred: Any, dtype: str) -> tuple[Any, Any]:
    """Return labels as 0.0 or 1.0 and predictions, of one shape and dtype.

    Raises:
        ValueError: the shapes differ.
    """
    y_pred = ops.convert_to_tensor(y_pred, dtype=dtype)
    y_true = ops.cast(ops.cast(ops.convert_to_tensor(y_true), "bool"), dtype)
    y_true, y_pred = agreement.same_rank(y_true, y_pred)
    shapes = dispatch.shape_of(y_true), dispatch.shape_of(y_pred)
    if not agreement.shapes_agree(*shapes):
        raise ValueError(
            f"{name}: the labels do not fit the predictions. Expected equal shapes; got y_true {shapes[0]} and "
            f"y_pred {shapes[1]}. Turn class indices into one-hot labels."
        )
    return y_true, y_pred


def full_weight(name: str, sample_weight: Any, values: Any) -> Any:
    """Return weights of the shape of `values`, or None."""
    if sample_weight is None:
        return None
    weight = ops.convert_to_tensor(sample_weight, dtype=dispatch.dtype_of(values))
    return ops.broadcast_to(align_weight(name, weight, values), ops.shape(values))


def top_k_only(y_pred: Any, k: int) -> Any:
    """Return predictions with all but the k largest along the last axis made very small."""
    classes = ops.shape(y_pred)[-1]
    _, places = ops.top_k(y_pred, k)
    chosen = ops.sum(ops.one_hot(places, classes, dtype=dispatch.dtype_of(y_pred)), axis=-2)
    return ops.where(ops.cast(chosen, "bool"), y_pred, ops.full_like(y_pred, LOWEST))


def count(
    y_true: Any, y_pred: Any, weight: Any, thresholds: Sequence[float], kinds: Sequence[str], per_label: bool = False
) -> list[Any]:
    """Return the weighted numbers of the kinds asked for at each threshold.

    A prediction is positive where it is above the threshold.

    Shapes:
        y_true, y_pred and weight of one shape; each result ``(t,)`` for t thresholds, or ``(t, labels)``.

    Args:
        y_true: 0.0 or 1.0.
        y_pred: predictions.
        weight: weights, or None for 1.
        thresholds: in any order; many are faster in ascending order.
        kinds: some of `KINDS`.
        per_label: whether to count for each entry of the last axis by itself.
    """
    labels = ops.shape(y_pred)[-1] if per_label else 1
    y_true, y_pred = (ops.reshape(value, (-1, labels)) for value in (y_true, y_pred))
    weight = None if weight is None else ops.reshape(weight, (-1, labels))
    right = y_true if weight is None else y_true * weight
    masses = {"true_positives": right, "false_negatives": right}
    if "false_positives" in kinds or "true_negatives" in kinds:
        wrong = 1.0 - y_true if weight is None else weight - right
        masses |= {"false_positives": wrong, "true_negatives": wrong}
    ascending = list(thresholds) == sorted(thresholds)
    counter = _by_gaps if ascending and len(thresholds) > FEW else _by_comparison
    results = counter(y_pred, {kind: masses[kind] for kind in kinds}, thresholds)
    return results if per_label else [ops.squeeze(result, -1) for result in results]


def _by_comparison(y_pred: Any, masses: dict[str, Any], thresholds: Sequence[float]) -> list[Any]:
    edges = np.reshape(np.asarray(thresholds), (-1, 1, 1))
    dtype = dispatch.dtype_of(y_pred)
    # (t, n, labels)
    positive = ops.cast(ops.greater(ops.expand_dims(y_pred, 0), ops.convert_to_tensor(edges, dtype=dtype)), dtype)
    negative = 1.0 - positive if "true_negatives" in masses or "false_negatives" in masses else None
    chosen = [positive if kind in ("true_positives", "false_positives") else negative for kind in masses]
    return [ops.sum(where * mass, axis=1) for where, mass in zip(chosen, masses.values(), strict=True)]


def _by_gaps(y_pred: Any, masses: dict[str, Any], thresholds: Sequence[float]) -> list[Any]:
    """Add up the masses in each gap between thresholds, then along the gaps: linear in predictions plus thresholds."""
    labels = ops.shape(y_pred)[-1]
    size = len(thresholds) + 1
    edges = ops.convert_to_tensor(np.asarray(thresholds), dtype=dispatch.dtype_of(y_pred))
    # The gap is the number of thresholds below the prediction: at those it is positive.
    gap = ops.cast(ops.reshape(ops.searchsorted(edges, ops.reshape(y_pred, (-1,)), side="left"), (-1, labels)), "int32")
    cell = gap * labels + ops.arange(labels, dtype="int32") if labels != 1 else gap
    cell = ops.reshape(cell, (-1, 1))
    distinct = {id(mass): mass for mass in masses.values()}
    sums = {
        key: ops.reshape(ops.scatter(cell, ops.reshape(mass, (-1,)), (size * labels,)), (size, labels))
        for key, mass in distinct.items()
    }
    results = []
    for kind, mass in masses.items():
        table = sums[id(mass)]
        if kind in ("true_positives", "false_positives"):
            results.append(ops.flip(ops.cumsum(ops.flip(table[1:], axis=0), axis=0), axis=0))
        else:
            results.append(ops.cumsum(table[:-1], axis=0))
    return results
