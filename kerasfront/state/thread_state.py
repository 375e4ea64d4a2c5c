"""What a thread has open: the active engine, frames, scopes.

Contexts close what they open. But a Ctrl-C may come in the very moment in which one is about to close, before its first
line, and then the thread would stay as it was inside. Who is called from outside notes what is open before it begins,
and puts it back when it is left by an exception.
"""

from __future__ import annotations

from typing import Any

from kerasfront.backend import masks, registry, symbolic
from kerasfront.state import scope, structure, variable


def noted() -> tuple:
    """Return what this thread has open."""
    state = scope.state
    return (
        registry._active.backend,
        state.frames,
        state.autocast,
        masks._masks.table,
        symbolic._recording.on,
        structure._state.memory,
        variable._path.scopes,
    )


def put_back(before: tuple[Any, ...]) -> None:
    """Let this thread have open what `noted` returned before."""
    state = scope.state
    registry._active.backend, state.frames, state.autocast, masks._masks.table = before[:4]
    symbolic._recording.on, structure._state.memory, variable._path.scopes = before[4:]
