"""Masks that travel with tensors from layer to layer.

Engines' tensors take no attributes of ours, so the mask is kept beside the tensor for as long as an outermost
layer call lasts, keyed by identity; a symbolic tensor carries its own.
"""

from __future__ import annotations

import threading
from typing import Any


class _Masks(threading.local):
    # id -> (tensor, mask); holding the tensor keeps its id from being used again.
    table: dict[int, tuple[Any, Any]] | None = None


_masks = _Masks()


class mask_scope:
    """A context in which masks are remembered; the outermost one forgets them when it ends."""

    __slots__ = ("_outermost",)

    def __enter__(self) -> mask_scope:
        self._outermost = _masks.table is None
        if self._outermost:
            _masks.table = {}
        return self

    def __exit__(self, *exception: object) -> None:
        if self._outermost:
            _masks.table = None


def set_mask(tensor: Any, mask: Any) -> None:
    """Attach a mask to a tensor; None takes it away. Outside a `mask_scope` only symbolic tensors carry one."""
    if hasattr(tensor, "record_history"):
        tensor.mask = mask
    elif _masks.table is not None:
        if mask is None:
            _masks.table.pop(id(tensor), None)
        else:
            _masks.table[id(tensor)] = (tensor, mask)


def get_mask(tensor: Any) -> Any:
    """Return the mask attached to a tensor, or None."""
    if hasattr(tensor, "record_history"):
        return tensor.mask
    table = _masks.table
    if not table:
        return None
    entry = table.get(id(tensor))
    return None if entry is None else entry[1]
