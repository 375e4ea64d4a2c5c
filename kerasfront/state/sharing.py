"""What engines have compiled, shared by functions that do the same to Variables of the same form.

Tuning, cross-validation and ensembles train many models made alike; the engine compiles the step of the first. It sees
a `Shared`, which stands for whichever of the functions is running and so keeps none of them alive.
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable, Hashable
from typing import Any

# What was compiled takes some megabytes each.
_MOST = 16


class Form:
    """What a trace has found out: which values were assigned, and the structure of the outputs."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.output_spec: Any = None
        self.output_statics: list[Any] = []
        self.output_places: list[int] = []


class Face:
    """A pure function as an engine sees it; `form` is what traces of it have found out."""

    def __init__(self) -> None:
        self.form = Form()

    @property
    def written(self) -> list[int]:
        """The positions of the values that were assigned."""
        return self.form.written

    @written.setter
    def written(self, places: list[int]) -> None:
        self.form.written = places


class Unlike(Exception):
    """A function that is to be traced has come to do something else than those it was like."""


class _Running(threading.local):
    pure: Any = None


_running = _Running()


class Shared(Face):
    """The pure face of functions that are alike; the engine calls it to trace the one that runs.

    Attributes:
        run: what the engine has made of it, None before.
        loops: the compiled loops over it, see `Repeated`.
    """

    def __init__(self, likeness: Hashable):
        super().__init__()
        self._likeness = likeness
        self.run: Callable | None = None
        self.loops: dict[Any, Any] = {}

    def __call__(self, values: list[Any], inputs: list[Any]) -> Any:
        pure = _running.pure
        if pure.likeness() != self._likeness:
            raise Unlike
        return pure(values, inputs)


class running:
    """A context in which the `Shared` of a pure function, if it has one, stands for it."""

    __slots__ = ("_before", "_pure")

    def __init__(self, pure: Any):
        self._pure = pure

    def __enter__(self) -> None:
        self._before = _running.pure
        _running.pure = self._pure

    def __exit__(self, *exception: object) -> None:
        _running.pure = self._before


_known: collections.OrderedDict[Hashable, Shared] = collections.OrderedDict()
_lock = threading.Lock()


def shared_by(key: Hashable, likeness: Hashable) -> Shared:
    """Return what functions share that have this key (engine, arguments) and are alike in this way."""
    with _lock:
        found = _known.setdefault((key, likeness), Shared(likeness))
        _known.move_to_end((key, likeness))
        if len(_known) > _MOST:
            _known.popitem(last=False)
    return found


def forget() -> None:
    """Drop everything that was compiled for more than one function."""
    with _lock:
        _known.clear()
