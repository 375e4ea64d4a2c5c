"""Checks of the numbers and labels that users hand to `compile`, `fit`, `evaluate` and `predict`.

Everything here runs on the host before a step does, so that the message is the same on each engine.
"""

from __future__ import annotations

import operator
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
    low, high = labels.min(), labels.max()
    if low < 0 or high >= width:
        bad = low if low < 0 else high
        raise ValueError(
            f"{where}: class label {bad} in `{name}` is out of range. Expected labels from 0 to {width - 1}, because "
            f"the model's output has {width} classes; got labels from {low} to {high}. "
            f"Correct the labels, or give the output layer {int(high) + 1 if low >= 0 else 'a class for each'} units."
        )
