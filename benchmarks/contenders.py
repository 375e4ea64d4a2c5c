"""Who is compared: the engines, the contenders on each, and the environment of their processes."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence

ENGINES = {"numpy": "numpy", "jax": "jax", "torch": "torch", "tensorflow": "tensorflow"}
# "best" is the native loop in the fastest form that was found, of training only.
AGAINST = ["native", "best", "keras"]


def installed_engines() -> list[str]:
    """Return the engines that can be imported here."""
    return [engine for engine, module in ENGINES.items() if importlib.util.find_spec(module)]


def contenders_on(engine: str, against: Sequence[str]) -> list[str]:
    """Return who runs on an engine; Keras cannot train on NumPy, and by hand NumPy has no gradients."""
    return ["ours", *against] if engine != "numpy" else ["ours"]


def only_cpu(pinned: bool) -> int | None:
    """Return the CPU that all contenders run on in turn, None where they are free."""
    return max(os.sched_getaffinity(0)) if pinned else None


def environment(engine: str, cpu: int | None) -> dict[str, str]:
    """Return the environment of a contender's process."""
    found = {**os.environ, "KERASFRONT_BACKEND": engine, "KERAS_BACKEND": engine, "CUDA_VISIBLE_DEVICES": "-1"}
    found.update(TF_CPP_MIN_LOG_LEVEL="3", JAX_PLATFORMS="cpu")
    if cpu is not None:
        # More threads than CPUs would wait for each other.
        threads = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        found.update(dict.fromkeys((*threads, "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"))
    return found
