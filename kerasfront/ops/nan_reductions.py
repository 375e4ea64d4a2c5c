"""Reductions and running totals that leave NaN out. Where there is none, they are the plain ones."""

from __future__ import annotations

import math
from typing import Any

from kerasfront import dtypes
from kerasfront.backend.dispatch import Axes, Axis, Tensor, derived, dtype_of
from kerasfront.ops import _dtypes, reductions
from kerasfront.ops.elementwise import cast, equal, if_else, isnan, logical_not, multiply, subtract
from kerasfront.ops.elementwise import true_divide as divide
from kerasfront.ops.reductions import root, widened


def _filled(x: Any, value: float) -> Any:
    """Put a number in the places of NaN; its slope there is 0."""
    return if_else(isnan(x), cast(value, dtype_of(x)), x) if dtypes.is_float(dtype_of(x)) else x


@derived(dtype=_dtypes.accumulate)
def nansum(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the sum over the axes (all for None) of what is not NaN; 0 for nothing."""
    return reductions.sum(_filled(x, 0), axis, keepdims)


@derived(dtype=_dtypes.accumulate)
def nanprod(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the product over the axes (all for None) of what is not NaN; 1 for nothing."""
    return reductions.product(_filled(x, 1), axis, keepdims)


@derived
def nanmax(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the largest value over the axes (all for None) that is not NaN; NaN where there is none."""
    return _extremum(reductions.reduce_max, -math.inf, x, axis, keepdims)


@derived
def nanmin(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the smallest value over the axes (all for None) that is not NaN; NaN where there is none."""
    return _extremum(reductions.reduce_min, math.inf, x, axis, keepdims)


def _extremum(reduction: Any, last: float, x: Any, axis: Any, keepdims: bool) -> Any:
    found = reduction(_filled(x, last), axis, keepdims)
    if not dtypes.is_float(dtype_of(x)):
        return found
    return if_else(reductions.all(isnan(x), axis, keepdims), cast(math.nan, dtype_of(x)), found)


@derived
def nanargmax(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the first position (int32) of the largest value that is not NaN, in the flattened tensor for None.

    Returns:
        -1 where all values are NaN.
    """
    return _position(nanmax, reductions.argmax, x, axis, keepdims)


@derived
def nanargmin(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the first position (int32) of the smallest value that is not NaN, in the flattened tensor for None.

    Returns:
        -1 where all values are NaN.
    """
    return _position(nanmin, reductions.argmin, x, axis, keepdims)


def _position(extremum: Any, plain: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    if not dtypes.is_float(dtype_of(x)):
        return plain(x, axis, keepdims)
    # An infinity that was put for NaN must not be taken for one that was there.
    hits = equal(x, extremum(x, axis, True))
    first = reductions.argmax(cast(hits, "int32"), axis, keepdims)
    return if_else(reductions.any(hits, axis, keepdims), first, cast(-1, "int32"))


def _count(x: Any, axis: Any, keepdims: bool) -> Any:
    return reductions.sum(cast(logical_not(isnan(x)), dtype_of(x)), axis, keepdims)


@derived(dtype=_dtypes.promote_float)
def nanmean(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the mean over the axes (all for None) of what is not NaN; NaN for nothing."""
    wide = widened(x)
    mean = divide(reductions.sum(_filled(wide, 0), axis, keepdims), _count(wide, axis, keepdims))
    return cast(mean, dtype_of(x))


@derived(dtype=_dtypes.promote_float)
def nanvar(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the variance (divisor n) over the axes (all for None) of what is not NaN; NaN for nothing."""
    return cast(_variance(widened(x), axis, keepdims), dtype_of(x))


@derived(dtype=_dtypes.promote_float)
def nanstd(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the standard deviation (divisor n) over the axes of what is not NaN; its slope is 0 where it is 0."""
    return cast(root(_variance(widened(x), axis, keepdims)), dtype_of(x))


def _variance(x: Any, axis: Any, keepdims: bool) -> Any:
    # NaN leaves before anything is computed with it, so that it does not come into the slopes.
    clean = _filled(x, 0)
    mean = divide(reductions.sum(clean, axis, True), _count(x, axis, True))
    centred = if_else(isnan(x), cast(0, dtype_of(x)), subtract(clean, mean))
    total = reductions.sum(multiply(centred, centred), axis, keepdims)
    return divide(total, _count(x, axis, keepdims))


@derived
def nancumsum(x: Tensor, axis: Any = None, dtype: Any = None) -> Tensor:
    """Return running sums along an axis, of the flattened tensor for None; NaN counts as 0."""
    return reductions.cumsum(_filled(x, 0), axis, dtype)


@derived
def nancumprod(x: Tensor, axis: Any = None, dtype: Any = None) -> Tensor:
    """Return running products along an axis, of the flattened tensor for None; NaN counts as 1."""
    return reductions.cumprod(_filled(x, 1), axis, dtype)
