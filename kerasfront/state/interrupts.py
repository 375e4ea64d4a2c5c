"""Keeping Ctrl-C out of the moment in which new state is put in place.

In the main thread a SIGINT that arrives inside `deferred()` is raised when the block ends; a second one is raised at
once.
Other threads receive no signals.
"""

from __future__ import annotations

import _signal  # without the enums of `signal`, which cost a step ten times as much
import signal
import threading
from typing import Any

_main = threading.main_thread()
_SIGINT = int(signal.SIGINT)


class deferred:
    """A context that lets a SIGINT wait until its end. Blocks inside blocks do nothing."""

    __slots__ = ("_active", "_previous", "_received")
    _open = False

    def __enter__(self) -> deferred:
        self._active = False
        self._received: tuple | None = None
        if not deferred._open and threading.current_thread() is _main:
            previous = _signal.getsignal(_SIGINT)
            # A handler set from C (None), or an ignored signal, is not ours to replace.
            if callable(previous):
                self._previous = previous
                _signal.signal(_SIGINT, self._receive)
                self._active = deferred._open = True
        return self

    def _receive(self, number: int, frame: Any) -> None:
        if self._received is not None:
            self._previous(number, frame)
        self._received = (number, frame)

    def __exit__(self, *exception: object) -> None:
        if not self._active:
            return
        deferred._open = False
        _signal.signal(_SIGINT, self._previous)
        if self._received is not None and exception[0] is None:
            self._previous(*self._received)
        elif self._received is not None:
            signal.raise_signal(signal.SIGINT)
