"""`python -m kerasfront.testing.coverage [names]`: which ops each engine has natively, overridden, derived, or not.

The marks: `native` a primitive that the backend provides, `override` a derived op that it replaces, `derived` one that
runs by its body, `missing` a primitive that it lacks. The last column counts the cases of the kit.
"""

from __future__ import annotations

import collections
import sys

from kerasfront import ops
from kerasfront.backend import registry
from kerasfront.backend.contract import Backend
from kerasfront.backend.operators import OPS
from kerasfront.testing.cases import all_cases

MARKS = ("native", "override", "derived", "missing")


def mark(name: str, backend: Backend) -> str:
    """Return how a backend comes to an op."""
    if name in ops.primitives():
        return "native" if getattr(backend.ops, name, None) is not None else "missing"
    return "override" if getattr(backend.overrides, name, None) is not None else "derived"


def table(names: list[str]) -> list[list[str]]:
    """Return a row for each op, primitives first: its name, a mark for each backend, the number of cases."""
    backends = [registry.get(name) for name in names]
    cases = collections.Counter(case.op for case in all_cases().values())
    order = [*ops.primitives(), *sorted(name for name, op in OPS.items() if hasattr(op, "op") and not op.op.primitive)]
    return [[name, *(mark(name, backend) for backend in backends), str(cases[name])] for name in order]


def report(names: list[str]) -> str:
    """Return the table and its totals as text."""
    rows = table(names)
    widths = [max(len(row[0]) for row in rows), *(max(8, len(name)) for name in names)]
    lines = [[("op"), *names, "cases"], *rows]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, [*widths, 5], strict=True)).rstrip() for line in lines
    ]
    for column, name in enumerate(names, 1):
        found = collections.Counter(row[column] for row in rows)
        text.append(f"{name}: " + ", ".join(f"{found[each]} {each}" for each in MARKS))
    return "\n".join(text)


def main(arguments: list[str]) -> None:
    """Write the table for the backends named, all that load if there are none."""
    sys.stdout.write(report(arguments or list(registry.available())) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
