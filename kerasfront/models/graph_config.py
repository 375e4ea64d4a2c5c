"""A graph of calls as plain data and back, in the format of Keras 3's functional models.

Each layer or op is an entry of `layers` with the arguments of its calls under `inbound_nodes`. A symbolic tensor stands
there as `[name, call, output]`: which call of which entry made it, and the place among that call's outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasfront import ops, random, registration, tree
from kerasfront.backend.operators import OPS
from kerasfront.backend.symbolic import KerasTensor, Node
from kerasfront.layers import InputLayer, Layer
from kerasfront.models.graph import Graph

_TENSOR = "__keras_tensor__"


def is_graph_config(config: Mapping) -> bool:
    """Return whether a model's config describes a graph."""
    return {"layers", "input_layers", "output_layers"} <= set(config)


# -- to data ---------------------------------------------------------------------------------------


def graph_to_config(graph: Graph) -> dict[str, Any]:
    """Return the layers, inputs and outputs of a graph as data that JSON can hold.

    Raises:
        ValueError: two layers of one name, or a layer, function or value that cannot be saved.
    """
    return _Writer(graph).config()


class _Writer:
    def __init__(self, graph: Graph):
        self.graph = graph
        self.entries: dict[int, dict[str, Any]] = {}
        self.origins: dict[int, list] = {}
        names = [layer.name for layer in graph.layers]
        doubles = sorted({name for name in names if names.count(name) > 1})
        if doubles:
            raise ValueError(
                f"{graph.name}: {doubles[0]!r} is the name of several layers. Expected distinct names to save the "
                "model by. Pass name= to the layers."
            )
        self.taken = set(names)

    def config(self) -> dict[str, Any]:
        for tensor in self.graph.inputs:
            self._enter_input(tensor)
        for node in self.graph.nodes:
            self._enter(node)
        return {
            "layers": list(self.entries.values()),
            "input_layers": _map_leaves(self.graph.input_structure, lambda one: self.origins[id(one)]),
            "output_layers": _map_leaves(self.graph.output_structure, lambda one: self.origins[id(one)]),
        }

    def _free_name(self, base: str) -> str:
        name, count = base, 0
        while name in self.taken:
            count += 1
            name = f"{base}_{count}"
        self.taken.add(name)
        return name

    def _enter_input(self, tensor: KerasTensor) -> None:
        layer = tensor.node.operation if tensor.node is not None else None
        if not isinstance(layer, InputLayer):
            # The graph begins in the middle of another one: a loaded model has an input of its own there.
            layer = InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype, name=self._free_name(tensor.name))
        entry = registration.serialize_keras_object(layer)
        self.entries[id(layer)] = {**entry, "name": layer.name, "inbound_nodes": []}
        self.origins[id(tensor)] = [layer.name, 0, 0]

    def _enter(self, node: Node) -> None:
        operation = node.operation
        # An op has no identity beyond the call; a layer called again is the same entry with one more node.
        key = id(operation) if isinstance(operation, Layer) else id(node)
        if key not in self.entries:
            self.entries[key] = self._entry_of(operation)
        entry = self.entries[key]
        for place, tensor in enumerate(node.outputs):
            self.origins[id(tensor)] = [entry["name"], len(entry["inbound_nodes"]), place]
        args, kwargs = node.arguments
        entry["inbound_nodes"].append({"args": self._data(list(args)), "kwargs": self._data(kwargs)})

    def _entry_of(self, operation: Any) -> dict[str, Any]:
        if isinstance(operation, Layer):
            data, name = registration.serialize_keras_object(operation), operation.name
        else:
            home = "keras.random" if getattr(random, operation.__name__, None) is operation else "keras.ops"
            data = {"module": home, "class_name": "function", "config": operation.__name__, "registered_name": None}
            name = self._free_name(operation.__name__)
        return {**data, "name": name, "inbound_nodes": []}

    def _data(self, value: Any) -> Any:
        if isinstance(value, KerasTensor):
            config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": self.origins[id(value)]}
            return {"class_name": _TENSOR, "config": config}
        if isinstance(value, list):
            return [self._data(item) for item in value]
        if isinstance(value, tuple):
            # JSON has lists alone, and `x[1, 2]` is not `x[[1, 2]]`.
            return {"class_name": "__tuple__", "items": [self._data(item) for item in value]}
        if isinstance(value, Mapping):
            return {key: self._data(item) for key, item in value.items()}
        return registration.serialize_keras_object(value)


def _map_leaves(structure: Any, function: Any) -> Any:
    """Map tensors to lists, which would be nested structures to `tree.map_structure`'s users."""
    return function(structure) if isinstance(structure, KerasTensor) else tree.map_structure(function, structure)


