"""Masks that travel with tensors from layer to layer.

Engines' tensors take no attributes of ours, so the mask is kept beside the tensor, keyed by identity: during an
outermost layer call for all tensors, after it for those that live on. A symbolic tensor carries its own.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

from kerasfront.backend import registry


class _Masks(threading.local):
    # id -> (tensor, mask); holding the tensor keeps its id from being used again.
    table: dict[int, tuple[Any, Any]] | None = None

    def __init__(self) -> None:
        # id -> (weak reference, mask), for tensors that outlive the call; their death takes the entry away.
        self.kept: dict[int, tuple[Any, Any]] = {}


_masks = _Masks()


class mask_scope:
    """A context in which masks are remembered; when the outermost one ends, those of tensors that live on are."""

    __slots__ = ("_outermost",)

    def __enter__(self) -> mask_scope:
        self._outermost = _masks.table is None
        if self._outermost:
            _masks.table = {}
        return self

    def __exit__(self, *exception: object) -> None:
        if self._outermost:
            table, _masks.table = _masks.table, None
            if table and not registry.active().tracing():
                for tensor, mask in table.values():
                    _keep(tensor, mask)


def set_mask(tensor: Any, mask: Any) -> None:
    """Attach a mask to a tensor; None takes it away."""
    if hasattr(tensor, "record_history"):
        tensor.mask = mask
    elif mask is None:
        _masks.kept.pop(id(tensor), None)
        if _masks.table is not None:
            _masks.table.pop(id(tensor), None)
    elif _masks.table is not None:
        _masks.table[id(tensor)] = (tensor, mask)
    elif not registry.active().tracing():
        _keep(tensor, mask)


def _keep(tensor: Any, mask: Any) -> None:
    key, kept = id(tensor), _masks.kept
    try:
        kept[key] = weakref.ref(tensor, lambda _: kept.pop(key, None)), mask
    except TypeError:
        # Scalars of some engines cannot be watched; they have no steps to mask either.
        return


def get_mask(tensor: Any) -> Any:
    """Return the mask attached to a tensor, or None."""
    if hasattr(tensor, "record_history"):
        return tensor.mask
    table, kept = _masks.table, _masks.kept
    entry = table.get(id(tensor)) if table else None
    if entry is None and kept:
        entry = kept.get(id(tensor))
    return None if entry is None else entry[1]
