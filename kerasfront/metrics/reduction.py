"""Sums and means over batches, of values and of functions of labels and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasfront import dtypes, ops, registration
from kerasfront.backend import dispatch, masks
from kerasfront.losses.loss import align_weight
from kerasfront.metrics.metric import Metric
from kerasfront.state.variable import Variable


def weigh(name: str, values: Any, sample_weight: Any, dtype: str, reduce: Callable[..., Any]) -> tuple[Any, Any]:
    """Return values of `dtype` and weights of one rank; axes that the weights lack are reduced.

    Args:
        name: who asks, for errors.
        values: the values.
        sample_weight: weights for their leading axes, or None.
        dtype: of both results.
        reduce: `ops.mean` or `ops.sum`.

    Raises:
        ValueError: the weights do not fit.
    """
    values = ops.convert_to_tensor(values, dtype=dtype)
    if sample_weight is None:
        return values, None
    if isinstance(sample_weight, (int, float)):
        # A Python number, such as the size of a batch, stays one: no tensor has to be made of it.
        return (reduce(values) if len(values.shape) else values), float(sample_weight)
    weight = ops.convert_to_tensor(sample_weight, dtype=dtype)
    rank, weight_rank = len(values.shape), len(weight.shape)
    if (
        weight_rank > 0
        and weight_rank in (rank, rank + 1)
        and weight.shape[-1] == 1
        and (weight_rank != rank or rank > 1)
    ):
        weight, weight_rank = ops.squeeze(weight, -1), weight_rank - 1
    if weight_rank < rank:
        values = reduce(values, axis=tuple(range(weight_rank, rank)))
    weight = align_weight(name, weight, values)
    if dispatch.shape_of(weight) != dispatch.shape_of(values):
        weight = ops.broadcast_to(weight, ops.shape(values))
    return values, weight


def floats_as(value: Any, dtype: str) -> Any:
    """Return a tensor; one of a float type gets `dtype`, integers and bool keep theirs."""
    kind = dispatch.dtype_of(value)
    return ops.convert_to_tensor(value, dtype=dtype if dtypes.is_float(kind) else None)


def _sum_of_samples(values: Any) -> Any:
    """Return the sum over the first axis of the means over the others."""
    if len(values.shape) > 1:
        values = ops.mean(values, axis=tuple(range(1, len(values.shape))))
    return ops.sum(values) if len(values.shape) else values


def add_to(variable: Variable, amount: Any) -> None:
    """Add a tensor of the variable's dtype, or a Python number, to a variable: the update of every step, in one op."""
    if isinstance(amount, float):
        variable.assign(variable.value + amount)
    else:
        # The value, not the variable: two tensors of one kind take the short way through dispatch.
        variable.assign(ops.add(amount, variable.value))


def number(size: Any) -> float:
    """Return a number of elements for counting; any will do for a symbolic tensor, which does not know it."""
    return float(size) if isinstance(size, int) else 0.0


class Sum(Metric):
    """The sum of values, times their weights.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kerasfront as keras
        >>> metric = keras.metrics.Sum()
        >>> metric.update_state([1.0, 3.0])
        >>> metric.update_state([4.0], sample_weight=[0.5])
        >>> float(metric.result())
        6.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add values, each times its weight."""
        values, weight = weigh(self.name, values, sample_weight, self.dtype, ops.sum)
        add_to(self.total, ops.sum(values if weight is None else values * weight))

    def result(self) -> Any:
        """Return the sum."""
        return self.total.value


class Mean(Metric):
    """The mean of values by their weights; each sample of a batch counts as much, whatever its number of values.

    Args:
        name, dtype: see `Metric`.

    Example:
        >>> import kerasfront as keras
        >>> metric = keras.metrics.Mean()
        >>> metric.update_state([1.0, 3.0])
        >>> metric.update_state([8.0])
        >>> float(metric.result())
        4.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Count values, each by its weight.

        Args:
            values: shape ``(batch, ...)`` or ``()``.
            sample_weight: shape ``(batch,)``, or with more of the axes of `values`, or ``()``.

        Raises:
            ValueError: the weights do not fit the values.
        """
        values, weight = weigh(self.name, values, sample_weight, self.dtype, ops.mean)
        if weight is None:
            weight = number(ops.shape(values)[0]) if len(values.shape) else 1.0
        else:
            values = values * weight
        add_to(self.total, _sum_of_samples(values))
        add_to(self.count, weight if isinstance(weight, float) else _sum_of_samples(weight))

    def result(self) -> Any:
        """Return the mean; 0 when nothing was counted."""
        return ops.divide_no_nan(self.total, self.count)


class MeanMetricWrapper(Mean):
    """The mean of a function of labels and predictions.

    Args:
        fn: `fn(y_true, y_pred, **kwargs)`, which returns one value for each sample.
        name: of the metric; the class name by default.
        dtype: see `Metric`. Predictions are converted to it first.
        **kwargs: handed to `fn` at each call.
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Count a batch.

        Args:
            y_true: labels.
            y_pred: predictions. A mask that they carry takes values out.
            sample_weight: a weight for each sample, or for each value.

        Raises:
            ValueError: labels or weights that do not fit.
        """
        mask = masks.get_mask(y_pred)
        y_true, y_pred = floats_as(y_true, self.dtype), floats_as(y_pred, self.dtype)
        with masks.mask_scope():
            values = self._fn(y_true, y_pred, **self._fn_kwargs)
            own_mask = masks.get_mask(values)
        if own_mask is not None:
            mask = own_mask if mask is None else ops.logical_and(mask, own_mask)
        super().update_state(values, sample_weight=masked_weight(self.name, sample_weight, mask, self.dtype))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the metric, as plain data."""
        config = {**super().get_config(), **self._fn_kwargs}
        if type(self) is MeanMetricWrapper:
            config["fn"] = registration.serialize_keras_object(self._fn)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> MeanMetricWrapper:
        """Return a metric with the arguments that `get_config` gave."""
        return cls(**registration.deserialize_keras_object(config))


def masked_weight(name: str, sample_weight: Any, mask: Any, dtype: str) -> Any:
    """Return the product of weights and mask, with the rank of the longer one; None where there is neither."""
    if mask is None:
        return sample_weight
    mask = ops.cast(ops.convert_to_tensor(mask), dtype)
    if sample_weight is None:
        return mask
    weight = ops.cast(ops.convert_to_tensor(sample_weight), dtype)
    if len(weight.shape) < len(mask.shape):
        return align_weight(name, weight, mask) * mask
    return weight * align_weight(name, mask, weight)
