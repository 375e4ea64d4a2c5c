"""Optimizers that are gradient descent with a scale, a sign or a sum: SGD, RMSprop, Adagrad, Adadelta, Lion, Ftrl."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasfront import initializers, ops
from kerasfront.optimizers import settings
from kerasfront.optimizers.conditional import assign_all
from kerasfront.optimizers.optimizer import Optimizer
from kerasfront.state.variable import Variable


class SGD(Optimizer):
    """Gradient descent, with momentum where that is not 0.

    Args:
        learning_rate: see `Optimizer`, which has the further arguments too.
        momentum: from 0 to 1.
        nesterov: take the gradient step from the point to which the momentum leads.

    Raises:
        ValueError: an argument out of range.

    Source: see `ops.momentum_update`.
    """

    own_arguments = ("momentum", "nesterov")

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        settings.check_fraction("SGD", "momentum", momentum)
        self.momentum, self.nesterov = momentum, nesterov
        self._momentums: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots."""
        if self.built:
            return
        super().build(variables)
        if self.momentum:
            self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_all(self, gradients: list, variables: list[Variable], learning_rate: Any) -> None:
        """Change all variables."""
        if not self.momentum:
            assign_all(variables, ops.sgd_update(variables, gradients, learning_rate))
            return
        slots = self.slots_of(self._momentums, variables)
        new, momentums = ops.momentum_update(variables, gradients, slots, learning_rate, self.momentum, self.nesterov)
        assign_all(variables, new)
        assign_all(slots, momentums)


class RMSprop(Optimizer):
    """Gradient descent on gradients divided by their running root mean square.

    Args:
        learning_rate: see `Optimizer`, which has the further arguments too.
        rho: weight of the mean so far.
        momentum: from 0 to 1.
        epsilon: keeps the division finite.
        centered: divide by the standard deviation instead, at the price of one more slot.

    Raises:
        ValueError: an argument out of range.

    Source: see `ops.rmsprop_update`.
    """

    own_arguments = ("rho", "momentum", "epsilon", "centered")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        settings.check_fraction("RMSprop", "rho", rho)
        settings.check_fraction("RMSprop", "momentum", momentum)
        settings.check_not_negative("RMSprop", "epsilon", epsilon)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered
        self._momentums: list[Variable] = []
        self._average_gradients: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots."""
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        if self.momentum:
            self._momentums = self.add_optimizer_variables(variables, "momentum")
        if self.centered:
            self._average_gradients = self.add_optimizer_variables(variables, "average_gradient")

    def update_all(self, gradients: list, variables: list[Variable], learning_rate: Any) -> None:
        """Change all variables."""
        velocities = self.slots_of(self._velocities, variables)
        momentums = self.slots_of(self._momentums, variables) if self.momentum else []
        averages = self.slots_of(self._average_gradients, variables) if self.centered else []
        new = ops.rmsprop_update(
            variables, gradients, velocities, momentums, averages, learning_rate, self.rho, self.momentum, self.epsilon
        )
        for targets, values in zip((variables, velocities, momentums, averages), new, strict=True):
            assign_all(targets, values)


class Adagrad(Optimizer):
    """Gradient descent on gradients divided by the root of the sum of all their squares.

    Args:
        learning_rate: see `Optimizer`, which has the further arguments too.
        initial_accumulator_value: what the sums start from.
        epsilon: keeps the division finite.

    Raises:
        ValueError: an argument out of range.

    Source: see `ops.adagrad_update`.
    """

    own_arguments = ("initial_accumulator_value", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
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
        settings.check_not_negative("Adagrad", "initial_accumulator_value", initial_accumulator_value)
        settings.check_not_negative("Adagrad", "epsilon", epsilon)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots."""
        if self.built:
            return
        super().build(variables)
        initial = initializers.Constant(self.initial_accumulator_value)
        self._sums = self.add_optimizer_variables(variables, "accumulator", initial)

    def update_all(self, gradients: list, variables: list[Variable], learning_rate: Any) -> None:
        """Change all variables."""
        sums = self.slots_of(self._sums, variables)
        new, new_sums = ops.adagrad_update(variables, gradients, sums, learning_rate, self.epsilon)
        assign_all(variables, new)
        assign_all(sums, new_sums)