# -- from data -------------------------------------------------------------------------------------


def graph_from_config(config: Mapping, custom_objects: Mapping[str, Any] | None = None) -> tuple[Any, Any]:
    """Make the layers that a config describes, call them, and return the symbolic inputs and outputs.

    Raises:
        ValueError: an entry that is not known, or calls that wait for each other.
    """
    with registration.CustomObjectScope(custom_objects or {}):
        return _Reader().read(config)


class _Reader:
    def __init__(self) -> None:
        self.tensors: dict[tuple[str, int], list[KerasTensor]] = {}

    def read(self, config: Mapping) -> tuple[Any, Any]:
        waiting = []
        for entry in config["layers"]:
            operation, name = _operation_of(entry), entry.get("name") or entry["config"]["name"]
            if isinstance(operation, InputLayer):
                self.tensors[name, 0] = [operation.output]
            waiting += [((name, call), operation, node) for call, node in enumerate(entry.get("inbound_nodes") or [])]
        while waiting:
            left = [one for one in waiting if not self._call(*one)]
            if len(left) == len(waiting):
                raise ValueError(
                    f"deserialize: the graph cannot be built: {left[0][0][0]!r} needs what no layer makes. Expected "
                    "each input of a layer among the outputs of others. The config was cut or edited."
                )
            waiting = left
        return self._ends(config["input_layers"]), self._ends(config["output_layers"])

    def _call(self, key: tuple[str, int], operation: Any, node: Mapping) -> bool:
        """Call an operation if all it needs is there, and return whether it was."""
        if any(self._origin(data) not in self.tensors for data in _tensors_in(node)):
            return False
        args, kwargs = self._value(node["args"]), self._value(node["kwargs"])
        outputs = tree.flatten(operation(*args, **kwargs))
        self.tensors[key] = [one for one in outputs if isinstance(one, KerasTensor)]
        return True

    def _origin(self, data: Mapping) -> tuple[str, int]:
        name, call, _ = data["config"]["keras_history"]
        return name, call

    def _value(self, data: Any) -> Any:
        if isinstance(data, (list, tuple)):
            return type(data)(self._value(item) for item in data)
        if not isinstance(data, Mapping):
            return data
        kind = data.get("class_name")
        if kind == _TENSOR:
            return self.tensors[self._origin(data)][data["config"]["keras_history"][2]]
        if kind == "__tuple__":
            return tuple(self._value(item) for item in data["items"])
        if kind is None:
            return {key: self._value(item) for key, item in data.items()}
        return registration.deserialize_keras_object(data)

    def _ends(self, structure: Any) -> Any:
        if isinstance(structure, Mapping):
            return {key: self._ends(item) for key, item in structure.items()}
        if len(structure) == 3 and isinstance(structure[0], str):
            name, call, place = structure
            return self.tensors[name, call][place]
        return type(structure)(self._ends(item) for item in structure)


def _tensors_in(data: Any) -> list[Mapping]:
    """Return the descriptions of symbolic tensors in the data of a call."""
    if isinstance(data, (list, tuple)):
        return [found for item in data for found in _tensors_in(item)]
    if not isinstance(data, Mapping):
        return []
    return (
        [data] if data.get("class_name") == _TENSOR else [found for one in data.values() for found in _tensors_in(one)]
    )


def _operation_of(entry: Mapping) -> Any:
    module = entry.get("module") or ""
    if module.startswith("keras.src.ops") or module in ("keras.ops", "keras.random"):
        return _op_of(entry, module)
    return registration.deserialize_keras_object({key: entry[key] for key in entry if key != "inbound_nodes"})


def _op_of(entry: Mapping, module: str) -> Any:
    if entry["class_name"] == "function":
        found = getattr(random if module == "keras.random" else ops, entry["config"], None)
        settings = {}
    else:
        # Keras writes an op as an object: its class name in capitals, its settings in the config.
        wanted = entry["class_name"].lower()
        found = next((op for name, op in OPS.items() if name.replace("_", "") == wanted), None)
        settings = {key: value for key, value in entry["config"].items() if key not in ("name", "dtype")}
    if not callable(found):
        raise ValueError(
            f"deserialize: {entry['class_name']!r} {entry.get('name')!r} names no op. "
            "Expected an op of this package. Rebuild the model from its code and load the weights alone."
        )
    if entry["class_name"] == "GetItem":
        # Keras's JSON has a list where the key was a tuple.
        return lambda x, key: found(x, tuple(key) if isinstance(key, list) else key)
    return found if not settings else lambda *args, **kwargs: found(*args, **{**settings, **kwargs})
