"""Statistics: quantiles, averages, histograms, correlation, differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasfront import dtypes
from kerasfront.backend.dispatch import (
    WEAK,
    Axes,
    Axis,
    OptionalTensor,
    Tensor,
    derived,
    dtype_of,
    is_concrete,
    normalize_axes,
    owner_of,
    shape_of,
)
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes, elementwise, reductions
from kerasfront.ops.arithmetic import clip, not_equal, square
from kerasfront.ops.contraction import matmul
from kerasfront.ops.creation import arange, full, ones, zeros
from kerasfront.ops.elementwise import (
    add,
    cast,
    equal,
    if_else,
    isfinite,
    isnan,
    less,
    logical_and,
    logical_not,
    multiply,
    subtract,
    true_divide,
)
from kerasfront.ops.indexing import gather, gather_along_axis, getitem, scatter_add, searchsorted, sort
from kerasfront.ops.movement import concatenate, expand_dims, moveaxis, permute_axes, reshape, reshape_known, swapaxes
from kerasfront.ops.reductions import root, widened

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


# -- quantiles -------------------------------------------------------------------------------------


@derived(dtype=_dtypes.promote_float)
def quantile(x: Tensor, q: Any, axis: Axes = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return the values below which the fractions `q` of the data lie.

    Shapes: the shape of `x` without the axes (all for None); several fractions come as a new first axis.

    Args:
        q: a number or a vector of numbers from 0 to 1.
        method: what lies between two neighbours i < j: "linear", "lower" (i), "higher" (j), "midpoint", or "nearest"
            (half way: the one at an even place).

    Returns:
        NaN where the data have one.

    Raises:
        OpError: an unknown method, a fraction out of range, or more than one axis of fractions.
    """
    ordered = sort(_in_last_axis(x, axis), -1)
    size = shape_of(ordered)[-1]
    if size == 0:
        raise OpError(f"quantile: axes {axis} of shape {shape_of(x)} hold no values. Expected at least one.")
    fractions = _checked_fractions("quantile", q, method)
    # Without a size (shapes are being inferred) any positions will do.
    found = _at(ordered, _positions(fractions, (size or 1) - 1, dtype_of(x)), method)
    last = getitem(ordered, (Ellipsis, slice(-1, None))) if size else found
    found = if_else(isnan(last), cast(math.nan, dtype_of(x)), found) if size else found
    return _arranged(found, len(shape_of(fractions)), axis, keepdims)


