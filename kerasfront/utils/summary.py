"""The table that `model.summary()` prints."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import rich.box
import rich.console
import rich.markup
import rich.table

from kerasfront import tree
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.layers.layer import Layer
from kerasfront.utils import output

_BYTES = {
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "float16": 2,
    "bfloat16": 2,
    "int16": 2,
    "uint16": 2,
    "float64": 8,
    "int64": 8,
    "uint64": 8,
}


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], None] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print a model's layers with output shapes and numbers of parameters, and the totals.

    Args:
        model: with layers; one that is not built shows question marks.
        line_length: characters per line; 80 (100 where connections are shown) for None.
        positions: ends of the columns as fractions of the line; chosen by content for None.
        print_fn: called with the whole text instead of printing.
        expand_nested: show the layers of models inside the model.
        show_trainable: add a column that says whether a layer is trained.
        layer_range: first and last layer name, as regular expressions.

    Raises:
        ValueError: no layer matches an end of `layer_range`.
    """
    layers = _in_range(model.layers, layer_range, model.name)
    connected = getattr(model, "_graph", None) is not None and type(model).__name__ != "Sequential"
    headers = [
        "Layer (type)",
        "Output Shape",
        "Param #",
        *(["Connected to"] if connected else []),
        *(["Trainable"] if show_trainable else []),
    ]
    table = rich.table.Table(
        *headers, box=rich.box.HEAVY_HEAD, width=line_length or (100 if connected else 80), show_lines=connected
    )
    for column, end, start in zip(table.columns, positions or (), [0.0, *(positions or ())], strict=False):
        column.ratio = max(int(100 * (end - start)), 1)
    table.columns[2].justify = "right"
    rows = [(layer, 0) for layer in layers]
    while rows:
        layer, depth = rows.pop(0)
        table.add_row(*(rich.markup.escape(cell) for cell in _row(model, layer, depth, connected, show_trainable)))
        if expand_nested and getattr(layer, "layers", None):
            rows[:0] = [(inner, depth + 1) for inner in layer.layers]
    text = _rendered(f'Model: "{model.name}"', table, _totals(model), line_length or (100 if connected else 80))
    if print_fn is None:
        output.write_line(text)
    else:
        print_fn(text)


def _in_range(layers: list, layer_range: Sequence[str] | None, name: str) -> list:
    if not layer_range:
        return layers
    places = []
    for pattern in layer_range:
        found = [i for i, layer in enumerate(layers) if re.match(pattern, layer.name)]
        if not found:
            raise ValueError(
                f"{name}.summary: no layer matches {pattern!r}. Expected a name among"
                f" {[layer.name for layer in layers]}."
            )
        places.append(found)
    return layers[min(places[0]) : max(places[-1]) + 1]


def _row(model: Any, layer: Layer, depth: int, connected: bool, show_trainable: bool) -> list[str]:
    cells = [f"{'  └ ' * depth}{layer.name} ({type(layer).__name__})", _shape_text(layer, model)]
    cells.append(f"{layer.count_params():,}" if layer.built else "0 (unbuilt)")
    if connected:
        cells.append(_sources(model, layer))
    if show_trainable:
        cells.append("-" if not layer.weights else "Y" if layer.trainable else "N")
    return cells


def _nodes_of(model: Any, layer: Layer) -> list:
    graph = getattr(model, "_graph", None)
    return [node for node in graph.nodes if node.operation is layer] if graph is not None else []


def _shape_text(layer: Layer, model: Any) -> str:
    nodes = _nodes_of(model, layer)
    outputs = nodes[0].output_structure if nodes else layer.output if hasattr(layer, "batch_shape") else None
    if outputs is None:
        return "?"
    shapes = [str(leaf.shape) for leaf in tree.flatten(outputs) if isinstance(leaf, KerasTensor)]
    return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]"


def _sources(model: Any, layer: Layer) -> str:
    sources = []
    for node in _nodes_of(model, layer):
        for tensor in node.inputs:
            made_by = tensor.node.operation if tensor.node is not None else None
            name = getattr(made_by, "name", None) or getattr(made_by, "__name__", tensor.name)
            place = [id(output) for output in tensor.node.outputs].index(id(tensor)) if tensor.node is not None else 0
            sources.append(f"{name}[{place}]")
    return ", ".join(sources) or "-"


def _size_text(variables: Sequence[Any]) -> str:
    count = sum(math.prod(variable.shape) for variable in variables)
    size = float(sum(math.prod(variable.shape) * _BYTES.get(variable.dtype, 4) for variable in variables))
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            return f"{count:,} ({size:.2f} {unit})"
        size /= 1024
    raise AssertionError("unreachable")


def _totals(model: Any) -> list[str]:
    extra = list(model.optimizer.variables) if getattr(model, "optimizer", None) is not None else []
    lines = [
        f" Total params: {_size_text([*model.weights, *extra])}",
        f" Trainable params: {_size_text(model.trainable_weights)}",
        f" Non-trainable params: {_size_text(model.non_trainable_weights)}",
    ]
    return [*lines, f" Optimizer params: {_size_text(extra)}"] if extra else lines


def _rendered(title: str, table: Any, totals: list[str], width: int) -> str:
    console = rich.console.Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None)
    console.print(rich.markup.escape(title), highlight=False)
    console.print(table)
    for line in totals:
        console.print(rich.markup.escape(line), highlight=False)
    return console.file.getvalue().rstrip("\n")  # type: ignore[attr-defined]
