"""What becomes of us in a process that was forked.

Only the thread that forks goes on in the new process. Locks that others held stay locked there, and an engine that has
threads of its own waits for them for ever. So locks are renewed, and such an engine says what is wrong when it is used.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from kerasfront import errors


def in_child(act: Callable[[], Any]) -> None:
    """Run a function in each process that is forked from this one."""
    # Where there is no fork there is nothing to do.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=act)


def lock() -> Any:
    """Return a lock that the thread that has it can take again, and that is free in a forked process."""
    made = threading.RLock()
    in_child(made._at_fork_reinit)  # type: ignore[attr-defined]
    return made


def leave_behind(backend: Any) -> None:
    """Let a backend raise an error at whatever is asked of it."""
    kind = type(backend)
    backend.__class__ = type(kind.__name__, (_LeftBehind, kind), {})


class _LeftBehind:
    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__"):
            return object.__getattribute__(self, name)
        engine = object.__getattribute__(self, "name")
        raise errors.BackendError(
            f"backend {engine!r}: this process was forked from one that had used the engine, whose threads a fork"
            f" leaves behind, so it would hang. Expected a process of its own. Start it with"
            f" multiprocessing.get_context('spawn'), or use {engine!r} in one of the two processes only."
        )
