"""The base of all optimizers: learning rate, clipping, decay, accumulation, averaging; subclasses add the update."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from kerasfront import naming, ops, registration
from kerasfront.backend import registry
from kerasfront.optimizers import settings
from kerasfront.optimizers.conditional import assign_all, update_where
from kerasfront.optimizers.schedules.schedule import LearningRateSchedule
from kerasfront.optimizers.slots import Slots
from kerasfront.state import scope, whole
from kerasfront.state.scope import Frame
from kerasfront.state.variable import Variable


class Optimizer(Slots):
    """Changes variables by gradients.

    A subclass creates its slots in `build` and implements `update_step(gradient, variable, learning_rate)`, or, for all
    variables in one call, `update_all(gradients, variables, learning_rate)`.

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        weight_decay: each step takes ``learning_rate * weight_decay`` of a variable away from it; None for none.
        clipnorm: the largest Euclidean norm of each gradient. At most one of the three ways to clip may be given.
        clipvalue: the largest absolute value in a gradient.
        global_clipnorm: the largest Euclidean norm of all gradients together.
        use_ema: keep a running average of each variable, which takes its place at the end of `fit`.
        ema_momentum: weight of the average so far, from 0 to 1.
        ema_overwrite_frequency: put the averages in place of the variables each so many steps; None for the end only.
        loss_scale_factor: the loss is multiplied by it and the gradients are divided by it.
        gradient_accumulation_steps: take one step on the mean of so many gradients, 2 or more; None for 1.
        name: of the optimizer.

    Raises:
        ValueError: an argument out of range, or unknown.

    Example:
        >>> import kerasfront as keras
        >>> w = keras.Variable([1.0, 2.0])
        >>> optimizer = keras.optimizers.SGD(learning_rate=0.5)
        >>> _ = optimizer.apply([keras.ops.ones((2,))], [w])
        >>> w.numpy()
        array([0.5, 1.5], dtype=float32)
    """

    own_arguments: tuple[str, ...] = ()
    """Names of the arguments that a subclass adds; `get_config` reads the attributes of these names."""

    _by_variable = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # Whichever a class writes itself counts: a subclass of Adam that writes update_step means it to be used.
        super().__init_subclass__(**kwargs)
        if "update_all" in cls.__dict__ or "update_step" in cls.__dict__:
            cls._by_variable = "update_all" not in cls.__dict__

    def __init__(
        self,
        learning_rate: Any,
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
        where = type(self).__name__
        settings.check_known(where, kwargs)
        settings.check_clipping(where, clipnorm, clipvalue, global_clipnorm)
        settings.check_positive(where, "loss_scale_factor", loss_scale_factor)
        settings.check_fraction(where, "ema_momentum", ema_momentum)
        settings.check_not_negative(where, "weight_decay", weight_decay)
        settings.check_count(where, "ema_overwrite_frequency", ema_overwrite_frequency, 1)
        settings.check_count(where, "gradient_accumulation_steps", gradient_accumulation_steps, 2)
        super().__init__()
        self.name = name or naming.auto_name(where)
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum, self.ema_overwrite_frequency = use_ema, ema_momentum, ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._undecayed: set[int] = set()
        self._undecayed_names: list[str] = []
        self._averages: list[Variable] = []
        self._accumulators: list[Variable] = []
        self._told_of_missing = False
        self._iterations = self.add_variable((), dtype="int32", name="iteration")
        self._learning_rate: Any = None
        self._set_learning_rate(learning_rate)

    # -- state

    @property
    def iterations(self) -> Any:
        """How many steps were taken; with accumulation, how many of them changed the variables."""
        if self.gradient_accumulation_steps:
            return ops.floor_divide(self._iterations, self.gradient_accumulation_steps)
        return self._iterations

    @property
    def learning_rate(self) -> Any:
        """The present learning rate: a Variable for a number, else a tensor. A number or a schedule can be assigned."""
        if isinstance(self._learning_rate, LearningRateSchedule):
            return self._learning_rate(self._iterations)
        return self._learning_rate() if not isinstance(self._learning_rate, Variable) else self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, LearningRateSchedule) or (callable(value) and not isinstance(value, Variable)):
            if isinstance(self._learning_rate, Variable):
                self._variables = [variable for variable in self._variables if variable is not self._learning_rate]
            self._learning_rate = value
        elif isinstance(self._learning_rate, Variable):
            settings.check_learning_rate(type(self).__name__, value)
            self._learning_rate.assign(value)
        else:
            raise TypeError(
                f"{type(self).__name__}.learning_rate: the rate comes from {self._learning_rate!r} and cannot be set "
                "to a number. "
                f"Expected an optimizer made with a number; got {value!r}. Make the optimizer with a number, or "
                "assign a schedule."
            )

    def _set_learning_rate(self, value: Any) -> None:
        if isinstance(value, LearningRateSchedule) or (callable(value) and not isinstance(value, Variable)):
            self._learning_rate = value
            return
        settings.check_learning_rate(type(self).__name__, value)
        value = float(value) if isinstance(value, Variable) else value
        self._learning_rate = self.add_variable((), initializer=lambda shape, dtype: value, name="learning_rate")

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots for some variables; a second call does nothing.

        Args:
            variables: those that `apply` will change, on one engine.
        """
        if self.built:
            return
        super().build(variables)
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulators = self.add_optimizer_variables(variables, "gradient_accumulator")
        for pattern in self._undecayed_names:
            self._undecayed |= {id(variable) for variable in variables if re.search(pattern, variable.name)}

    # -- the step

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Any:
        """Take a step on pairs of gradient and variable. Returns the step counter."""
        gradients, variables = zip(*grads_and_vars, strict=True)
        return self.apply(gradients, variables)

    def apply(self, grads: Iterable[Any], trainable_variables: Iterable[Variable] | None = None) -> Any:
        """Take a step.

        Args:
            grads: one gradient for each variable; None where there is none.
            trainable_variables: what to change; None for what the optimizer was built on.

        Returns:
            The step counter.

        Raises:
            ValueError: gradients do not fit the variables, none of them is there, or a variable is unknown.
        """
        gradients, variables = list(grads), self._known(trainable_variables)
        settings.check_gradients(self.name, gradients, variables)
        if any(gradient is None for gradient in gradients):
            gradients, variables = self._present(gradients, variables)
        if not variables:
            return self._iterations
        backend = variables[0].backend
        # An engine changes in place only what nobody else holds. If the step fails after this, the old values stand.
        unfinished = scope.state.frames and not scope.state.finishing and not backend.tracing()
        held = [variable.raw for variable in (*variables, *self.variables)] if unfinished else None  # noqa: F841
        if registry.active() is backend:
            self._take_step(gradients, variables)
        else:
            with registry.scope(backend):
                self._take_step(gradients, variables)
        return self._iterations

    def _take_step(self, gradients: list, variables: list[Variable]) -> None:
        if any(variable.overwrite_with_gradient for variable in variables):
            gradients, variables = self._overwrite(gradients, variables)
        if variables:
            self._take_scaled_step(gradients, variables)
        else:
            self._iterations.assign_add(1)

    def _overwrite(self, gradients: list, variables: list[Variable]) -> tuple[list, list[Variable]]:
        """Assign their gradients to the variables that want them as values; return the others.

        Such gradients are not scaled, clipped or decayed. With accumulation the largest of them is assigned.
        """
        steps = self.gradient_accumulation_steps
        others = []
        for gradient, variable in zip(gradients, variables, strict=True):
            if not variable.overwrite_with_gradient:
                others.append((gradient, variable))
            elif steps:
                accumulator = self._accumulators[self._positions[id(variable)]]
                largest = ops.maximum(gradient, accumulator)
                complete = ops.equal(ops.mod(self._iterations, steps), steps - 1)
                variable.assign(ops.where(complete, largest, variable.value))
                accumulator.assign(ops.where(complete, ops.zeros_like(largest), largest))
            else:
                variable.assign(gradient)
        return [gradient for gradient, _ in others], [variable for _, variable in others]

    def _known(self, trainable_variables: Iterable[Variable] | None) -> list[Variable]:
        """Return the variables in the order in which the slots are, building where that has not been done."""
        if trainable_variables is None:
            if not self.built:
                raise ValueError(
                    f"{self.name}.apply: the optimizer knows no variables. Expected trainable_variables, or build() "
                    "before. "
                    "Pass the variables."
                )
            return self._trainable_variables
        variables = list(trainable_variables)
        if not self.built:
            self.build(variables)
        unknown = next((variable for variable in variables if id(variable) not in self._positions), None)
        if unknown is not None:
            raise ValueError(
                f"{self.name}.apply: unknown variable {getattr(unknown, 'path', unknown)!r}. Expected those that the "
                "optimizer was built on "
                f"({len(self._trainable_variables)}). Make a new optimizer for other variables."
            )
        return variables

    def _present(self, gradients: list, variables: list[Variable]) -> tuple[list, list[Variable]]:
        """Leave out variables without gradient, saying so once."""
        missing = settings.missing_gradients(self.name, gradients, variables)
        if not self._told_of_missing:
            self._told_of_missing = True
            listed = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
            warnings.warn(
                f"{self.name}.apply: no gradient for {len(missing)} variables: {listed}. They stay as they are.",
                stacklevel=3,
            )
        pairs = [(g, variable) for g, variable in zip(gradients, variables, strict=True) if g is not None]
        return [g for g, _ in pairs], [variable for _, variable in pairs]

    def _take_scaled_step(self, gradients: list, variables: list[Variable]) -> None:
        if self.loss_scale_factor:
            gradients = [ops.true_divide(g, self.loss_scale_factor) for g in gradients]
        self._take_unscaled_step(gradients, variables)

    def _take_unscaled_step(self, gradients: list, variables: list[Variable]) -> None:
        if self.gradient_accumulation_steps:
            self._accumulate(gradients, variables)
        else:
            self._change(gradients, variables)
        if self.use_ema:
            # All of them: at the end the averages take the place of those without a gradient, too.
            self._average(self._trainable_variables)
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))
        self._iterations.assign_add(1)

    def _change(self, gradients: list, variables: list[Variable]) -> None:
        """Clip, decay, update."""
        learning_rate = self.learning_rate
        gradients = self._clipped(gradients)
        if self.weight_decay:
            decayed = [variable for variable in variables if id(variable) not in self._undecayed]
            if decayed:
                assign_all(decayed, ops.weight_decay_update(decayed, learning_rate, self.weight_decay))
        if self._by_variable:
            for gradient, variable in zip(gradients, variables, strict=True):
                self.update_step(gradient, variable, ops.cast(learning_rate, variable.dtype))
        else:
            self.update_all(gradients, variables, learning_rate)

    def _clipped(self, gradients: list) -> list:
        if self.clipnorm:
            return ops.clip_each_by_norm(gradients, self.clipnorm)
        if self.global_clipnorm:
            return ops.clip_by_global_norm(gradients, self.global_clipnorm)
        if self.clipvalue:
            return [ops.clip(g, -self.clipvalue, self.clipvalue) for g in gradients]
        return gradients

    def _accumulate(self, gradients: list, variables: list[Variable]) -> None:
        """Add to the accumulators; each so many times take a step on their mean and clear them."""
        steps = self.gradient_accumulation_steps or 1
        accumulators = self.slots_of(self._accumulators, variables)
        sums = [ops.add(a, g) for a, g in zip(accumulators, gradients, strict=True)]
        complete = ops.equal(ops.mod(self._iterations, steps), steps - 1)
        assign_all(accumulators, sums)

        def change() -> None:
            self._change([ops.true_divide(g, steps) for g in sums], variables)
            assign_all(accumulators, [ops.zeros_like(g) for g in sums])

        update_where(complete, change, [*variables, *self._variables])

    def _average(self, variables: list[Variable]) -> None:
        """Update the running averages; the first step starts them."""
        averages = self.slots_of(self._averages, variables)
        started = ops.cast(ops.greater(self.iterations, 0), "float32")
        values = ops.moving_average_update(averages, variables, started * self.ema_momentum)
        assign_all(averages, values)
        if self.ema_overwrite_frequency:
            due = ops.equal(ops.mod(self.iterations + 1, self.ema_overwrite_frequency), 0)
            update_where(due, lambda: assign_all(variables, [ops.copy(value) for value in values]), variables)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable. To be written by subclasses that do not write `update_all`."""
        self.update_all([gradient], [variable], learning_rate)

    def update_all(self, gradients: list, variables: list[Variable], learning_rate: Any) -> None:
        """Change all variables.

        Args:
            gradients: clipped, one for each variable.
            variables: all that the optimizer was built on, or some of them.
            learning_rate: a Variable or scalar tensor.
        """
        raise NotImplementedError(
            f"{type(self).__name__}: has no update. Expected a method update_step(self, gradient, variable, "
            "learning_rate). Write one."
        )

    # -- further services

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list, list]:
        """Take a step on values instead of variables; nothing is changed.

        Args:
            optimizer_variables: values in the order of `variables`.
            grads: one gradient for each trainable variable.
            trainable_variables: values in the order in which the optimizer was built.

        Returns:
            The new values, `(trainable_variables, optimizer_variables)`.

        Raises:
            ValueError: the optimizer is not built, or the numbers of values differ.
        """
        if not self.built:
            raise ValueError(
                f"{self.name}.stateless_apply: the optimizer knows no variables. Expected build() before. Call it."
            )
        own = self.variables
        if len(optimizer_variables) != len(own) or len(trainable_variables) != len(self._trainable_variables):
            raise ValueError(
                f"{self.name}.stateless_apply: wrong number of values. Expected {len(own)} and "
                f"{len(self._trainable_variables)}; "
                f"got {len(optimizer_variables)} and {len(trainable_variables)}. Pass one for each variable."
            )
        # Copies, since an engine's own kernel may change what it is given in place.
        values = [ops.copy(ops.convert_to_tensor(value)) for value in (*optimizer_variables, *trainable_variables)]
        frame = Frame([*own, *self._trainable_variables], values)
        with frame:
            self.apply(grads, self._trainable_variables)
        new = [[frame.values[id(variable)] for variable in some] for some in (self._trainable_variables, own)]
        return new[0], new[1]

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times `loss_scale_factor`; gradients of it are what `apply` wants."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        """Say which variables do not decay. To be called before `build`.

        Args:
            var_list: the variables.
            var_names: patterns (regular expressions) that are looked for in their names.

        Raises:
            ValueError: the optimizer is built.
        """
        if self.built:
            raise ValueError(
                f"{self.name}.exclude_from_weight_decay: the optimizer is built. Expected the call before build(). "
                "Call it earlier."
            )
        self._undecayed |= {id(variable) for variable in var_list or []}
        self._undecayed_names += list(var_names or [])

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Put the running averages in place of the variables, at the end of training."""
        if self.use_ema and self.built:
            variables = [variable for variable in var_list if id(variable) in self._positions]
            averages = [self._averages[self._positions[id(variable)]] for variable in variables]
            with whole.together():
                assign_all(variables, [ops.copy(average.value) for average in averages])

    def assign(self, variable: Variable, value: Any) -> None:
        """Set a variable; for `update_step` of subclasses."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable; for `update_step` of subclasses."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable; for `update_step` of subclasses."""
        variable.assign_sub(value)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor as plain data."""
        rate = self._learning_rate
        rate = float(rate.numpy()) if isinstance(rate, Variable) else registration.serialize_keras_object(rate)
        return {
            "name": self.name,
            "learning_rate": rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
            **{name: getattr(self, name) for name in self.own_arguments},
        }

    def __getstate__(self) -> dict[str, Any]:
        undecayed = [i for i, variable in enumerate(self._trainable_variables) if id(variable) in self._undecayed]
        return {**super().__getstate__(), "_undecayed": undecayed}

    def __setstate__(self, fields: dict[str, Any]) -> None:
        super().__setstate__(fields)
        self._undecayed = {id(self._trainable_variables[i]) for i in fields["_undecayed"]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Optimizer:
        """Make an optimizer from what `get_config` gave."""
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = registration.deserialize_keras_object(config["learning_rate"], custom_objects)
        return cls(**config)
