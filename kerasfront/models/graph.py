"""A graph of recorded calls between symbolic inputs and outputs, and running it on tensors."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from kerasfront import ops, tree
from kerasfront.backend import dispatch, masks
from kerasfront.backend.contract import Backend
from kerasfront.backend.symbolic import KerasTensor, Node
from kerasfront.layers import Embedding, Layer


class Graph:
    """What lies between some inputs and some outputs.

    Attributes:
        inputs, outputs: flat lists of symbolic tensors; `input_structure`, `output_structure` hold their nesting.
        nodes: the calls in an order in which each comes after what it needs.
        layers: the layers called, each once: the more calls lie between a layer and the outputs, the earlier.

    Args:
        any_sizes: whether inputs with as many axes as stated may have other sizes.

    Raises:
        ValueError: an input or output is no symbolic tensor, or an output does not depend on the inputs alone.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str, any_sizes: bool = False):
        self._any_sizes = any_sizes
        self.name, self.input_structure, self.output_structure = name, inputs, outputs
        self.inputs, self.outputs = tree.flatten(inputs), tree.flatten(outputs)
        for tensor in [*self.inputs, *self.outputs]:
            if not isinstance(tensor, KerasTensor):
                raise ValueError(
                    f"{name}: inputs and outputs must be symbolic tensors. Expected keras.Input(...) and what layers"
                    f" made of it; got {type(tensor).__name__}."
                )
        self.nodes, met = self._ordered()
        self.layers = self._layers(met)
        self._plan: list | None = self._make_plan()
        # Type, dtype and shape of a single input that needed no change.
        self._seen: tuple | None = None

    def _ordered(self) -> tuple[list[Node], list[Node]]:
        """Return the nodes so that each comes after what it needs, and as the way back from the outputs meets them."""
        ends = {id(tensor) for tensor in self.inputs}
        done: dict[int, Node] = {}
        met: dict[int, Node] = {}
        for output in self.outputs:
            # Depth first without recursion: graphs may be thousands of layers deep.
            stack: list[tuple[KerasTensor, bool]] = [(output, False)]
            while stack:
                tensor, expanded = stack.pop()
                node = tensor.node
                if node is not None and (id(tensor) not in ends or _is_input(node)):
                    met.setdefault(id(node), node)
                if id(tensor) in ends or (node is not None and id(node) in done):
                    continue
                if node is None or not (node.inputs or expanded) or _is_input(node):
                    raise ValueError(
                        f"{self.name}: the graph is disconnected: {tensor} is no output of the inputs given. Expected"
                        f" every path to "
                        f"begin at one of {[one.name for one in self.inputs]}. Add it to the inputs."
                    )
                if expanded:
                    done[id(node)] = node
                else:
                    stack.append((tensor, True))
                    stack.extend((one, False) for one in reversed(node.inputs))
        return list(done.values()), list(met.values())

    def _layers(self, met: list[Node]) -> list[Layer]:
        """Return the layers in the order of the Keras API, on which the order of weights and saved files depends.

        A layer lies as deep as the deepest of its calls; those of one depth come as the way back from the outputs meets
        them.
        """
        begin = [one.node for one in self.inputs if one.node is not None and _is_input(one.node)]
        depths: dict[int, int] = {}
        layer_depths: dict[int, int] = {}
        for node in reversed([*begin, *self.nodes]):
            depth = depths.get(id(node), 0)
            if isinstance(node.operation, Layer):
                depth = layer_depths[id(node.operation)] = max(depth, layer_depths.get(id(node.operation), 0))
            for tensor in node.inputs:
                depths[id(tensor.node)] = max(depth + 1, depths.get(id(tensor.node), 0))
        unused = [node for node in begin if not any(node is one for one in met)]
        found = {id(node.operation): node.operation for node in [*unused, *met] if isinstance(node.operation, Layer)}
        return sorted(found.values(), key=lambda layer: -layer_depths[id(layer)])

    # -- running

    def _make_plan(self) -> list[tuple[Callable, Any, list[int]]]:
        """Turn each node into what to call, how to make its arguments from slots, and where its outputs go."""
        slots: dict[int, int] = {}
        for tensor in [*self.inputs, *(output for node in self.nodes for output in node.outputs)]:
            slots.setdefault(id(tensor), len(slots))
        self._size = len(slots)
        self._output_slots = [slots[id(tensor)] for tensor in self.outputs]
        self._output_spec = tree.flatten_with_spec(self.output_structure)[1]
        return [
            (node.operation, _argument_maker(node, slots), [slots[id(one)] for one in node.outputs])
            for node in self.nodes
        ]

    def run(self, inputs: Any, operation_of: Callable[[Any], Any] | None = None) -> Any:
        """Return the outputs for a flat list of inputs."""
        values: list[Any] = [None] * self._size
        values[: len(inputs)] = inputs
        if self._plan is None:
            self._plan = self._make_plan()
        for operation, make_arguments, places in self._plan:
            if operation_of is not None:
                operation = operation_of(operation)
            if type(make_arguments) is int:
                outputs = operation(values[make_arguments])
            else:
                args, kwargs = make_arguments(values)
                outputs = operation(*args, **kwargs)
            if len(places) == 1 and not isinstance(outputs, (list, tuple, dict)):
                values[places[0]] = outputs
            else:
                for place, value in zip(
                    places, (leaf for leaf in tree.flatten(outputs) if leaf is not None), strict=True
                ):
                    values[place] = value
        results = [values[slot] for slot in self._output_slots]
        return (
            results[0] if isinstance(self.output_structure, KerasTensor) else tree.unflatten(self._output_spec, results)
        )

    def __getstate__(self) -> dict[str, Any]:
        # The plan is made of functions; a copy makes its own when it first runs, after all of the graph is there.
        return {
            **{key: value for key, value in self.__dict__.items() if key != "lookups"},
            "_plan": None,
            "_seen": None,
        }

    # -- inputs as users pass them

    @functools.cached_property
    def lookups(self) -> list[tuple[int, int, str]]:
        """The inputs that go straight into a table, of an inner model too: position, size of the table, name of the
        layer."""
        positions = {id(tensor): i for i, tensor in enumerate(self.inputs)}
        return [
            (positions[id(node.inputs[place])], size, name)
            for node in self.nodes
            for place, size, name in _lookups_of(node)
            if id(node.inputs[place]) in positions
        ]

    def input_at(self, inputs: Any, position: int) -> tuple[str, Any]:
        """Return how an input is called and its values, None where they are not there."""
        if isinstance(inputs, dict):
            made = self.input_structure
            keys = sorted(made) if isinstance(made, dict) else self._names()
            key = keys[position] if position < len(keys) else None
            return f"x[{key!r}]", inputs.get(key)
        if isinstance(inputs, (list, tuple)):
            flat = tree.flatten(inputs)
            return f"x[{position}]", flat[position] if position < len(flat) else None
        return "x", inputs

    def arrange(self, inputs: Any) -> list[Any]:
        """Return the inputs as a flat list in the order of the graph, with rank and dtype adapted.

        Raises:
            ValueError: a missing key, another number of inputs, or shapes that do not fit.
        """
        seen = self._seen
        if seen is not None and type(inputs) is seen[0] and inputs.dtype is seen[1] and inputs.shape == seen[2]:
            return [inputs]
        flat = self._by_keys(inputs) if isinstance(inputs, dict) else tree.flatten(inputs)
        if isinstance(self.input_structure, dict) and isinstance(inputs, (list, tuple)) and len(flat) > 1:
            self._warn(f"a {type(inputs).__name__} came, taken in the order {sorted(self.input_structure)}", inputs)
        if len(flat) != len(self.inputs):
            raise ValueError(
                f"{self.name}: the number of inputs does not fit. Expected {len(self.inputs)}: {self._names()}; got "
                f"{len(flat)}. Pass as many, in a list or in a dict with these keys."
            )
        adapted = [self._adapted(value, tensor) for value, tensor in zip(flat, self.inputs, strict=True)]
        if adapted[0] is inputs and isinstance(dispatch.owner_of(inputs), Backend):
            # The next one like it needs no look.
            self._seen = type(inputs), inputs.dtype, inputs.shape
        return adapted

    def _by_keys(self, inputs: dict) -> list[Any]:
        """Return the inputs in order: by the keys that the model was made with, or by the names of its inputs."""
        made = self.input_structure
        if isinstance(made, dict) and set(made) <= set(inputs):
            used, flat = set(made), tree.flatten({key: inputs[key] for key in made})
        else:
            used, flat = {one.name for one in self.inputs}, [self._by_name(inputs, tensor) for tensor in self.inputs]
        unused = [key for key in inputs if key not in used]
        if unused:
            self._warn(f"{', '.join(map(repr, unused))} not used", inputs)
        return flat

    def _warn(self, what: str, inputs: Any) -> None:
        expected = list(self.input_structure) if isinstance(self.input_structure, dict) else self._names()
        got = list(inputs) if isinstance(inputs, dict) else f"{len(inputs)} items"
        warnings.warn(
            f"{self.name}: the inputs have another structure than the model: {what}. Expected {expected}; got {got}. "
            "Pass just these, in a dict.",
            UserWarning,
            stacklevel=3,
        )

    def _names(self) -> list[str]:
        return [one.name for one in self.inputs]

    def _by_name(self, inputs: dict, tensor: KerasTensor) -> Any:
        if tensor.name not in inputs:
            raise ValueError(
                f"{self.name}: input {tensor.name!r} is missing. Expected keys {self._names()};"
                f" got {list(inputs)}. Add it."
            )
        return inputs[tensor.name]

    def _adapted(self, value: Any, tensor: KerasTensor) -> Any:
        if value is None:
            if not getattr(tensor.node and tensor.node.operation, "optional", False):
                raise ValueError(
                    f"{self.name}: input {tensor.name!r} is None, but not optional. Expected a tensor of shape "
                    f"{tensor.shape}. Pass one, or make it with keras.Input(..., optional=True)."
                )
            return None
        shape, expected = dispatch.shape_of(value), tensor.shape
        if len(shape) == len(expected) + 1 and shape[-1] == 1:
            value = _with_mask_of(value, ops.squeeze(value, -1))
        elif len(shape) == len(expected) - 1 and expected[-1] == 1:
            value = _with_mask_of(value, ops.expand_dims(value, -1))
        found = dispatch.shape_of(value)
        if len(found) != len(expected) or (
            not self._any_sizes
            and any(a is not None and b is not None and a != b for a, b in zip(found, expected, strict=True))
        ):
            raise ValueError(
                f"{self.name}: wrong shape of input {tensor.name!r}. Expected {expected}; got {shape}. Reshape the"
                f" data or change the input."
            )
        if "complex" in dispatch.dtype_of(value) and "complex" not in tensor.dtype:
            raise ValueError(
                f"{self.name}: input {tensor.name!r} is complex. Expected {tensor.dtype}; got "
                f"{dispatch.dtype_of(value)}, whose imaginary part would be lost. Pass real numbers, such as x.real."
            )
        if dispatch.dtype_of(value) != tensor.dtype and tensor.dtype != "string":
            value = _with_mask_of(value, ops.cast(value, tensor.dtype))
        return value


