"""Grids of coordinates, and numbers spaced evenly by ratio."""

from __future__ import annotations

from typing import Any

from kerasfront import dtypes
from kerasfront.backend.dispatch import Tensor, Tensors, derived, dtype_of, kind_of, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _checks, _shapes
from kerasfront.ops.creation import convert_to_tensor, linspace, ones_like
from kerasfront.ops.elementwise import cast, floor_divide, mod, multiply, power, true_divide
from kerasfront.ops.movement import broadcast_to, moveaxis, reshape_known


def meshgrid(*x: Any, indexing: str = "xy") -> Any:
    """Return coordinate tensors of a grid, one for each vector of coordinates.

    Args:
        x: vectors; tensors of other ranks are flattened.
        indexing: "ij" puts the i-th vector along axis i; "xy" exchanges the first two axes.

    Raises:
        OpError: another indexing.

    Example:
        >>> from kerasfront import ops
        >>> [part.shape for part in ops.meshgrid(ops.arange(2), ops.arange(3))]
        [(3, 2), (3, 2)]
    """
    if indexing not in ("xy", "ij"):
        raise OpError(f"meshgrid: indexing is {indexing!r}. Expected 'xy' or 'ij'.")
    return coordinate_grid(list(x), indexing) if x else []


@derived
def coordinate_grid(xs: Tensors, indexing: str = "xy") -> Any:
    """Return what `meshgrid` returns, for a list of vectors."""
    xs = [x if len(shape_of(x)) < 2 else reshape_known(x, [_shapes.times(*shape_of(x))]) for x in xs]
    places = list(range(len(xs)))
    if indexing == "xy" and len(xs) > 1:
        places[:2] = [1, 0]
    sizes = [shape_of(x)[0] if shape_of(x) else 1 for x in xs]
    target = tuple(sizes[place] for place in places)
    axes = range(len(xs))
    spread = [
        reshape_known(x, [size if place == axis else 1 for axis in axes])
        for x, size, place in zip(xs, sizes, places, strict=True)
    ]
    return [broadcast_to(x, target) for x in spread]


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10, dtype: Any = None, axis: int = 0
) -> Any:
    """Return `num` powers of `base` with evenly spaced exponents from start to stop along a new axis.

    Args:
        endpoint: whether `stop` is the last exponent; else the one that would follow.
        dtype: None for the float type of the exponents.
    """
    name = dtypes.standardize_dtype(dtype) if dtype is not None else _float_type(start, stop)
    exponents = linspace(start, stop, num, endpoint, dtype=name if dtypes.is_float(name) else None, axis=axis)
    return cast(power(cast(base, dtype_of(exponents)), exponents), name)


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """Return `num` numbers from start to stop of which each is the same multiple of the one before, along a new axis.

    Args:
        start, stop: numbers or tensors of one sign, not 0.
        endpoint: whether `stop` is the last number; else the one that would follow.
        dtype: None for the float type of the ends.
    """
    name = dtypes.standardize_dtype(dtype) if dtype is not None else _float_type(start, stop)
    work = name if dtypes.is_float(name) else dtypes.standardize_dtype(None)
    low, high = (cast(convert_to_tensor(end), work) for end in (start, stop))
    ratio = true_divide(high, low)
    exponents = linspace(0, ones_like(ratio), num, endpoint, dtype=work)
    values = multiply(low, power(ratio, exponents))
    return cast(moveaxis(values, 0, axis) if axis else values, name)


def _float_type(*ends: Any) -> str:
    return dtypes.float_type(*(kind_of(end) for end in ends))


@derived
def unravel_index(indices: Tensor, shape: Any) -> Any:
    """Return the coordinates, one tensor for each axis, of positions in a flattened tensor of a shape.

    Args:
        indices: integers from 0 to the number of elements - 1.
        shape: the tensor's shape, all sizes known.

    Raises:
        OpError: an index out of range (known values only).

    Example:
        >>> from kerasfront import ops
        >>> [int(i) for i in ops.unravel_index(5, (3, 3))]
        [1, 2]
    """
    sizes = tuple(int(size) for size in shape)
    rest = indices if hasattr(indices, "dtype") else convert_to_tensor(indices)
    _checks.positions_in_shape(rest, sizes)
    parts = []
    for size in reversed(sizes):
        parts.append(mod(rest, size))
        rest = floor_divide(rest, size)
    return tuple(reversed(parts))
