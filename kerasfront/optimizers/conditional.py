"""Assignments that happen only where a condition on the device holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kerasfront import ops
from kerasfront.backend import dispatch
from kerasfront.state.scope import Frame
from kerasfront.state.variable import Variable


def assign_all(variables: Sequence[Variable], values: Sequence[Any]) -> None:
    """Assign each value to its variable."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def update_where(condition: Any, update: Callable[[], None], variables: Sequence[Variable]) -> None:
    """Run `update` if a scalar condition holds; inside a compiled function the engine decides each time it runs.

    Args:
        condition: a scalar bool tensor.
        update: assigns to some of `variables` and to no others.
        variables: all that it may change.
    """
    if dispatch.is_concrete(condition):
        if bool(ops.convert_to_numpy(condition)):
            update()
        return
    old = [variable.raw for variable in variables]

    def updated() -> list[Any]:
        # The branch is a function of the engine: its assignments must not leave it but as results.
        frame = Frame(variables, old)
        with frame:
            update()
        return [frame.values[id(variable)] for variable in variables]

    assign_all(variables, ops.cond(condition, updated, lambda: list(old)))
