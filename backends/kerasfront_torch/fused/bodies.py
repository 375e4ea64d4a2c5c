"""The way back from an override to the op's own definition."""

from collections.abc import Callable

from kerasfront.backend.operators import OPS


def body(name: str) -> Callable:
    """Return the body of a derived op."""
    return OPS[name].op.body
