"""Copies of models with new weights, and models as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from kerasfront import registration, tree
from kerasfront.backend import symbolic
from kerasfront.layers import Input, InputLayer, Layer
from kerasfront.metrics import Metric
from kerasfront.models.model import Functional, Model, takes_graph
from kerasfront.models.sequential import Sequential


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Any:
    """Return a model of the same layers with weights of its own, compiled in the same way if the model is.

    Args:
        model: a functional or Sequential model, or one of a subclass with `get_config`.
        input_tensors: symbolic tensors in the structure of the model's inputs, to build upon; new ones for None.
        clone_function: makes a layer of each layer except inputs; by default an equal one from its config.
        call_function: calls a new layer, `call_function(layer, *args, **kwargs)`; functional models only.
        recursive: whether nested models are cloned in the same manner, layer by layer.

    Raises:
        ValueError: an argument that this kind of model does not take, or inputs of another structure.

    Example:
        >>> import kerasfront as keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
        >>> keras.models.clone_model(model).count_params()
        9
    """
    if not isinstance(model, Model):
        raise ValueError(f"clone_model: expected a model; got {type(model).__name__} {model!r}. Pass a keras.Model.")
    graph_or_stack = isinstance(model, Sequential) or model._graph is not None
    if not graph_or_stack and (input_tensors is not None or clone_function or call_function):
        raise ValueError(
            f"clone_model: {model.name} is a subclass without a graph. Expected input_tensors, clone_function and "
            "call_function for functional and Sequential models only. Leave them out."
        )
    if isinstance(model, Sequential) and call_function is not None:
        raise ValueError(
            f"clone_model: {model.name} is Sequential. Expected call_function for functional models only. Leave it out."
        )
    if not graph_or_stack:
        clone = type(model).from_config(model.get_config())
    else:
        make = _layer_maker(clone_function or _from_config, call_function, recursive)
        if isinstance(model, Sequential):
            clone = _clone_sequential(model, input_tensors, make)
        else:
            clone = _clone_functional(model, input_tensors, make, call_function)
    if model.compiled:
        clone.compile(**_fresh_arguments(model))
    return clone


def _from_config(layer: Layer) -> Layer:
    return type(layer).from_config(layer.get_config())


def _layer_maker(clone_function: Callable, call_function: Callable | None, recursive: bool) -> Callable[[Layer], Layer]:
    made: dict[int, Layer] = {}

    def make(layer: Layer) -> Layer:
        if id(layer) not in made:
            if recursive and isinstance(layer, Sequential):
                made[id(layer)] = clone_model(layer, None, clone_function, recursive=True)
            elif recursive and isinstance(layer, Functional):
                made[id(layer)] = clone_model(layer, None, clone_function, call_function, recursive=True)
            else:
                made[id(layer)] = clone_function(layer)
        return made[id(layer)]

    return make


def _new_input(tensor: symbolic.KerasTensor) -> Any:
    layer = tensor.node.operation if tensor.node is not None else None
    if isinstance(layer, InputLayer):
        return InputLayer.from_config(layer.get_config()).output
    return Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)


def _clone_sequential(model: Sequential, input_tensors: Any, make: Callable) -> Sequential:
    begin: list[Any] = []
    if input_tensors is not None:
        tensors = tree.flatten(input_tensors)
        if len(tensors) != 1 or not isinstance(tensors[0], symbolic.KerasTensor):
            raise ValueError(
                f"clone_model: {model.name} has one input. Expected one symbolic tensor as input_tensors; got "
                f"{input_tensors!r}. Pass keras.Input(...)."
            )
        begin = [_new_input(tensors[0])]
    elif model._input_layer is not None:
        begin = [_new_input(model._input_layer.output)]
    return Sequential(begin + [make(layer) for layer in model.layers], trainable=model.trainable, name=model.name)


def _clone_functional(model: Model, input_tensors: Any, make: Callable, call_function: Callable | None) -> Model:
    graph = model._graph
    assert graph is not None
    if input_tensors is None:
        inputs = tree.map_structure(_new_input, graph.input_structure)
    else:
        inputs = input_tensors
        try:
            tree.assert_same_structure(inputs, graph.input_structure)
        except ValueError as error:
            raise ValueError(
                f"clone_model: `input_tensors` must have the same structure as model.input. Expected that of "
                f"{graph.input_structure!r}; got {inputs!r}. Pass one symbolic tensor for each input."
            ) from error

    def operation_of(operation: Any) -> Any:
        if not isinstance(operation, Layer):
            return operation
        layer = make(operation)
        if call_function is None:
            return layer
        return lambda *args, **kwargs: call_function(layer, *args, **kwargs)

    with symbolic.recording_on():
        outputs = graph.run(tree.flatten(inputs), operation_of)
    kind = type(model) if takes_graph(type(model)) else Functional
    clone = kind(inputs, outputs, name=model.name)
    # Freezing single layers is in their configs; setting it on the model would set it on all of them.
    clone._trainable = model.trainable
    return clone


def _fresh_arguments(model: Any) -> dict[str, Any]:
    """Return the arguments of `compile` with an optimizer and metrics of their own."""
    given = dict(model._compilation.given)
    if model.optimizer is not None:
        given["optimizer"] = type(model.optimizer).from_config(model.optimizer.get_config())
        given["auto_scale_loss"] = False
    for name in ("metrics", "weighted_metrics"):
        given[name] = tree.map_structure(
            lambda one: type(one).from_config(one.get_config()) if isinstance(one, Metric) else one, given[name]
        )
    return given


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the model that `Model.to_json` described, with new weights.

    Args:
        json_string: what `to_json` returned, or the `config.json` of a saved model.
        custom_objects: classes and functions of your own, by name.

    Raises:
        ValueError: no JSON, or a name that is not known.
    """
    return registration.deserialize_keras_object(json.loads(json_string), custom_objects)
