"""Adafactor: second moments from their row and column means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasfront import ops
from kerasfront.backend import registry
from kerasfront.optimizers import settings
from kerasfront.optimizers.conditional import assign_all
from kerasfront.optimizers.optimizer import Optimizer
from kerasfront.state.variable import Variable


class Adafactor(Optimizer):
    """`Adam` without momentum, whose mean squares come from means of rows and columns.

    Args:
        learning_rate: see `Optimizer`, which has the further arguments too.
        beta_2_decay: exponent of the step in the weight of the newest squares.
        epsilon_1: added to the squares.
        epsilon_2: the smallest scale of a weight.
        clip_threshold: the largest root mean square of an update.
        relative_step: kept for the configuration; as in Keras 3 the learning rate is bounded by one over the root of
            the step in either case.

    Raises:
        ValueError: an argument out of range.

    Source: see `ops.adafactor_update`.
    """

    own_arguments = ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        settings.check_positive("Adafactor", "clip_threshold", clip_threshold)
        self.beta_2_decay, self.epsilon_1, self.epsilon_2 = beta_2_decay, epsilon_1, epsilon_2
        self.clip_threshold, self.relative_step = clip_threshold, relative_step

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots. Those of rows and columns are scalars, and not used, for weights with fewer than two axes."""
        if self.built:
            return
        super().build(variables)
        self._rows, self._columns, self._velocities = [], [], []
        for variable in variables:
            shape = tuple(variable.shape)
            factored = len(shape) >= 2
            label = variable.path.replace("/", "_")
            with registry.scope(variable.backend):
                rows = shape[:-1] if factored else ()
                self._rows.append(self.add_variable(rows, "zeros", variable.dtype, name=label))
                columns = shape[:-2] + shape[-1:] if factored else ()
                self._columns.append(self.add_variable(columns, "zeros", variable.dtype, name=label))
            self._velocities.append(self.add_variable_from_reference(variable, "velocity"))

    def update_all(self, gradients: list, variables: list[Variable], learning_rate: Any) -> None:
        """Change all variables."""
        slots = [self.slots_of(column, variables) for column in (self._rows, self._columns, self._velocities)]
        new = ops.adafactor_update(
            variables, gradients, *slots, learning_rate, self.iterations + 1, self.beta_2_decay, self.epsilon_1,
            self.epsilon_2, self.clip_threshold,
        )  # fmt: skip
        for targets, values in zip((variables, *slots), new, strict=True):
            assign_all(targets, values)
