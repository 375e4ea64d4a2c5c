"""Values that are computed now, although a function is being traced.

A Variable that is made inside a traced function (the slots of an optimizer in a train step of one's own, say) begins
with a value of its own, not with one of the trace.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kerasfront.backend import registry
from kerasfront.backend.contract import Backend


def untraced(backend: Backend, compute: Callable[[], Any]) -> Any:
    """Return `compute()`, run where nothing is traced.

    What an engine traces, and which frames are open, is a matter of the thread, so a thread of its own is outside of
    both.
    """
    if not backend.tracing():
        return compute()
    result: dict[str, Any] = {}

    def run() -> None:
        try:
            with registry.scope(backend):
                result["value"] = compute()
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread below
            result["error"] = error

    thread = threading.Thread(target=run, name="kerasfront-untraced")
    thread.start()
    thread.join()
    if "error" in result:
        raise result["error"]
    return result["value"]
