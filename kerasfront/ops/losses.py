"""Crossentropies as derived ops: the mathematics under the losses of these names.

An override gets what the check of its op has let through: equal shapes, or labels one axis short of the scores. It
must give
the values and gradients of the body, NaN included.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from kerasfront import config, dtypes, ops
from kerasfront.backend.dispatch import (
    Axis,
    Tensor,
    derived,
    dtype_of,
    is_concrete,
    look_at,
    normalize_axis,
    shape_of,
)
from kerasfront.errors import OpError
from kerasfront.ops._dtypes import promote_float


def _equal_shapes(name: str, target: Any, output: Any, labels: tuple[str, str] = ("target", "output")) -> None:
    shapes = shape_of(target), shape_of(output)
    fits = len(shapes[0]) == len(shapes[1]) and not any(
        a != b and a is not None and b is not None for a, b in zip(*shapes, strict=True)
    )
    if not fits or not shapes[1]:
        raise OpError(
            f"{name}: {labels[0]} and {labels[1]} do not fit. Expected equal shapes with at least one axis; got "
            f"{labels[0]} {shapes[0]} and {labels[1]} {shapes[1]}. Give both the same shape."
        )


def _check_binary(target: Any, output: Any, from_logits: bool = False) -> None:
    _equal_shapes("binary_crossentropy", target, output)


def _check_psnr(x1: Any, x2: Any, max_val: Any = None) -> None:
    _equal_shapes("psnr", x1, x2, ("x1", "x2"))


def _check_categorical(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> None:
    _equal_shapes("categorical_crossentropy", target, output)


def _check_sparse(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> None:
    name = "sparse_categorical_crossentropy"
    labels, scores = shape_of(target), list(shape_of(output))
    place = normalize_axis(axis, len(scores), name)
    classes = scores.pop(place)
    full = len(labels) == len(scores) + 1
    short = labels[:place] + labels[place + 1 :] if full and labels[place] == 1 else labels
    if len(short) != len(scores) or any(
        a != b and a is not None and b is not None for a, b in zip(short, scores, strict=True)
    ):
        raise OpError(
            f"{name}: target and output do not fit. Expected target of shape {tuple(scores)}; got target {labels} "
            "and output "
            f"{shape_of(output)}. Pass one class index for each prediction."
        )
    if classes is not None and is_concrete(target) and 0 not in labels:
        look_at(target, functools.partial(_labels_in_range, name, classes))


def _labels_in_range(name: str, classes: int, values: np.ndarray) -> None:
    if values.dtype.kind == "i":
        # Negative numbers seen as unsigned are larger than any number of classes: one pass instead of two.
        fits = values.view(f"u{values.itemsize}").max() < classes
    else:
        fits = values.min() >= 0 and values.max() < classes
    if fits and values.dtype.kind == "f":
        fits = bool((values == np.floor(values)).all())
    if not fits:
        wrong = values[~((values >= 0) & (values < classes) & (values == np.floor(values)))]
        raise OpError(
            f"{name}: label {wrong.flat[0]} names no class. Expected integers from 0 to {classes - 1}; got "
            f"{wrong.size} other(s) "
            f"among {values.size} labels. Correct the labels, widen the model's last layer, or name the value as "
            "ignore_class."
        )


@derived(dtype=promote_float, check=_check_binary)
def binary_crossentropy(target: Tensor, output: Tensor, from_logits: bool = False) -> Any:
    """Return ``-(t * log(p) + (1 - t) * log(1 - p))`` for each element.

    Shapes:
        target, output and the result: equal.

    Args:
        target: labels from 0 to 1.
        output: probabilities, or logits with `from_logits`.
        from_logits: whether output holds logits.

    Raises:
        OpError: the shapes differ.

    Notes:
        Probabilities are clipped to [epsilon, 1 - epsilon]; logits are used as they are. NaN stays NaN.
    """
    if from_logits:
        return ops.maximum(output, 0.0) - output * target + ops.log1p(ops.exp(-ops.abs(output)))
    output = ops.clip(output, config.epsilon(), 1.0 - config.epsilon())
    wrong = ops.subtract(1.0, target) * ops.log(ops.subtract(1.0, output))
    return -(target * ops.log(output) + wrong)


@derived(dtype=promote_float, check=_check_categorical)
def categorical_crossentropy(target: Tensor, output: Tensor, from_logits: bool = False, axis: Axis = -1) -> Any:
    """Return ``-sum(t * log(p))`` along an axis.

    Shapes:
        target and output equal; the result has no `axis`.

    Args:
        target: labels: a distribution over the classes, one-hot mostly.
        output: probabilities, or logits with `from_logits`.
        from_logits: whether output holds logits.
        axis: the axis of the classes.

    Raises:
        OpError: the shapes differ.

    Notes:
        Probabilities are divided by their sum, then clipped to [epsilon, 1 - epsilon]. NaN stays NaN.
    """
    if from_logits:
        return -ops.sum(target * ops.log_softmax(output, axis=axis), axis=axis)
    return -ops.sum(target * _log_probabilities(output, axis), axis=axis)


def _log_probabilities(output: Any, axis: int) -> Any:
    output = output / ops.sum(output, axis=axis, keepdims=True)
    return ops.log(ops.clip(output, config.epsilon(), 1.0 - config.epsilon()))


def _labels_and_scores(kinds: tuple[str, ...], wanted: str | None = None) -> tuple[list, str]:
    """The dtype rule: labels stay, scores become floats, which is the result."""
    scores = dtypes.float_type(kinds[1])
    return [None, scores], scores


@derived(dtype=_labels_and_scores, check=_check_sparse)
def sparse_categorical_crossentropy(target: Tensor, output: Tensor, from_logits: bool = False, axis: int = -1) -> Any:
    """Return ``-log(p[t])``: the logarithm of the probability given to the class that the label names.

    Shapes:
        output ``(..., classes, ...)``; target the same without `axis`, or with size 1 there; the result without `axis`.

    Args:
        target: class indices.
        output: probabilities, or logits with `from_logits`.
        from_logits: whether output holds logits.
        axis: the axis of the classes in output; it may count from the end.

    Raises:
        OpError: the shapes do not fit, or a label (whose value is known now) names no class.

    Notes:
        In a compiled function a label that names no class gives NaN. Probabilities are divided by their sum, then
        clipped to
        [epsilon, 1 - epsilon]. NaN stays NaN.
    """
    axis = normalize_axis(axis, len(shape_of(output)), "sparse_categorical_crossentropy")
    if len(shape_of(target)) == len(shape_of(output)):
        target = ops.squeeze(target, axis)
    label = target if dtypes.is_int(dtype_of(target)) else ops.cast(target, "int32")
    logs = ops.log_softmax(output, axis=axis) if from_logits else _log_probabilities(output, axis)
    if is_concrete(target):
        return -ops.squeeze(ops.take_along_axis(logs, ops.expand_dims(label, axis), axis=axis), axis)
    known = ops.logical_and(ops.greater_equal(label, 0), ops.less(label, ops.shape(output)[axis]))
    label = ops.where(known, label, ops.zeros_like(label))
    values = -ops.squeeze(ops.take_along_axis(logs, ops.expand_dims(label, axis), axis=axis), axis)
    return ops.where(known, values, ops.full_like(values, float("nan")))


@derived(dtype=promote_float, check=_check_psnr)
def psnr(x1: Tensor, x2: Tensor, max_val: Any) -> Any:
    """Return the peak signal-to-noise ratio in decibels, ``10 * log10(max_val^2 / mean((x1 - x2)^2))``, a scalar.

    Shapes:
        x1 and x2 equal.

    Args:
        x1: a signal.
        x2: the same signal disturbed.
        max_val: the largest value that the signal can have.

    Raises:
        OpError: the shapes differ.

    Notes:
        Equal signals give infinity.
    """
    noise = ops.mean(ops.square(x1 - x2))
    peak = ops.log10(ops.cast(max_val, dtype_of(x1)))
    return ops.subtract(ops.multiply(peak, 20.0), ops.multiply(ops.log10(noise), 10.0))
