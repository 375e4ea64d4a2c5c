"""The Keras 3 API as a thin front over engines that already exist.

`import kerasfront as keras`. Names are loaded when first used, and an engine when it is first needed.
"""

from __future__ import annotations

import difflib
import importlib
from typing import Any

__version__ = "0.1.0"

_MODULES = (
    "activations", "backend", "callbacks", "config", "constraints", "datasets", "dtype_policies", "errors",
    "initializers", "layers", "losses", "metrics", "mixed_precision", "models", "ops", "optimizers", "random",
    "regularizers", "saving", "testing", "tree", "utils",
)  # fmt: skip

# Public name -> module that holds it.
_NAMES = {
    "DTypePolicy": "dtype_policies",
    "FloatDTypePolicy": "dtype_policies",
    "Function": "state.function",
    "Functional": "models",
    "Initializer": "initializers",
    "Input": "layers",
    "InputSpec": "layers",
    "KerasTensor": "backend.symbolic",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "SeedGenerator": "state.seed",
    "Sequential": "models",
    "StatelessScope": "state.stateless",
    "SymbolicScope": "state.stateless",
    "Variable": "state.variable",
    "device": "backend.devices",
    "function": "state.function",
    "name_scope": "state.variable",
    "value_and_grad": "state.function",
}

__all__ = sorted([*_MODULES, *_NAMES])


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        value = getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    elif name in _MODULES:
        value = importlib.import_module(f"{__name__}.{name}")
    else:
        # `from kerasfront import submodule` asks here first, too, and goes on by importing it.
        near = None if name.startswith("_") else _nearest(name)
        raise AttributeError(
            f"module 'kerasfront' has no attribute {name!r}." + (f" Did you mean {near!r}?" if near else "")
        )
    globals()[name] = value
    return value


def _nearest(name: str) -> str | None:
    found = difflib.get_close_matches(name.lower(), {public.lower(): public for public in __all__}, n=1)
    return next((public for public in __all__ if found and public.lower() == found[0]), None)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def version() -> str:
    """Return the version of this package."""
    return __version__
