"""Layers as pure functions of the values of their variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasfront import ops
from kerasfront.backend import dispatch, registry
from kerasfront.state import scope
from kerasfront.state.variable import Variable


def run_on_values(
    name: str, run: Callable[[], Any], *groups: tuple[str, Sequence[Variable], Sequence[Any]]
) -> tuple[Any, list[list[Any]]]:
    """Run a function with other values in the place of those of variables; the variables stay as they are.

    Args:
        name: of the layer, for messages.
        run: reads and assigns the variables.
        groups: triples of what a group is called, its variables and their values.

    Returns:
        The function's result, and for each group the values after it.

    Raises:
        ValueError: a group has another number of values than variables, or a value another shape than its variable.
    """
    variables: list[Variable] = []
    values: list[Any] = []
    for label, known, given in groups:
        if len(known) != len(given):
            raise ValueError(
                f"{name}: {len(given)} values for {label}. Expected {len(known)}, one for each of `{label}`. Pass them"
                f" in that order."
            )
        for variable, value in zip(known, given, strict=True):
            value = ops.convert_to_tensor(value, dtype=variable.dtype)
            if dispatch.shape_of(value) != tuple(variable.shape):
                raise ValueError(
                    f"{name}: a value for {variable.path} has shape {dispatch.shape_of(value)}. Expected"
                    f" {tuple(variable.shape)}. Pass the values in the order of `{label}`."
                )
            variables.append(variable)
            values.append(value)
    with scope.Frame(variables, values) as frame:
        result = run()
    return result, [[frame.values[id(variable)] for variable in known] for _, known, _ in groups]


class Stateless:
    """The part of `Layer` that calls it without changing it."""

    name: str
    built: bool
    losses: list[Any]
    trainable_variables: list[Variable]
    non_trainable_variables: list[Variable]
    _backend: Any
    _clear_losses: Callable[[], None]

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple:
        """Call the layer on values of its variables; nothing is changed.

        Args:
            trainable_variables: a value for each of `trainable_variables`.
            non_trainable_variables: a value for each of `non_trainable_variables`, states of seeds included.
            *args, **kwargs: those of the call.
            return_losses: whether to return the losses that the call added and those of regularizers, too.

        Returns:
            `(outputs, non_trainable_variables)` with the values after the call, or
            `(outputs, non_trainable_variables, losses)`.

        Raises:
            ValueError: the layer is not built, or numbers or shapes of values differ.

        Example:
            >>> import kerasfront as keras
            >>> layer = keras.layers.Dense(2, use_bias=False)
            >>> layer.build((None, 3))
            >>> outputs, _ = layer.stateless_call([keras.ops.ones((3, 2))], [], keras.ops.ones((1, 3)))
            >>> keras.ops.convert_to_numpy(outputs)
            array([[3., 3.]], dtype=float32)
        """
        if not self.built:
            raise ValueError(
                f"{self.name}.stateless_call: not built, so it has no variables. Expected a built layer. Call it on"
                f" data or build() it."
            )

        def run() -> tuple[Any, list[Any]]:
            outputs = self(*args, **kwargs)  # type: ignore[operator]
            return outputs, self.losses if return_losses else []

        try:
            with registry.scope(self._backend):
                (outputs, losses), (_, after) = run_on_values(
                    f"{self.name}.stateless_call",
                    run,
                    ("trainable_variables", self.trainable_variables, trainable_variables),
                    ("non_trainable_variables", self.non_trainable_variables, non_trainable_variables),
                )
        finally:
            # They may be tracers, which must not be met later.
            self._clear_losses()
        return (outputs, after, losses) if return_losses else (outputs, after)
