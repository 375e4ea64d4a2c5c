"""Nested structures of lists, tuples, dicts and named tuples; None is a leaf.

A thin face on `optree`, with the names of the Keras API. Dicts keep their order of insertion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import optree

_OPTIONS: dict[str, Any] = {"none_is_leaf": True, "namespace": "kerasfront"}


# Held open for the life of the process: in our namespace dicts keep their order.
_insertion_order = optree.dict_insertion_ordered(True, namespace="kerasfront")
_insertion_order.__enter__()


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
