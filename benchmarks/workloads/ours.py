"""kerasfront."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import kerasfront as keras
from workloads import keras_api, sizes, timing


def model_for(workload: sizes.Workload) -> Any:
    """Return the model of a workload; the engine is that of KERASFRONT_BACKEND."""
    return keras_api.model_for(keras, workload)


def prepare(workload: sizes.Workload, count: int) -> Callable[[], timing.Sample]:
    """Return a function that takes one measurement; the engine is that of KERASFRONT_BACKEND."""
    return keras_api.prepare(keras, workload, count)
