"""Logs that are fetched from the engine when somebody reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import ops


def host_value(value: Any) -> Any:
    """Return a number of an engine as a Python float, an array of one as a NumPy array, anything else as it is."""
    if isinstance(value, (int, float, str, bool, np.generic)) or value is None:
        return float(value) if isinstance(value, np.number) else value
    if isinstance(value, (dict, list, tuple)):
        return value
    array = value if isinstance(value, np.ndarray) else ops.convert_to_numpy(value)
    return float(array) if array.ndim == 0 else array


class LazyLogs(dict):
    """A dict of logs whose values become Python floats at the first read; until then the engine is not waited for.

    Args:
        source: a dict with numbers or scalars of an engine, or a function that returns one.

    Example:
        >>> from kerasfront.callbacks import LazyLogs
        >>> logs = LazyLogs(lambda: {"loss": 0.5})
        >>> logs["loss"]
        0.5
    """

    __slots__ = ("_source",)

    def __init__(self, source: dict[str, Any] | Callable[[], dict[str, Any]]) -> None:
        # Not empty, because JSON's encoder looks at the size of the table behind our methods' backs.
        super().__init__({"unread": None} if callable(source) else source)
        self._source: Any = source

    def _fill(self) -> None:
        source = self._source
        if source is not None:
            values = source() if callable(source) else source
            values = {name: host_value(value) for name, value in values.items()}
            super().clear()
            super().update(values)
            self._source = None

    def __bool__(self) -> bool:
        # `logs = logs or {}` is common in callbacks and no reason to fetch anything.
        return super().__len__() > 0

    def __reduce__(self) -> Any:
        return dict, (dict(self),)

    def __ior__(self, other: Any) -> LazyLogs:  # type: ignore[misc]
        self.update(other)
        return self


def _reading(name: str) -> Callable:
    method = getattr(dict, name)

    def read(self: LazyLogs, *args: Any, **kwargs: Any) -> Any:
        self._fill()
        return method(self, *args, **kwargs)

    read.__name__ = name
    read.__doc__ = method.__doc__
    return read


# Everything a dict can do shows or changes its values, so everything fetches them first.
for _name in (
    *(
        "__contains__",
        "__delitem__",
        "__eq__",
        "__getitem__",
        "__iter__",
        "__len__",
        "__ne__",
        "__or__",
        "__repr__",
        "__reversed__",
    ),
    *(
        "__ror__",
        "__setitem__",
        "clear",
        "copy",
        "get",
        "items",
        "keys",
        "pop",
        "popitem",
        "setdefault",
        "update",
        "values",
    ),
):
    setattr(LazyLogs, _name, _reading(_name))