def _with_mask_of(old: Any, new: Any) -> Any:
    mask = masks.get_mask(old)
    if mask is not None:
        masks.set_mask(new, mask)
    return new


def _is_input(node: Node) -> bool:
    return isinstance(node.operation, Layer) and not node.inputs and hasattr(node.operation, "batch_shape")


def _argument_maker(node: Node, slots: dict[int, int]) -> Any:
    """Return a function from the slots to arguments; for a call with one tensor just the slot of that."""
    args, kwargs = node.arguments
    if len(args) == 1 and isinstance(args[0], KerasTensor) and not kwargs:
        return slots[id(args[0])]
    leaves, spec = tree.flatten_with_spec((args, kwargs))
    places = [(i, slots[id(leaf)]) for i, leaf in enumerate(leaves) if isinstance(leaf, KerasTensor)]

    def make(values: list) -> tuple:
        filled = list(leaves)
        for place, slot in places:
            filled[place] = values[slot]
        return tree.unflatten(spec, filled)

    return make


def layer_nodes(graph: Graph) -> Iterator[Node]:
    """Yield the nodes of a graph that are calls of layers."""
    return (node for node in graph.nodes if isinstance(node.operation, Layer))


def _lookups_of(node: Node) -> list[tuple[int, int, str]]:
    """Return which inputs of a call go straight into a table."""
    if isinstance(node.operation, Embedding):
        return [(0, node.operation.input_dim, node.operation.name)]
    inner = getattr(node.operation, "_graph", None)
    # Inputs by name may come in another order than the inner model has them.
    if not isinstance(inner, Graph) or len(inner.inputs) != len(node.inputs):
        return []
    named = len(node.inputs) > 1 and any(isinstance(argument, dict) for argument in node.arguments[0])
    return [] if named else inner.lookups
