"""Dtypes by name, and where new tensors are placed."""

import threading
from typing import Any

import torch

from kerasfront import dtypes

DTYPES: dict[str, torch.dtype] = {name: getattr(torch, name) for name in dtypes.NAMES if hasattr(torch, name)}
NAMES: dict[torch.dtype, str] = {dtype: name for name, dtype in DTYPES.items()}

# PyTorch 2.13 stores these dtypes but computes hardly anything in them; they compute in int64, which wraps round alike.
UNSIGNED = frozenset((torch.uint16, torch.uint32, torch.uint64))
HALVES = frozenset((torch.float16, torch.bfloat16))


class _Place(threading.local):
    """The device of new tensors in this thread."""

    device: Any = torch.device("cuda" if torch.cuda.is_available() else "cpu")


place = _Place()
