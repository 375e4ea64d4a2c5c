"""Values in place of those of Variables for the length of a block."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kerasfront import ops
from kerasfront.backend import registry, symbolic
from kerasfront.state import scope
from kerasfront.state.variable import Variable


class StatelessScope:
    """A context in which Variables have given values, and assignments to them are kept apart.

    Args:
        state_mapping: pairs of Variable and value.
        collect_losses: refused; `Layer.stateless_call(..., return_losses=True)` returns them.
        initialize_variables: accepted for the Keras signature; Variables have values from the start.

    Raises:
        ValueError: a key is no Variable, or a value has another shape.

    Example:
        >>> import kerasfront as keras
        >>> count = keras.Variable(1.0)
        >>> with keras.StatelessScope([(count, 5.0)]) as scope:
        ...     _ = count.assign(count + 1.0)
        >>> float(scope.get_current_value(count)), float(count)
        (6.0, 1.0)
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ):
        if collect_losses:
            raise ValueError(
                "StatelessScope: collect_losses is True. Expected False. Losses are returned by"
                " Layer.stateless_call(..., return_losses=True)."
            )
        # Kept for their identity, by which the frame knows them.
        self._variables: list[Variable] = []
        values = []
        for variable, value in state_mapping or ():
            _check_variable(variable)
            with registry.scope(variable.backend):
                value = ops.convert_to_tensor(value, dtype=variable.dtype)
            if tuple(value.shape) != tuple(variable.shape):
                raise ValueError(
                    f"StatelessScope: the value for {variable.name!r} has shape {tuple(value.shape)}. Expected"
                    f" {tuple(variable.shape)}. Reshape it."
                )
            self._variables.append(variable)
            values.append(value)
        self._frame = scope.Frame(self._variables, values)

    def __enter__(self) -> StatelessScope:
        self._frame.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._frame.__exit__(*exception)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Give a Variable another value within the scope; `update` is the pair."""
        variable, value = update
        _check_variable(variable)
        self._variables.append(variable)
        self._frame.write(variable, value)

    def get_current_value(self, variable: Variable) -> Any:
        """Return the value of a Variable in the scope, None where it has none there."""
        return self._frame.values.get(id(variable))


class SymbolicScope:
    """A context in which ops on symbolic tensors infer shapes and dtypes, and record no graph.

    Example:
        >>> import kerasfront as keras
        >>> with keras.SymbolicScope():
        ...     keras.ops.sum(keras.KerasTensor((2, 3)), axis=0).shape
        (3,)
    """

    def __enter__(self) -> SymbolicScope:
        self._context = symbolic.recording_off()
        self._context.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._context.__exit__(*exception)


def _check_variable(variable: Any) -> None:
    if not isinstance(variable, Variable):
        raise ValueError(
            f"StatelessScope: expected pairs of Variable and value, got {variable!r} for the Variable. Pass the"
            f" Variable itself."
        )
