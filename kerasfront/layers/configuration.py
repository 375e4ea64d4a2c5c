"""A layer as plain data and back: configuration, build shapes, own variables, pickling."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from kerasfront import dtype_policies, regularizers, tree
from kerasfront.backend import registry
from kerasfront.layers.shapes import map_shapes
from kerasfront.state import whole

# What belongs to the process and is made anew by a copy.
_LEFT_BEHIND = ("_backend", "_compiled_steps", "_lock", "_fitting")


class Configurable:
    """The part of `Layer` that turns it into data."""

    name: str
    built: bool
    dtype_policy: Any
    activity_regularizer: Any
    _trainable: bool
    _backend: Any
    _build_shapes: dict[str, Any] | None
    _init_arguments: tuple

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer, as plain data; a subclass adds its arguments."""
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if type(self).get_config is Configurable.get_config:
            config.update(self._arguments_given())
        return config

    def _arguments_given(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, for a subclass that has no `get_config` of its own."""
        args, kwargs = self._init_arguments
        try:
            bound = inspect.signature(type(self).__init__).bind(self, *args, **kwargs)
        except TypeError:
            return dict(kwargs)
        named = dict(list(bound.arguments.items())[1:])
        named.update(named.pop("kwargs", {}))
        unsavable = [key for key, value in named.items() if not _is_plain(value)]
        if unsavable:
            raise NotImplementedError(
                f"{self.name}: argument {unsavable[0]!r} of {type(self).__name__} is a"
                f" {type(named[unsavable[0]]).__name__}, which is no plain data. "
                "Expected get_config() in the class. Write it, and from_config() where needed."
            )
        return named

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make a layer from `get_config`'s result."""
        if config.get("quantization_config", 0) is None:
            # Keras writes this for layers that could be quantized, and are not.
            config = {key: value for key, value in config.items() if key != "quantization_config"}
        try:
            return cls(**config)
        except TypeError as error:
            raise TypeError(
                f"{cls.__name__}.from_config: {error}. Expected a config with the arguments of __init__; got keys"
                f" {sorted(config)}."
            ) from error

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes that the layer was built with."""
        if not self._build_shapes:
            return None
        if len(self._build_shapes) == 1:
            return {"input_shape": next(iter(self._build_shapes.values()))}
        return {"shapes_dict": dict(self._build_shapes)}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build with the shapes of `get_build_config`'s result."""
        if config and not self.built:
            shapes = config.get("shapes_dict") or {"input_shape": config.get("input_shape")}
            given = {key: _tuples(shape) for key, shape in shapes.items()}
            self.build(*given.values()) if len(given) == 1 else self.build(**given)
            self.built = True
            self._build_shapes = given

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Put the layer's own weights into a store, by place."""
        for place, variable in enumerate(self._own_weights()):
            store[str(place)] = variable.numpy()

    def load_own_variables(self, store: dict[str, Any]) -> None:
        """Take the layer's own weights from a store."""
        own = self._own_weights()
        if len(store.keys()) != len(own):
            raise ValueError(
                f"{self.name}: expected {len(own)} weights in the file; found {len(store.keys())}. The file is of"
                f" another model."
            )
        with whole.together():
            for place, variable in enumerate(own):
                variable.assign(store[str(place)])

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def __getstate__(self) -> dict[str, Any]:
        # Symbolic nodes and compiled steps are made anew; the engine goes by name.
        state = {key: value for key, value in self.__dict__.items() if key not in _LEFT_BEHIND}
        return {**state, "_engine": self._backend.name}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        engine = state.pop("_engine")
        self.__dict__.update(state)
        object.__setattr__(self, "_backend", registry.get(engine))


def _is_plain(value: Any) -> bool:
    return all(leaf is None or isinstance(leaf, (bool, int, float, str, np.generic)) for leaf in tree.flatten(value))


def _tuples(shape: Any) -> Any:
    return map_shapes(lambda one: one, shape) if shape is not None else None
