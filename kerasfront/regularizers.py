"""Penalties on weights or outputs that are added to the loss."""

from __future__ import annotations

import math
from typing import Any

from kerasfront import config, ops, registration


def _factor(name: str, value: Any) -> float:
    """Return a factor as float.

    Raises:
        ValueError: no finite number of 0 or more.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise ValueError(
            f"{name}: the factor does not fit. Expected a finite number of 0 or more; got {value!r}. Pass for example "
            "0.01."
        )
    return float(value)


class Regularizer:
    """A penalty: a function from a tensor to a scalar that is added to the loss.

    A subclass implements `__call__(x)` and, to be saved, `get_config()`.
    """

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a tensor, a scalar."""
        raise NotImplementedError(
            f"{type(self).__name__}: has no penalty. Expected a method __call__(self, x). Write one."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor as plain data."""
        raise NotImplementedError(
            f"{type(self).__name__}: cannot be saved. Expected a method get_config(self). Write one."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """Make one from what `get_config` gave."""
        return cls(**config)


class L1L2(Regularizer):
    """Both penalties, ``l1 sum |x| + l2 sum x^2``.

    Args:
        l1: factor of the absolute values.
        l2: factor of the squares.

    Raises:
        ValueError: a factor is negative or not finite.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0):
        self.l1 = _factor("L1L2", 0.0 if l1 is None else l1)
        self.l2 = _factor("L1L2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a tensor."""
        penalty = ops.zeros((), dtype=ops.dtype(x))
        if self.l1:
            penalty = penalty + self.l1 * ops.sum(ops.abs(x))
        if self.l2:
            penalty = penalty + self.l2 * ops.sum(ops.square(x))
        return penalty

    def get_config(self) -> dict[str, Any]:
        """Return the factors."""
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """The sum of absolute values, ``l1 sum |x|``, which drives weights to 0.

    Args:
        l1: the factor.

    Raises:
        ValueError: the factor is negative or not finite.

    Example:
        >>> import kerasfront as keras
        >>> float(keras.regularizers.L1(0.5)([1.0, -3.0]))
        2.0
    """

    def __init__(self, l1: float = 0.01):
        self.l1 = _factor("L1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a tensor."""
        return self.l1 * ops.sum(ops.abs(x))

    def get_config(self) -> dict[str, Any]:
        """Return the factor."""
        return {"l1": self.l1}


class L2(Regularizer):
    """The sum of squares, ``l2 sum x^2``, which keeps weights small.

    Args:
        l2: the factor.

    Raises:
        ValueError: the factor is negative or not finite.
    """

    def __init__(self, l2: float = 0.01):
        self.l2 = _factor("L2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a tensor."""
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self) -> dict[str, Any]:
        """Return the factor."""
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """The mean absolute cosine between different rows (or columns) of a matrix, which drives them apart.

    Args:
        factor: of the penalty.
        mode: "rows" or "columns".

    Raises:
        ValueError: unknown mode, bad factor, or a tensor without exactly two axes.

    Source: Brock et al., "Neural Photo Editing with Introspective Adversarial Networks", 2017, section 3.3.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows"):
        self.factor = _factor("OrthogonalRegularizer", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(
                f"OrthogonalRegularizer: unknown mode {mode!r}. Expected 'rows' or 'columns'. Use one of those."
            )
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a matrix."""
        shape = tuple(ops.shape(x))
        if len(shape) != 2:
            raise ValueError(
                f"OrthogonalRegularizer: the tensor is no matrix. Expected 2 axes; got shape {shape}. Reshape it."
            )
        axis = 1 if self.mode == "rows" else 0
        lengths = ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), config.epsilon()))
        unit = ops.divide(x, lengths)
        if axis == 0:
            unit = ops.transpose(unit)
        count = shape[1 - axis]
        cosines = ops.abs(ops.matmul(unit, ops.transpose(unit))) * (1 - ops.eye(count, dtype=ops.dtype(x)))
        # Each pair is there twice.
        pairs = count * (count - 1) / 2
        return self.factor * 0.5 * ops.sum(cosines) / pairs

    def get_config(self) -> dict[str, Any]:
        """Return factor and mode."""
        return {"factor": self.factor, "mode": self.mode}


l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

_CLASSES = (Regularizer, L1, L2, L1L2, OrthogonalRegularizer)
_TABLE: dict[str, Any] = {
    **{one.__name__: one for one in _CLASSES},
    "l1": L1,
    "l2": L2,
    "l1_l2": L1L2,
    "l1l2": L1L2,
    "orthogonal_regularizer": OrthogonalRegularizer,
}

__all__ = ["L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "deserialize", "get", "serialize"]


def get(identifier: Any) -> Any:
    """Return the regularizer that `identifier` stands for.

    Args:
        identifier: a name ("l2", "L2"), a class, an object, a function, the data of one, or None.

    Raises:
        ValueError: unknown; the message has the nearest right name.
    """
    return registration.resolve("regularizer", identifier, _TABLE)


def serialize(regularizer: Any) -> dict[str, Any]:
    """Return a regularizer as plain data, in the format of Keras 3."""
    return registration.serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the regularizer from what `serialize` gave.

    Args:
        config: the data.
        custom_objects: classes and functions of your own, by name.

    Raises:
        ValueError: the data name no known regularizer.
    """
    return registration.resolve("regularizer", config, _TABLE, custom_objects)
