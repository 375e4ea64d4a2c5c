"""Remembering which Variables and layers a model has while its compiled step runs.

Finding them means walking through all layers. Where an engine runs a step as plain Python, that would be done several
times per batch, always with the same outcome. Who runs a step opens `remembering` with a memory of its own; setting an
attribute that holds variables, or freezing something, makes the memory forget.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable
from typing import Any


class _State(threading.local):
    memory: dict | None = None


_state = _State()


class remembering:
    """A context in which answers of `remembered` methods are kept in `memory`.

    Args:
        memory: an empty dict at first; to be used again as long as the structure stays the same.
    """

    __slots__ = ("_memory", "_previous")

    def __init__(self, memory: dict):
        self._memory = memory

    def __enter__(self) -> None:
        self._previous = _state.memory
        _state.memory = self._memory

    def __exit__(self, *exception: object) -> None:
        _state.memory = self._previous


_changes = itertools.count(1)
_last_change = [0]


def note_change() -> None:
    """Take note that an attribute of some layer was set."""
    _last_change[0] = next(_changes)


def changes() -> int:
    """Return a number that is another one whenever an attribute of some layer was set in between."""
    return _last_change[0]


def forget() -> None:
    """Drop what is remembered, because the structure has changed."""
    if _state.memory:
        _state.memory.clear()


def remembered(method: Callable[[Any], list]) -> Callable[[Any], list]:
    """Let a method without arguments that returns a list take its answer from the memory, if one is open."""
    name = method.__qualname__

    @functools.wraps(method)
    def answer(self: Any) -> list:
        memory = _state.memory
        if memory is None:
            return method(self)
        key = (id(self), name)
        if key not in memory:
            # With its owner, which must outlive its id.
            memory[key] = (self, method(self))
        return list(memory[key][1])

    return answer
