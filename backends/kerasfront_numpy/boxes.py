"""autograd's box around arrays, made polite: an operand that wants its own operator gets it.

`box * variable` must reach `Variable.__rmul__`, as `array * variable` does by NumPy's rule `__array_ufunc__ = None`;
autograd's own box hands every operand to the ufunc, which raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.numpy.numpy_boxes import ArrayBox
from autograd.tracer import box_type_mappings

_OPERATORS = ("add", "sub", "mul", "truediv", "mod", "pow", "matmul", "eq", "ne", "lt", "le", "gt", "ge")


class PoliteBox(ArrayBox):
    """A box that returns NotImplemented to operands that opt out of ufuncs."""

    __slots__ = ()
    __hash__ = ArrayBox.__hash__


def _deferring(operator: Callable) -> Callable:
    def deferred(self: Any, other: Any) -> Any:
        if getattr(type(other), "__array_ufunc__", operator) is None:
            return NotImplemented
        return operator(self, other)

    return deferred


for _name in _OPERATORS:
    setattr(PoliteBox, f"__{_name}__", _deferring(getattr(ArrayBox, f"__{_name}__")))

for _kind, _box in list(box_type_mappings.items()):
    if _box is ArrayBox and _kind is not ArrayBox:
        PoliteBox.register(_kind)
