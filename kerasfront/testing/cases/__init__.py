"""The cases, one theme a file. Each file has a list `CASES`; `all_cases` reads them all."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from kerasfront.testing.case import Case


@functools.cache
def all_cases() -> dict[str, Case]:
    """Return every case by its name, in the order of files and lines.

    Raises:
        ValueError: two cases have one name.
    """
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(__path__):
        for case in importlib.import_module(f"{__name__}.{module.name}").CASES:
            if case.id in found:
                raise ValueError(
                    f"cases: {case.id!r} names two cases. Expected different notes. Give one of them another note."
                )
            found[case.id] = case
    return found
