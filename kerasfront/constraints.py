"""Projections that a weight goes through after each update."""

from __future__ import annotations

from typing import Any

from kerasfront import config, ops, registration


def _norms(w: Any, axis: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


def _check_norm(name: str, argument: str, value: Any) -> None:
    if not value >= 0:
        raise ValueError(
            f"{name}: {argument} is out of range. Expected a number of 0 or more; got {value!r}. Pass a positive one."
        )


class Constraint:
    """A projection: a function from the value of a weight to an allowed value of the same shape.

    A subclass implements `__call__(w)` and, to be saved, `get_config()`. The base allows every value.
    """

    def __call__(self, w: Any) -> Any:
        """Return the allowed value that takes the place of `w`."""
        return ops.convert_to_tensor(w)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor as plain data."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """Make one from what `get_config` gave."""
        return cls(**config)


class MaxNorm(Constraint):
    """Scale vectors that are longer than `max_value` down to it.

    Args:
        max_value: the largest Euclidean norm.
        axis: along which the vectors lie. 0 for the kernel of `Dense`; [0, 1, 2] for that of `Conv2D`.

    Raises:
        ValueError: `max_value` is negative.

    Source: Srivastava et al., "Dropout", 2014, section 5.1.

    Example:
        >>> import kerasfront as keras
        >>> keras.ops.convert_to_numpy(keras.constraints.MaxNorm(1)([[3.0, 0.1]])).round(2).tolist()
        [[1.0, 0.10000000149011612]]
    """

    def __init__(self, max_value: float = 2, axis: Any = 0):
        _check_norm("MaxNorm", "max_value", max_value)
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        """Return the scaled value."""
        norms = _norms(w, self.axis)
        return ops.multiply(w, ops.clip(norms, 0, self.max_value) / (config.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        """Return the bound and the axis."""
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Replace negative values by 0."""

    def __call__(self, w: Any) -> Any:
        """Return the value with zeros in place of negative numbers."""
        return ops.relu(w)


class UnitNorm(Constraint):
    """Scale vectors to length 1.

    Args:
        axis: along which the vectors lie.
    """

    def __init__(self, axis: Any = 0):
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the scaled value."""
        return ops.divide(w, config.epsilon() + _norms(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        """Return the axis."""
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Scale vectors so that their length comes between two bounds.

    Args:
        min_value: the smallest Euclidean norm.
        max_value: the largest.
        rate: how much of the way to go at each update; 1 is all of it.
        axis: along which the vectors lie.

    Raises:
        ValueError: a bound is negative, or the smallest is above the largest.
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0):
        _check_norm("MinMaxNorm", "min_value", min_value)
        if not max_value >= min_value:
            raise ValueError(
                f"MinMaxNorm: the bounds are in the wrong order. Expected min_value <= max_value; got {min_value!r} "
                f"and {max_value!r}. "
                "Exchange them."
            )
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Any:
        """Return the scaled value."""
        norms = _norms(w, self.axis)
        wanted = self.rate * ops.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return ops.multiply(w, wanted / (config.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        """Return bounds, rate and axis."""
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


max_norm = MaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
min_max_norm = MinMaxNorm

_CLASSES = (Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm)
_TABLE: dict[str, Any] = {
    **{one.__name__: one for one in _CLASSES},
    "max_norm": MaxNorm,
    "min_max_norm": MinMaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
}

__all__ = ["Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "deserialize", "get", "serialize"]


def get(identifier: Any) -> Any:
    """Return the constraint that `identifier` stands for.

    Args:
        identifier: a name ("max_norm", "MaxNorm"), a class, an object, a function, the data of one, or None.

    Raises:
        ValueError: unknown; the message has the nearest right name.
    """
    return registration.resolve("constraint", identifier, _TABLE)


def serialize(constraint: Any) -> dict[str, Any]:
    """Return a constraint as plain data, in the format of Keras 3."""
    return registration.serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the constraint from what `serialize` gave.

    Args:
        config: the data.
        custom_objects: classes and functions of your own, by name.

    Raises:
        ValueError: the data name no known constraint.
    """
    return registration.resolve("constraint", config, _TABLE, custom_objects)
