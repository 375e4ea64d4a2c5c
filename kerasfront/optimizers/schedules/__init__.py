"""Learning-rate schedules, and `serialize` and `deserialize` for them."""

from __future__ import annotations

from typing import Any

from kerasfront import registration
from kerasfront.optimizers.schedules.decay import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from kerasfront.optimizers.schedules.schedule import LearningRateSchedule

_CLASSES: tuple[type[LearningRateSchedule], ...] = (
    CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay, LearningRateSchedule,
    PiecewiseConstantDecay, PolynomialDecay,
)  # fmt: skip
_TABLE: dict[str, Any] = {one.__name__: one for one in _CLASSES}

__all__ = [*_TABLE, "deserialize", "serialize"]


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return a schedule as plain data, in the format of Keras 3."""
    return registration.serialize_keras_object(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> LearningRateSchedule:
    """Return the schedule from what `serialize` gave.

    Args:
        config: the data.
        custom_objects: classes of your own, by name.

    Raises:
        ValueError: the data name no known schedule.
    """
    return registration.resolve("learning rate schedule", config, _TABLE, custom_objects)
