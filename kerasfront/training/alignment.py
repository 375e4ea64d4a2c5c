"""Bringing losses, metrics, labels and weights into line with the outputs of a model.

A model's outputs are one tensor or a nested structure. The user may describe what belongs to each output by a
list in the order of the outputs, by a dict under their names, or once for all. Here both become flat lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kerasfront import errors, tree

MISSING = object()
"""Stands for an output that a dict does not mention."""


def names_in(given: Any) -> Iterator[str]:
    """Yield the strings in a nested structure of losses or metrics, without those inside of configs."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, dict) and "class_name" not in given:
        for item in given.values():
            yield from names_in(item)
    elif isinstance(given, (list, tuple)):
        for item in given:
            yield from names_in(item)


def check_items(where: str, given: Any, expected: str) -> None:
    """Check that a nested structure of losses or metrics holds nothing else.

    Raises:
        ValueError: it holds something that is no name, function or object.
    """
    if isinstance(given, dict) and "class_name" not in given:
        given = list(given.values())
    if isinstance(given, (list, tuple)):
        for item in given:
            check_items(where, item, expected)
    elif not (given is None or isinstance(given, (str, dict)) or callable(given)):
        raise ValueError(
            f"{where}: {given!r} does not fit. Expected {expected}; got {type(given).__name__}. Pass 'mse' or the like."
        )


def output_names(outputs: Any, layer_names: Sequence[str] | None = None) -> list[str]:
    """Return one name for each output: the keys and positions that lead to it, joined by "/".

    Where the last of them is a position, the name of the layer that made the output takes its place, or "output_<i>"
    where the model has no such names. A single output has the name of its layer, or "output".
    """
    paths = tree.flatten_with_path(outputs)
    if not layer_names or len(layer_names) != len(paths):
        layer_names = [f"output_{i}" for i in range(len(paths))] if len(paths) > 1 else ["output"]
    names = []
    for (path, _), own in zip(paths, layer_names, strict=True):
        last = [str(path[-1]) if path and isinstance(path[-1], str) else own]
        names.append("/".join([str(part) for part in path[:-1]] + last))
    return _distinct(names)


def log_names(outputs: Any, names: list[str], layer_names: Sequence[str] | None = None) -> list[str]:
    """Return what metrics of each output are prefixed with: its name, or that of its layer in a nested structure."""
    nested = any(len(path) > 1 for path, _ in tree.flatten_with_path(outputs))
    return _distinct(list(layer_names)) if nested and layer_names and len(layer_names) == len(names) else names


def _distinct(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    result = []
    for name in names:
        count = seen.get(name, 0)
        seen[name] = count + 1
        result.append(f"{name}_{count}" if count else name)
    return result


def align(
    where: str,
    value: Any,
    outputs: Any,
    names: Sequence[str],
    is_leaf: Callable[[Any], bool],
    spread: bool = False,
    partial: bool = False,
) -> list[Any]:
    """Return what `value` says about each output, as a flat list in the order of the outputs.

    Args:
        where: the argument to name in messages, such as "compile: `loss`".
        value: one item, a list, a dict, or a structure like `outputs`.
        outputs: the model's outputs.
        names: the flat outputs' names, as `output_names` gives them.
        is_leaf: tells a whole item from a structure of items.
        spread: a single item counts for each output.
        partial: a dict may leave out outputs; they get `MISSING`.

    Raises:
        ValueError: number or names do not fit.
    """
    count = len(names)
    if is_leaf(value) and (count == 1 or not isinstance(value, (list, tuple))):
        if count == 1 or spread:
            return [value] * count
        raise ValueError(
            f"{where}: one item came for {count} outputs. Expected a list of {count} items, or a dict with the keys "
            f"{list(names)}; got {_describe(value)}. Pass one item for each output."
        )
    if isinstance(value, dict):
        if isinstance(outputs, dict) and all(key in outputs for key in value):
            return _align_parts(where, outputs, value, names, is_leaf, spread, partial)
        return _align_names(where, value, outputs, names, is_leaf, partial)
    return _align_list(where, value, outputs, names, is_leaf, spread, partial)


def _align_names(where: str, value: dict, outputs: Any, names: Sequence[str], is_leaf: Callable, partial: bool) -> list:
    """Align a dict whose keys are the names of the flat outputs."""
    unknown = [key for key in value if key not in names]
    if unknown:
        keys = [str(key) for key in outputs] if isinstance(outputs, dict) else [str(name) for name in names]
        near = errors.nearest(str(unknown[0]), keys)
        hint = f"Did you mean {near!r}?" if near else "Use the names of the outputs."
        raise ValueError(
            f"{where}: {unknown[0]!r} is no output of the model. Expected keys from {keys}; got {list(value)}. {hint}"
        )
    absent = [name for name in names if name not in value]
    if absent and not partial:
        raise _absent(where, absent[0], names, value)
    result = []
    for name in names:
        item = value.get(name, MISSING)
        if item is not MISSING and not is_leaf(item):
            item = align(f"{where}[{name!r}]", item, None, [name], is_leaf)[0]
        result.append(item)
    return result


def _absent(where: str, key: Any, keys: Any, value: dict) -> ValueError:
    return ValueError(
        f"{where}: nothing is said about output {key!r}. Expected the keys {list(keys)}; got {list(value)}. "
        f"Add {key!r}."
    )


def _align_list(
    where: str, value: Any, outputs: Any, names: Sequence[str], is_leaf: Callable, spread: bool, partial: bool
) -> list:
    parts = list(value)
    if isinstance(outputs, dict):
        # The order of the leaves.
        children = [outputs[key] for key in sorted(outputs)]
    elif tree.is_nested(outputs):
        children = list(outputs)
    else:
        children = [outputs]
    if len(parts) == len(names) != len(children) and all(is_leaf(part) for part in parts):
        return parts
    if len(parts) != len(children):
        raise ValueError(
            f"{where}: {_items(len(parts))} came for {_items(len(children), 'output')}. Expected one for each of "
            f"{list(names)}; got {_describe(value)}. "
            f"Pass {_items(len(children))}, or a dict with the names of outputs as keys."
        )
    return _align_parts(where, children, parts, names, is_leaf, spread, partial)


def _align_parts(
    where: str, outputs: Any, value: Any, names: Sequence[str], is_leaf: Callable, spread: bool, partial: bool
) -> list:
    """Align each part of a container with its part of the names."""
    keys = sorted(outputs) if isinstance(outputs, dict) else range(len(outputs))
    result: list[Any] = []
    start = 0
    for key in keys:
        size = len(tree.flatten(outputs[key]))
        own = names[start : start + size]
        start += size
        if isinstance(value, dict) and key not in value:
            if not partial:
                raise _absent(where, key, keys, value)
            result += [MISSING] * size
        else:
            result += align(f"{where}[{key!r}]", value[key], outputs[key], own, is_leaf, spread, partial)
    return result


def _items(count: int, noun: str = "item") -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _describe(value: Any) -> str:
    """Return a short description that never prints a whole array."""
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"an array of shape {tuple(shape)}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_describe(item) for item in value[:8]) + (", ..." if len(value) > 8 else "") + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_describe(item)}" for key, item in list(value.items())[:8]) + "}"
    return repr(value) if isinstance(value, (str, int, float, type(None))) else type(value).__name__
