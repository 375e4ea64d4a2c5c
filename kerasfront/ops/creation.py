"""Making tensors, and asking what they are: shape, dtype, values on the host."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from kerasfront import dtypes, tree
from kerasfront.backend import dispatch, registry
from kerasfront.backend.dispatch import DType, Shape, Tensor, derived, dtype_of, primitive, shape_of
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes, _shapes
from kerasfront.ops.elementwise import bitcast, cast, less_equal, subtract
from kerasfront.ops.movement import broadcast_to, expand_dims, reshape


@primitive(shape=_shapes.full, dtype=_dtypes.created)
def filled(shape: Shape, fill_value: Tensor, dtype: DType = None) -> Tensor:
    """Return a tensor of a shape in which each element is `fill_value` (a scalar)."""


@primitive(shape=_shapes.counted, dtype=_dtypes.asked)
def count_up(size: int, dtype: DType) -> Tensor:
    """Return the integers 0 to size - 1."""


@derived
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """Return a tensor of a shape filled with a value; the default float type where no dtype is given."""
    shape = dispatch.normalize_shape(shape, "full")
    if np.ndim(fill_value) == 0 if dispatch.owner_of(fill_value) is dispatch.WEAK else not shape_of(fill_value):
        return filled(shape, fill_value, dtype)
    return broadcast_to(cast(fill_value, dtypes.standardize_dtype(dtype)), shape)


@derived
def zeros(shape: Any, dtype: Any = None) -> Any:
    """Return a tensor of zeros; the default float type where no dtype is given."""
    return filled(shape, 0, dtype)


@derived
def ones(shape: Any, dtype: Any = None) -> Any:
    """Return a tensor of ones; the default float type where no dtype is given."""
    return filled(shape, 1, dtype)


@derived
def empty(shape: Any, dtype: Any = None) -> Any:
    """Return a tensor whose values mean nothing yet (zeros, so that runs repeat)."""
    return filled(shape, 0, dtype)


@derived
def full_like(x: Tensor, fill_value: Any, dtype: Any = None) -> Tensor:
    """Return a tensor of the shape and dtype of `x` filled with a value."""
    return full(shape_of(x), fill_value, dtype or dtype_of(x))


@derived
def zeros_like(x: Tensor, dtype: Any = None) -> Tensor:
    """Return zeros in the shape and dtype of `x`."""
    return filled(shape_of(x), 0, dtype or dtype_of(x))


@derived
def ones_like(x: Tensor, dtype: Any = None) -> Tensor:
    """Return ones in the shape and dtype of `x`."""
    return filled(shape_of(x), 1, dtype or dtype_of(x))


@derived
def empty_like(x: Tensor, dtype: Any = None) -> Tensor:
    """Return a tensor in the shape and dtype of `x` whose values mean nothing yet."""
    return zeros_like(x, dtype)


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Return numbers from start (0 if only one number is given) up to, not with, stop.

    Args:
        start, stop, step: numbers, or scalar tensors whose values are known; the step is 1 where none is given.
        dtype: None for the result type of the bounds: int32 for Python integers.

    Raises:
        OpError: step is 0, or a bound is unknown (symbolic or traced): the length of a tensor must be known.

    Example:
        >>> from kerasfront import ops
        >>> ops.convert_to_numpy(ops.arange(1, 4))
        array([1, 2, 3], dtype=int32)
    """
    kinds = [dispatch.kind_of(part) for part in (start, stop, step) if part is not None]
    name = dtypes.result_type(*kinds) if dtype is None else dtypes.standardize_dtype(dtype)
    start, stop, step = (None if part is None else _known_number(part) for part in (start, stop, step))
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    if step == 0:
        raise OpError("arange: step is 0. Expected another number.")
    if start == 0 and step == 1 and isinstance(stop, int) and name in ("int32", "int64"):
        return count_up(max(stop, 0), name)
    return convert_to_tensor(np.arange(start, stop, step), dtype=name)


