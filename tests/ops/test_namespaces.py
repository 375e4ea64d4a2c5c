"""`kerasfront.ops` and its namespaces show the public names, and only those."""

import importlib

import pytest

from kerasfront import ops
from kerasfront.ops import namespaces

NAMES = sorted(namespaces.NAMESPACES)


@pytest.mark.parametrize("name", NAMES)
def test_namespace_is_importable_and_an_attribute(name):
    assert importlib.import_module(f"kerasfront.ops.{name}") is getattr(ops, name)


@pytest.mark.parametrize("name", NAMES)
def test_namespace_holds_public_names_only(name):
    module = getattr(ops, name)
    assert dir(module) == sorted(module.__all__)
    assert set(module.__all__) <= set(namespaces.NAMESPACES[name])


@pytest.mark.parametrize("name", NAMES)
def test_namespace_holds_the_ops_themselves(name):
    module = getattr(ops, name)
    assert all(getattr(module, each) is getattr(ops, each) for each in module.__all__)


def test_ops_shows_public_names_and_ops_of_our_own():
    assert dir(ops) == ops.__all__ == sorted(set(ops.__all__))
    own = set(ops.__all__) - namespaces.PUBLIC - set(NAMES) - {"KerasTensor"}
    assert {"adam_update", "lstm"} <= own
    assert [name for name in own if not getattr(ops, name).__doc__ or name.startswith("_")] == []


def test_primitives_are_reachable_and_shown_only_under_public_names():
    hidden = [name for name in ops.primitives() if name not in namespaces.PUBLIC]
    assert "permute_axes" in hidden
    assert all(callable(getattr(ops, name)) for name in hidden)
    assert set(hidden).isdisjoint(ops.__all__)
