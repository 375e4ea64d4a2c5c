"""Reading and setting the learning rate of a model's optimizer."""

from __future__ import annotations

from typing import Any

from kerasfront.callbacks import lazy_logs


def read(model: Any, kind: str) -> float:
    """Return the learning rate as a Python float.

    Raises:
        ValueError: the optimizer has none.
    """
    rate = getattr(getattr(model, "optimizer", None), "learning_rate", None)
    if rate is None:
        raise ValueError(
            f"{kind}: the model's optimizer has no `learning_rate`. Expected one to change. Compile the model with "
            "such an optimizer."
        )
    return float(lazy_logs.host_value(rate))


def write(model: Any, value: float) -> None:
    """Set the learning rate; the optimizer refuses where it follows a schedule."""
    model.optimizer.learning_rate = value