class Adadelta(Optimizer):
    """Gradient descent on steps in the proportion of past steps to past gradients.

    Args:
        learning_rate: see `Optimizer`, which has the further arguments too; the paper's form has 1.
        rho: weight of the means so far.
        epsilon: keeps the division finite and starts the steps.

    Raises:
        ValueError: an argument out of range.

    Source: see `ops.adadelta_update`.
    """

    own_arguments = ("rho", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
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
        settings.check_fraction("Adadelta", "rho", rho)
        settings.check_not_negative("Adadelta", "epsilon", epsilon)
        self.rho, self.epsilon = rho, epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots."""
        if self.built:
            return
        super().build(variables)
        names = ["accumulated_grad", "accumulated_delta_var"]
        self._squares, self._steps = self.add_optimizer_variables(variables, names)

    def update_all(self, gradients: list, variables: list[Variable], learning_rate: Any) -> None:
        """Change all variables."""
        squares, steps = (self.slots_of(slots, variables) for slots in (self._squares, self._steps))
        new = ops.adadelta_update(variables, gradients, squares, steps, learning_rate, self.rho, self.epsilon)
        for targets, values in zip((variables, squares, steps), new, strict=True):
            assign_all(targets, values)


class Lion(Optimizer):
    """Steps of one size in each element, by the sign of an interpolated momentum.

    Args:
        learning_rate: see `Optimizer`, which has the further arguments too; about a tenth of that of `AdamW`.
        beta_1: weight of the momentum in a step; above 0.
        beta_2: weight of the momentum so far.

    Raises:
        ValueError: an argument out of range.

    Source: see `ops.lion_update`.
    """

    own_arguments = ("beta_1", "beta_2")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        settings.check_fraction("Lion", "beta_1", beta_1)
        settings.check_positive("Lion", "beta_1", beta_1)
        settings.check_fraction("Lion", "beta_2", beta_2)
        self.beta_1, self.beta_2 = beta_1, beta_2

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots."""
        if self.built:
            return
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_all(self, gradients: list, variables: list[Variable], learning_rate: Any) -> None:
        """Change all variables."""
        slots = self.slots_of(self._momentums, variables)
        new, momentums = ops.lion_update(variables, gradients, slots, learning_rate, self.beta_1, self.beta_2)
        assign_all(variables, new)
        assign_all(slots, momentums)


class Ftrl(Optimizer):
    """Follow the regularized leader, made for sparse linear models.

    Args:
        learning_rate: see `Optimizer`, which has the further arguments too.
        learning_rate_power: 0 or less; 0 keeps the rate.
        initial_accumulator_value: what the sums of squares start from.
        l1_regularization_strength: penalty of absolute values.
        l2_regularization_strength: penalty of squares, as part of the minimisation.
        l2_shrinkage_regularization_strength: penalty of squares, as part of the gradient.
        beta: of the paper.

    Raises:
        ValueError: an argument out of range.

    Source: see `ops.ftrl_update`.
    """

    own_arguments = (
        "learning_rate_power", "initial_accumulator_value", "l1_regularization_strength",
        "l2_regularization_strength", "l2_shrinkage_regularization_strength", "beta",
    )  # fmt: skip

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        if learning_rate_power > 0:
            raise ValueError(
                "Ftrl: learning_rate_power is out of range. Expected a number of 0 or less; got "
                f"{learning_rate_power!r}. Pass -0.5."
            )
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        for argument in self.own_arguments[1:5]:
            settings.check_not_negative("Ftrl", argument, getattr(self, argument))
        self.learning_rate_power, self.beta = learning_rate_power, beta

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots."""
        if self.built:
            return
        super().build(variables)
        initial = [initializers.Constant(self.initial_accumulator_value), "zeros"]
        self._sums, self._linears = self.add_optimizer_variables(variables, ["accumulator", "linear"], initial)

    def update_all(self, gradients: list, variables: list[Variable], learning_rate: Any) -> None:
        """Change all variables."""
        sums, linears = (self.slots_of(slots, variables) for slots in (self._sums, self._linears))
        new = ops.ftrl_update(
            variables, gradients, sums, linears, learning_rate, self.learning_rate_power,
            self.l1_regularization_strength, self.l2_regularization_strength,
            self.l2_shrinkage_regularization_strength, self.beta,
        )  # fmt: skip
        for targets, values in zip((variables, sums, linears), new, strict=True):
            assign_all(targets, values)
