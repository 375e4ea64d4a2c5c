"""The conformance kit: how a backend proves itself.

    pytest -p kerasfront.testing.plugin --pyargs kerasfront.testing.suite --kf-backend yours
    python -m kerasfront.testing.coverage

Cases are data (`kerasfront.testing.cases`), a few judges decide (`kerasfront.testing.judges`), and a backend lists its
gaps, with reasons, in its `conformance.toml`. Nothing here imports pytest before the plugin or the suite is loaded.
"""

from __future__ import annotations

import importlib
from typing import Any

_NAMES = {"Case": "case", "Gap": "conformance", "all_cases": "cases", "judges_of": "judges", "read_gaps": "conformance"}

__all__ = sorted(_NAMES)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'kerasfront.testing' has no attribute {name!r}.")
