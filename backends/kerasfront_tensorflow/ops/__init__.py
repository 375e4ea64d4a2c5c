"""The primitives of the contract for TensorFlow: each module gives those of the front's module of that theme."""

import importlib

THEMES = "elementwise reductions movement indexing creation contraction windows factorization transforms control"

for _theme in THEMES.split():
    _found = vars(importlib.import_module(f"{__name__}.{_theme}"))
    globals().update({name: value for name, value in _found.items() if callable(value) and name[0] != "_"})