@derived(dtype=_dtypes.promote_float)
def nanquantile(x: Tensor, q: Any, axis: Axes = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return quantiles of what is not NaN, see `quantile`; NaN where there is nothing."""
    ordered = sort(_in_last_axis(x, axis), -1)
    if shape_of(ordered)[-1] == 0:
        raise OpError(f"nanquantile: axes {axis} of shape {shape_of(x)} hold no values. Expected at least one.")
    fractions = _checked_fractions("nanquantile", q, method)
    wide = "float64" if dtype_of(x) == "float64" else "float32"
    count = reductions.sum(cast(logical_not(isnan(ordered)), wide), -1, True)
    last = elementwise.maximum(subtract(count, 1), cast(0, wide))
    found = _at(ordered, _positions(fractions, last, wide), method)
    return _arranged(found, len(shape_of(fractions)), axis, keepdims)


@derived(dtype=_dtypes.promote_float)
def percentile(x: Tensor, q: Any, axis: Axes = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return quantiles, see `quantile`, for `q` from 0 to 100."""
    return quantile(x, _from_percent(q), axis, method, keepdims)


@derived(dtype=_dtypes.promote_float)
def nanpercentile(x: Tensor, q: Any, axis: Axes = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """Return quantiles of what is not NaN, see `quantile`, for `q` from 0 to 100."""
    return nanquantile(x, _from_percent(q), axis, method, keepdims)


@derived(dtype=_dtypes.promote_float)
def median(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the middle value over the axes (all for None), the mean of the middle two for an even number."""
    return quantile(x, 0.5, axis, "linear", keepdims)


@derived(dtype=_dtypes.promote_float)
def nanmedian(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the median of what is not NaN; NaN where there is nothing."""
    return nanquantile(x, 0.5, axis, "linear", keepdims)


def _from_percent(q: Any) -> Any:
    return np.asarray(q, "float64") / 100 if owner_of(q) is WEAK else true_divide(q, 100)


def _checked_fractions(name: str, q: Any, method: str) -> Any:
    """Return fractions as a host array, or the tensor that they are."""
    if method not in METHODS:
        raise OpError(f"{name}: method {method!r} is unknown. Expected one of {', '.join(METHODS)}.")
    weak = owner_of(q) is WEAK
    q = np.asarray(q, "float64") if weak else getattr(q, "value", q)
    if len(shape_of(q)) > 1:
        raise OpError(f"{name}: q has shape {shape_of(q)}. Expected a number or a vector.")
    if weak and not ((q >= 0) & (q <= 1)).all():
        raise OpError(f"{name}: q is {q}. Expected fractions of the data, from 0 to 1 (percentiles: 0 to 100).")
    return q


def _in_last_axis(x: Any, axes: tuple[int, ...]) -> Any:
    """Bring axes together in the last one."""
    shape = shape_of(x)
    kept = [i for i in range(len(shape)) if i not in axes]
    size = reductions._shapes.times(*[shape[i] for i in axes])
    ordered = permute_axes(x, (*kept, *axes)) if (*kept, *axes) != tuple(range(len(shape))) else x
    return ordered if len(axes) == 1 else reshape_known(ordered, [*(shape[i] for i in kept), size])


def _positions(fractions: Any, last: Any, dtype: str) -> Any:
    """Return where in order (0 to `last`) fractions of the data end: a tuple as long as all is known on the host."""
    if owner_of(fractions) is WEAK and isinstance(last, int):
        return tuple(np.atleast_1d(fractions) * last)
    wide = "float64" if dtype == "float64" else "float32"
    if owner_of(fractions) is WEAK:
        fractions = np.atleast_1d(fractions).astype(wide)
    else:
        fractions = reshape(cast(fractions, wide), (-1,))
    return multiply(fractions, last)


def _at(ordered: Any, positions: Any, method: str) -> Any:
    """Return the values at positions (a vector, or one for each row) along the last axis, between places by method."""
    host = isinstance(positions, tuple)
    positions = np.array(positions) if host else positions
    floor, ceil = (np.floor, np.ceil) if host else (elementwise.floor, elementwise.ceil)
    if method == "nearest":
        return _read(ordered, (np.rint if host else elementwise.round_half_even)(positions))
    if method in ("lower", "higher"):
        return _read(ordered, (floor if method == "lower" else ceil)(positions))
    low, high = _read(ordered, floor(positions)), _read(ordered, ceil(positions))
    if method == "midpoint":
        weight: Any = cast(0.5, dtype_of(ordered))
    else:
        weight = cast(subtract(positions, floor(positions)), dtype_of(ordered))
    # Two infinities of one sign have no difference.
    alike = logical_and(equal(low, high), logical_not(isfinite(low)))
    return add(low, multiply(weight, if_else(alike, cast(0, dtype_of(ordered)), subtract(high, low))))


def _read(ordered: Any, places: Any) -> Any:
    """Read at whole positions along the last axis: the same ones in each row, or each row its own."""
    axis = len(shape_of(ordered)) - 1
    places = cast(places, "int32")
    return (gather if len(shape_of(places)) == 1 else gather_along_axis)(ordered, places, axis)


def _arranged(found: Any, ndim: int, axes: tuple[int, ...], keepdims: bool) -> Any:
    """Bring the axis of fractions to the front, or remove it; put reduced axes back as 1."""
    found = moveaxis(found, -1, 0) if ndim else getitem(found, (Ellipsis, 0))
    return expand_dims(found, tuple(axis + ndim for axis in axes)) if keepdims and axes else found


# -- averages and differences ----------------------------------------------------------------------


@derived(dtype=_dtypes.promote_float)
def average(x: Tensor, axis: Axes = None, weights: OptionalTensor = None) -> Tensor:
    """Return the mean over the axes (all for None), each value weighted.

    Args:
        weights: of the shape of `x`, or a vector along the only axis; None for equal ones. Their sum must not be 0.

    Raises:
        OpError: weights of another shape.
    """
    if weights is None:
        return reductions.mean(x, axis)
    shape, given = shape_of(x), shape_of(weights)
    if len(given) != len(shape):
        if len(given) != 1 or len(axis) != 1:
            raise OpError(
                f"average: weights of shape {given} for axes {axis} of shape {shape}. Expected the shape of x, or a"
                f" vector with one axis to go along. Pass axis."
            )
        weights = reshape(weights, tuple(-1 if i == axis[0] else 1 for i in range(len(shape))))
    wide, weights = widened(x), widened(weights)
    total = reductions.sum(multiply(wide, weights), axis)
    return cast(true_divide(total, reductions.sum(add(weights, multiply(wide, 0)), axis)), dtype_of(x))


@derived(dtype=_dtypes.promote)
def ptp(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the distance from the smallest to the largest value over the axes (all for None)."""
    top, bottom = reductions.reduce_max(x, axis, keepdims), reductions.reduce_min(x, axis, keepdims)
    return not_equal(top, bottom) if dtype_of(x) == "bool" else subtract(top, bottom)


@derived(dtype=_dtypes.promote)
def diff(a: Tensor, n: int = 1, axis: Axis = -1) -> Tensor:
    """Return the n-th differences of neighbours along an axis; of bool, whether they differ.

    Raises:
        OpError: n is negative.
    """
    if n < 0:
        raise OpError(f"diff: n is {n}. Expected 0 or more.")
    for _ in range(n):
        a = _neighbours(not_equal if dtype_of(a) == "bool" else subtract, a, axis)
    return a


def _neighbours(combine: Any, x: Any, axis: int) -> Any:
    """Combine each element with the one before it."""
    before = (slice(None),) * axis
    return combine(getitem(x, (*before, slice(1, None))), getitem(x, (*before, slice(None, -1))))


@derived(dtype=_dtypes.promote_float)
def trapezoid(y: Tensor, x: OptionalTensor = None, dx: Any = 1.0, axis: Any = -1) -> Tensor:
    """Return the integral along an axis by the trapezoidal rule.

    Args:
        x: where the values stand, a vector or of the shape of `y`; None for steps of `dx`.
    """
    place = normalize_axes(axis, len(shape_of(y)), "trapezoid")[0]
    heights = _neighbours(add, y, place)
    if x is None:
        return multiply(reductions.sum(heights, place), cast(true_divide(dx, 2), dtype_of(y)))
    if len(shape_of(x)) == 1:
        x = reshape(x, tuple(-1 if i == place else 1 for i in range(len(shape_of(y)))))
    return true_divide(reductions.sum(multiply(heights, _neighbours(subtract, x, place)), place), 2)


# -- distance and correlation ----------------------------------------------------------------------


@derived(dtype=_dtypes.promote_float)
def cdist(x: Tensor, y: Tensor) -> Tensor:
    """Return the Euclidean distances of each vector of `x` to each of `y`; the slope of a distance of 0 is 0.

    Shapes: `x` (..., m, d), `y` (..., n, d); result (..., m, n).
    """
    return root(reductions.sum(square(subtract(expand_dims(x, -2), expand_dims(y, -3))), -1))


@derived(dtype=_dtypes.promote_float)
def corrcoef(x: Tensor) -> Tensor:
    """Return the correlation of each pair of variables.

    Shapes: `x` (variables, observations), or a vector for one variable; result (variables, variables).
    """
    rows = expand_dims(x, 0) if len(shape_of(x)) == 1 else x
    wide = widened(rows)
    centred = subtract(wide, reductions.mean(wide, -1, True))
    scaled = true_divide(centred, elementwise.sqrt(reductions.sum(square(centred), -1, True)))
    found = cast(clip(matmul(scaled, swapaxes(scaled, 0, 1)), -1.0, 1.0), dtype_of(x))
    return reshape(found, ()) if len(shape_of(x)) == 1 else found


@derived(dtype=_dtypes.promote_float)
def correlate(x1: Tensor, x2: Tensor, mode: str = "valid") -> Tensor:
    """Return the sums of products of two vectors, one shifted along the other.

    Args:
        mode: "valid" where the shorter lies within the longer, "same" for the length of the longer, "full" wherever
            they overlap.

    Raises:
        OpError: an unknown mode, no vectors, or an empty one.
    """
    from kerasfront.ops.windows import convolution

    if mode not in ("valid", "same", "full"):
        raise OpError(f"correlate: mode {mode!r} is unknown. Expected 'valid', 'same' or 'full'.")
    sizes = [shape_of(x)[0] if len(shape_of(x)) == 1 else 0 for x in (x1, x2)]
    if 0 in sizes:
        raise OpError(f"correlate: shapes {shape_of(x1)} and {shape_of(x2)}. Expected two vectors with elements.")
    if None in sizes:
        return full((None,), 0, dtype_of(x1))
    swapped = sizes[0] < sizes[1]
    (long, short), (m, n) = ((x2, x1), sizes[::-1]) if swapped else ((x1, x2), sizes)
    total = {"valid": m - n + 1, "same": m, "full": m + n - 1}[mode]
    left = {"valid": 0, "same": n // 2, "full": n - 1}[mode]
    right = total - (m - n + 1) - left
    found = convolution(reshape(long, (1, m, 1)), reshape(short, (n, 1, 1)), (1,), ((left, right),), (1,), 1)
    found = reshape(found, (total,))
    return getitem(found, slice(None, None, -1)) if swapped else found


# -- counting --------------------------------------------------------------------------------------


@derived(dtype=_dtypes.searched)
def digitize(x: Tensor, bins: Tensor) -> Tensor:
    """Return for each value the number (int32) of edges, in ascending order, that are not above it."""
    return searchsorted(bins, x, "right")


def tally(places: Any, weights: Any, size: int) -> Any:
    """Add up weights at the places 0 to size - 1 of a vector; what lies elsewhere is dropped."""
    inside = logical_and(less(-1, places), less(places, size))
    target = zeros((size + 1,), dtype_of(weights))
    return getitem(scatter_add(target, expand_dims(if_else(inside, places, size), -1), weights), slice(0, size))


@derived
def bincount(x: Tensor, weights: OptionalTensor = None, minlength: int = 0, sparse: bool = False) -> Tensor:
    """Return how often each integer from 0 to the largest occurs (int32), or the sums of their weights.

    Args:
        x: a vector of non-negative integers. weights: one for each.
        minlength: the result has at least so many elements.

    Raises:
        OpError: no vector of integers, a negative one, or weights of another shape; in a compiled function, where
            the largest is not known, no `minlength` (larger integers are dropped there).
    """
    if sparse:
        raise OpError("bincount: sparse tensors are not supported. Expected sparse=False.")
    if len(shape_of(x)) != 1 or dtypes.is_float(dtype_of(x)):
        raise OpError(f"bincount: got {dtype_of(x)} of shape {shape_of(x)}. Expected a vector of integers.")
    if weights is not None and len(shape_of(weights)) != 1:
        raise OpError(f"bincount: weights of shape {shape_of(weights)} for {shape_of(x)}. Expected the same.")
    kind = "int32" if weights is None else dtype_of(weights)
    size = largest_plus_one("bincount", x, minlength or None, "minlength")
    if size is None:
        return full((None,), 0, kind)
    return tally(cast(x, "int32"), ones(shape_of(x), "int32") if weights is None else weights, max(size, minlength))


def largest_plus_one(name: str, x: Any, otherwise: int | None, option: str) -> int | None:
    """Return one more than the largest integer of a tensor, None for a symbolic one, what is given for a traced one."""
    from kerasfront.backend.dispatch import SYMBOLIC
    from kerasfront.ops.creation import convert_to_numpy

    if owner_of(x) is SYMBOLIC:
        return None
    if not is_concrete(x):
        if otherwise is None:
            raise OpError(
                f"{name}: the length of the result depends on values, which a compiled function does not know. Pass"
                f" {option}."
            )
        return otherwise
    found = convert_to_numpy(x)
    if found.size and found.min() < 0:
        raise OpError(f"{name}: got {found.min()}. Expected integers of 0 or more.")
    return int(found.max()) + 1 if found.size else 0


@derived
def histogram(x: Tensor, bins: int = 10, range: Any = None) -> Any:
    """Return how many values lie in each of some equal bins (int32), and the edges of the bins.

    Args:
        bins: their number.
        range: `(low, high)`, values beyond are left out; None for the smallest and the largest value. A bin has its
            lower edge, the last one both.

    Raises:
        OpError: bins below 1, or a range that does not ascend.
    """
    if not isinstance(bins, int) or bins < 1:
        raise OpError(f"histogram: bins is {bins!r}. Expected a number of 1 or more.")
    x = reshape(x, (-1,))
    if not dtypes.is_float(dtype_of(x)):
        x = cast(x, dtypes.standardize_dtype(None))
    edges = _edges(x, bins, range)
    place = searchsorted(edges, x, "right") - 1
    place = if_else(equal(x, getitem(edges, -1)), cast(bins - 1, "int32"), place)
    # NaN stands in no bin; searching would put it behind the last.
    place = if_else(isnan(x), cast(-1, "int32"), place)
    return tally(place, elementwise.cast(elementwise.less_equal(place, bins), "int32"), bins), edges


def _edges(x: Any, bins: int, range: Any) -> Any:
    dtype = dtype_of(x)
    if range is None and shape_of(x)[0] != 0:
        low, high = reductions.reduce_min(x), reductions.reduce_max(x)
    else:
        if range is not None and (not isinstance(range, (tuple, list)) or len(range) != 2):
            raise OpError(f"histogram: range is {range!r}. Expected (low, high).")
        low, high = (0.0, 1.0) if range is None else (float(end) for end in range)
        if low > high:
            raise OpError(f"histogram: range is {range}. Expected low <= high.")
        # The sum of nothing makes the edges what x is: symbolic, traced or with values.
        none = reductions.sum(getitem(x, slice(0, 0)))
        low, high = add(none, low), add(none, high)
    flat = equal(low, high)
    half = cast(0.5, dtype)
    low, high = if_else(flat, subtract(low, half), low), if_else(flat, add(high, half), high)
    steps = multiply(arange(bins, dtype=dtype), true_divide(subtract(high, low), cast(bins, dtype)))
    return concatenate([add(low, steps), reshape(high, (1,))], 0)


@derived
def in_top_k(targets: Tensor, predictions: Tensor, k: int) -> Tensor:
    """Return whether fewer than k classes have a larger score than the target; False for a class that is not there.

    Shapes: `targets` (batch,) integers, `predictions` (batch, classes); result (batch,).
    """
    classes, targets = shape_of(predictions)[-1], cast(targets, "int32")
    found = logical_and(less(-1, targets), less(targets, 1 if classes is None else classes))
    place = if_else(found, targets, cast(0, "int32"))
    score = gather_along_axis(predictions, expand_dims(place, -1), -1)
    larger = reductions.sum(cast(less(score, predictions), "int32"), -1)
    # Scores that are not finite say nothing.
    known = logical_and(found, isfinite(getitem(score, (Ellipsis, 0))))
    return logical_and(known, less(larger, k))


@derived(dtype=_dtypes.compare)
def isin(x1: Tensor, x2: Tensor, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Return for each element of `x1` whether it occurs in `x2` (whether not, for `invert`); NaN is in nothing.

    `assume_unique` changes nothing: the search takes what comes.
    """
    if dtype_of(x1) == "bool":
        x1, x2 = cast(x1, "int32"), cast(x2, "int32")
    values = sort(reshape(x2, (-1,)))
    size = shape_of(values)[0]
    if size == 0:
        found = full(shape_of(x1), False, "bool")
    else:
        place = elementwise.minimum(searchsorted(values, x1, "left"), (size or 1) - 1)
        found = equal(gather(values, place, 0), x1)
    return logical_not(found) if invert else found
