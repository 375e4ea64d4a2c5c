"""What a layer holds: variables, sublayers, seeds and metrics, found through its attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kerasfront.backend import dispatch, registry
from kerasfront.state import interrupts, structure, whole
from kerasfront.state.seed import SeedGenerator
from kerasfront.state.variable import Variable, move_all

_UNTRACKED = {"_build_shapes", "_init_arguments", "_tracked", "_input_shape_argument", "input_spec"}


class Holder:
    """The part of `Layer` that keeps Variables and sublayers and tells of them.

    Attributes that may hold variables are remembered by name when they are set; lists and dicts are looked
    through when somebody asks, so that they may change.
    """

    name: str
    built: bool
    _trainable: bool
    _tracked: dict[str, None]

    def __setattr__(self, name: str, value: Any) -> None:
        may_hold = isinstance(value, (Variable, Holder, SeedGenerator, list, tuple, dict))
        if (may_hold or hasattr(value, "_keeps_variables")) and name not in _UNTRACKED:
            self._tracked[name] = None
            structure.forget()
        object.__setattr__(self, name, value)
        structure.note_change()

    def __delattr__(self, name: str) -> None:
        self._tracked.pop(name, None)
        structure.forget()
        object.__delattr__(self, name)
        structure.note_change()

    def _held(self, kind: type | tuple[type, ...]) -> Iterator[Any]:
        """Yield what attributes hold of a kind, lists and dicts included, in order of first assignment."""
        seen: set[int] = set()
        for name in list(self._tracked):
            for leaf in _leaves(self.__dict__.get(name)):
                if isinstance(leaf, kind) and id(leaf) not in seen:
                    seen.add(id(leaf))
                    yield leaf

    @property
    def _layers(self) -> list[Any]:
        return list(self._held(Holder))

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        found: dict[int, Any] = {}
        stack = [self] if include_self else list(reversed(self._layers))
        while stack:
            layer = stack.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                if recursive or layer is self:
                    stack.extend(reversed(layer._layers))
        return list(found.values())

    @structure.remembered
    def _all_layers(self) -> list[Any]:
        return self._flatten_layers()

    @property
    def weights(self) -> list[Variable]:
        """All Variables but the states of seeds and metrics; each layer's trainable ones first."""
        return _distinct(variable for layer in self._flatten_layers() for variable in layer._own_weights())

    @property
    def variables(self) -> list[Variable]:
        """All Variables, the states of seeds included; those of metrics are `metrics_variables`."""
        return _distinct(variable for layer in self._flatten_layers() for variable in layer._own_variables())

    def _own_weights(self) -> list[Variable]:
        own = list(self._held(Variable))
        return [one for one in own if one.trainable] + [one for one in own if not one.trainable]

    def _own_variables(self) -> list[Variable]:
        return [*self._own_weights(), *(generator.state for generator in self._held(SeedGenerator))]

    def _own_state(self) -> list[Variable]:
        metrics = [variable for metric in self._own_metrics() for variable in metric.variables]
        return [*self._own_variables(), *metrics]

    def _own_metrics(self) -> list[Any]:
        return [leaf for leaf in self._held(object) if hasattr(leaf, "_keeps_variables")]

    @property
    @structure.remembered
    def trainable_variables(self) -> list[Variable]:
        """The Variables that optimizers change: trainable ones of trainable layers."""
        found: list[Variable] = []
        self._collect_trainable(found, True)
        return _distinct(found)

    def _collect_trainable(self, found: list[Variable], trainable: bool) -> None:
        if trainable and self._trainable:
            found.extend(variable for variable in self._held(Variable) if variable.trainable)
            for layer in self._layers:
                layer._collect_trainable(found, True)

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """All other Variables."""
        trainable = {id(variable) for variable in self.trainable_variables}
        return [variable for variable in self.variables if id(variable) not in trainable]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that optimizers change."""
        return self.trainable_variables

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The other weights."""
        trainable = {id(variable) for variable in self.trainable_variables}
        return [variable for variable in self.weights if id(variable) not in trainable]

    @property
    def metrics_variables(self) -> list[Variable]:
        """The states of metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    @property
    @structure.remembered
    def metrics(self) -> list[Any]:
        """The metrics that this layer and its sublayers hold."""
        return [metric for layer in self._flatten_layers() for metric in layer._own_metrics()]

    @property
    def trainable(self) -> bool:
        """Whether optimizers change its variables; setting it sets it for sublayers too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer._trainable = bool(value)
        structure.forget()

    def count_params(self) -> int:
        """Return the number of elements in all weights."""
        if not self.built:
            raise ValueError(
                f"{self.name}: not built, so its weights are not known. Expected a built layer. Call it on data or"
                f" build() it."
            )
        return sum(int(np.prod(weight.shape)) for weight in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Return the weights as host arrays."""
        return [weight.numpy() for weight in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assign host arrays to the weights; none is changed if any does not fit.

        Raises:
            ValueError: number or shapes differ.
        """
        own = self.weights
        if len(own) != len(weights):
            raise ValueError(
                f"{self.name}: expected {len(own)} weights; got {len(weights)}. Pass what get_weights() of an equal"
                f" layer returned."
            )
        for variable, value in zip(own, weights, strict=True):
            if tuple(dispatch.shape_of(value)) != tuple(variable.shape):
                raise ValueError(
                    f"{self.name}: weight {variable.path} expected shape {variable.shape}; got"
                    f" {dispatch.shape_of(value)}."
                )
        with whole.together():
            for variable, value in zip(own, weights, strict=True):
                variable.assign(value)

    def to_backend(self, name: str) -> Any:
        """Move all Variables to another engine, where the layer runs from now on, and return it.

        All move or, where one cannot, none.
        """
        backend, layers = registry.get(name), self._flatten_layers()
        with interrupts.deferred():
            move_all([variable for layer in layers for variable in layer._state_to_move()], backend)
            for layer in layers:
                object.__setattr__(layer, "_backend", backend)
        return self

    def _state_to_move(self) -> list[Variable]:
        """Return what goes with the layer to another engine, sublayers apart."""
        return self._own_state()


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif value is not None:
        yield value


def _distinct(variables: Any) -> list[Variable]:
    return list({id(variable): variable for variable in variables}.values())
