"""A progress bar for a terminal, a line for anything else."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, TextIO

import numpy as np

from kerasfront import config
from kerasfront.utils import output

_ESCAPES = re.compile("\x1b\\[[0-9;]*m")
_BLOCK = "\u2501"
_BOLD, _GREEN, _WHITE, _RESET = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"

Values = Iterable[tuple[str, Any]] | Callable[[], Iterable[tuple[str, Any]]] | None


class Progbar:
    """Shows how far a loop of known or unknown length is.

    Args:
        target: steps in all, None if unknown.
        width: of the bar, in characters.
        verbose: 0 for nothing, 1 for a bar that moves in place (one line at the end where the output is no terminal), 2
            for one line at the end.
        interval: seconds between two drawings at least.
        stateful_metrics: names of values to show as they came; others are averaged over the steps.
        stateless_metrics: names of values to average over the steps; others are shown as they came, which is the
            default for all.
        unit_name: what a step is called.

    Raises:
        ValueError: both lists of metrics are given, or `target`, `width` or `verbose` make no sense.

    Example:
        >>> import kerasfront as keras
        >>> bar = keras.utils.Progbar(2, verbose=0)
        >>> bar.add(1, values=[("loss", 0.5)])
        >>> bar.update(2)
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Progbar: `stateful_metrics` and `stateless_metrics` exclude each other. Expected one of them. Leave "
                "one out."
            )
        if target is not None and target < 0 or width < 1 or verbose not in (0, 1, 2):
            raise ValueError(
                "Progbar: an argument does not fit. Expected target >= 0 or None, width >= 1, verbose 0, 1 or 2; got "
                f"target={target}, "
                f"width={width}, verbose={verbose!r}. Correct it."
            )
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = None if stateful_metrics is None else set(stateful_metrics)
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self.finalized = False
        self._stream: TextIO = sys.stdout
        self._moves = verbose == 1 and config.is_interactive_logging_enabled() and _is_display(self._stream)
        self._fancy = _can_show(self._stream, _BLOCK)
        self._colors = self._moves and "NO_COLOR" not in os.environ
        # Name -> (sum of value * steps, steps); steps is None for a value to show as it came.
        self._values: dict[str, tuple[Any, int | None]] = {}
        self._seen = 0
        self._start = time.monotonic()
        # When the first call came, and how many steps were done by then.
        self._first: tuple[float, int] | None = None
        self._drawn = -float("inf")
        self._drawn_width = 0

    def update(self, current: int, values: Values = None, finalize: bool | None = None) -> None:
        """Show that `current` steps are done.

        Args:
            current: steps so far.
            values: pairs of name and value, or a function that returns them and is called only for drawing.
            finalize: whether this is the end; None for when `current` reaches the target.
        """
        now = time.monotonic()
        if current and self._first is None:
            self._first = (now, current)
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        draws = (
            self.verbose > 0 and not self.finalized and (finalize or self._moves and now - self._drawn >= self.interval)
        )
        if not callable(values):
            self._take(values, current)
        elif draws:
            self._take(values(), current)
        self._seen = max(current, self._seen)
        if not draws:
            return
        self._drawn = now
        self._draw(current, now, finalize)
        self.finalized = finalize

    def add(self, n: int, values: Values = None) -> None:
        """Show that `n` more steps are done."""
        self.update(self._seen + n, values)

    def write_line(self, text: str) -> None:
        """Write a line of text."""
        output.write_line(text, self._stream)

    def _take(self, values: Iterable[tuple[str, Any]] | None, current: int) -> None:
        steps = max(current - self._seen, 1)
        for name, value in values or ():
            if self._is_averaged(name):
                total, count = self._values.get(name, (0.0, 0))
                self._values[name] = (total + value * steps, (count or 0) + steps)
            else:
                self._values[name] = (value, None)

    def _is_averaged(self, name: str) -> bool:
        if self.stateless_metrics is not None:
            return name in self.stateless_metrics
        return self.stateful_metrics is not None and name not in self.stateful_metrics

    def _draw(self, current: int, now: float, final: bool) -> None:
        if not self._moves:
            self.write_line(self._plain_line(current, now))
            return
        line = self._moving_line(current, now, final)
        width = len(_ESCAPES.sub("", line))
        if not final:
            # A line that wraps could not be overwritten.
            line, width = _cut(line, width, shutil.get_terminal_size().columns - 1)
        padding = " " * max(self._drawn_width - width, 0)
        self._drawn_width = width
        self._stream.write("\r" + line + padding + ("\n" if final else ""))
        self._stream.flush()

    def _plain_line(self, current: int, now: float) -> str:
        count = f"{current}/{self.target}" if self.target is not None else f"{current}/Unknown"
        parts = [count, _time_text(now - self._start), f"{_step_text(self._step_time(current, now))}/{self.unit_name}"]
        return " - ".join(parts + self._value_texts())

    def _moving_line(self, current: int, now: float, final: bool) -> str:
        bold, reset = (_BOLD, _RESET) if self._colors else ("", "")
        step_time = self._step_time(current, now)
        if self.target is None:
            count, bar, shown = f"{current:>7}/Unknown", "", now - self._start
        else:
            digits = len(str(self.target))
            count, bar = f"{current:>{digits}}/{self.target}", " " + self._bar(current)
            shown = now - self._start if final else step_time * max(self.target - current, 0)
        clock = f"{bold}{_time_text(shown)}{reset} {_step_text(step_time)}/{self.unit_name}"
        return " - ".join([f"{bold}{count}{reset}{bar} {clock}", *self._value_texts()])

    def _bar(self, current: int) -> str:
        filled = int(self.width * min(current / max(self.target or 0, 1), 1.0))
        rest = self.width - filled
        if not self._fancy:
            return "[" + "=" * filled + "." * rest + "]"
        if not self._colors:
            return _BLOCK * filled + " " * rest
        return f"{_GREEN}{_BLOCK * filled}{_RESET}{_WHITE}{_BLOCK * rest}{_RESET}"

    def _value_texts(self) -> list[str]:
        texts = []
        for name, (value, count) in self._values.items():
            if count:
                value = value / count
            texts.append(f"{name}: {_value_text(value)}")
        return texts

    def _step_time(self, current: int, now: float) -> float:
        # The first step includes compiling, so it is left out as soon as there are others.
        if self._first is not None and current > self._first[1]:
            return (now - self._first[0]) / (current - self._first[1])
        return (now - self._start) / max(current, 1)


def _is_display(stream: TextIO) -> bool:
    """Return whether what is written there can be overwritten: a terminal or a notebook."""
    if "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ:
        return True
    return bool(getattr(stream, "isatty", lambda: False)())


def _can_show(stream: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _cut(line: str, width: int, room: int) -> tuple[str, int]:
    """Return the line cut to `room` visible characters."""
    if width <= room or room < 1:
        return line, width
    kept, left = [], room
    for piece in re.split("(\x1b\\[[0-9;]*m)", line):
        if not piece.startswith("\x1b"):
            piece = piece[:left]
            left -= len(piece)
        kept.append(piece)
    return "".join(kept), room


def _time_text(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if minutes else f"{rest}s"


def _step_text(seconds: float) -> str:
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"


def _value_text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return str(value)
    if isinstance(value, (int, float, np.generic)) or getattr(value, "size", None) == 1:
        number = float(value) if not hasattr(value, "item") else float(value.item())
        return f"{number:.4f}" if abs(number) > 1e-3 or number != number else f"{number:.4e}"
    return str(value)
