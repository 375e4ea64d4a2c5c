"""Whether labels fit predictions: ranks brought together, and clear errors where the shapes or values do not fit."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from kerasfront import config, dtypes, ops
from kerasfront.backend import dispatch


def shapes_agree(first: tuple[int | None, ...], second: tuple[int | None, ...]) -> bool:
    """Return whether two shapes are equal as far as they are known."""
    return len(first) == len(second) and all(
        a == b or a is None or b is None for a, b in zip(first, second, strict=True)
    )


def as_float(value: Any) -> Any:
    """Return `value` as a tensor of a float type: its own, the default one for integers and bool."""
    value = ops.convert_to_tensor(value)
    return value if dtypes.is_float(dispatch.dtype_of(value)) else ops.cast(value, config.floatx())


def same_rank(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Bring labels and predictions to one rank where one of them has an additional last axis of size 1.

    Labels ``(n,)`` for predictions ``(n, 1)`` become ``(n, 1)``; a longer shape loses its last axis. The same
    holds with the roles exchanged. Everything else stays as it is.
    """
    true_shape, pred_shape = dispatch.shape_of(y_true), dispatch.shape_of(y_pred)
    if len(pred_shape) == len(true_shape) + 1 and pred_shape[-1] == 1:
        if len(true_shape) == 1:
            return ops.expand_dims(y_true, -1), y_pred
        return y_true, ops.squeeze(y_pred, -1)
    if len(true_shape) == len(pred_shape) + 1 and true_shape[-1] == 1:
        if len(pred_shape) == 1:
            return y_true, ops.expand_dims(y_pred, -1)
        return ops.squeeze(y_true, -1), y_pred
    return y_true, y_pred


def elementwise(name: str, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return labels and predictions as floats of one shape, for losses that compare element with element.

    Raises:
        ValueError: the shapes differ. Labels without axes go with predictions of any shape.
    """
    y_pred = as_float(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=dispatch.dtype_of(y_pred))
    y_true, y_pred = same_rank(y_true, y_pred)
    true_shape, pred_shape = dispatch.shape_of(y_true), dispatch.shape_of(y_pred)
    if not shapes_agree(true_shape, pred_shape) and true_shape:
        raise ValueError(_misfit(name, true_shape, pred_shape))
    if not pred_shape:
        raise ValueError(
            f"{name}: y_true and y_pred have no axis. Expected shapes (batch, ...); got () and (). "
            "Pass arrays with a batch axis."
        )
    if not true_shape:
        y_true = ops.broadcast_to(y_true, ops.shape(y_pred))
    return y_true, y_pred


def _misfit(name: str, true_shape: tuple[int | None, ...], pred_shape: tuple[int | None, ...]) -> str:
    batches = true_shape[0], pred_shape[0] if pred_shape else None
    if None not in batches and batches[0] != batches[1]:
        remedy = "Pass as many labels as predictions."
    else:
        remedy = "Change the labels, or the units of the model's last layer."
    return (
        f"{name}: the labels do not fit the predictions. Expected y_true of the shape of y_pred, {pred_shape}; "
        f"got y_true {true_shape}. {remedy}"
    )


def one_hot_labels(name: str, y_true: Any, y_pred: Any, axis: int = -1) -> tuple[Any, Any]:
    """Return one-hot labels and class probabilities (or logits) as floats of one shape.

    Raises:
        ValueError: the shapes differ; the message names the sparse loss where the labels look like class indices.
    """
    y_pred = as_float(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=dispatch.dtype_of(y_pred))
    true_shape, pred_shape = dispatch.shape_of(y_true), dispatch.shape_of(y_pred)
    if not pred_shape:
        raise ValueError(f"{name}: y_pred has no axis. Expected y_pred of shape (batch, classes); got (). Add axes.")
    if shapes_agree(true_shape, pred_shape):
        return y_true, y_pred
    expected = ", ".join("batch" if index == 0 else str(size) for index, size in enumerate(pred_shape))
    no_classes = pred_shape[:axis] + pred_shape[axis:][1:]
    remedy = "Pass one-hot labels of the shape of the predictions"
    if shapes_agree(true_shape, no_classes) or shapes_agree(true_shape, (*no_classes, 1)):
        remedy = f"Use sparse_{name} for integer labels, or keras.utils.to_categorical"
    raise ValueError(
        f"{name}: the labels do not fit the predictions. Expected y_true of shape ({expected}); "
        f"got y_true {true_shape} for y_pred {pred_shape}. {remedy}."
    )


def sparse_labels(name: str, y_true: Any, y_pred: Any, axis: int = -1) -> tuple[Any, Any]:
    """Return integer labels, without an axis for the classes, and class probabilities (or logits).

    Raises:
        ValueError: the shapes differ in another axis than that of the classes.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), as_float(y_pred)
    true_shape, pred_shape = dispatch.shape_of(y_true), dispatch.shape_of(y_pred)
    if len(true_shape) == len(pred_shape) and true_shape and true_shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis)
        true_shape = dispatch.shape_of(y_true)
    if not pred_shape or not -len(pred_shape) <= axis < len(pred_shape):
        raise ValueError(
            f"{name}: y_pred has no axis {axis}. Expected shape (batch, classes); got {pred_shape}. Add axes."
        )
    expected = list(pred_shape)
    del expected[axis]
    if not shapes_agree(true_shape, tuple(expected)):
        remedy = "Pass one class index for each prediction"
        if shapes_agree(true_shape, pred_shape):
            remedy = "For one-hot labels use " + name.replace("sparse_", "")
        raise ValueError(
            f"{name}: the labels do not fit the predictions. Expected y_true of shape {tuple(expected)} with integers "
            f"from 0 to classes - 1; got y_true {true_shape} for y_pred {pred_shape}. {remedy}."
        )
    return y_true, y_pred


def check_class_indices(name: str, labels: Any, classes: int | None, ignore_class: int | None = None) -> None:
    """Raise for a label that names no class, where the values are known now.

    Raises:
        ValueError: a concrete label is negative, not below `classes`, or no whole number.
    """
    if classes is None or not dispatch.is_concrete(labels):
        return
    dispatch.look_at(labels, functools.partial(_class_indices, name, classes, ignore_class))


def _class_indices(name: str, classes: int, ignore_class: int | None, values: np.ndarray) -> None:
    if ignore_class is not None:
        values = values[values != ignore_class]
    if values.size == 0:
        return
    if values.dtype.kind == "i":
        # Negative numbers seen as unsigned are larger than any number of classes: one pass instead of two.
        bad = values.view(f"u{values.itemsize}").max() >= classes
    else:
        bad = not (values.min() >= 0 and values.max() < classes and (values == np.floor(values)).all())
    if bad:
        wrong = values[~((values >= 0) & (values < classes) & (values == np.floor(values)))]
        raise ValueError(
            f"{name}: label {wrong.flat[0]} names no class. Expected integers from 0 to {classes - 1}; "
            f"got {wrong.size} other(s) among {values.size} labels. "
            "Correct the labels, widen the model's last layer, or name the value as ignore_class."
        )


def check_label_smoothing(name: str, label_smoothing: float) -> None:
    """Raise unless 0 <= label_smoothing <= 1.

    Raises:
        ValueError: any other value.
    """
    if not 0 <= label_smoothing <= 1:
        raise ValueError(
            f"{name}: label_smoothing is out of range. Expected a number from 0 to 1; got {label_smoothing!r}. "
            "Small values such as 0.1 are usual."
        )
