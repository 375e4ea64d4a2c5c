"""Keeping Ctrl-C out of the moment in which new state is put in place.

In the main thread a SIGINT that arrives inside `deferred()` is raised when the block ends. A second one is raised at
once, because compiling may take minutes; not so inside `deferred(firm=True)`, which is for the short moment in which
one Variable after the other gets its new value.
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
    """A context that lets a SIGINT wait until its end. Inside another one it waits for the end of that.

    Args:
        firm: let all of them wait, not only the first.
    """

    __slots__ = ("_active", "_firm", "_loosens", "_previous", "_received")
    _open: deferred | None = None

    def __init__(self, firm: bool = False):
        self._firm = firm

    def __enter__(self) -> deferred:
        self._active, self._loosens = False, None
        self._received: tuple | None = None
        if threading.current_thread() is not _main:
            return self
        around = deferred._open
        if around is not None:
            if self._firm and not around._firm:
                around._firm, self._loosens = True, around
            return self
        previous = _signal.getsignal(_SIGINT)
        # A handler set from C (None), or an ignored signal, is not ours to replace.
        if callable(previous):
            self._previous = previous
            _signal.signal(_SIGINT, self._receive)
            self._active, deferred._open = True, self
        return self

    def _receive(self, number: int, frame: Any) -> None:
        if self._received is not None and not self._firm:
            self._previous(number, frame)
        self._received = (number, frame)

    def __exit__(self, *exception: object) -> None:
        if self._loosens is not None:
            self._loosens._firm = False
        if not self._active:
            return
        deferred._open = None
        _signal.signal(_SIGINT, self._previous)
        if self._received is not None and exception[0] is None:
            self._previous(*self._received)
        elif self._received is not None:
            signal.raise_signal(signal.SIGINT)
