"""Every public op has the oracle's signature: parameters in its order, under its names, with its defaults.

Further parameters of ours have defaults and come last.
"""

import inspect

import keras
import pytest

from kerasfront import ops, random
from kerasfront.ops import namespaces

# Where we differ on purpose, with the reason.
DIFFERENT = {
    "layer_normalization": "its one further keyword is spelled out",
    "multi_hot": "what its further keywords catch is a name of an earlier release",
}

PLACES = {
    "ops": (keras.ops, ops),
    **{f"ops.{name}": (getattr(keras.ops, name), getattr(ops, name)) for name in namespaces.NAMESPACES},
    "random": (keras.random, random),
}


def names_in(module):
    return {name for name in dir(module) if not name.startswith("_") and not inspect.ismodule(getattr(module, name))}


SIGNATURES = [(place, name) for place, (theirs, _) in PLACES.items() for name in sorted(names_in(theirs))]


def spelled(parameter):
    default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
    return f"{parameter.kind.description} {parameter.name}{default}"


def fits(ours, theirs):
    """Return whether ours can be called in every way in which theirs can, and says the same defaults."""
    ours, theirs = list(ours.parameters.values()), list(theirs.parameters.values())
    shared, further = ours[: len(theirs)], ours[len(theirs) :]
    optional = all(
        each.default is not each.empty or each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in further
    )
    return [spelled(each) for each in shared] == [spelled(each) for each in theirs] and optional


@pytest.mark.parametrize(("place", "name"), SIGNATURES, ids=lambda word: word)
def test_signature_is_that_of_the_oracle(place, name):
    theirs, ours = (getattr(module, name, None) for module in PLACES[place])
    if name in DIFFERENT:
        # The list is strict: see the tests below.
        return
    assert ours is not None, f"{place} has no {name}"
    found, wanted = inspect.signature(ours), inspect.signature(theirs)
    assert fits(found, wanted), f"{name}{found}, the oracle has {name}{wanted}"


def test_each_listed_name_is_one_of_the_oracle():
    known = {name for theirs, _ in PLACES.values() for name in names_in(theirs)}
    assert sorted(set(DIFFERENT) - known) == []


def test_each_listed_difference_is_one():
    same = [
        name
        for name in DIFFERENT
        for theirs, ours in PLACES.values()
        if name in names_in(theirs)
        and fits(inspect.signature(getattr(ours, name)), inspect.signature(getattr(theirs, name)))
    ]
    assert same == []


def test_lists_of_names_are_those_of_the_oracle():
    assert names_in(keras.ops) == namespaces.PUBLIC
    assert {name: names_in(getattr(keras.ops, name)) for name in namespaces.NAMESPACES} == {
        name: set(names) for name, names in namespaces.NAMESPACES.items()
    }


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (lambda x, y=1: x, lambda x, y=1: x, True),
        (lambda x, y=1, z=2: x, lambda x, y=1: x, True),
        (lambda x, y=1, *, z=2: x, lambda x, y=1: x, True),
        (lambda x, y=1, *, z: x, lambda x, y=1: x, False),
        (lambda x, y=2: x, lambda x, y=1: x, False),
        (lambda y, x: x, lambda x, y: x, False),
        (lambda x, z=2, y=1: x, lambda x, y=1: x, False),
        (lambda x, *, y=1: x, lambda x, y=1: x, False),
        (lambda x: x, lambda x, y=1: x, False),
        (lambda x, **more: x, lambda x: x, True),
    ],
)
def test_this_check_sees_differences(ours, theirs, expected):
    assert fits(inspect.signature(ours), inspect.signature(theirs)) is expected
