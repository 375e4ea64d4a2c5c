"""The parts of a batch: inputs, targets, sample weights."""

from __future__ import annotations

from typing import Any


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return `(x, y, sample_weight)` of a batch, None for what is absent.

    Args:
        data: a tuple or list of one to three parts, or the inputs alone.

    Raises:
        ValueError: there are more parts, or none.

    Example:
        >>> import kerasfront as keras
        >>> keras.utils.unpack_x_y_sample_weight((1, 2))
        (1, 2, None)
    """
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            f"unpack_x_y_sample_weight: a batch has {len(data)} parts. Expected x, (x,), (x, y) or (x, y, "
            "sample_weight); "
            f"got a {type(data).__name__} of {len(data)}. Put several inputs into one list: ([x1, x2], y)."
        )
    return (*data, None, None)[:3]


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return a batch of the parts that are there, which `unpack_x_y_sample_weight` takes apart again.

    Args:
        x: inputs.
        y: targets, or None.
        sample_weight: weights, or None.

    Returns:
        `x` where it is alone (in a tuple of one if it is a tuple or list), else a tuple.

    Example:
        >>> import kerasfront as keras
        >>> keras.utils.pack_x_y_sample_weight(1, 2)
        (1, 2)
    """
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (tuple, list)) else x
