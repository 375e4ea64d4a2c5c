"""Lifting state: how plain stateful code runs inside pure functions (decision D6).

A `Frame` holds values for Variables, by identity, while a function runs. Reading a Variable walks the frames of this
thread outwards and falls back to its handle; assigning writes into the innermost frame. Who opened the frame decides
what
becomes of the writes: they are dropped with the frame if the function fails, and handed outwards if it succeeds.
The handles themselves are never swapped for traced values, so nothing is lost when a trace fails.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any


class _State(threading.local):
    frames: tuple[Frame, ...] = ()
    autocast: str | None = None
    finishing: bool = False
    """Whether the function that lifts state does its last assignments, see `whole.finishing`."""


state = _State()


class Frame:
    """Values of Variables for the length of a function call.

    Args:
        variables, values: what is lifted from the start.
        closed: a traced function: a Variable that is not lifted yet may not be read as a constant, and is noted in
        `unlifted`.
    """

    __slots__ = ("_outer", "closed", "unlifted", "values", "written")

    def __init__(self, variables: Sequence[Any] = (), values: Sequence[Any] = (), closed: bool = False):
        self.values: dict[int, Any] = {id(variable): value for variable, value in zip(variables, values, strict=True)}
        self.written: dict[int, Any] = {}
        self.unlifted: dict[int, Any] = {}
        self.closed = closed

    def __enter__(self) -> Frame:
        self._outer = state.frames
        state.frames = (*self._outer, self)
        return self

    def __exit__(self, *exception: object) -> None:
        state.frames = self._outer

    def write(self, variable: Any, value: Any) -> None:
        """Store a value for a Variable."""
        key = id(variable)
        self.values[key] = value
        self.written[key] = variable


class Dropped(Frame):
    """A frame whose writes nobody wants: a layer runs on symbolic tensors, and nothing has happened yet."""

    __slots__ = ()


def dropping() -> contextlib.AbstractContextManager:
    """Return a context in which assignments are seen, and forgotten at its end; within another one it is that one."""
    return contextlib.nullcontext() if any(isinstance(frame, Dropped) for frame in state.frames) else Dropped()


@contextlib.contextmanager
def lasting() -> Iterator[None]:
    """Return a context in which assignments last although a layer runs on symbolic tensors: while it is built."""
    previous = state.frames
    state.frames = tuple(frame for frame in previous if not isinstance(frame, Dropped))
    try:
        yield
    finally:
        state.frames = previous


def lookup(variable: Any) -> Any:
    """Return the innermost value of a Variable; None where no frame has one."""
    key = id(variable)
    for frame in reversed(state.frames):
        value = frame.values.get(key)
        if value is not None:
            return value
        if frame.closed:
            frame.unlifted[key] = variable
    return None


def hand_outwards(frame: Frame, values: dict[int, Any] | None = None) -> None:
    """Give a closed frame's writes to the frame around it, or to the Variables themselves."""
    for key, variable in frame.written.items():
        variable.put((values or frame.values)[key])


def in_frame() -> bool:
    """Return whether a lifted function is running in this thread."""
    return bool(state.frames)


class autocast_scope:
    """A context in which floating-point Variables that allow it are read in another dtype; None turns it off."""

    __slots__ = ("_dtype", "_previous")

    def __init__(self, dtype: str | None):
        self._dtype = dtype

    def __enter__(self) -> None:
        self._previous = state.autocast
        state.autocast = self._dtype

    def __exit__(self, *exception: object) -> None:
        state.autocast = self._previous
