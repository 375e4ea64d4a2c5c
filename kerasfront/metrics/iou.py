"""Intersection over union of predicted and labelled regions, for segmentation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from kerasfront import config, dtypes, ops
from kerasfront.backend import dispatch, masks
from kerasfront.losses import agreement
from kerasfront.metrics.metric import Metric
from kerasfront.metrics.reduction import masked_weight
from kerasfront.metrics.thresholds import full_weight


def _whole(name: str, argument: str, value: Any) -> int:
    if isinstance(value, bool) or int(value) != value or value < 1:
        raise ValueError(f"{name}: {argument} does not fit. Expected a positive integer; got {value!r}. Correct it.")
    return int(value)


class _ConfusionMatrix(Metric):
    """The base: how often each label met each prediction, rows for labels, columns for predictions.

    The matrix has integers unless a dtype is given: counts of pixels soon outgrow the exact integers of float32.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype="int32" if dtype is None else dtype)
        self.num_classes = _whole(type(self).__name__, "num_classes", num_classes)
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.total_confusion_matrix = self.add_variable(
            (self.num_classes, self.num_classes), "zeros", name="total_confusion_matrix"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: class indices, or scores along `axis` without `sparse_y_true`.
            y_pred: class indices, or scores along `axis` without `sparse_y_pred`.
            sample_weight: a weight for each sample, or for each element. Fractions need a float dtype of the metric.

        Raises:
            ValueError: shapes or weights do not fit; an index (whose value is known now) names no class.
        """
        mask = masks.get_mask(y_pred)
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        if not self.sparse_y_true:
            y_true = ops.argmax(y_true, axis=self.axis)
        if not self.sparse_y_pred:
            y_pred = ops.argmax(y_pred, axis=self.axis)
        shapes = dispatch.shape_of(y_true), dispatch.shape_of(y_pred)
        y_true, y_pred = agreement.same_rank(y_true, y_pred)
        if not agreement.shapes_agree(dispatch.shape_of(y_true), dispatch.shape_of(y_pred)):
            raise ValueError(
                f"{self.name}: the labels do not fit the predictions. Expected class indices of one shape; got "
                f"{shapes[0]} "
                f"and {shapes[1]}. For one-hot arrays say sparse_y_true=False or sparse_y_pred=False."
            )
        self._warn_of_others(y_true, self.ignore_class)
        self._warn_of_others(y_pred)
        self._count(y_true, y_pred, self._weight(sample_weight, mask, y_true))

    def _warn_of_others(self, labels: Any, ignore_class: int | None = None) -> None:
        try:
            agreement.check_class_indices(self.name, labels, self.num_classes, ignore_class)
        except ValueError as error:
            warnings.warn(f"{error} Until then they do not count.", stacklevel=4)

    def _weight(self, sample_weight: Any, mask: Any, labels: Any) -> Any:
        whole = not dtypes.is_float(self.dtype)
        if sample_weight is not None and whole and dtypes.is_float(dispatch.dtype_of(sample_weight)):
            warnings.warn(
                f"{self.name}: weights are fractions but the counts are integers, so they are cut to whole numbers. "
                f"Expected a float dtype of the metric; got {self.dtype}. Pass dtype='float32' to the metric.",
                stacklevel=4,
            )
        weight = masked_weight(self.name, sample_weight, mask, self.dtype)
        if weight is None:
            return ops.ones(ops.shape(labels), dtype=self.dtype)
        return full_weight(self.name, weight, ops.zeros(ops.shape(labels), dtype=self.dtype))

    def _count(self, y_true: Any, y_pred: Any, weight: Any) -> None:
        classes = self.num_classes
        y_true, y_pred = (ops.cast(ops.reshape(value, (-1,)), "int32") for value in (y_true, y_pred))
        weight = ops.reshape(weight, (-1,))
        # Values outside the classes do not count; where they are known there was a warning.
        known = ops.logical_and(_inside(y_true, classes), _inside(y_pred, classes))
        if self.ignore_class is not None:
            known = ops.logical_and(known, ops.not_equal(y_true, self.ignore_class))
        cell = ops.where(known, y_true * classes + y_pred, ops.zeros_like(y_true))
        weight = ops.where(known, weight, ops.zeros_like(weight))
        counts = ops.reshape(ops.scatter(ops.expand_dims(cell, -1), weight, (classes * classes,)), (classes, classes))
        self.total_confusion_matrix.assign(self.total_confusion_matrix + ops.cast(counts, self.dtype))

    def _ratios(self) -> tuple[Any, Any]:
        """Return the intersection over union of each class, and 1.0 for those that occur, else 0.0."""
        floatx = self.dtype if dtypes.is_float(self.dtype) else config.floatx()
        table = ops.cast(self.total_confusion_matrix, floatx)
        both = ops.sum(table * ops.eye(self.num_classes, dtype=floatx), axis=0)
        either = ops.sum(table, axis=0) + ops.sum(table, axis=1) - both
        return ops.divide_no_nan(both, either), ops.cast(ops.greater(either, 0.0), floatx)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }


def _inside(values: Any, classes: int) -> Any:
    return ops.logical_and(ops.greater_equal(values, 0), ops.less(values, classes))


class IoU(_ConfusionMatrix):
    """The mean intersection over union of some classes: ``tp / (tp + fp + fn)``, over those of them that occur.

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes that count.
        name: see `Metric`.
        dtype: of the counts, int32 by default. Weights that are fractions need a float type.
        ignore_class: a label whose elements do not count; it may lie outside the classes.
        sparse_y_true: whether labels are class indices, not scores.
        sparse_y_pred: whether predictions are class indices, not scores.
        axis: the axis of the scores.

    Raises:
        ValueError: num_classes is not positive; a target names no class.

    Example:
        >>> import kerasfront as keras
        >>> metric = keras.metrics.IoU(num_classes=2, target_class_ids=[0])
        >>> metric.update_state([0, 0, 1, 1], [0, 1, 0, 1])
        >>> round(float(metric.result()), 4)
        0.3333
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)
        self.target_class_ids = [int(one) for one in target_class_ids]
        wrong = [one for one in self.target_class_ids if not 0 <= one < self.num_classes]
        if wrong or not self.target_class_ids:
            raise ValueError(
                f"{type(self).__name__}: target_class_ids does not fit. Expected some of 0 to "
                f"{self.num_classes - 1}; got "
                f"{self.target_class_ids}. Correct them or num_classes."
            )

    def result(self) -> Any:
        """Return the mean over the targets that occur, 0 where none does."""
        ratios, occur = self._ratios()
        if self.target_class_ids != list(range(self.num_classes)):
            places = ops.convert_to_tensor(self.target_class_ids, dtype="int32")
            ratios, occur = ops.take(ratios, places, axis=0), ops.take(occur, places, axis=0)
        return ops.divide_no_nan(ops.sum(ratios), ops.sum(occur))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        return {**super().get_config(), "target_class_ids": self.target_class_ids}


