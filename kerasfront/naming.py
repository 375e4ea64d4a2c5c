"""Names made from class names: "Dense" gives "dense", then "dense_1"."""

from __future__ import annotations

import collections
import re
import threading

_lock = threading.Lock()
_counts: collections.Counter[str] = collections.Counter()


def to_snake_case(name: str) -> str:
    """Return a class name in lower case with underscores.

    Example:
        >>> from kerasfront import naming
        >>> naming.to_snake_case("MaxPooling2D"), naming.to_snake_case("KLDivergence")
        ('max_pooling2d', 'kl_divergence')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(class_name: str) -> str:
    """Return a name not given before in this process: the class name in snake case, numbered from the second on."""
    return unique_name(to_snake_case(class_name))


def unique_name(base: str) -> str:
    """Return `base` the first time, then `base_1`, `base_2`, ..."""
    with _lock:
        count = _counts[base]
        _counts[base] += 1
    return f"{base}_{count}" if count else base


def reset() -> None:
    """Count from the beginning again, as `clear_session` does."""
    with _lock:
        _counts.clear()
