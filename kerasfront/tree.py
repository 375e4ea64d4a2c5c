"""Nested structures of lists, tuples, dicts and named tuples; None is a leaf.

A thin face on `optree`, with the names of the Keras API. The leaves of a dict come in the order of its sorted keys, and
a dict that is rebuilt keeps the order in which its keys came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import optree

_OPTIONS: dict[str, Any] = {"none_is_leaf": True, "namespace": "kerasfront"}


def is_nested(structure: Any) -> bool:
    """Return whether `structure` is a list, tuple, dict or the like."""
    return not optree.tree_is_leaf(structure, **_OPTIONS)


def flatten(structure: Any) -> list[Any]:
    """Return the leaves in order.

    Example:
        >>> from kerasfront import tree
        >>> tree.flatten({"a": 1, "b": [2, None]})
        [1, 2, None]
    """
    return optree.tree_leaves(structure, **_OPTIONS)


def flatten_with_spec(structure: Any) -> tuple[list[Any], Any]:
    """Return the leaves and a hashable description of the structure, for `unflatten`."""
    return optree.tree_flatten(structure, **_OPTIONS)


def flatten_with_path(structure: Any) -> list[tuple[tuple, Any]]:
    """Return pairs of path (a tuple of keys and indices) and leaf."""
    paths, leaves, _ = optree.tree_flatten_with_path(structure, **_OPTIONS)
    return list(zip(paths, leaves, strict=True))


def unflatten(spec: Any, leaves: Iterable[Any]) -> Any:
    """Rebuild a structure from its description and leaves."""
    return optree.tree_unflatten(spec, leaves)


def map_structure(function: Callable, *structures: Any) -> Any:
    """Apply `function` to corresponding leaves and keep the structure of the first.

    Raises:
        ValueError: the structures differ.
    """
    if not structures:
        raise ValueError(
            "map_structure: expected at least one structure, got none. Pass the structures after the function."
        )
    return optree.tree_map(function, *structures, **_OPTIONS)


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """Put a flat sequence into the structure of `structure`.

    Raises:
        ValueError: the number of leaves differs.
    """
    leaves = list(flat_sequence)
    spec = optree.tree_structure(structure, **_OPTIONS)
    if spec.num_leaves != len(leaves):
        raise ValueError(
            f"pack_sequence_as: expected {spec.num_leaves} leaves for {structure!r}, got {len(leaves)}. Pass as many."
        )
    return optree.tree_unflatten(spec, leaves)


def assert_same_structure(a: Any, b: Any) -> None:
    """Check that two structures have the same containers.

    Raises:
        ValueError: they differ.
    """
    spec_a, spec_b = optree.tree_structure(a, **_OPTIONS), optree.tree_structure(b, **_OPTIONS)
    if spec_a != spec_b:
        raise ValueError(f"assert_same_structure: expected equal structures, got {a!r} and {b!r}.")


def assert_same_paths(a: Any, b: Any) -> None:
    """Check that two structures have leaves at the same paths, whatever the containers.

    Raises:
        ValueError: they differ.
    """
    paths_a, paths_b = (optree.tree_paths(value, **_OPTIONS) for value in (a, b))
    if paths_a != paths_b:
        raise ValueError(f"assert_same_paths: expected equal paths, got {paths_a} and {paths_b}.")


class MAP_TO_NONE:
    """What the function of `traverse` returns to put None into a place; None itself means "go on"."""


def traverse(func: Callable, structure: Any, top_down: bool = True) -> Any:
    """Call a function on each part of a structure, containers and leaves, and replace what it returns something for.

    Args:
        func: takes a part; returns None to leave it, `MAP_TO_NONE` to put None there, anything else to put that there.
        structure: any nested structure.
        top_down: whether a container is visited before its parts, which are then left out if it is replaced.

    Returns:
        The structure with the replacements.

    Raises:
        TypeError: `func` cannot be called.

    Example:
        >>> from kerasfront import tree
        >>> tree.traverse(lambda part: "pair" if isinstance(part, tuple) else None, [(1, 2), 3])
        ['pair', 3]
    """
    _check_callable("traverse", func)

    def visit(part: Any) -> Any:
        replacement = func(part) if top_down else None
        if replacement is None and is_nested(part):
            children, spec = optree.tree_flatten(part, is_leaf=lambda inner: inner is not part, **_OPTIONS)
            part = optree.tree_unflatten(spec, [visit(child) for child in children])
        if replacement is None and not top_down:
            replacement = func(part)
        return part if replacement is None else None if replacement is MAP_TO_NONE else replacement

    return visit(structure)


def map_structure_up_to(shallow_structure: Any, func: Callable, *structures: Any) -> Any:
    """Apply a function to the parts of structures that lie where `shallow_structure` has leaves.

    Raises:
        TypeError: `func` cannot be called.
        ValueError: no structure is given, or one is shallower than `shallow_structure`.

    Example:
        >>> from kerasfront import tree
        >>> tree.map_structure_up_to([None, None], len, [[1, 2], [3]])
        [2, 1]
    """
    _check_callable("map_structure_up_to", func)
    if not structures:
        raise ValueError("map_structure_up_to: expected at least one structure, got none. Pass one after the function.")
    spec = optree.tree_structure(shallow_structure, **_OPTIONS)
    return optree.tree_unflatten(spec, map(func, *(spec.flatten_up_to(structure) for structure in structures)))


def lists_to_tuples(structure: Any) -> Any:
    """Return the structure with tuples in place of lists.

    Example:
        >>> from kerasfront import tree
        >>> tree.lists_to_tuples([1, {"a": [2, 3]}])
        (1, {'a': (2, 3)})
    """
    return traverse(lambda part: tuple(part) if isinstance(part, list) else None, structure, top_down=False)


def is_shape(value: Any) -> bool:
    """Return whether the value is a list or tuple of dimensions: integers or None."""
    return isinstance(value, (list, tuple)) and all(size is None or isinstance(size, int) for size in value)


def map_shape_structure(func: Callable, structure: Any) -> Any:
    """Apply a function to each shape in a structure of shapes.

    Raises:
        TypeError: `func` cannot be called.

    Example:
        >>> from kerasfront import tree
        >>> tree.map_shape_structure(len, {"a": (None, 3), "b": [(2,), (2, 4, 8)]})
        {'a': 2, 'b': [1, 3]}
    """
    _check_callable("map_shape_structure", func)
    return optree.tree_map(func, structure, is_leaf=is_shape, **_OPTIONS)


def _check_callable(where: str, func: Any) -> None:
    if not callable(func):
        raise TypeError(f"{where}: expected a function, got {func!r}. Pass the function first.")
