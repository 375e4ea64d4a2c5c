"""Python operators for symbolic tensors and Variables, each by the op of that meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

OPS: dict[str, Callable] = {}
"""Every declared op by name; `dispatch` fills it."""


def _unary(name: str) -> Callable:
    return lambda self: OPS[name](self)


def _binary(name: str) -> Callable:
    return lambda self, other: OPS[name](self, other)


def _reflected(name: str) -> Callable:
    return lambda self, other: OPS[name](other, self)


class Operators:
    """A mixin that gives a value the arithmetic of an array."""

    __slots__ = ()
    # NumPy must leave `array + ours` to our reflected operators.
    __array_priority__ = 1000
    __array_ufunc__: Any = None

    __neg__ = _unary("negative")
    __pos__ = lambda self: self  # noqa: E731
    __abs__ = _unary("abs")
    __invert__ = _unary("logical_not")

    __add__, __radd__ = _binary("add"), _reflected("add")
    __sub__, __rsub__ = _binary("subtract"), _reflected("subtract")
    __mul__, __rmul__ = _binary("multiply"), _reflected("multiply")
    __truediv__, __rtruediv__ = _binary("true_divide"), _reflected("true_divide")
    __floordiv__, __rfloordiv__ = _binary("floor_divide"), _reflected("floor_divide")
    __mod__, __rmod__ = _binary("mod"), _reflected("mod")
    __pow__, __rpow__ = _binary("power"), _reflected("power")
    __matmul__, __rmatmul__ = _binary("matmul"), _reflected("matmul")
    __and__, __rand__ = _binary("logical_and"), _reflected("logical_and")
    __or__, __ror__ = _binary("logical_or"), _reflected("logical_or")
    __xor__, __rxor__ = _binary("logical_xor"), _reflected("logical_xor")
    __lt__, __le__ = _binary("less"), _binary("less_equal")
    __gt__, __ge__ = _binary("greater"), _binary("greater_equal")
    __eq__, __ne__ = _binary("equal"), _binary("not_equal")
    __hash__ = object.__hash__

    def __getitem__(self, key: Any) -> Any:
        return OPS["get_item"](self, key)

    def __round__(self, ndigits: int | None = None) -> Any:
        return OPS["round"](self, ndigits or 0)
