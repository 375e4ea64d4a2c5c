"""Reductions and running totals."""

import math
from typing import Any

import numpy as np
from autograd.tracer import getval, isbox

from kerasfront_numpy.ops.elementwise import multiply
from kerasfront_numpy.ops.kernel import cast, constant, differentiable, kernel
from kerasfront_numpy.ops.movement import broadcast_to, concatenate, permute_axes, reshape, reverse

Axes = tuple[int, ...]


def _kept(shape: Axes, axis: Axes) -> Axes:
    return tuple(1 if i in axis else size for i, size in enumerate(shape))


def _spread(g: Any, x: Any, axis: Axes) -> Any:
    """Repeat what belongs to a reduced tensor over the axes it lost."""
    return broadcast_to(reshape(g, _kept(x.shape, axis)), x.shape)


# The dtype is given because NumPy widens small integers to 64 bits by itself.
sum = kernel(
    differentiable(
        lambda x, axis, keepdims: np.sum(x, axis, x.dtype, keepdims=keepdims),
        lambda ans, x, axis, keepdims: lambda g: _spread(g, x, axis),
    )
)


def _extremum(function: Any) -> Any:
    def vjp(ans: Any, x: Any, axis: Axes, keepdims: bool) -> Any:
        values, best = getval(x), _spread(getval(ans), getval(x), axis)
        chosen = ((values == best) | (np.isnan(values) & np.isnan(best))).astype(values.dtype)
        weights = chosen / np.sum(chosen, axis, keepdims=True)
        return lambda g: _spread(g, x, axis) * weights

    return kernel(differentiable(lambda x, axis, keepdims: function(x, axis, keepdims=keepdims), vjp))


reduce_max = _extremum(np.max)
reduce_min = _extremum(np.min)
any = constant(lambda x, axis, keepdims: np.any(x, axis, keepdims=keepdims))
all = constant(lambda x, axis, keepdims: np.all(x, axis, keepdims=keepdims))
argmax = kernel(constant(lambda x, axis, keepdims: cast(np.argmax(x, axis, keepdims=keepdims), "int32")))
argmin = kernel(constant(lambda x, axis, keepdims: cast(np.argmin(x, axis, keepdims=keepdims), "int32")))

_cumsum = differentiable(
    lambda x, axis: np.cumsum(x, axis, x.dtype),
    lambda ans, x, axis: lambda g: reverse(_cumsum(reverse(g, (axis,)), axis), (axis,)),
)
running_sum = kernel(lambda x, axis, dtype: _cumsum(x, axis))


@kernel
def running_product(x: Any, axis: int, dtype: str | None) -> Any:
    if not isbox(x):
        return np.cumprod(x, axis, x.dtype)
    # Each round multiplies by the product that ends `shift` places before: differentiable, also at 0.
    shift, size, before = 1, x.shape[axis], (slice(None),) * axis
    while shift < size:
        head, tail = x[(*before, slice(None, shift))], x[(*before, slice(shift, None))]
        x = concatenate([head, multiply(tail, x[(*before, slice(None, size - shift))])], axis)
        shift *= 2
    return x


@kernel
def product(x: Any, axis: Axes, keepdims: bool) -> Any:
    if not isbox(x) or not math.prod(x.shape):
        return np.prod(getval(x), axis, x.dtype, keepdims=keepdims)
    shape = tuple(size for i, size in enumerate(x.shape) if i not in axis)
    moved = permute_axes(x, (*axis, *(i for i in range(len(x.shape)) if i not in axis)))
    last = running_product(reshape(moved, (-1, *shape)), 0, None)[-1]
    return reshape(last, _kept(x.shape, axis) if keepdims else shape)
