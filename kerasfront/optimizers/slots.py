"""The variables of an optimizer: how they are made, found and saved."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kerasfront import initializers
from kerasfront.backend import registry
from kerasfront.state import whole
from kerasfront.state.variable import Variable, name_scope


class Slots:
    """Keeps the variables of an optimizer in the order in which they are made, and which variable each slot is for."""

    name: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _built_whole(cls.__dict__["build"])  # type: ignore[method-assign]

    def __init__(self) -> None:
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._positions: dict[int, int] = {}

    @property
    def variables(self) -> list[Variable]:
        """The step counter, the learning rate where it is a number, and the slots, in the order of Keras 3."""
        return list(self._variables)

    def build(self, variables: Sequence[Variable]) -> None:
        """Note for which variables slots are to be made."""
        self._trainable_variables = list(variables)
        self._positions = {id(variable): i for i, variable in enumerate(self._trainable_variables)}
        for variable in self._variables if variables else ():
            variable.move_to(self._trainable_variables[0].backend)
        self.built = True

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the optimizer's own.

        Args:
            shape: of the variable.
            initializer: a name or a function of shape and dtype.
            dtype: the default float type for None.
            aggregation, layout: accepted for compatibility.
            name: of the variable.
        """
        with name_scope(self.name):
            initial = initializers.get(initializer)
            variable = Variable(initial, tuple(shape), dtype, trainable=False, aggregation=aggregation, name=name)
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Make a slot: a variable with the shape, dtype and engine of another."""
        label = "_".join((*reference_variable.path.split("/"), *([name] if name else [])))
        with registry.scope(reference_variable.backend):
            return self.add_variable(reference_variable.shape, initializer, reference_variable.dtype, name=label)

    def add_optimizer_variables(
        self, trainable_variables: Iterable[Variable], name: Any, initializer: Any = "zeros"
    ) -> list:
        """Make one slot for each of some variables, or one for each name of a list; returns a list for each name."""
        names = [name] if isinstance(name, str) else list(name)
        initial = [initializer] * len(names) if not isinstance(initializer, (list, tuple)) else list(initializer)
        slots: list[list[Variable]] = [[] for _ in names]
        for variable in trainable_variables:
            for column, each_name, each_initializer in zip(slots, names, initial, strict=True):
                column.append(self.add_variable_from_reference(variable, each_name, each_initializer))
        return slots[0] if isinstance(name, str) else slots

    def slots_of(self, slots: Sequence[Variable], variables: Sequence[Variable]) -> Sequence[Variable]:
        """Return those of some slots that belong to some variables."""
        if len(variables) == len(slots):
            return slots
        return [slots[self._positions[id(variable)]] for variable in variables]

    def save_own_variables(self, store: Any) -> None:
        """Put the values of the variables into a mapping, under their positions as strings."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take the values of the variables from what `save_own_variables` filled.

        Raises:
            ValueError: another number of values than variables, as in files of another optimizer, or before `build`.
        """
        self.set_weights([store[key] for key in sorted(store.keys(), key=int)])

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all variables.

        Raises:
            ValueError: another number of values than variables, or another shape.
        """
        if len(weights) != len(self.variables):
            raise ValueError(
                f"{self.name}: the saved state does not fit. Expected {len(self.variables)} values; got "
                f"{len(weights)}. "
                "Build the optimizer on the same variables, with the same arguments."
            )
        with whole.together():
            for variable, value in zip(self.variables, weights, strict=True):
                variable.assign(value)

    def __getstate__(self) -> dict[str, Any]:
        # Identities mean nothing in a copy: variables are named by their positions there.
        return {key: value for key, value in self.__dict__.items() if key != "_positions"}

    def __setstate__(self, fields: dict[str, Any]) -> None:
        self.__dict__.update(fields)
        self._positions = {id(variable): i for i, variable in enumerate(self._trainable_variables)}


def _built_whole(build: Callable) -> Callable:
    """Return a `build` that makes all slots or none."""

    @functools.wraps(build)
    def built_whole(self: Slots, *args: Any, **kwargs: Any) -> None:
        with whole.kept_on_failure([self, *(part for part in vars(self).values() if isinstance(part, Slots))]):
            build(self, *args, **kwargs)

    return built_whole
