"""Which tensors may be changed in place: those that nobody but a Variable holds.

Optimizers change weights in place, which saves a pass over the memory. A tensor that the user kept, that a second
Variable shares or that has views must not change with them. CPython counts the references to a tensor object, PyTorch
those to its memory; what the machinery of a step holds itself is counted once, when this module is imported.
"""

import sys
import threading

import torch

from kerasfront_torch.recording import recording


class _Step(threading.local):
    """What is known of tensors while a step runs in this thread."""

    lifted: frozenset[int] = frozenset()
    """The handles that it was given."""
    all_owned = False
    """Whether a recorded step runs: it gives the functions that ask what they may change, or copies."""


step = _Step()
_memory_count = torch._C._storage_Use_Count


def _counts(tensors: list[torch.Tensor]) -> list[int]:
    return [sys.getrefcount(tensor) for tensor in tensors]


def _baseline_in_list() -> int:
    """The count for a tensor that one Variable and a list of handles hold, the way `unshared` counts."""
    handle = [torch.zeros(())]
    handles = list(handle)
    return [sys.getrefcount(handles[place]) for place in (0,)][0]


def _baseline() -> int:
    """The count for a tensor that one Variable and the list of an op's arguments hold."""
    handle = [torch.zeros(())]
    return _counts([handle[0]])[0]


_ALONE = _baseline()
_UNSHARED = _baseline_in_list()
# A step's list of handles and its frame of values hold each handle too.
_LIFTED = _ALONE + 2


def unshared(handles: list[torch.Tensor], places: list[int]) -> list[bool]:
    """Return, for some handles in a list, whether nobody but their Variable and the list has them."""
    counts = [sys.getrefcount(handles[place]) for place in places]
    return [
        count <= _UNSHARED and handle.is_contiguous() and _memory_count(handle.untyped_storage()._cdata) <= 2
        for count, handle in zip(counts, [handles[place] for place in places], strict=True)
    ]


def owned(tensors: list[torch.Tensor]) -> bool:
    """Return whether all tensors of an op's argument may be changed in place."""
    if step.all_owned or recording():
        return step.all_owned
    lifted = step.lifted
    for tensor, count in zip(tensors, _counts(tensors), strict=True):
        if count > (_LIFTED if id(tensor) in lifted else _ALONE):
            return False
        if tensor.requires_grad or not tensor.is_contiguous() or _memory_count(tensor.untyped_storage()._cdata) > 2:
            return False
    return True
