"""The whole state of a model as nested dicts, and its loss as a pure function of that state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kerasfront import errors
from kerasfront.backend import dispatch, registry
from kerasfront.layers.stateless import run_on_values
from kerasfront.state import whole
from kerasfront.state.variable import Variable

_FORMATS = ("backend_tensor", "numpy_array")


class StateTree:
    """The part of `Model` that gives and takes its state."""

    name: str
    optimizer: Any
    trainable_variables: list[Variable]
    non_trainable_variables: list[Variable]
    metrics_variables: list[Variable]
    _backend: Any

    def _state_groups(self) -> dict[str, list[Variable]]:
        return {
            "trainable_variables": self.trainable_variables,
            "non_trainable_variables": self.non_trainable_variables,
            "optimizer_variables": list(self.optimizer.variables) if self.optimizer is not None else [],
            "metrics_variables": self.metrics_variables,
        }

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """Return the values of all variables as nested dicts, by the parts of their paths.

        Args:
            value_format: "backend_tensor" for tensors of the engine, "numpy_array" for host arrays.

        Returns:
            A dict with "trainable_variables", "non_trainable_variables", "optimizer_variables" and
            "metrics_variables".

        Raises:
            ValueError: an unknown format, or two variables have one path.

        Example:
            >>> import kerasfront as keras
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="last")], name="net")
            >>> sorted(model.get_state_tree()["trainable_variables"]["last"])
            ['bias', 'kernel']
        """
        if value_format not in _FORMATS:
            raise errors.unknown_name("value_format", value_format, _FORMATS)
        tree: dict[str, Any] = {}
        for group, variables in self._state_groups().items():
            values: dict[str, Any] = {}
            for variable in variables:
                if variable.path in values:
                    raise ValueError(
                        f"{self.name}.get_state_tree: two variables have the path {variable.path!r}. Expected one."
                        f" Give their layers names of their own."
                    )
                values[variable.path] = variable.numpy() if value_format == "numpy_array" else variable.value
            tree[group] = _nested(values)
        return tree

    def set_state_tree(self, state_tree: dict[str, Any]) -> None:
        """Assign the values of a tree such as `get_state_tree` gives; parts may be left out.

        Nothing is assigned if anything does not fit.

        Raises:
            ValueError: an unknown group or path, or a value of another shape.
        """
        groups = self._state_groups()
        found: list[tuple[Variable, Any]] = []
        for group, values in state_tree.items():
            if group not in groups:
                raise errors.unknown_name(f"{self.name}.set_state_tree: group", group, tuple(groups))
            by_path = {variable.path: variable for variable in groups[group]}
            for path, value in _flat(values):
                if path not in by_path:
                    raise errors.unknown_name(f"{self.name}.set_state_tree: {group}", path, tuple(by_path))
                variable = by_path[path]
                if np.shape(value) != tuple(variable.shape):
                    raise ValueError(
                        f"{self.name}.set_state_tree: {path} has shape {dispatch.shape_of(value)}. Expected"
                        f" {tuple(variable.shape)}. Pass the tree of an equal model."
                    )
                found.append((variable, value))
        with whole.together():
            for variable, value in found:
                variable.assign(value)

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple[Any, tuple[Any, list[Any], list[Any]]]:
        """Return the loss for values of the variables; nothing is changed.

        Args:
            trainable_variables, non_trainable_variables, metrics_variables: a value for each of the model's.
            x, y, y_pred, sample_weight, training: those of `compute_loss`.

        Returns:
            `(loss, (trainable_variables, non_trainable_variables, metrics_variables))`, the values after it.

        Raises:
            ValueError: numbers or shapes of values differ.
        """
        groups = self._state_groups()
        with registry.scope(self._backend):
            loss, (_, others, metrics) = run_on_values(
                f"{self.name}.stateless_compute_loss",
                lambda: self.compute_loss(x, y, y_pred, sample_weight, training),  # type: ignore[attr-defined]
                ("trainable_variables", groups["trainable_variables"], trainable_variables),
                ("non_trainable_variables", groups["non_trainable_variables"], non_trainable_variables),
                ("metrics_variables", groups["metrics_variables"], metrics_variables),
            )
        return loss, (trainable_variables, others, metrics)


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *parts, last = path.split("/")
        inner = tree
        for part in parts:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return tree


def _flat(tree: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}/")
        else:
            yield f"{before}{key}", value
