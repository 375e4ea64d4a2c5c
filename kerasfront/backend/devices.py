"""Where tensors live."""

from __future__ import annotations

import contextlib

from kerasfront.backend import registry


def device(name: str) -> contextlib.AbstractContextManager:
    """Return a context in which the active backend places new tensors on a device.

    Args:
        name: such as "cpu:0" or "gpu:0".

    Example:
        >>> import kerasfront as keras
        >>> with keras.device("cpu:0"):
        ...     x = keras.ops.ones((2,))
    """
    return registry.active().device_scope(name)
