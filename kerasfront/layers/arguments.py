"""The arguments of layers: checks in one wording, seeds, and how a class hands them on."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from kerasfront import random

_NO_ARGUMENTS = ("self", "kwargs")


def positive_int(layer: str, name: str, value: Any, least: int = 1) -> int:
    """Return an integer of at least `least`.

    Raises:
        ValueError: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(
            f"{layer}: {name} is {value!r}. Expected an integer of at least {least}. Correct the argument."
        )
    return int(value)


def fraction(layer: str, name: str, value: Any, top: float = 1.0) -> float:
    """Return a number from 0 to `top`.

    Raises:
        ValueError: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value <= top:
        raise ValueError(f"{layer}: {name} is {value!r}. Expected a number from 0 to {top}. Correct the argument.")
    return float(value)


def one_of(layer: str, name: str, value: Any, choices: tuple) -> Any:
    """Return a value that is one of some.

    Raises:
        ValueError: anything else, with the nearest right one.
    """
    if value not in choices:
        from kerasfront import errors

        raise errors.unknown_name(f"{layer} {name}", value, choices)
    return value


def not_yet(layer: str, **arguments: Any) -> None:
    """Refuse arguments that have no effect yet, by name and value.

    Raises:
        ValueError: one is not None.
    """
    for name, value in arguments.items():
        if value is not None:
            raise ValueError(f"{layer}: {name}={value!r} is not supported yet. Expected None. Leave it out.")


def shared_arguments(given: dict[str, Any], owner: type) -> dict[str, Any]:
    """Return those arguments that a class takes by name, too.

    Args:
        given: `locals()` of an `__init__`.
        owner: the class.
    """
    names = inspect.signature(owner.__init__).parameters  # type: ignore[misc]
    return {name: value for name, value in given.items() if name in names and name not in _NO_ARGUMENTS}


def known_size(layer: str, shape: Any, axis: int = -1) -> int:
    """Return the size of an axis of an input shape, which must be known to make variables.

    Raises:
        ValueError: it is None, or the axis is not there.
    """
    if not isinstance(shape, (list, tuple)) or not -len(shape) <= axis < len(shape):
        raise ValueError(
            f"{layer}: input shape is {shape}. Expected a shape with axis {axis}. Pass inputs with more axes."
        )
    size = shape[axis]
    if size is None:
        raise ValueError(
            f"{layer}: axis {axis} of the input shape {tuple(shape)} is unknown. Expected a known size. State it in"
            f" keras.Input(...)."
        )
    return int(size)


def number(layer: str, name: str, value: Any) -> float:
    """Return a finite number.

    Raises:
        ValueError: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not np.isfinite(value):
        raise ValueError(f"{layer}: {name} is {value!r}. Expected a finite number. Correct the argument.")
    return float(value)


def nonnegative(layer: str, name: str, value: Any) -> float:
    """Return a number of 0 or more.

    Raises:
        ValueError: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not value >= 0:
        raise ValueError(f"{layer}: {name} is {value!r}. Expected a number of 0 or more. Correct the argument.")
    return float(value)


def checked_axis(layer: str, axis: Any) -> int:
    """Return an axis as an integer.

    Raises:
        TypeError: it is none.
    """
    if isinstance(axis, bool) or not hasattr(axis, "__index__"):
        raise TypeError(f"{layer}: axis is {axis!r}. Expected an integer. Correct the argument.")
    return int(axis)


def checked_axes(layer: str, axis: Any) -> Any:
    """Return one axis as an integer, several as a list.

    Raises:
        TypeError: one of them is no integer.
        ValueError: there are none.
    """
    if not isinstance(axis, (list, tuple)):
        return checked_axis(layer, axis)
    if not axis:
        raise ValueError(f"{layer}: axis is {axis!r}. Expected at least one axis. Correct the argument.")
    return [checked_axis(layer, one) for one in axis]


def generator_of(seed: Any) -> random.SeedGenerator:
    """Return the generator that a layer draws from: the one given, or a new one from a seed (None for any)."""
    return seed if isinstance(seed, random.SeedGenerator) else random.SeedGenerator(seed)


def plain_seed(seed: Any) -> Any:
    """Return the argument `seed` of a layer as plain data."""
    return seed.seed if isinstance(seed, random.SeedGenerator) else seed
