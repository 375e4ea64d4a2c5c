"""The base of learning-rate schedules."""

from __future__ import annotations

from typing import Any


class LearningRateSchedule:
    """A learning rate as a function of the step.

    A subclass implements `__call__(step)` in `kerasfront.ops`, so that it runs inside compiled steps, and, to be saved,
    `get_config()`.

    Example:
        >>> import kerasfront as keras
        >>> class Harmonic(keras.optimizers.schedules.LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 1.0 / (keras.ops.cast(step, "float32") + 1.0)
        >>> float(Harmonic()(3))
        0.25
    """

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at a step.

        Args:
            step: scalar integer tensor, 0 at the first step.
        """
        raise NotImplementedError(
            f"{type(self).__name__}: gives no rate. Expected a method __call__(self, step). Write one."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor as plain data."""
        raise NotImplementedError(
            f"{type(self).__name__}: cannot be saved. Expected a method get_config(self). Write one."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """Make one from what `get_config` gave."""
        return cls(**config)