def _known_number(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return value
    if value is None or not dispatch.is_concrete(value) or shape_of(value) != ():
        raise OpError(
            f"arange: a bound is {value!r}. Expected numbers, or scalar tensors whose values are known. Pass Python"
            f" numbers."
        )
    return convert_to_numpy(value).item()


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    """Return `num` evenly spaced values from start to stop along a new axis, with the spacing if `retstep`."""
    from kerasfront.ops import elementwise, movement

    if num < 0:
        raise OpError(f"linspace: num is {num}. Expected 0 or more.")
    name = (
        dtypes.standardize_dtype(dtype)
        if dtype is not None
        else dtypes.float_type(*(dispatch.kind_of(end) for end in (start, stop)))
    )
    work = name if dtypes.is_float(name) else config_float()
    low, high = (cast(convert_to_tensor(end), work) for end in (start, stop))
    gaps = (num - 1) if endpoint else num
    step = elementwise.true_divide(subtract(high, low), max(gaps, 1))
    places = cast(count_up(num, "int32"), work)
    places = reshape(places, (num,) + (1,) * len(shape_of(step)))
    values = elementwise.add(low, elementwise.multiply(places, step))
    if axis:
        values = movement.moveaxis(values, 0, axis)
    values = cast(values, name)
    return (values, step) if retstep else values


def config_float() -> str:
    """Return the default float type."""
    return dtypes.standardize_dtype(None)


@derived
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Return an N x M matrix (square for None) with ones on diagonal k, zeros elsewhere.

    Raises:
        TypeError: a size or the diagonal is no integer.
    """
    for label, value in (("N", N), ("M", M), ("k", k)):
        if isinstance(value, float):
            raise TypeError(f"eye: {label} is {value!r}. Expected an integer. Pass int({value!r}).")
    columns = N if M is None else M
    rows = expand_dims(count_up(N, "int32"), 1)
    return cast(less_equal(abs_difference(rows, columns, k), 0), dtypes.standardize_dtype(dtype))


def abs_difference(rows: Any, columns: int, k: int) -> Any:
    """Return |column - row - k| for each place of a matrix."""
    from kerasfront.ops import elementwise

    offsets = subtract(subtract(expand_dims(count_up(columns, "int32"), 0), rows), k)
    return elementwise.abs(offsets)


def identity(n: int, dtype: Any = None) -> Any:
    """Return the n x n identity matrix."""
    return eye(n, dtype=dtype)


@derived
def tril(x: Tensor, k: int = 0) -> Tensor:
    """Return the matrices in the last two axes with zeros above diagonal k."""
    return _triangle(x, k, lower=True)


@derived
def triu(x: Tensor, k: int = 0) -> Tensor:
    """Return the matrices in the last two axes with zeros below diagonal k."""
    return _triangle(x, k, lower=False)


def _triangle(x: Any, k: int, lower: bool) -> Any:
    from kerasfront.ops import elementwise

    rows, columns = shape_of(x)[-2:]
    if rows is None or columns is None:
        return KerasTensor(shape_of(x), dtype_of(x))
    offsets = subtract(expand_dims(count_up(columns, "int32"), 0), expand_dims(count_up(rows, "int32"), 1))
    keep = less_equal(offsets, k) if lower else less_equal(k, offsets)
    return elementwise.if_else(keep, x, cast(0, dtype_of(x)))


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """Return a tensor of the active backend, also from a tensor of another engine or a Variable.

    Args:
        x: a number, nested list, NumPy array, Variable or tensor.
        dtype: None for its own; Python floats get the default float type, Python integers int32.

    Example:
        >>> from kerasfront import ops
        >>> ops.convert_to_tensor([1, 2]).shape
        (2,)
    """
    owner = dispatch.owner_of(x)
    if owner is dispatch.SYMBOLIC:
        return x if dtype is None else cast(x, dtype)
    if owner is dispatch.VARIABLE:
        x = x.value
        owner = dispatch.owner_of(x)
    backend = registry.active()
    name = None if dtype is None else dtypes.standardize_dtype(dtype)
    if owner is dispatch.WEAK:
        if isinstance(x, (list, tuple)) and any(
            dispatch.is_tensor(leaf) and not isinstance(leaf, (np.ndarray, np.generic)) for leaf in tree.flatten(x)
        ):
            from kerasfront.ops.movement import stack

            return stack([convert_to_tensor(item, name) for item in x])
        return backend.convert_to_tensor(
            x, name or backend.host_dtype(dtypes.strengthen(dtypes.kind_of_python_value(x)))
        )
    if owner is not backend:
        x = backend.from_other(x)
    return x if name is None or dtype_of(x) == name else backend.ops.cast(x, name)


def convert_to_numpy(x: Any) -> np.ndarray:
    """Return the values as a NumPy array on the host."""
    owner = dispatch.owner_of(x)
    if owner is dispatch.VARIABLE:
        # A copy where the engine's tensors are host arrays: the result must not be the live value.
        return x.backend.to_numpy(x.value)
    if owner is dispatch.WEAK:
        if isinstance(x, (list, tuple)) and any(dispatch.is_tensor(leaf) for leaf in tree.flatten(x)):
            return np.stack([convert_to_numpy(item) for item in x])
        return np.asarray(x)
    if owner is dispatch.SYMBOLIC:
        return x.__array__()
    return owner.to_numpy(x)


def is_tensor(x: Any) -> bool:
    """Return whether `x` is a tensor of some engine."""
    return dispatch.is_tensor(x)


def shape(x: Any) -> tuple:
    """Return the shape as a tuple of ints; None for a dimension that a symbolic tensor does not know."""
    return shape_of(x)


def ndim(x: Any) -> int:
    """Return the number of dimensions."""
    return len(shape_of(x))


@derived
def size(x: Tensor) -> Any:
    """Return the number of elements: a Python integer, or a symbolic int32 scalar where a dimension is unknown."""
    total = _shapes.times(*shape_of(x))
    return KerasTensor((), "int32") if total is None else total


def dtype(x: Any) -> str:
    """Return the name of the dtype."""
    return dtype_of(x)


def array(x: Any, dtype: Any = None) -> Any:
    """Return a tensor of the active backend."""
    return convert_to_tensor(x, dtype)


def copy(x: Any) -> Any:
    """Return the tensor; tensors do not change, so no copy is needed."""
    return convert_to_tensor(x)


@derived
def view(x: Tensor, dtype: Any = None) -> Tensor:
    """Return the bits read as another dtype; the tensor itself where no dtype is given.

    Shapes: that of `x`; between dtypes of different widths the last axis grows or shrinks, so that the bits remain.

    Raises:
        OpError: the last axis does not hold a whole number of values of the dtype.
    """
    return x if dtype is None else bitcast(x, dtype)


@derived
def saturate_cast(x: Tensor, dtype: Any) -> Any:
    """Return the values in another dtype, those beyond its range at its ends."""
    from kerasfront.ops import elementwise

    name, source = dtypes.standardize_dtype(dtype), dtype_of(x)
    if not dtypes.is_int(name) or not (dtypes.is_float(source) or dtypes.is_int(source)):
        return cast(x, name)
    limits = np.iinfo(name)
    low, high = _within(limits.min, source), _within(limits.max, source)
    inside = cast(elementwise.minimum(elementwise.maximum(x, low), high), name)
    if int(high) == limits.max or dtypes.is_int(source):
        return inside
    # A float type may have no number at the upper end: 2^31 - 1 in float32.
    return elementwise.if_else(elementwise.less(high, x), np.asarray(limits.max, name), inside)


def _within(limit: int, dtype: str) -> np.ndarray:
    """The number of a dtype that is nearest to a limit and not beyond it."""
    if dtypes.is_int(dtype):
        integers = np.iinfo(dtype)
        return np.asarray(min(max(limit, integers.min), integers.max), dtype)
    floats = ml_dtypes.finfo(dtype)
    nearest = np.asarray(min(max(float(limit), float(floats.min)), float(floats.max)), dtype)
    return np.nextafter(nearest, nearest.dtype.type(0)) if abs(int(nearest)) > abs(limit) else nearest
