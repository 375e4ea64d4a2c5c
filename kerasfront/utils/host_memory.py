"""Memory of the host that a loop keeps from one step to the next.

glibc gives large blocks back to the kernel when they are freed, and the kernel finds and clears their pages again when
the next step allocates them: a third of the time of a step that fills tens of megabytes, on each engine's CPU. Inside
`kept()` blocks stay with the process until the loop is over; then they go back all at once, but for the end of other
threads' heaps, which waits until something large is freed there. The thresholds are those of mallopt(3). On other C
libraries, and where the environment sets malloc's thresholds itself, nothing is changed.
`KERASFRONT_KEEP_MEMORY=0` switches it off.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import time
from collections.abc import Iterator
from typing import Any

from kerasfront.backend import forking

_MIB = 1 << 20
# The parameters of mallopt, from malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
# Blocks above this go back as ever: holes of such a size between others would cost too much memory.
_LARGEST_KEPT = 256 * _MIB
# Where glibc's own adaption to a program's blocks ends; older versions take no larger one.
_LARGEST_USUAL = 32 * _MIB
_NEVER = 2**31 - 1
# Threads other than the first one allocate from heaps of this size. One that becomes empty goes back whatever the
# thresholds say, unless the heap before it has less room than the padding.
_HEAP, _USUAL_PAD = 64 * _MIB, 1 << 17
# Giving memory back takes some milliseconds, and a program may call for many short loops.
_LONG_LOOP_SECONDS = 0.1

_lock = forking.lock()
_running = 0


@functools.cache
def _glibc() -> Any:
    """Return the C library, None if it is another one or its user has set it."""
    environment = os.environ
    tuned = "glibc.malloc" in environment.get("GLIBC_TUNABLES", "") or any(
        name in environment
        for name in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_")
    )
    if tuned or os.name != "posix" or environment.get("KERASFRONT_KEEP_MEMORY") == "0":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") and hasattr(library, "mallopt") else None


def _keep(library: Any) -> None:
    if not library.mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT):
        library.mallopt(_MMAP_THRESHOLD, _LARGEST_USUAL)
    library.mallopt(_TRIM_THRESHOLD, _NEVER)
    library.mallopt(_TOP_PAD, _HEAP)


@contextlib.contextmanager
def returned() -> Iterator[None]:
    """Let blocks of more than 32 MiB that are allocated in here go back when they are freed, also inside `kept()`.

    It is for what lasts as long as a loop, such as its data: freed at the end, it would stay until the next long one.
    """
    library = _glibc()
    if library is None or not _running:
        yield
        return
    with _lock:
        library.mallopt(_MMAP_THRESHOLD, _LARGEST_USUAL)
    try:
        yield
    finally:
        with _lock:
            if _running:
                _keep(library)


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Keep freed memory in the process until the end of the block, and of all such blocks in other threads."""
    global _running
    library = _glibc()
    if library is None:
        yield
        return
    start = time.monotonic()
    with _lock:
        _running += 1
        _keep(library)
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if not _running:
                library.mallopt(_MMAP_THRESHOLD, _LARGEST_USUAL)
                library.mallopt(_TRIM_THRESHOLD, 2 * _LARGEST_USUAL)
                library.mallopt(_TOP_PAD, _USUAL_PAD)
                if time.monotonic() - start > _LONG_LOOP_SECONDS:
                    library.malloc_trim(0)
