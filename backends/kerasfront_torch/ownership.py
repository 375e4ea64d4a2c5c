"""Which tensors may be changed in place: those that nobody but a Variable holds.

Optimizers change weights in place, which saves a pass over the memory. A tensor that the user kept, that a second
Variable shares or that has views must not change with them. CPython counts the references to a tensor object, PyTorch
those to its memory; what the machinery of a step holds itself is counted once, when this module is imported.
"""

import sys
import threading

import torch


class _Step(threading.local):
    """The handles that the step of this thread was given."""

    lifted: frozenset[int] = frozenset()


step = _Step()
_memory_count = torch._C._storage_Use_Count


def _counts(tensors: list[torch.Tensor]) -> list[int]:
    return [sys.getrefcount(tensor) for tensor in tensors]


def _baseline() -> int:
    """The count for a tensor that one Variable and the list of an op's arguments hold."""
    handle = [torch.zeros(())]
    return _counts([handle[0]])[0]


_ALONE = _baseline()
# A step's list of handles and its frame of values hold each handle too.
_LIFTED = _ALONE + 2


def owned(tensors: list[torch.Tensor]) -> bool:
    """Return whether all tensors of an op's argument may be changed in place."""
    lifted = step.lifted
    for tensor, count in zip(tensors, _counts(tensors), strict=True):
        if count > (_LIFTED if id(tensor) in lifted else _ALONE):
            return False
        if tensor.requires_grad or not tensor.is_contiguous() or _memory_count(tensor.untyped_storage()._cdata) > 2:
            return False
    return True
