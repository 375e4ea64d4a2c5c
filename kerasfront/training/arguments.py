"""Checks of the numbers and labels that users hand to `compile`, `fit`, `evaluate` and `predict`.

Everything here runs on the host before a step does, so that the message is the same on each engine.
"""

from __future__ import annotations

import operator
import warnings
from typing import Any

import numpy as np


def whole_number(where: str, name: str, value: Any, least: int, none: bool = True) -> int | None:
    """Return `value` as an int and check its lower bound.

    Raises:
        ValueError: it is no whole number, or smaller than `least`.
    """
    if value is None and none:
        return None
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        allowed = f"a whole number of at least {least}" + (" or None" if none else "")
        raise ValueError(
            f"{where}: `{name}` does not fit. Expected {allowed}; got {value!r}. Pass {name}={max(least, 1)}."
        )
    return number


def split_fraction(where: str, value: Any) -> float:
    """Return `validation_split` as a float in [0, 1).

    Raises:
        ValueError: it lies outside.
    """
    try:
        fraction = float(value or 0.0)
    except (TypeError, ValueError):
        fraction = -1.0
    if not 0.0 <= fraction < 1.0:
        raise ValueError(
            f"{where}: `validation_split` does not fit. Expected the fraction of the samples to hold out, at least 0 "
            f"and below 1; got {value!r}. Pass validation_split=0.2 to validate on the last fifth."
        )
    return fraction


def validation_epochs(where: str, value: Any) -> Any:
    """Return `validation_freq`: a positive int, or a collection of epochs counted from one.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return frozenset(whole_number(where, "validation_freq", epoch, 1, none=False) for epoch in value)
    return whole_number(where, "validation_freq", value, 1, none=False)


def verbosity(where: str, value: Any) -> Any:
    """Return `verbose` after a check.

    Raises:
        ValueError: it is none of "auto", 0, 1, 2, True, False.
    """
    if isinstance(value, str):
        if value == "auto":
            return value
    elif value in (0, 1, 2):
        return int(value)
    raise ValueError(
        f"{where}: `verbose` does not fit. Expected 'auto', 0, 1 or 2; got {value!r}. Pass verbose=0 for silence."
    )


def jit_choice(where: str, value: Any) -> bool | str:
    """Return `jit_compile` after a check; None means "auto".

    Raises:
        ValueError: it is none of "auto", True, False.
    """
    if value is None or (isinstance(value, str) and value == "auto"):
        return "auto"
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise ValueError(
        f"{where}: `jit_compile` does not fit. Expected 'auto', True or False; got {value!r}. Pass 'auto'."
    )


def check_sparse_labels(where: str, labels: Any, width: int | None, name: str = "y") -> None:
    """Check once, on the host, that integer class labels lie in [0, width).

    Args:
        where: the call to name in the message.
        labels: host labels; anything but a non-empty array of numbers is left alone.
        width: number of classes that the model gives out, None where unknown.
        name: what to call the labels.

    Raises:
        ValueError: a label lies outside.
    """
    labels = np.asarray(labels)
    if width is None or not labels.size or labels.dtype.kind not in "iuf":
        return
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.rint(labels)):
        odd = labels[labels != np.rint(labels)][0]
        raise ValueError(
            f"{where}: class label {odd} in `{name}` is no whole number. Expected labels from 0 to {width - 1}; got "
            f"{labels.dtype} numbers. Use integers for classes, and a loss such as 'mse' for other numbers."
        )
    low, high = labels.min(), labels.max()
    if low < 0 or high >= width:
        bad = low if low < 0 else high
        remedy = f"or give the output layer {int(high) + 1} units" if low >= 0 else "counting the classes from 0"
        raise ValueError(
            f"{where}: class label {bad} in `{name}` is out of range. Expected labels from 0 to {width - 1}, because "
            f"the model's output has {width} classes; got labels from {low} to {high}. "
            f"Correct the labels, {remedy}."
        )


def warn_of_no_probabilities(where: str, labels: Any, loss: str, name: str = "y") -> None:
    """Warn once, on the host, of labels that stand for probabilities but do not lie in [0, 1].

    Args:
        where: the call to name in the message.
        labels: host labels; anything but a non-empty array of numbers is left alone.
        loss: name of the loss.
        name: what to call the labels.
    """
    labels = np.asarray(labels)
    if not labels.size or labels.dtype.kind not in "iuf":
        return
    low, high = labels.min(), labels.max()
    if low < 0 or high > 1:
        warnings.warn(
            f"{where}: the labels in `{name}` do not fit {loss}, whose value then means nothing. Expected numbers "
            f"from 0 to 1; got {low} to {high}. Bring the labels to 0 and 1, or use another loss.",
            UserWarning,
            stacklevel=3,
        )


def check_indices(where: str, values: Any, size: int, layer: str, name: str) -> None:
    """Check once, on the host, that the integers that an embedding looks up lie in [0, size).

    Args:
        where: the call to name in the message.
        values: host data; anything but a non-empty array of numbers is left alone.
        size: of the table.
        layer: name of the layer.
        name: what to call the data.

    Raises:
        ValueError: an integer lies outside.
    """
    if not isinstance(values, (np.ndarray, list)):
        return
    values = np.asarray(values)
    if not values.size or values.dtype.kind not in "iuf":
        return
    low, high = values.min(), values.max()
    if low < 0 or high >= size:
        bad = low if low < 0 else high
        remedy = f"or make the layer with input_dim={int(high) + 1}" if low >= 0 else "counting from 0"
        raise ValueError(
            f"{where}: index {bad} in `{name}` is out of range for layer {layer!r}. Expected integers from 0 to "
            f"{size - 1} (its input_dim is {size}); got {low} to {high}. Correct the data, {remedy}."
        )
