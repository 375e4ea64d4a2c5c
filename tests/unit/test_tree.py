"""Nested structures, without an engine."""

import pytest

from kerasfront import tree


def test_dicts_are_read_by_sorted_keys_and_rebuilt_in_their_own_order():
    leaves, spec = tree.flatten_with_spec({"b": 1, "a": 2})
    assert leaves == [2, 1]
    assert list(tree.unflatten(spec, leaves)) == ["b", "a"]
    assert tree.map_structure(lambda x, y: x - y, {"b": 5, "a": 3}, {"a": 1, "b": 1}) == {"b": 4, "a": 2}
    tree.assert_same_structure({"b": 1, "a": 2}, {"a": 1, "b": 2})


@pytest.mark.parametrize(
    ("top_down", "expected"),
    [(True, [[(1, 2), [3]], (1, 2), 1, 2, [3], 3]), (False, [1, 2, (1, 2), 3, [3], [(1, 2), [3]]])],
)
def test_traverse_visits_containers_and_leaves(top_down, expected):
    seen = []
    assert tree.traverse(seen.append, [(1, 2), [3]], top_down) == [(1, 2), [3]]
    assert seen == expected


def test_traverse_replaces_and_does_not_enter_what_it_replaced():
    seen = []

    def visit(part):
        seen.append(part)
        return {(1, 2): "pair", 3: tree.MAP_TO_NONE}.get(part) if not isinstance(part, list) else None

    assert tree.traverse(visit, [(1, 2), [3, 4]]) == ["pair", [None, 4]]
    assert seen == [[(1, 2), [3, 4]], (1, 2), [3, 4], 3, 4]


def test_mapping_stops_where_the_shallow_structure_has_leaves():
    assert tree.map_structure_up_to([None, [None, None]], str, [[1, 1], [2, 2]]) == ["[1, 1]", ["2", "2"]]
    assert tree.map_structure_up_to({"a": 0}, lambda x, y: (x, y), {"a": [1]}, {"a": [2]}) == {"a": ([1], [2])}
    with pytest.raises(ValueError):
        tree.map_structure_up_to([None, [None]], str, [1, 2])
    with pytest.raises(ValueError, match="at least one structure"):
        tree.map_structure_up_to([None], str)


def test_shapes_are_leaves_for_map_shape_structure():
    assert tree.map_shape_structure(len, {"a": (None, 3), "b": [(2,), [2, 4, 8]]}) == {"a": 2, "b": [1, 3]}


def test_lists_become_tuples():
    assert tree.lists_to_tuples([1, {"a": [2, [3]]}]) == (1, {"a": (2, (3,))})


@pytest.mark.parametrize("function", [tree.traverse, tree.map_shape_structure])
def test_what_is_no_function_is_refused(function):
    with pytest.raises(TypeError, match="expected a function, got 3"):
        function(3, [1])
