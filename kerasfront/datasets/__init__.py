"""Small public data sets as NumPy arrays. Each is a module with `load_data`, loaded when first used."""

import importlib
from typing import Any

_MODULES = ("cifar10", "digits", "fashion_mnist", "mnist")

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
