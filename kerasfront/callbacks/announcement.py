"""What callbacks tell the user while training runs."""

from __future__ import annotations

import sys


def announce(text: str) -> None:
    """Write a line where the progress bar writes."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
