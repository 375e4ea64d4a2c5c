"""Checks of layers' arguments, in one wording."""

from __future__ import annotations

from typing import Any

import numpy as np


def given(scope: dict[str, Any], but: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the arguments of an `__init__` but some, further keywords among them, from its `locals()` at the start.

    So a class can spell its arguments out and hand all of them on in one word.
    """
    named = {name: value for name, value in scope.items() if name not in ("self", "__class__", "kwargs", *but)}
    return {**named, **scope.get("kwargs", {})}


def not_supported(layer: str, **arguments: Any) -> None:
    """Refuse arguments of the Keras API that have no meaning here yet, unless they are None.

    Raises:
        ValueError: one of them has a value.
    """
    for name, value in arguments.items():
        if value is not None:
            raise ValueError(f"{layer}: {name} is {value!r}, which is not supported. Expected None. Leave it out.")


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
