"""A stack of layers, each fed by the one before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasfront.backend import symbolic
from kerasfront.layers.input_layer import Input, InputLayer
from kerasfront.layers.layer import Layer
from kerasfront.models.graph import Graph
from kerasfront.models.model import Model
from kerasfront.state import whole
from kerasfront.state.variable import name_scope


class Sequential(Model):
    """A model that passes its input through a list of layers.

    Args:
        layers: to begin with. The first may be `Input`, or a layer with `input_shape=`; then the variables are made at
        once,
            else when the model first sees data.
        trainable: whether optimizers change it. name: of the model.

    Example:
        >>> import kerasfront as keras
        >>> model = keras.Sequential([keras.layers.Dense(3, input_shape=(2,)), keras.layers.Dense(1)])
        >>> model.count_params()
        13
    """

    def __init__(self, layers: Sequence[Any] | None = None, trainable: bool = True, name: str | None = None):
        super().__init__(trainable=trainable, name=name)
        self._stack: list[Layer] = []
        self._input_layer: InputLayer | None = None
        # Made for the first data, where nobody stated the shape: later data may have other sizes if the layers agree.
        self._made_input: InputLayer | None = None
        for layer in layers or ():
            self.add(layer, rebuild=False)
        self._maybe_make_graph()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top.

        Raises:
            ValueError: no layer, a second input, or a name that is taken.
        """
        if (
            isinstance(layer, symbolic.KerasTensor)
            and layer.node is not None
            and isinstance(layer.node.operation, InputLayer)
        ):
            layer = layer.node.operation
        if not isinstance(layer, Layer):
            if not callable(layer):
                raise ValueError(
                    f"{self.name}.add: expected a layer; got {type(layer).__name__} {layer!r}. Pass an instance, such"
                    f" as Dense(10)."
                )
            from kerasfront.layers import Lambda

            layer = Lambda(layer)
        if isinstance(layer, InputLayer):
            if self._stack or self._input_layer is not None:
                raise ValueError(
                    f"{self.name}.add: an input comes first and once. Expected no layers before it; got"
                    f" {len(self._stack)}."
                )
            self._input_layer = layer
            return
        if any(one.name == layer.name for one in self._stack):
            raise ValueError(
                f"{self.name}.add: a layer named {layer.name!r} is in the model already. Expected distinct names. Pass"
                f" name=."
            )
        shape = layer._input_shape_argument
        with whole.kept_on_failure([self]):
            if not self._stack and self._input_layer is None and shape is not None:
                self._input_layer = Input(batch_shape=shape).node.operation
            self._stack.append(layer)
            if rebuild:
                self._maybe_make_graph()

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the top layer away and return it."""
        if not self._stack:
            raise ValueError(f"{self.name}.pop: the model has no layers. Expected at least one.")
        layer = self._stack.pop()
        self._graph = None
        self.built = False
        if rebuild:
            self._maybe_make_graph()
        return layer

    def _maybe_make_graph(self) -> None:
        first = self._stack[0] if self._stack else None
        if (
            self._input_layer is None
            and isinstance(first, Model)
            and first._graph is not None
            and len(first.inputs) == 1
        ):
            self._input_layer = Input(batch_shape=first.inputs[0].shape, dtype=first.inputs[0].dtype).node.operation
        if self._input_layer is None or not self._stack:
            return
        self._forget_compiled_steps()
        tensor = self._input_layer.output
        # Only the new top layer is called where the rest of the graph stands.
        grows = self._graph is not None and self._graph.outputs and len(self._known) == len(self._stack) - 1
        tensor = self._graph.output_structure if grows else tensor
        with symbolic.recording_on(), name_scope(self.name, caller=self):
            for layer in self._stack[-1:] if grows else self._stack:
                tensor = layer(tensor)
        self._known = tuple(id(layer) for layer in self._stack)
        self._graph = Graph(
            self._input_layer.output, tensor, self.name, any_sizes=self._input_layer is self._made_input
        )
        self.built = True
        self._build_shapes = {"input_shape": self._input_layer.batch_shape}

    def build(self, input_shape: Any = None) -> None:
        """Make the variables for inputs of a shape (with the batch axis)."""
        if self._graph is not None or not self._stack or input_shape is None:
            return
        if isinstance(input_shape, (list, tuple)) and all(
            size is None or isinstance(size, int) for size in input_shape
        ):
            self._input_layer = self._made_input = Input(batch_shape=(None, *input_shape[1:])).node.operation
            self._maybe_make_graph()

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Pass the inputs through the layers."""
        if not self._stack:
            raise ValueError(
                f"{self.name}: the model has no layers. Expected at least one. Add one with model.add(...)."
            )
        graph = self._graph
        x = inputs
        if graph is not None:
            flat = graph.arrange(inputs)
            x = flat[0]
        for layer in self._stack:
            x = layer(x)
        return x

    @property
    def layers(self) -> list[Layer]:
        """The layers from bottom to top, without the input."""
        return list(self._stack)

    @property
    def output_shape(self) -> Any:
        """The shape of the output."""
        return self.outputs[0].shape

    @property
    def input_shape(self) -> Any:
        """The shape of the input."""
        return self.inputs[0].shape

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output for an input of a shape."""
        for layer in self._stack:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the layers' configurations."""
        from kerasfront import registration

        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        layers = [*([self._input_layer] if self._input_layer else []), *self._stack]
        config["layers"] = [registration.serialize_keras_object(layer) for layer in layers]
        if self._build_shapes:
            config["build_input_shape"] = self._build_shapes["input_shape"]
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Make a model from `get_config`'s result."""
        from kerasfront import registration

        layers = [registration.deserialize_keras_object(layer, custom_objects) for layer in config["layers"]]
        model = cls(layers, trainable=config.get("trainable", True), name=config.get("name"))
        if not model.built and config.get("build_input_shape"):
            model.build(tuple(config["build_input_shape"]))
        return model
