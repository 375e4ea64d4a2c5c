"""How often predictions equal labels."""

from __future__ import annotations

from typing import Any

from kerasfront import dtypes, ops
from kerasfront.backend import dispatch
from kerasfront.losses import agreement
from kerasfront.metrics.reduction import MeanMetricWrapper


def _hits(equal: Any) -> Any:
    return ops.cast(equal, dtypes.standardize_dtype(None))


def _pair(name: str, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return tensors of one shape.

    Raises:
        ValueError: the shapes differ.
    """
    y_true, y_pred = agreement.same_rank(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
    shapes = dispatch.shape_of(y_true), dispatch.shape_of(y_pred)
    if not agreement.shapes_agree(*shapes):
        raise ValueError(
            f"{name}: the labels do not fit the predictions. Expected equal shapes; got y_true {shapes[0]} and "
            f"y_pred {shapes[1]}. For class indices or one-hot labels use sparse_categorical_accuracy or "
            "categorical_accuracy."
        )
    return y_true, y_pred


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1.0 where a prediction equals its label, else 0.0.

    Shapes:
        y_true, y_pred and the result: equal.

    Raises:
        ValueError: the shapes differ.
    """
    return _hits(ops.equal(*_pair("accuracy", y_true, y_pred)))


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Return 1.0 where ``y_pred > threshold`` equals the label 1, else 0.0.

    Shapes:
        y_true, y_pred and the result: equal.

    Raises:
        ValueError: the shapes differ.
    """
    y_true, y_pred = _pair("binary_accuracy", y_true, y_pred)
    positive = ops.cast(ops.greater(y_pred, threshold), dispatch.dtype_of(y_true))
    return _hits(ops.equal(y_true, positive))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1.0 where the largest prediction is at the place of the one-hot label, else 0.0.

    Shapes:
        y_true and y_pred ``(batch, ..., classes)``; the result ``(batch, ...)``.

    Raises:
        ValueError: the shapes differ.
    """
    y_true, y_pred = agreement.one_hot_labels("categorical_accuracy", y_true, y_pred)
    return _hits(ops.equal(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1)))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1.0 where the largest prediction is at the place that the integer label names, else 0.0.

    Shapes:
        y_pred ``(batch, ..., classes)``; y_true ``(batch, ...)`` or ``(batch, ..., 1)``; the result ``(batch, ...)``.

    Raises:
        ValueError: the shapes do not fit.
    """
    y_true, y_pred = agreement.sparse_labels("sparse_categorical_accuracy", y_true, y_pred)
    return _hits(ops.equal(ops.cast(y_true, "int32"), ops.cast(ops.argmax(y_pred, axis=-1), "int32")))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return 1.0 where the class of the one-hot label is among the k largest predictions, else 0.0.

    Shapes:
        y_true and y_pred ``(batch, ..., classes)``; the result ``(batch, ...)``.

    Raises:
        ValueError: the shapes differ.
    """
    y_true, y_pred = agreement.one_hot_labels("top_k_categorical_accuracy", y_true, y_pred)
    return sparse_top_k_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred, k=k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """Return 1.0 where the class that the integer label names is among the k largest predictions, else 0.0.

    Classes that share a prediction share the better place. A label that names no class is never among them.

    Shapes:
        y_pred ``(batch, ..., classes)``; y_true ``(batch, ...)`` or ``(batch, ..., 1)``; the result ``(batch, ...)``.

    Args:
        k: how many predictions count.
        from_sorted_ids: whether y_pred holds class indices, best first, instead of scores.

    Raises:
        ValueError: the shapes do not fit.
    """
    name = "sparse_top_k_categorical_accuracy"
    if from_sorted_ids:
        y_pred = ops.convert_to_tensor(y_pred)
        y_true, _ = agreement.sparse_labels(name, y_true, y_pred)
        ids = ops.cast(y_pred[..., :k], "int32")
        return _hits(ops.any(ops.equal(ids, ops.expand_dims(ops.cast(y_true, "int32"), -1)), axis=-1))
    y_true, y_pred = agreement.sparse_labels(name, y_true, y_pred)
    label = ops.cast(y_true, "int32")
    classes = ops.shape(y_pred)[-1]
    known = ops.logical_and(ops.greater_equal(label, 0), ops.less(label, classes))
    safe = ops.where(known, label, ops.zeros_like(label))
    score = ops.take_along_axis(y_pred, ops.expand_dims(safe, -1), axis=-1)
    ahead = ops.sum(ops.cast(ops.greater(y_pred, score), "int32"), axis=-1)
    finite = ops.isfinite(ops.squeeze(score, -1))
    return _hits(ops.logical_and(ops.logical_and(known, finite), ops.less(ahead, k)))


class Accuracy(MeanMetricWrapper):
    """How often predictions equal labels, see `accuracy`.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kerasfront as keras
        >>> metric = keras.metrics.Accuracy()
        >>> metric.update_state([1, 2, 3, 4], [0, 2, 3, 4])
        >>> float(metric.result())
        0.75
    """

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often thresholded predictions equal labels 0 and 1, see `binary_accuracy`.

    Args:
        threshold: predictions above it count as 1; in ]0, 1[.
        name, dtype: see `Metric`.

    Raises:
        ValueError: the threshold is not between 0 and 1.
    """

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        if threshold is not None and not 0 < threshold < 1:
            raise ValueError(
                f"BinaryAccuracy: threshold is out of range. Expected 0 < threshold < 1; got {threshold!r}. The "
                "default is 0.5."
            )
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is that of the one-hot label, see `categorical_accuracy`.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is that of the integer label, see `sparse_categorical_accuracy`.

    Args:
        name, dtype: see `Metric`.
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the one-hot label is among the k largest predictions, see `top_k_categorical_accuracy`.

    Args:
        k: how many predictions count.
        name, dtype: see `Metric`.

    Raises:
        ValueError: k is no positive integer.
    """

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        _check_k("TopKCategoricalAccuracy", k)
        self.k = k
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the integer label is among the k largest predictions, see `sparse_top_k_categorical_accuracy`.

    Args:
        k: how many predictions count.
        name, dtype: see `Metric`.
        from_sorted_ids: whether predictions are class indices, best first, instead of scores.

    Raises:
        ValueError: k is no positive integer.
    """

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        _check_k("SparseTopKCategoricalAccuracy", k)
        self.k, self.from_sorted_ids = k, from_sorted_ids
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)


def _check_k(name: str, k: int) -> None:
    if isinstance(k, bool) or int(k) != k or k < 1:
        raise ValueError(f"{name}: k does not fit. Expected a positive integer; got {k!r}. The default is 5.")
