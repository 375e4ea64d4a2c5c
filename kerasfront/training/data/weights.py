"""From weights of classes to weights of samples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasfront import tree
from kerasfront.training.data import leaves


def checked_class_weight(class_weight: Any, where: str) -> dict[int, float]:
    """Return `class_weight` as a dict from int to float.

    Raises:
        ValueError: it is no such dict, or a weight is negative or not finite.
    """
    expected = "Expected a dict from integer labels to finite weights of at least 0"
    if not isinstance(class_weight, dict) or not class_weight:
        raise ValueError(
            f"{where}: `class_weight` does not fit. {expected}; got {class_weight!r}. Pass {{0: 1.0, 1: 2.0}} or the "
            "like."
        )
    checked = {}
    for label, weight in class_weight.items():
        whole = isinstance(label, (int, np.integer)) and not isinstance(label, bool)
        if not whole or isinstance(weight, str) or not math.isfinite(float(weight)) or float(weight) < 0:
            raise ValueError(
                f"{where}: `class_weight` does not fit. {expected}; got {label!r}: {weight!r}. Correct that entry."
            )
        checked[int(label)] = float(weight)
    return checked


def sample_weight_from(y: Any, sample_weight: Any, class_weight: dict[int, float], where: str) -> np.ndarray:
    """Return one weight per sample, that of its class.

    Args:
        y: labels: integers of shape (n,) or (n, 1), or one-hot rows of shape (n, classes). One output only.
        sample_weight: must be None.
        class_weight: weight by label; samples of other labels count 1.
        where: the caller, for messages.

    Raises:
        ValueError: there are sample weights too, several outputs, no labels, or labels of another kind.
    """
    if sample_weight is not None:
        raise ValueError(
            f"{where}: `class_weight` and `sample_weight` came together. Expected one of them. Multiply the class "
            "weights into sample_weight."
        )
    outputs = [leaf for leaf in tree.flatten(y) if leaf is not None]
    if len(outputs) != 1:
        raise ValueError(
            f"{where}: `class_weight` needs the labels of exactly one output. Expected one array in `y`; got "
            f"{len(outputs)}. "
            "Pass sample_weight per output."
        )
    labels = _labels_of(outputs[0], where)
    result = np.ones(labels.shape, leaves.host_float())
    for label, weight in class_weight.items():
        result[labels == label] = weight
    return result


def _labels_of(y: Any, where: str) -> np.ndarray:
    engine = leaves.owner(y)
    labels = np.asarray(engine.to_numpy(y) if engine else y)
    one_hot = labels.ndim == 2 and labels.shape[1] > 1
    if one_hot and labels.min(initial=0) >= 0 and labels.max(initial=0) <= 1:
        return labels.argmax(axis=1)
    if labels.ndim > 2 or one_hot or labels.ndim == 2 and labels.shape[1] == 0:
        raise ValueError(
            f"{where}: `class_weight` does not fit these targets. Expected labels of shape (n,), (n, 1), or "
            f"one-hot rows (n, classes) of numbers from 0 to 1; got {labels.shape}{_span(labels)}. Pass sample_weight."
        )
    labels = labels.reshape(-1)
    if not np.array_equal(labels, np.rint(labels)):
        raise ValueError(
            f"{where}: `class_weight` needs whole numbers as labels. Expected integers; got {labels[:5].tolist()}. "
            "Pass sample_weight for regression."
        )
    return labels.astype("int64")


def _span(labels: np.ndarray) -> str:
    return f" with numbers from {labels.min()} to {labels.max()}" if labels.size else ""
