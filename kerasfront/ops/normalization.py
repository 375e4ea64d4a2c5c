"""Normalization by mean and variance."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront.backend.dispatch import Axes, OptionalTensor, Tensor, derived, dtype_of, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes
from kerasfront.ops.arithmetic import rsqrt
from kerasfront.ops.elementwise import add, cast, maximum, minimum, multiply, subtract, true_divide
from kerasfront.ops.movement import reshape
from kerasfront.ops.reductions import mean, norm_of_vector, reduce_max, sum


@derived(dtype=_dtypes.promote_float)
def moments(x: Tensor, axes: Axes, keepdims: bool = False, synchronized: bool = False) -> Any:
    """Return mean and variance (divisor n) over the axes, in two passes.

    Dtypes: half types compute in float32; what is beyond float16 becomes its largest number.
    """
    if synchronized:
        raise OpError("moments: synchronized=True needs several replicas. Expected False.")
    wide = cast(x, "float32") if dtype_of(x) in ("float16", "bfloat16") else x
    centre = mean(wide, axes, True)
    centred = subtract(wide, centre)
    variance = mean(multiply(centred, centred), axes, keepdims)
    centre = centre if keepdims else sum(centre, axes)
    if dtype_of(x) == "float16":
        limit = float(np.finfo("float16").max)
        centre, variance = minimum(maximum(centre, -limit), limit), minimum(variance, limit)
    return cast(centre, dtype_of(x)), cast(variance, dtype_of(x))


def _along(vector: Any, x: Any, axis: int) -> Any:
    """Reshape a vector so that it lies along one axis of x."""
    rank = len(shape_of(x))
    return (
        vector
        if axis % rank == rank - 1
        else reshape(vector, tuple(-1 if i == axis % rank else 1 for i in range(rank)))
    )


@derived(dtype=_dtypes.promote_float)
def batch_normalization(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    axis: int,
    offset: OptionalTensor = None,
    scale: OptionalTensor = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """Return (x - mean) / sqrt(variance + epsilon) * scale + offset, statistics being vectors along one axis.

    Source: Ioffe and Szegedy, "Batch Normalization" (2015), algorithm 1.
    """
    factor = rsqrt(add(variance, epsilon))
    if scale is not None:
        factor = multiply(factor, scale)
    shift = multiply(mean, factor)
    result = subtract(multiply(x, _along(factor, x, axis)), _along(shift, x, axis))
    return result if offset is None else add(result, _along(offset, x, axis))


@derived(dtype=_dtypes.float_of_first)
def layer_normalization(
    x: Tensor,
    gamma: OptionalTensor = None,
    beta: OptionalTensor = None,
    axis: Any = -1,
    epsilon: float | None = None,
    rms_scaling: bool = False,
) -> Tensor:
    """Return x normalized over some axes of each sample, times gamma, plus beta.

    Args:
        axis: one or several axes; gamma and beta have their sizes.
        epsilon: 1e-7 for None.
        rms_scaling: divide by the standard deviation without taking the mean away.

    Dtypes: that of x.

    Source: Ba, Kiros and Hinton, "Layer Normalization" (2016), equation 4.
    """
    from kerasfront import config
    from kerasfront.backend.dispatch import normalize_axes

    axes = normalize_axes(axis, len(shape_of(x)), "layer_normalization")
    small = config.epsilon() if epsilon is None else epsilon
    wide = cast(x, "float32") if dtype_of(x) in ("float16", "bfloat16") else x
    centre, variance = moments(wide, axes, True)
    result = multiply(wide if rms_scaling else subtract(wide, centre), rsqrt(add(variance, small)))
    shape = tuple(size if i in axes else 1 for i, size in enumerate(shape_of(x)))
    if gamma is not None:
        result = multiply(result, cast(reshape(gamma, shape), dtype_of(wide)))
    if beta is not None:
        result = add(result, cast(reshape(beta, shape), dtype_of(wide)))
    return cast(result, dtype_of(x))


@derived(dtype=_dtypes.float_of_first)
def rms_normalization(x: Tensor, scale: OptionalTensor = None, axis: Any = -1, epsilon: float | None = None) -> Tensor:
    """Return x / sqrt(mean(x^2) + epsilon) * scale. Source: Zhang and Sennrich, "Root Mean Square Layer Normalization"
    (2019)."""
    from kerasfront import config

    small = config.epsilon() if epsilon is None else epsilon
    # A square does not fit into half a float where its root does.
    wide = cast(x, "float32") if dtype_of(x) in ("float16", "bfloat16") else x
    result = multiply(wide, rsqrt(add(mean(multiply(wide, wide), axis, True), small)))
    return cast(result if scale is None else multiply(result, cast(scale, dtype_of(wide))), dtype_of(x))


@derived(dtype=_dtypes.promote_float)
def normalize(x: Tensor, axis: Any = -1, order: Any = 2, epsilon: float | None = None) -> Tensor:
    """Return x divided by its norm along an axis; zeros stay zeros with finite gradients.

    Args:
        order: 1, 2, another positive number, or infinity.
        epsilon: smallest norm; 1e-7 squared-safe default for None.
    """
    import math

    from kerasfront import config
    from kerasfront.ops.elementwise import abs as absolute
    from kerasfront.ops.elementwise import power

    if order != "inf" and not (isinstance(order, (int, float)) and order > 0):
        raise OpError(f"normalize: order is {order!r}. Expected a number above 0 or infinity.")
    small = config.epsilon() if epsilon is None else epsilon
    if order == 2:
        length = norm_of_vector(x, axis, True)
    elif order in (math.inf, "inf"):
        length = reduce_max(absolute(x), axis, True)
    else:
        length = power(sum(power(absolute(x), float(order)), axis, True), 1.0 / order)
    return true_divide(x, maximum(length, cast(small, dtype_of(x))))
