"""autograd's box around arrays, made polite: an operand that wants its own operator gets it.

`box * variable` must reach `Variable.__rmul__`; autograd's own box hands every operand to the ufunc, which would take
the Variable for a constant. Such operands show by a higher `__array_priority__`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.numpy.numpy_boxes import ArrayBox
from autograd.tracer import box_type_mappings

_OPERATORS = ("add", "sub", "mul", "truediv", "mod", "pow", "matmul", "eq", "ne", "lt", "le", "gt", "ge")


class PoliteBox(ArrayBox):
    """A box that returns NotImplemented to operands of a higher priority."""

    __slots__ = ()
    __hash__ = ArrayBox.__hash__


def _deferring(operator: Callable) -> Callable:
    def deferred(self: Any, other: Any) -> Any:
        if getattr(other, "__array_priority__", 0) > ArrayBox.__array_priority__:
            return NotImplemented
        return operator(self, other)

    return deferred


for _name in _OPERATORS:
    setattr(PoliteBox, f"__{_name}__", _deferring(getattr(ArrayBox, f"__{_name}__")))

for _kind, _box in list(box_type_mappings.items()):
    if _box is ArrayBox and _kind is not ArrayBox:
        PoliteBox.register(_kind)
