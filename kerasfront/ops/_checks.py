"""Checks of values before the engine sees them, for mistakes that some engine lets pass in silence.

They look at concrete integers only: a traced value is not known yet, and floats answer with NaN or infinity.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import dtypes
from kerasfront.backend import dispatch
from kerasfront.errors import OpError


def host_integers(value: Any) -> np.ndarray | None:
    """Return the numbers of a concrete integer tensor, None for any other."""
    owner = dispatch.owner_of(value)
    if not dispatch.is_concrete(value) or not dtypes.is_int(dispatch.dtype_of(value)):
        return None
    return np.asarray(value) if owner is dispatch.WEAK else owner.to_numpy(value)


def look_at_integers(value: Any, check: Callable[[np.ndarray], None]) -> None:
    """Run a check on the numbers of a concrete integer tensor that has any; do nothing for others."""
    if dispatch.is_concrete(value) and dtypes.is_int(dispatch.dtype_of(value)) and 0 not in dispatch.shape_of(value):
        dispatch.look_at(value, check)


def divides_by_zero(x1: Any, x2: Any) -> None:
    """Refuse to divide integers by 0."""

    def check(divisor: np.ndarray) -> None:
        if not divisor.all():
            raise OpError(
                "division of integers by zero. Expected divisors other than 0. Cast to a float type for infinities."
            )

    look_at_integers(x2, check)


def negative_power(x1: Any, x2: Any) -> None:
    """Refuse negative powers of integers."""

    def check(exponent: np.ndarray) -> None:
        if exponent.min() < 0:
            raise OpError(
                f"power: integers to a negative power, {exponent.min()}. Expected powers of 0 or more. Cast the base to"
                f" a float type."
            )

    look_at_integers(x2, check)


def indices_in_range(x: Any, indices: Any, axis: int | None = None) -> None:
    """Refuse indices beyond the axis; negative ones count from the end."""
    shape = dispatch.shape_of(x)
    size = (
        shape[dispatch.normalize_axis(axis, len(shape), "take")]
        if axis is not None
        else None
        if None in shape
        else int(np.prod(shape))
    )
    if size is None:
        return

    def check(found: np.ndarray) -> None:
        low, high = int(found.min()), int(found.max())
        if low < -size or high >= size:
            wrong = high if high >= size else low
            raise OpError(
                f"take: index {wrong} is out of range. Expected indices from {-size} to {size - 1} for shape {shape}."
                f" Correct the index."
            )

    look_at_integers(indices, check)


def slice_in_range(inputs: Any, start_indices: Any, shape: Any) -> None:
    """Refuse slices that reach past the end."""
    start = host_integers(start_indices)
    if start is None:
        return
    size = dispatch.shape_of(inputs)
    length = shape if isinstance(shape, (tuple, list)) else dispatch.shape_of(shape)
    for axis, (begin, extent, limit) in enumerate(zip(start.tolist(), length, size, strict=False)):
        if begin < 0 or begin + extent > limit:
            raise OpError(
                f"slice: start {begin} and size {extent} on axis {axis} reach out of shape {size}. Expected 0 <= start"
                f" <= {limit - extent}."
            )


def positions_in_shape(indices: Any, shape: tuple[int, ...]) -> None:
    """Refuse positions beyond the elements of a shape, negative ones included."""
    found = host_integers(indices)
    size = math.prod(shape)
    if found is not None and found.size and not 0 <= found.min() <= found.max() < size:
        wrong = found.max() if found.min() >= 0 else found.min()
        raise OpError(
            f"unravel_index: index {wrong} is out of range for shape {shape}. Expected 0 to {size - 1}. Correct the"
            f" index."
        )
