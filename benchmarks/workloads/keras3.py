"""Keras 3."""

from __future__ import annotations

from collections.abc import Callable

import keras

from workloads import keras_api, sizes, timing


def prepare(workload: sizes.Workload, count: int) -> Callable[[], timing.Sample]:
    """Return a function that takes one measurement; the engine is that of KERAS_BACKEND."""
    return keras_api.prepare(keras, workload, count)
