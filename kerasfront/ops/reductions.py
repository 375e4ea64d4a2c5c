"""Reductions and running totals: primitives first, then what follows from them."""

from __future__ import annotations

import math as _math
from typing import Any

from kerasfront import dtypes as _names
from kerasfront.backend.dispatch import Axes, Axis, DType, Tensor, derived, dtype_of, primitive, shape_of
from kerasfront.ops import _dtypes, _shapes
from kerasfront.ops.elementwise import abs as _abs
from kerasfront.ops.elementwise import (
    add,
    cast,
    equal,
    exp,
    if_else,
    isfinite,
    log,
    multiply,
    sqrt,
    stop_gradient,
    subtract,
    true_divide,
)


@primitive(shape=_shapes.reduce, dtype=_dtypes.accumulate)
def sum(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the sum over the axes (all for None); integers below 32 bits sum in 32, bool counts."""


@primitive(shape=_shapes.reduce, dtype=_dtypes.accumulate)
def product(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the product over the axes (all for None)."""


@primitive(shape=_shapes.reduce_nonempty, dtype=_dtypes.promote)
def reduce_max(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the largest value; NaN wins; tied values share the gradient equally."""


@primitive(shape=_shapes.reduce_nonempty, dtype=_dtypes.promote)
def reduce_min(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the smallest value; NaN wins; tied values share the gradient equally."""


@primitive(shape=_shapes.reduce, dtype=_dtypes.logical)
def any(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return whether any value is true; False for none."""


@primitive(shape=_shapes.reduce, dtype=_dtypes.logical)
def all(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return whether all values are true; True for none."""


@primitive(shape=_shapes.arg_reduce, dtype=_dtypes.position)
def argmax(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the first position (int32) of the largest value, or of the first NaN; in the flattened tensor for None."""


@primitive(shape=_shapes.arg_reduce, dtype=_dtypes.position)
def argmin(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Return the first position (int32) of the smallest value, or of the first NaN; in the flattened tensor for
    None."""


@primitive(shape=_shapes.same, dtype=_dtypes.cumulate)
def running_sum(x: Tensor, axis: Axis, dtype: DType = None) -> Tensor:
    """Return the sums of the values up to and with each place along an axis."""


@primitive(shape=_shapes.same, dtype=_dtypes.cumulate)
def running_product(x: Tensor, axis: Axis, dtype: DType = None) -> Tensor:
    """Return the products of the values up to and with each place along an axis."""


def _count(x: Any, axis: tuple[int, ...]) -> Any:
    shape = shape_of(x)
    sizes = [shape[i] for i in axis]
    return 1 if None in sizes else _math.prod(sizes)


def widened(x: Any) -> Any:
    """Return half types as float32, in which their sums are taken."""
    return cast(x, "float32") if dtype_of(x) in ("float16", "bfloat16") else x


def root(x: Any) -> Any:
    """Return the square root whose slope at 0 is 0: for lengths and deviations, whose direction there is none."""
    empty = equal(x, cast(0, dtype_of(x)))
    return if_else(empty, x, sqrt(if_else(empty, cast(1, dtype_of(x)), x)))


@derived(dtype=_dtypes.promote_float)
def mean(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the arithmetic mean over the axes (all for None); half types add up in float32."""
    total = sum(widened(x), axis, keepdims)
    return cast(true_divide(total, _count(x, axis)), dtype_of(x))


@derived(dtype=_dtypes.promote_float)
def var(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the variance (divisor n) over the axes, in two passes; half types compute in float32."""
    wide = widened(x)
    centred = subtract(wide, mean(wide, axis, True))
    return cast(mean(multiply(centred, centred), axis, keepdims), dtype_of(x))


@derived(dtype=_dtypes.promote_float)
def std(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the standard deviation (divisor n) over the axes; its slope is 0 where it is 0."""
    return cast(root(var(widened(x), axis, keepdims)), dtype_of(x))


@derived
def max(x: Tensor, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Return the largest value over the axes (all for None), not below `initial`; NaN wins."""
    return _extremum(reduce_max, "maximum", x, axis, keepdims, initial)


@derived
def min(x: Tensor, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Tensor:
    """Return the smallest value over the axes (all for None), not above `initial`; NaN wins."""
    return _extremum(reduce_min, "minimum", x, axis, keepdims, initial)


def _extremum(reduction: Any, combine: str, x: Any, axis: Any, keepdims: bool, initial: Any) -> Any:
    from kerasfront.backend.dispatch import normalize_axes
    from kerasfront.ops import creation, elementwise

    if initial is None:
        return reduction(x, axis, keepdims)
    axes = normalize_axes(axis, len(shape_of(x)), reduction.__name__)
    if 0 in [shape_of(x)[i] for i in axes]:
        return creation.full(_shapes.reduce(x, axes, keepdims), initial, dtype_of(x))
    return getattr(elementwise, combine)(reduction(x, axis, keepdims), cast(initial, dtype_of(x)))


@derived(dtype=_dtypes.accumulate)
def prod(x: Tensor, axis: Axes = None, keepdims: bool = False, dtype: Any = None) -> Tensor:
    """Return the product over the axes (all for None), computed in `dtype` where one is given."""
    return product(x if dtype is None else cast(x, dtype), axis, keepdims)


@derived
def cumsum(x: Tensor, axis: Any = None, dtype: Any = None) -> Tensor:
    """Return running sums along an axis, of the flattened tensor for None."""
    return running_sum(*_flat(x, axis), dtype)


@derived
def cumprod(x: Tensor, axis: Any = None, dtype: Any = None) -> Tensor:
    """Return running products along an axis, of the flattened tensor for None."""
    return running_product(*_flat(x, axis), dtype)


def _flat(x: Any, axis: Any) -> tuple[Any, Any]:
    from kerasfront.ops.movement import reshape

    return (reshape(x, (-1,)), 0) if axis is None else (x, axis)


@derived(dtype=_dtypes.promote_float)
def logsumexp(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return log(sum(exp(x))) over the axes, shifted by the largest value so that nothing overflows."""
    largest = stop_gradient(reduce_max(x, axis, True))
    shift = if_else(isfinite(largest), largest, cast(0, dtype_of(x)))
    total = log(sum(exp(subtract(x, shift)), axis, keepdims))
    return add(total, shift if keepdims else sum(shift, axis))


@derived
def count_nonzero(x: Tensor, axis: Axes = None) -> Tensor:
    """Return how many values are not 0 (int32)."""
    return sum(cast(cast(x, "bool"), "int32"), axis)


@derived(dtype=_dtypes.promote_float)
def norm_of_vector(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """Return the Euclidean norm over the axes; its gradient at 0 is 0."""
    squares = sum(multiply(x, x) if not _names.is_complex(dtype_of(x)) else multiply(_abs(x), _abs(x)), axis, keepdims)
    return root(squares)
