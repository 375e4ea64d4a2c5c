"""Optimizers on running means of gradients and their squares: Adam, AdamW, Adamax, Lamb, Nadam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasfront import ops
from kerasfront.optimizers import settings
from kerasfront.optimizers.conditional import assign_all
from kerasfront.optimizers.optimizer import Optimizer
from kerasfront.state.variable import Variable


class Adam(Optimizer):
    """Gradient descent on running means of gradients, divided by those of their squares.

    Args:
        learning_rate: see `Optimizer`, which has the further arguments too.
        beta_1: weight of the mean of gradients so far.
        beta_2: weight of the mean of their squares so far.
        epsilon: keeps the division finite.
        amsgrad: divide by the largest mean of squares so far.

    Raises:
        ValueError: an argument out of range.

    Source: see `ops.adam_update`.

    Example:
        >>> import kerasfront as keras
        >>> w = keras.Variable([1.0])
        >>> _ = keras.optimizers.Adam(learning_rate=0.1).apply([[2.0]], [w])
        >>> w.numpy().round(3).tolist()
        [0.8999999761581421]
    """

    own_arguments = ("beta_1", "beta_2", "epsilon", "amsgrad")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        settings.check_fraction("Adam", "beta_1", beta_1)
        settings.check_fraction("Adam", "beta_2", beta_2)
        settings.check_not_negative("Adam", "epsilon", epsilon)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots."""
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        if self.amsgrad:
            self._largest = self.add_optimizer_variables(variables, "velocity_hat")

    def update_all(self, gradients: list, variables: list[Variable], learning_rate: Any) -> None:
        """Change all variables."""
        slots = [self.slots_of(column, variables) for column in (self._momentums, self._velocities)]
        update = ops.adam_update
        if self.amsgrad:
            slots.append(self.slots_of(self._largest, variables))
            update = ops.amsgrad_update
        step = self.iterations + 1
        new = update(variables, gradients, *slots, learning_rate, step, self.beta_1, self.beta_2, self.epsilon)
        for targets, values in zip((variables, *slots), new, strict=True):
            assign_all(targets, values)


class AdamW(Adam):
    """`Adam` with decoupled weight decay: the decay does not go into the running means.

    Args:
        learning_rate: see `Optimizer`, which has the further arguments too.
        weight_decay: each step takes ``learning_rate * weight_decay`` of a variable away from it.
        beta_1, beta_2, epsilon, amsgrad: as for `Adam`.

    Raises:
        ValueError: an argument out of range.

    Source: see `ops.weight_decay_update`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm, clipvalue, global_clipnorm,
            use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
            **kwargs,
        )  # fmt: skip
        if self.weight_decay is None:
            raise ValueError(
                "AdamW: weight_decay is missing. Expected a number of 0 or more; got None. Use Adam to go without."
            )


class Adamax(Optimizer):
    """`Adam` with the largest gradient, slowly forgotten, in place of the root mean square.

    Args:
        learning_rate: see `Optimizer`, which has the further arguments too.
        beta_1: weight of the mean of gradients so far.
        beta_2: weight of the mean of their squares so far.
        epsilon: keeps the division finite.

    Raises:
        ValueError: an argument out of range.

    Source: see `ops.adamax_update`.
    """

    own_arguments = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        settings.check_fraction("Adamax", "beta_1", beta_1)
        settings.check_fraction("Adamax", "beta_2", beta_2)
        settings.check_not_negative("Adamax", "epsilon", epsilon)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots."""
        if self.built:
            return
        super().build(variables)
        self._slots = self.add_optimizer_variables(variables, ["momentum", "norm"])

    def update_all(self, gradients: list, variables: list[Variable], learning_rate: Any) -> None:
        """Change all variables."""
        slots = [self.slots_of(column, variables) for column in self._slots]
        new = ops.adamax_update(
            variables, gradients, *slots, learning_rate, self.iterations + 1, self.beta_1, self.beta_2, self.epsilon
        )
        for targets, values in zip((variables, *slots), new, strict=True):
            assign_all(targets, values)


class Lamb(Optimizer):
    """`Adam` with each weight's step in proportion to the weight's norm, for large batches.

    Args:
        learning_rate: see `Optimizer`, which has the further arguments too.
        beta_1: weight of the mean of gradients so far.
        beta_2: weight of the mean of their squares so far.
        epsilon: keeps the division finite.

    Raises:
        ValueError: an argument out of range.

    Source: see `ops.lamb_update`.
    """

    own_arguments = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        settings.check_fraction("Lamb", "beta_1", beta_1)
        settings.check_fraction("Lamb", "beta_2", beta_2)
        settings.check_not_negative("Lamb", "epsilon", epsilon)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots."""
        if self.built:
            return
        super().build(variables)
        self._slots = self.add_optimizer_variables(variables, ["momentum", "velocity"])

    def update_all(self, gradients: list, variables: list[Variable], learning_rate: Any) -> None:
        """Change all variables."""
        slots = [self.slots_of(column, variables) for column in self._slots]
        new = ops.lamb_update(
            variables, gradients, *slots, learning_rate, self.iterations + 1, self.beta_1, self.beta_2, self.epsilon
        )
        for targets, values in zip((variables, *slots), new, strict=True):
            assign_all(targets, values)


class Nadam(Optimizer):
    """`Adam` with Nesterov momentum.

    Args:
        learning_rate: see `Optimizer`, which has the further arguments too.
        beta_1: weight of the mean of gradients so far.
        beta_2: weight of the mean of their squares so far.
        epsilon: keeps the division finite.

    Raises:
        ValueError: an argument out of range.

    Source: see `ops.nadam_update`.
    """

    own_arguments = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        settings.check_fraction("Nadam", "beta_1", beta_1)
        settings.check_fraction("Nadam", "beta_2", beta_2)
        settings.check_not_negative("Nadam", "epsilon", epsilon)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots."""
        if self.built:
            return
        super().build(variables)
        self._slots = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        # The product of the momentum schedule so far.
        self._product = self.add_variable((), "ones", name="u_product")

    def update_all(self, gradients: list, variables: list[Variable], learning_rate: Any) -> None:
        """Change all variables."""
        slots = [self.slots_of(column, variables) for column in self._slots]
        step = self.iterations + 1
        *new, product = ops.nadam_update(
            variables, gradients, *slots, self._product, learning_rate, step, self.beta_1, self.beta_2, self.epsilon
        )
        for targets, values in zip((variables, *slots), new, strict=True):
            assign_all(targets, values)
        self._product.assign(product)
