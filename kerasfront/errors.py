"""The exceptions of the package and the wording that they share."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class BackendError(RuntimeError):
    """An engine cannot be used: unknown, not installed, broken, or tensors of two engines were mixed."""


class BackendNotInstalled(BackendError, ImportError):
    """The adapter is known but its engine is not installed."""


class OpError(ValueError):
    """The arguments of an op do not fit together."""


class UnsupportedOp(NotImplementedError):
    """An engine cannot carry out an op; the message says why and what to do."""


def no_device(device: str, devices: Iterable[str]) -> BackendError:
    """Return the error for a device that is none of those that are there."""
    return BackendError(f"device: {device!r} is not there. Expected one of {tuple(devices)}. Choose one.")


def nearest(name: Any, choices: Iterable[str]) -> str | None:
    """Return the choice most like `name`, or None where none is near."""
    by_lower = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(str(name).lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def unknown_name(kind: str, name: Any, choices: Iterable[Any]) -> ValueError:
    """Return the error for a name that is none of `choices`, with the nearest right one.

    Args:
        kind: what the name stands for, such as "loss" or "backend".
        name: what came.
        choices: the right names, and other values such as None.
    """
    choices = sorted(map(str, choices))
    near = nearest(name, choices)
    remedy = f"Did you mean {near!r}?" if near else "Use one of those."
    listed = ", ".join(choices) if choices else "none"
    return ValueError(f"{kind}: unknown name {name!r}. Expected one of: {listed}. {remedy}")
