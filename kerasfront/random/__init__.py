"""Portable random numbers: the same bits on every engine, eager or compiled. Names are loaded when first used."""

import importlib
from typing import Any

# Public name -> module that defines it. To add a public name, add a line.
_HOMES = {
    "SeedGenerator": "kerasfront.state.seed",
    "beta": "kerasfront.random.rejection",
    "binomial": "kerasfront.random.rejection",
    "categorical": "kerasfront.random.selection",
    "dropout": "kerasfront.random.selection",
    "gamma": "kerasfront.random.rejection",
    "normal": "kerasfront.random.draws",
    "randint": "kerasfront.random.draws",
    "shuffle": "kerasfront.random.selection",
    "truncated_normal": "kerasfront.random.draws",
    "uniform": "kerasfront.random.draws",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
