"""Tracebacks without our own frames, for whom they are in the way.

Errors keep their whole tracebacks, so that debuggers and logs see them; only what Python prints when a program ends by
an error is shortened.
"""

from __future__ import annotations

import pathlib
import sys
import types
from collections.abc import Callable
from typing import Any

_OURS = str(pathlib.Path(__file__).parents[1])
_GENERATED = "<op "
_previous_hook: Callable[..., Any] | None = None


def is_traceback_filtering_enabled() -> bool:
    """Return whether printed tracebacks leave out the frames of kerasfront."""
    return _previous_hook is not None


def enable_traceback_filtering() -> None:
    """Leave the frames of kerasfront out of the tracebacks that Python prints for errors nobody caught."""
    global _previous_hook
    if _previous_hook is None:
        _previous_hook, sys.excepthook = sys.excepthook, _print_shortened


def disable_traceback_filtering() -> None:
    """Print whole tracebacks, which is the default."""
    global _previous_hook
    if _previous_hook is not None:
        sys.excepthook, _previous_hook = _previous_hook, None


def without_our_frames(traceback: types.TracebackType | None) -> types.TracebackType | None:
    """Return a traceback without the frames of kerasfront; the last frame stays, whosever it is."""
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    shortened = None
    for place, entry in reversed(list(enumerate(frames))):
        file = entry.tb_frame.f_code.co_filename
        if place == len(frames) - 1 or not file.startswith((_OURS, _GENERATED)):
            shortened = types.TracebackType(shortened, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return shortened


def _print_shortened(kind: type[BaseException], error: BaseException, traceback: types.TracebackType | None) -> None:
    shortened = without_our_frames(traceback)
    # Printing takes the traceback from the error itself.
    (_previous_hook or sys.__excepthook__)(kind, error.with_traceback(shortened), shortened)