class BinaryIoU(IoU):
    """The intersection over union for two classes told apart by a threshold.

    Args:
        target_class_ids: the classes that count, some of 0 and 1.
        threshold: predictions of at least this much are class 1; in [0, 1].
        name, dtype: see `IoU`.

    Raises:
        ValueError: a target is neither 0 nor 1.
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch; see `IoU`."""
        mask = masks.get_mask(y_pred)
        positive = ops.cast(ops.greater_equal(ops.convert_to_tensor(y_pred), self.threshold), "int32")
        masks.set_mask(positive, mask)
        super().update_state(y_true, positive, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        return {
            "target_class_ids": self.target_class_ids,
            "threshold": self.threshold,
            "name": self.name,
            "dtype": self.dtype,
        }


class MeanIoU(IoU):
    """The intersection over union, averaged over all classes that occur.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis: see `IoU`.

    Raises:
        ValueError: num_classes is not positive.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        targets = range(_whole(type(self).__name__, "num_classes", num_classes))
        super().__init__(num_classes, targets, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        config = super().get_config()
        del config["target_class_ids"]
        return config


class OneHotIoU(IoU):
    """The intersection over union of some classes, for one-hot labels.

    Args:
        num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_pred, axis: see `IoU`.

    Raises:
        ValueError: num_classes is not positive; a target names no class.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        config = super().get_config()
        del config["sparse_y_true"]
        return config


class OneHotMeanIoU(MeanIoU):
    """The intersection over union for one-hot labels, averaged over all classes that occur.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_pred, axis: see `IoU`.

    Raises:
        ValueError: num_classes is not positive.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        config = super().get_config()
        del config["sparse_y_true"]
        return config
