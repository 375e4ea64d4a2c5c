"""The gaps of a backend: `conformance.toml` beside its package, one entry for each thing it cannot do.

    [[gap]]
    case = "eig*"            # name of a case or behaviour; * and ? as in file names
    judge = "gradient"       # left out: all judges
    reason = "the engine has no gradient of eigenvectors"

The list is strict: a listed gap that passes is a failure, and so is one that names no case.
"""

from __future__ import annotations

import fnmatch
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Gap:
    """One entry of the list."""

    case: str
    reason: str
    judge: str = "*"

    def covers(self, case: str, judge: str) -> bool:
        """Return whether the gap is about this case before this judge."""
        return fnmatch.fnmatchcase(case, self.case) and fnmatch.fnmatchcase(judge, self.judge)


def read_gaps(path: Path) -> list[Gap]:
    """Return the gaps that a file lists.

    Raises:
        ValueError: an entry has no reason or unknown keys.
    """
    gaps = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("gap", []):
        if not entry.get("reason") or not set(entry) <= {"case", "judge", "reason"} or "case" not in entry:
            raise ValueError(
                f"{path.name}: a gap needs case and reason, and may have judge; got {entry}. Complete the entry."
            )
        gaps.append(Gap(**entry))
    return gaps


def gaps_of(backend: Any, given: str | None = None) -> list[Gap]:
    """Return the gaps of a backend: of the file given, else of the one in its package, none without a file."""
    if given:
        return read_gaps(Path(given))
    package = sys.modules[type(backend).__module__.partition(".")[0]]
    path = Path(str(package.__file__)).parent / "conformance.toml"
    return read_gaps(path) if path.is_file() else []


def reason_for(gaps: list[Gap], case: str, judge: str) -> str | None:
    """Return the reason of the first gap that is about a case before a judge; None for no gap."""
    return next((gap.reason for gap in gaps if gap.covers(case, judge)), None)
