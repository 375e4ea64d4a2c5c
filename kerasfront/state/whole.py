"""Changes that happen as a whole or not at all, whatever interrupts them.

`together` is for the values of Variables, `kept_on_failure` for what objects hold while they are built.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasfront.backend import forking
from kerasfront.state import interrupts, scope, structure

building = forking.lock()
"""Held while a layer is built, so that two threads that call it for the first time build it once."""


class together:
    """A context in which assignments to Variables are seen at once and last only if it ends without an exception.

    A Ctrl-C waits for the end. Inside a function that lifts state, such as a step, that is whole already, it does
    nothing.

    Example:
        >>> import kerasfront as keras
        >>> from kerasfront.state.whole import together
        >>> a, b = keras.Variable(1.0), keras.Variable(2.0)
        >>> try:
        ...     with together():
        ...         _ = a.assign(5.0)
        ...         _ = b.assign([5.0, 5.0])
        ... except ValueError:
        ...     print(float(a))
        1.0
    """

    __slots__ = ("_deferred", "_frame")

    def __enter__(self) -> None:
        self._frame = None if scope.state.frames else scope.Frame()
        if self._frame is not None:
            self._deferred = interrupts.deferred()
            self._deferred.__enter__()
            scope.state.frames = (self._frame,)

    def __exit__(self, *exception: object) -> None:
        if self._frame is None:
            return
        scope.state.frames = ()
        try:
            if exception[0] is None:
                with interrupts.deferred(firm=True):
                    scope.hand_outwards(self._frame)
        finally:
            self._deferred.__exit__(*exception)


class finishing:
    """A context for the last assignments of a step, when nothing that may fail comes after them.

    Optimizers let an engine change weights in place there; elsewhere in a step they keep the old values alive, so that
    a failure that is still to come loses nothing. A Ctrl-C waits for the end, also a second one.
    """

    __slots__ = ("_deferred",)

    def __enter__(self) -> None:
        self._deferred = interrupts.deferred(firm=True)
        self._deferred.__enter__()
        scope.state.finishing = True

    def __exit__(self, *exception: object) -> None:
        scope.state.finishing = False
        self._deferred.__exit__(*exception)


class kept_on_failure:
    """A context that gives objects back their attributes if it is left by an exception.

    Lists, dicts and sets that are attributes are put back too, one level deep. A Ctrl-C waits for the end.

    Args:
        objects: which; each keeps its attributes in a `__dict__`.
    """

    __slots__ = ("_before", "_deferred", "_objects")

    def __init__(self, objects: Sequence[Any]):
        self._objects = objects

    def __enter__(self) -> None:
        self._deferred = interrupts.deferred()
        self._deferred.__enter__()
        self._before = [{name: _copy(value) for name, value in vars(one).items()} for one in self._objects]

    def __exit__(self, *exception: object) -> None:
        if exception[0] is not None:
            with interrupts.deferred(firm=True):
                for one, before in zip(self._objects, self._before, strict=True):
                    vars(one).clear()
                    vars(one).update({name: value for name, (value, _) in before.items()})
                    for value, content in before.values():
                        if content is not None:
                            _fill(value, content)
                structure.forget()
        self._deferred.__exit__(*exception)


def _copy(value: Any) -> tuple[Any, Any]:
    """Return a value, and what is in it if it is a plain container."""
    return value, value.copy() if type(value) in (list, dict, set) else None


def _fill(container: Any, content: Any) -> None:
    container.clear()
    (container.extend if type(container) is list else container.update)(content)
