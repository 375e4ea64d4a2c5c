"""Loss scaling for float16: gradients are kept out of the range where they would become 0."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kerasfront import initializers, ops, registration
from kerasfront.optimizers import settings
from kerasfront.optimizers.conditional import update_where
from kerasfront.optimizers.optimizer import Optimizer
from kerasfront.state.variable import Variable

_UNSET = (
    ("weight_decay", None), ("clipnorm", None), ("global_clipnorm", None), ("clipvalue", None), ("use_ema", False),
    ("ema_momentum", 0.99), ("ema_overwrite_frequency", None), ("loss_scale_factor", None),
    ("gradient_accumulation_steps", None),
)  # fmt: skip


class LossScaleOptimizer(Optimizer):
    """Scales the loss up and the gradients down, by a factor that adapts.

    A step whose gradients are not all finite changes nothing and halves the factor; after `dynamic_growth_steps` good
    steps in a row it doubles.

    Args:
        inner_optimizer: takes the steps.
        initial_scale: first factor.
        dynamic_growth_steps: how many good steps double it.
        name: of the optimizer.

    Raises:
        ValueError: an argument out of range, or an inner optimizer that scales the loss itself.

    Source: Micikevicius et al., "Mixed Precision Training", 2018, section 3.2.
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 32768.0,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ):
        if not isinstance(inner_optimizer, Optimizer):
            raise ValueError(
                "LossScaleOptimizer: no inner optimizer. Expected an Optimizer; got a "
                f"{type(inner_optimizer).__name__}. Pass for example Adam()."
            )
        if isinstance(inner_optimizer, LossScaleOptimizer):
            raise ValueError(
                "LossScaleOptimizer: the inner optimizer scales the loss already. Expected one that does not. Pass "
                "it alone."
            )
        if kwargs.pop("dynamic", True) is not True:
            raise ValueError(
                "LossScaleOptimizer: the factor always adapts. Expected dynamic=True; got dynamic=False. For a fixed "
                "factor set `loss_scale_factor` of the inner optimizer and use it alone."
            )
        # What files of earlier releases hold without a value of its own has no effect.
        kwargs = {name: value for name, value in kwargs.items() if (name, value) not in _UNSET}
        if kwargs:
            raise ValueError(
                f"LossScaleOptimizer: {sorted(kwargs)} have no effect here. Expected inner_optimizer, initial_scale, "
                "dynamic_growth_steps and name. Give them to the inner optimizer."
            )
        settings.check_positive("LossScaleOptimizer", "initial_scale", initial_scale)
        settings.check_count("LossScaleOptimizer", "dynamic_growth_steps", dynamic_growth_steps, 1)
        self.inner_optimizer = inner_optimizer
        super().__init__(learning_rate=0.0, name=name)
        self.initial_scale, self.dynamic_growth_steps = initial_scale, dynamic_growth_steps

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the counter of good steps and the factor, and the inner optimizer's slots."""
        if self.built:
            return
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        initial = initializers.Constant(self.initial_scale)
        self.dynamic_scale = self.add_variable((), initial, "float32", name="dynamic_scale")
        super().build(variables)
        self.inner_optimizer.build(variables)

    @property
    def variables(self) -> list[Variable]:
        """Own variables, then those of the inner optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Any:
        """The steps of the inner optimizer; those left out do not count."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    def _take_scaled_step(self, gradients: list, variables: list[Variable]) -> None:
        finite = ops.all(ops.stack([ops.all(ops.isfinite(g)) for g in gradients]))

        def step() -> None:
            scale = ops.cast(self.dynamic_scale, "float32")
            unscaled = [ops.true_divide(g, ops.cast(scale, ops.dtype(g))) for g in gradients]
            # A fixed factor of the inner optimizer has not scaled this loss, see `scale_loss`.
            self.inner_optimizer._take_unscaled_step(unscaled, variables)

        changed = self._trainable_variables if self.inner_optimizer.use_ema else variables
        update_where(finite, step, [*changed, *self.inner_optimizer.variables])
        self._adapt(finite)

    def _adapt(self, finite: Any) -> None:
        """Double the factor after enough good steps, halve it after a bad one."""
        count = ops.add(self.step_counter, 1)
        enough = ops.greater_equal(count, self.dynamic_growth_steps)
        zero = ops.zeros_like(count)
        grown = ops.where(enough, self.dynamic_scale * 2.0, self.dynamic_scale)
        # A factor that has become infinite would never come back.
        grown = ops.where(ops.isfinite(grown), grown, self.dynamic_scale)
        self.dynamic_scale.assign(ops.where(finite, grown, self.dynamic_scale / 2.0))
        self.step_counter.assign(ops.where(ops.logical_and(finite, ops.logical_not(enough)), count, zero))

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times the factor."""
        scale = self.dynamic_scale if self.built else self.initial_scale
        return ops.multiply(loss, ops.cast(scale, ops.dtype(loss)))

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Let the inner optimizer put its running averages in place of the variables."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        """Say which variables the inner optimizer does not decay."""
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor as plain data."""
        return {
            "name": self.name,
            "inner_optimizer": registration.serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> LossScaleOptimizer:
        """Make an optimizer from what `get_config` gave."""
        inner = registration.deserialize_keras_object(config["inner_optimizer"], custom_objects)
        return cls(inner, **{name: value for name, value in config.items() if name != "inner_optimizer"})
