"""The base of all losses: dtype, masks, sample weights and reduction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import dtypes, errors, naming, ops, registration, tree
from kerasfront.backend import dispatch, masks
from kerasfront.losses import agreement

REDUCTIONS = ("sum", "sum_over_batch_size", "mean", "mean_with_sample_weight", "none")


def computation_dtype(dtype: Any) -> str:
    """Return the name of the dtype that a dtype, a policy or its name computes in; None is the default float type."""
    dtype = getattr(dtype, "compute_dtype", dtype)
    if isinstance(dtype, str) and dtype.startswith("mixed_"):
        dtype = dtype.removeprefix("mixed_")
    return dtypes.standardize_dtype(dtype)


def check_reduction(reduction: str | None) -> str:
    """Return the name of a reduction; None is "none".

    Raises:
        ValueError: no known reduction.
    """
    if reduction is None:
        return "none"
    if reduction not in REDUCTIONS:
        raise errors.unknown_name("reduction", reduction, REDUCTIONS)
    return reduction


def _is_number_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        isinstance(leaf, (bool, int, float, np.generic)) for leaf in tree.flatten(value)
    )


def convert(value: Any, dtype: str | None) -> Any:
    """Return tensors of `dtype` for a tensor, a nested list of numbers, or a structure of tensors."""
    if isinstance(value, (dict, list, tuple)) and not _is_number_list(value):
        return tree.map_structure(lambda leaf: ops.convert_to_tensor(leaf, dtype=dtype), value)
    return ops.convert_to_tensor(value, dtype=dtype)


def align_weight(name: str, weight: Any, values: Any) -> Any:
    """Return `weight` with the rank of `values`, so that it multiplies the leading axes.

    Raises:
        ValueError: the shape of the weight fits neither the values nor their leading axes.
    """
    shape, target = dispatch.shape_of(weight), dispatch.shape_of(values)
    if not shape:
        return weight
    if len(shape) == len(target) + 1 and shape[-1] == 1:
        weight, shape = ops.squeeze(weight, -1), shape[:-1]
    if len(shape) < len(target):
        for _ in range(len(target) - len(shape)):
            weight = ops.expand_dims(weight, -1)
        shape = dispatch.shape_of(weight)
    fits = len(shape) == len(target) and all(
        size in (1, wanted) or size is None or wanted is None for size, wanted in zip(shape, target, strict=True)
    )
    if not fits:
        raise ValueError(
            f"{name}: the weights do not fit the values. Expected a shape that fits the leading axes of {target}; "
            f"got {shape}. Pass one weight for each sample."
        )
    return weight


def _mask_as_weight(mask: Any, dtype: str, averages: bool) -> Any:
    mask = ops.cast(mask, dtype)
    if not averages:
        return mask
    # The mean is over what is not masked: the mask grows by all / valid. No valid entry at all gives 0.
    return ops.divide_no_nan(mask, ops.mean(mask))


def reduce_values(
    values: Any, sample_weight: Any = None, mask: Any = None, reduction: str = "sum_over_batch_size", name: str = "loss"
) -> Any:
    """Weight and reduce the losses of single samples.

    Shapes:
        values ``(b, ...)``; sample_weight and mask: a leading part of that shape, or the same with an additional last
        1.

    Args:
        values: the losses.
        sample_weight: factors, None for 1.
        mask: False where a value does not count. The means are then over the values that count.
        reduction: "sum"; "sum_over_batch_size" or "mean" (the sum divided by the number of values);
            "mean_with_sample_weight" (divided by the sum of the weights); "none".
        name: who asks, for errors.
    """
    averages = reduction in ("sum_over_batch_size", "mean")
    weight = None
    if sample_weight is not None:
        weight = ops.convert_to_tensor(sample_weight, dtype=dispatch.dtype_of(values))
        weight = align_weight(name, weight, values)
    if mask is not None:
        factor = _mask_as_weight(ops.convert_to_tensor(mask), dispatch.dtype_of(values), averages)
        factor = align_weight(name, factor, values)
        weight = factor if weight is None else weight * factor
    weighted = values if weight is None else values * weight
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return ops.sum(weighted)
    if averages or weight is None:
        return ops.mean(weighted)
    return ops.divide_no_nan(ops.sum(weighted), ops.sum(weight))


class Loss:
    """What is minimised: compares labels with predictions and reduces the losses of the samples to one number.

    A subclass implements `call(y_true, y_pred)`, which returns one loss for each sample.

    Args:
        name: of the loss; the class name in lower case by default.
        reduction: "sum_over_batch_size" (the mean over all values), "mean" (the same), "sum",
            "mean_with_sample_weight" (the sum divided by the sum of the weights), "none" or None.
        dtype: the float type of the computation, or a dtype policy; None for the default float type.

    Raises:
        ValueError: unknown reduction or dtype.

    Example:
        >>> import kerasfront as keras
        >>> class Quartic(keras.losses.Loss):
        ...     def call(self, y_true, y_pred):
        ...         return keras.ops.mean((y_true - y_pred) ** 4, axis=-1)
        >>> float(Quartic()([[1.0]], [[3.0]]))
        16.0
    """

    integer_labels = False
    """Whether labels keep their dtype: class indices must not be rounded to a float type."""
    probability_labels = False
    """Whether labels are probabilities, from 0 to 1."""

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        self.name = name or naming.to_snake_case(type(self).__name__)
        self.reduction = check_reduction(reduction)
        self._dtype_given = dtype
        self._dtype = computation_dtype(dtype)

    @property
    def dtype(self) -> str:
        """The name of the float type of the computation."""
        return self._dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the reduced loss.

        Args:
            y_true: labels.
            y_pred: predictions. A mask that they carry takes values out of the loss and out of the mean.
            sample_weight: a factor for each sample (or for each value).

        Raises:
            ValueError: labels or weights that do not fit the predictions.
        """
        mask = None if isinstance(y_pred, (dict, list, tuple)) else masks.get_mask(y_pred)
        y_pred = convert(y_pred, self._dtype)
        y_true = convert(y_true, None if self.integer_labels else self._dtype)
        with masks.mask_scope():
            values = self.call(y_true, y_pred)
            call_mask = masks.get_mask(values)
        if dispatch.dtype_of(values) != self._dtype:
            # Python numbers in a formula may have widened a narrow type.
            values = ops.cast(values, self._dtype)
        if call_mask is not None:
            mask = call_mask if mask is None else ops.logical_and(mask, call_mask)
        return reduce_values(values, sample_weight, mask, self.reduction, name=self.name)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one loss for each sample. Subclasses implement it."""
        raise NotImplementedError(f"{type(self).__name__}: a loss needs a method call(self, y_true, y_pred). Write it.")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the loss, as plain data."""
        config: dict[str, Any] = {"name": self.name, "reduction": self.reduction}
        if self._dtype_given is not None:
            config["dtype"] = self._dtype
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Return a loss with the arguments that `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name} reduction={self.reduction}>"


class LossFunctionWrapper(Loss):
    """A loss made of a function of labels and predictions.

    Args:
        fn: `fn(y_true, y_pred, **kwargs)`, which returns one loss for each sample.
        reduction: see `Loss`.
        name: see `Loss`; the function's name by default.
        dtype: see `Loss`.
        **kwargs: handed to `fn` at each call.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name or getattr(fn, "__name__", None), reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs
        self.integer_labels = getattr(fn, "integer_labels", False)
        self.probability_labels = getattr(fn, "probability_labels", False)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return what the function gives for labels and predictions of equal rank."""
        if not isinstance(y_true, (dict, list, tuple)) and not isinstance(y_pred, (dict, list, tuple)):
            y_true, y_pred = agreement.same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that rebuild the loss, as plain data."""
        config = {**super().get_config(), **self._fn_kwargs}
        if type(self) is LossFunctionWrapper:
            config["fn"] = registration.serialize_keras_object(self.fn)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LossFunctionWrapper:
        """Return a loss with the arguments that `get_config` gave."""
        return cls(**registration.deserialize_keras_object(config))
