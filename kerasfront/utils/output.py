"""Where text for the user goes: standard output, or Python's `logging` where interactive logging is off."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

from kerasfront import config

logger = logging.getLogger("kerasfront")


def write_line(text: str, stream: TextIO | None = None) -> None:
    """Write a line of text.

    Args:
        text: without the line's end.
        stream: None for the standard output of now.
    """
    if config.is_interactive_logging_enabled():
        print(text, file=stream or sys.stdout, flush=True)
    else:
        logger.info(text)
