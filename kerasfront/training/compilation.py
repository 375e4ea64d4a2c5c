"""What `compile` sets up, in one record beside the model."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

from kerasfront import metrics as metrics_module
from kerasfront import optimizers, registration
from kerasfront.training import arguments
from kerasfront.training.compile_loss import CompileLoss
from kerasfront.training.compile_metrics import CompileMetrics


@dataclasses.dataclass(eq=False)
class Compilation:
    """The loss and metrics of a compiled model, and how its steps are to run."""

    loss: CompileLoss | None
    metrics: CompileMetrics | None
    loss_tracker: Any
    steps_per_execution: int
    jit_compile: Any
    given: dict[str, Any]
    """The arguments of `compile` as they came."""


def compilation_from(given: dict[str, Any], where: str) -> Compilation:
    """Turn the arguments of `compile` into a record.

    Args:
        given: the arguments of `compile` by name.
        where: the model's name for messages.

    Raises:
        ValueError: an argument does not fit.
    """
    call = f"{where}.compile"
    steps = arguments.whole_number(call, "steps_per_execution", given["steps_per_execution"], 1, none=False)
    jit = arguments.jit_choice(call, given["jit_compile"])
    if jit is True and given["run_eagerly"]:
        warnings.warn(f"{call}: run_eagerly=True leaves jit_compile=True without effect.", stacklevel=4)
    loss, metrics, weighted = given["loss"], given["metrics"], given["weighted_metrics"]
    return Compilation(
        loss=None if loss is None else CompileLoss(loss, given["loss_weights"], where),
        metrics=CompileMetrics(metrics, weighted, where) if metrics or weighted else None,
        loss_tracker=metrics_module.Mean(name="loss"),
        steps_per_execution=steps or 1,
        jit_compile=jit,
        given=given,
    )


def optimizer_from(identifier: Any, scale_loss: bool) -> Any:
    """Return the optimizer for a name, config or optimizer, None for None; wrapped if the loss is to be scaled."""
    if identifier is None:
        return None
    optimizer = optimizers.get(identifier)
    if scale_loss and not isinstance(optimizer, optimizers.LossScaleOptimizer):
        optimizer = optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer")
    return optimizer


_SAVED = (
    "optimizer", "loss", "loss_weights", "metrics", "weighted_metrics",
    "run_eagerly", "steps_per_execution", "jit_compile",
)  # fmt: skip


def config_from(compilation: Compilation, optimizer: Any) -> dict[str, Any]:
    """Return the arguments of `compile` as plain data."""
    config = {name: registration.serialize_keras_object(compilation.given[name]) for name in _SAVED}
    config["optimizer"] = registration.serialize_keras_object(optimizer)
    return config


def arguments_from(config: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `compile` from plain data."""
    return {name: _restore(value) for name, value in config.items()}


def _restore(value: Any) -> Any:
    """Turn the parts of a config that describe objects into objects."""
    if isinstance(value, dict) and "class_name" in value:
        return registration.deserialize_keras_object(value)
    if isinstance(value, dict):
        return {key: _restore(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_restore(item) for item in value]
    return value
