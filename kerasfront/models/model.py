"""Models: layers that can be trained, made from a graph of symbolic tensors or by subclassing."""

from __future__ import annotations

import inspect
import json
import threading
from typing import Any

from kerasfront import registration, tree
from kerasfront.backend import symbolic
from kerasfront.layers.layer import Layer
from kerasfront.layers.shapes import map_shapes
from kerasfront.models.graph import Graph
from kerasfront.models.state_tree import StateTree
from kerasfront.state import interrupts, scope
from kerasfront.state.variable import Variable
from kerasfront.training.trainer import Trainer

_INFERENCE = {"training": False}


class Model(StateTree, Trainer, Layer):
    """A layer with `compile`, `fit`, `evaluate` and `predict`.

    Made in one of two ways: `Model(inputs, outputs)` from symbolic tensors, or a subclass with a `call` method.

    Args:
        inputs: a symbolic tensor, or a list or dict of them.
        outputs: what layers made of them.
        name: None for one made from the class name.

    Example:
        >>> import kerasfront as keras
        >>> inputs = keras.Input((4,))
        >>> outputs = keras.layers.Dense(2)(inputs)
        >>> keras.Model(inputs, outputs).output_shape
        (None, 2)
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and (len(args) >= 2 or "outputs" in kwargs):
            return super().__new__(Functional, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any):
        inputs, outputs, args, kwargs = _graph_arguments(args, kwargs)
        object.__setattr__(self, "_lock", threading.RLock())
        Trainer.__init__(self)
        Layer.__init__(self, *args, **kwargs)
        self._graph: Graph | None = None
        if outputs is not None:
            self._set_graph(inputs, outputs)

    def _set_graph(self, inputs: Any, outputs: Any) -> None:
        self._graph = Graph(inputs, outputs, self.name)
        self._graph_layers = self._graph.layers
        self.built = True

    # -- running

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Compute the outputs; by the graph of a functional model, else a subclass says how."""
        graph = self._graph
        if graph is None:
            raise NotImplementedError(
                f"{self.name}: {type(self).__name__} has no call() method. Expected one that computes the outputs."
                f" Write it."
            )
        return graph.run(graph.arrange(inputs))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the model on tensors, host arrays, or symbolic tensors to extend it; see `Forward` for how."""
        if self._backend.compiles and len(args) == 1 and (not kwargs or kwargs == _INFERENCE) and self.built:
            forward = self.__dict__.get("_forward")
            if forward is None:
                from kerasfront.models.forward import Forward

                forward = self.__dict__["_forward"] = Forward(self)
            outputs = forward(args[0], kwargs.get("training"))
            if outputs is not None:
                return outputs
        return super().__call__(*args, **kwargs)

    def _likeness(self, variables: list) -> Any:
        """Return what steps of models made alike have in common, None where that cannot be told."""
        from kerasfront.models.likeness import likeness

        return likeness(self, variables)

    def build(self, input_shape: Any = None) -> None:
        """Make all variables by running `call` once on symbolic inputs of a shape."""
        if self._graph is not None or input_shape is None:
            return
        specs = map_shapes(lambda shape: symbolic.KerasTensor(shape, self.compute_dtype), input_shape)
        with symbolic.recording_off(), scope.dropping():
            self.call(specs)

    # -- structure

    @property
    def layers(self) -> list[Layer]:
        """The layers that the model holds directly."""
        return [layer for layer in self._layers if not getattr(layer, "_internal", False)]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by name or place.

        Raises:
            ValueError: no such layer; neither or both are given.
        """
        if (name is None) == (index is None):
            raise ValueError(
                f"{self.name}.get_layer: expected a name or an index; got {name!r} and {index!r}. Pass one of them."
            )
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"{self.name}.get_layer: index {index} is out of range. Expected one of {len(layers)} layers."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        from kerasfront import errors

        raise errors.unknown_name(f"{self.name}.get_layer", name, [layer.name for layer in layers])

    @property
    def inputs(self) -> list[Any]:
        """The symbolic inputs of a functional model, flat."""
        return self._required_graph("inputs").inputs

    @property
    def outputs(self) -> list[Any]:
        """The symbolic outputs of a functional model, flat."""
        return self._required_graph("outputs").outputs

    @property
    def input(self) -> Any:
        """The symbolic inputs of a functional model as they were passed."""
        return self._required_graph("input").input_structure

    @property
    def output(self) -> Any:
        """The symbolic outputs of a functional model as they were passed."""
        return self._required_graph("output").output_structure

    @property
    def input_shape(self) -> Any:
        """The shapes of the inputs."""
        return tree.map_structure(lambda tensor: tensor.shape, self.input)

    @property
    def output_shape(self) -> Any:
        """The shapes of the outputs."""
        return tree.map_structure(lambda tensor: tensor.shape, self.output)

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs, in order."""
        return [tensor.name for tensor in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that make the outputs, in order; made unique."""
        names: list[str] = []
        for tensor in self.outputs:
            operation = tensor.node.operation if tensor.node is not None else None
            name = getattr(operation, "name", None) or getattr(operation, "__name__", "output")
            count = sum(one == name or one.startswith(f"{name}_") for one in names)
            names.append(f"{name}_{count}" if name in names else name)
        return names

    def _required_graph(self, what: str) -> Graph:
        if self._graph is None:
            raise AttributeError(
                f"{self.name}: has no symbolic {what}. Expected a functional or built Sequential model. Call it on"
                f" keras.Input(...)."
            )
        return self._graph

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print the layers with their output shapes and numbers of parameters."""
        from kerasfront.utils.summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    # -- as data

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal model, as data: the graph of a functional one, else `__init__`'s arguments."""
        if self._graph is None or not takes_graph(type(self)):
            config = super().get_config()
            return {**config, **self._arguments_given()} if type(self).get_config is Model.get_config else config
        from kerasfront.models.graph_config import graph_to_config

        return {"name": self.name, "trainable": self._trainable, **graph_to_config(self._graph)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Make a model from `get_config`'s result."""
        from kerasfront.models.graph_config import graph_from_config, is_graph_config

        if not is_graph_config(config):
            return super().from_config(config)
        with symbolic.recording_on():
            inputs, outputs = graph_from_config(config, custom_objects)
        model = (cls if takes_graph(cls) else Functional)(inputs, outputs, name=config.get("name"))
        # What is frozen below is in the layers' configs.
        model._trainable = bool(config.get("trainable", True))
        return model

    def to_json(self, **kwargs: Any) -> str:
        """Return the model without its weights as JSON; `keras.models.model_from_json` reads it.

        Args:
            **kwargs: for `json.dumps`.

        Raises:
            ValueError: a layer or function that cannot be saved.
        """
        return json.dumps(registration.serialize_keras_object(self), **kwargs)

    def to_backend(self, name: str) -> Model:
        """Move the model to another engine, with optimizer state, metrics and seeds, and return it.

        Compiled steps are made anew there; training goes on where it was.

        Example:
            >>> import kerasfront as keras
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> model.to_backend("numpy") is model
            True
        """
        with self._lock, interrupts.deferred():
            Layer.to_backend(self, name)
            self._forget_compiled_steps()
        return self

    def _state_to_move(self) -> list[Variable]:
        return [*super()._state_to_move(), *self._trainer_variables()]

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        object.__setattr__(self, "_lock", threading.RLock())


class Functional(Model):
    """A model made from symbolic inputs and outputs; `Model(inputs, outputs)` returns one."""


def takes_graph(cls: type) -> bool:
    """Return whether a class of models is made from inputs and outputs, as `Model` is; a subclass may take others."""
    parameters = inspect.signature(cls.__init__).parameters
    kinds = {one.kind for one in parameters.values()}
    anything = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD} <= kinds and len(parameters) == 3
    return anything or {"inputs", "outputs"} <= set(parameters)


def _graph_arguments(args: tuple, kwargs: dict[str, Any]) -> tuple[Any, Any, tuple, dict[str, Any]]:
    """Take inputs and outputs out of the arguments."""
    kwargs = dict(kwargs)
    inputs, outputs = kwargs.pop("inputs", None), kwargs.pop("outputs", None)
    args = list(args)
    if args and inputs is None and symbolic.is_symbolic(args[0]):
        inputs = args.pop(0)
    if args and outputs is None and symbolic.is_symbolic(args[0]):
        outputs = args.pop(0)
    if args and "name" not in kwargs and isinstance(args[0], str):
        kwargs["name"] = args.pop(0)
    if args:
        raise ValueError(
            f"Model: expected symbolic inputs and outputs; got {args[0]!r}. Begin with keras.Input(...), or subclass"
            f" Model."
        )
    if (inputs is None) != (outputs is None):
        raise ValueError("Model: expected both inputs and outputs, or neither. Pass the missing one.")
    return inputs, outputs, (), kwargs
