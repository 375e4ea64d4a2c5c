"""Names made from class names: "Dense" gives "dense", then "dense_1"."""

from __future__ import annotations

import collections
import gc
import re
import threading

_lock = threading.Lock()
_counts: collections.Counter[str] = collections.Counter()
_uids: collections.Counter[str] = collections.Counter()


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


def get_uid(prefix: str = "") -> int:
    """Return 1 for the first call with a prefix, then 2, 3, ...

    Example:
        >>> import kerasfront as keras
        >>> first = keras.backend.get_uid("my_layer")
        >>> keras.backend.get_uid("my_layer") - first
        1
    """
    with _lock:
        _uids[prefix] += 1
        return _uids[prefix]


def clear_session(free_memory: bool = True) -> None:
    """Count names from the beginning again, so that the next model's layers are named as the first one's.

    Nothing else is global: models, their variables and compiled functions go when nobody holds them.

    Args:
        free_memory: whether to collect garbage at once; models hold cycles.

    Example:
        >>> import kerasfront as keras
        >>> keras.utils.clear_session()
        >>> keras.layers.Dense(2).name
        'dense'
    """
    with _lock:
        _counts.clear()
        _uids.clear()
    if free_memory:
        gc.collect()
