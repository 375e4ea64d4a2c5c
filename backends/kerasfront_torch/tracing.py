"""Telling tensors with values from those that stand for a value while a function is traced, and how gradients nest."""

import threading
from typing import Any

import torch
from torch._C._functorch import is_functorch_wrapped_tensor
from torch._subclasses.fake_tensor import FakeTensor


class _Thread(threading.local):
    depth = 0
    """How many `value_and_grad` calls of this thread are inside each other."""
    tracing = False
    """Whether a step is being traced."""


levels = _Thread()


def tracing() -> bool:
    """Return whether a step is being traced in this thread."""
    return levels.tracing or torch.compiler.is_compiling()


def is_traced(value: Any) -> bool:
    """Return whether the values cannot be looked at: in a trace, under vmap, or while dynamo reads the code."""
    if type(value) is torch.Tensor and not is_functorch_wrapped_tensor(value):
        return value.is_meta or torch.compiler.is_compiling()
    return isinstance(value, FakeTensor) or is_functorch_wrapped_tensor(value)
