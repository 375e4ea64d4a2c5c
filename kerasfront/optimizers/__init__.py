"""Optimizers: classes, and `get`, `serialize` and `deserialize`."""

from __future__ import annotations

from typing import Any

from kerasfront import errors, registration
from kerasfront.optimizers import schedules as schedules
from kerasfront.optimizers.adafactor import Adafactor
from kerasfront.optimizers.adam import Adam, Adamax, AdamW, Lamb, Nadam
from kerasfront.optimizers.gradient_descent import SGD, Adadelta, Adagrad, Ftrl, Lion, RMSprop
from kerasfront.optimizers.loss_scale import LossScaleOptimizer
from kerasfront.optimizers.optimizer import Optimizer

_CLASSES: tuple[type[Optimizer], ...] = (
    SGD, RMSprop, Adam, AdamW, Adadelta, Adafactor, Adagrad, Adamax, Ftrl, Lamb, Lion, LossScaleOptimizer, Nadam,
)  # fmt: skip
_BY_NAME = {one.__name__.lower(): one for one in _CLASSES if one is not LossScaleOptimizer}
_TABLE: dict[str, Any] = {**{one.__name__: one for one in _CLASSES}, **_BY_NAME}

__all__ = [one.__name__ for one in _CLASSES] + ["Optimizer", "deserialize", "get", "schedules", "serialize"]


def get(identifier: Any) -> Any:
    """Return the optimizer that `identifier` stands for.

    Args:
        identifier: a name in upper or lower case, a class, an object, or the data of an optimizer; None for None.

    Raises:
        ValueError: unknown; the message has the nearest right name.

    Example:
        >>> import kerasfront as keras
        >>> type(keras.optimizers.get("adam")).__name__
        'Adam'
    """
    return None if identifier is None else _resolve(identifier, None)


def _resolve(identifier: Any, custom_objects: dict[str, Any] | None) -> Any:
    found = identifier
    if isinstance(identifier, dict):
        name = identifier.get("class_name")
        if isinstance(name, str) and name in _BY_NAME:
            identifier = {**identifier, "class_name": _BY_NAME[name].__name__}
        found = registration.deserialize_keras_object(identifier, custom_objects)
    elif isinstance(identifier, str):
        found = registration.get_registered_object(identifier, custom_objects, _TABLE) or _TABLE.get(identifier.lower())
        if found is None:
            raise errors.unknown_name("optimizer", identifier, _TABLE)
    if isinstance(found, type):
        found = found()
    if not isinstance(found, Optimizer):
        raise ValueError(
            f"optimizer: {identifier!r} is none. Expected a name, an Optimizer or the data of one; "
            f"got a {type(identifier).__name__}. Pass for example 'adam'."
        )
    return found


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return an optimizer as plain data, in the format of Keras 3."""
    return registration.serialize_keras_object(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Optimizer:
    """Return the optimizer from what `serialize` gave.

    Args:
        config: the data.
        custom_objects: classes of your own, by name.

    Raises:
        ValueError: the data name no known optimizer.
    """
    return _resolve(config, custom_objects)
