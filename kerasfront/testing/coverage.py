"""`python -m kerasfront.testing.coverage [names]`: which ops each engine has natively, overridden, derived, or not.

The marks: `native` a primitive that the backend provides, `override` a derived op that it replaces, `derived` one that
runs by its body, `missing` a primitive that it lacks, with the reason of its `conformance.toml`. The last column counts
the cases of the kit. `--markdown docs/coverage.md` writes the table, without cases, to a file.
"""

from __future__ import annotations

import collections
import sys
from pathlib import Path

from kerasfront import ops
from kerasfront.backend import registry
from kerasfront.backend.contract import Backend
from kerasfront.backend.operators import OPS
from kerasfront.testing.cases import all_cases
from kerasfront.testing.conformance import gaps_of, reason_for

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


def markdown(names: list[str]) -> str:
    """Return the table as Markdown, and beneath it why what is missing is."""
    rows = table(names)
    lines = [
        "# Ops and engines",
        "",
        "`native`: a primitive that the engine provides; `override`: a derived op that it replaces; `derived`: one that"
        " runs by its body; `missing`: a primitive that it lacks.",
        "Written by `make coverage`; a test compares it with the code.",
        "",
        "| op | " + " | ".join(names) + " |",
        "|---|" + "---|" * len(names),
        *("| `" + row[0] + "` | " + " | ".join(row[1:-1]) + " |" for row in rows),
    ]
    totals = [collections.Counter(row[column] for row in rows) for column in range(1, len(names) + 1)]
    lines += ["| **" + each + "** | " + " | ".join(str(total[each]) for total in totals) + " |" for each in MARKS]
    missing = [
        f"- `{row[0]}` on {name}: {reason_for(gaps_of(registry.get(name)), row[0], 'runs') or 'no reason listed'}"
        for column, name in enumerate(names, 1)
        for row in rows
        if row[column] == "missing"
    ]
    return "\n".join([*lines, "", *(missing or ["Nothing is missing."]), ""])


def main(arguments: list[str]) -> None:
    """Write the table for the backends named, all that load if there are none."""
    path = None
    if "--markdown" in arguments:
        place = arguments.index("--markdown")
        if place + 1 == len(arguments):
            raise SystemExit("coverage: --markdown needs a path, for example docs/coverage.md.")
        path = Path(arguments[place + 1])
        arguments = arguments[:place] + arguments[place + 2 :]
    names = arguments or list(registry.available())
    if path is None:
        sys.stdout.write(report(names) + "\n")
    else:
        path.write_text(markdown(names), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
