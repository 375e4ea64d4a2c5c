"""The cases, one theme a file. Each file has a list `CASES`; `all_cases` reads them all."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from kerasfront.testing.case import Case


@functools.cache
def cases_by_theme() -> dict[str, list[Case]]:
    """Return the cases of each file."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return {name: importlib.import_module(f"{__name__}.{name}").CASES for name in names}


@functools.cache
def all_cases() -> dict[str, Case]:
    """Return every case by its name, in the order of files and lines.

    Raises:
        ValueError: two cases have one name.
    """
    found: dict[str, Case] = {}
    for cases in cases_by_theme().values():
        for case in cases:
            if case.id in found:
                raise ValueError(
                    f"cases: {case.id!r} names two cases. Expected different notes. Give one of them another note."
                )
            found[case.id] = case
    return found
