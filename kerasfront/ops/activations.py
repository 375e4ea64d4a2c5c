"""Activation functions as derived ops: elementwise bends, and normalizations along an axis.

Two rules hold for all of them. NaN goes through: a branch is taken by a comparison that is false for NaN and leads
to the value itself. At a kink the gradient is the left one (relu at 0 gives 0), except that a clipped value passes
its gradient at the bounds. Integers and bool become the default float type.

Python floats go through ops rather than operators here: NumPy's bfloat16 does not take them as weak.
"""

from __future__ import annotations

from typing import Any

from kerasfront import ops
from kerasfront.backend.dispatch import Axis, AxisOrAxes, Tensor, derived, dtype_of, shape_of
from kerasfront.errors import OpError
from kerasfront.ops._dtypes import promote_float

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
SQRT_HALF = 0.7071067811865476
SQRT_2_OVER_PI = 0.7978845608028654


@derived(dtype=promote_float)
def relu(x: Tensor) -> Any:
    """Rectify: ``max(x, 0)``. The gradient at 0 is 0.

    Example:
        >>> from kerasfront import ops
        >>> ops.convert_to_numpy(ops.relu([-1.0, 0.0, 2.0]))
        array([0., 0., 2.], dtype=float32)
    """
    return ops.where(x <= 0, ops.zeros_like(x), x)


@derived(dtype=promote_float)
def relu6(x: Tensor) -> Any:
    """Rectify and cut off at 6: ``min(max(x, 0), 6)``. The gradient at 0 and 6 is 0."""
    return ops.where(x >= 6, ops.full_like(x, 6), ops.relu(x))


@derived(dtype=promote_float)
def leaky_relu(x: Tensor, negative_slope: float = 0.2) -> Any:
    """Rectify with a slope: x where it is positive, else ``negative_slope * x``."""
    return ops.where(x > 0, x, ops.multiply(x, negative_slope))


@derived(dtype=promote_float)
def elu(x: Tensor, alpha: float = 1.0) -> Any:
    """Exponential linear unit: x where it is positive, else ``alpha * (exp(x) - 1)``.

    Source: Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear Units", 2016, eq. 15.
    """
    # The branch not taken must not overflow: its gradient would be inf * 0.
    return ops.where(x > 0, x, ops.multiply(ops.expm1(ops.where(x > 0, ops.zeros_like(x), x)), alpha))


@derived(dtype=promote_float)
def selu(x: Tensor) -> Any:
    """Scaled exponential linear unit, ``scale * elu(x, alpha)``, which keeps mean 0 and variance 1.

    Source: Klambauer et al., "Self-Normalizing Neural Networks", 2017, eq. 2 and 14.
    """
    return ops.multiply(ops.elu(x, SELU_ALPHA), SELU_SCALE)


@derived(dtype=promote_float)
def celu(x: Tensor, alpha: float = 1.0) -> Any:
    """Continuously differentiable ELU: x where it is positive, else ``alpha * (exp(x / alpha) - 1)``.

    Source: Barron, "Continuously Differentiable Exponential Linear Units", 2017, eq. 2.
    """
    scaled = ops.true_divide(ops.where(x > 0, ops.zeros_like(x), x), alpha)
    return ops.where(x > 0, x, ops.multiply(ops.expm1(scaled), alpha))


@derived(dtype=promote_float)
def sigmoid(x: Tensor) -> Any:
    """Logistic function, ``1 / (1 + exp(-x))``, without overflow and exact in both tails."""
    positive = x >= 0
    small = ops.exp(ops.where(positive, -x, x))
    return ops.where(positive, ops.ones_like(x), small) / (1 + small)


@derived(dtype=promote_float)
def log_sigmoid(x: Tensor) -> Any:
    """Logarithm of the logistic function, ``-log(1 + exp(-x))``, without overflow."""
    return -ops.softplus(-x)


@derived(dtype=promote_float)
def softplus(x: Tensor) -> Any:
    """Smooth rectifier, ``log(1 + exp(x))``, without overflow."""
    positive, zero = x > 0, ops.zeros_like(x)
    return ops.where(positive, x, zero) + ops.log1p(ops.exp(ops.where(positive, -x, x)))


@derived(dtype=promote_float)
def softsign(x: Tensor) -> Any:
    """``x / (1 + |x|)``."""
    return x / (1 + ops.abs(x))


@derived(dtype=promote_float)
def silu(x: Tensor) -> Any:
    """Sigmoid linear unit or swish, ``x * sigmoid(x)``."""
    return x * ops.sigmoid(x)


@derived(dtype=promote_float)
def gelu(x: Tensor, approximate: bool = True) -> Any:
    """Gaussian error linear unit: x times the probability that a standard normal number is below x.

    Args:
        approximate: by ``tanh``, which is off by up to 5e-4, instead of ``erf``.

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016, section 2.
    """
    if approximate:
        # (1 + tanh(u)) / 2 is sigmoid(2 u), which keeps its digits where tanh comes near -1.
        bend = ops.multiply(x + ops.multiply(x * x * x, 0.044715), 2 * SQRT_2_OVER_PI)
        return x * ops.sigmoid(bend)
    return ops.multiply(x, 0.5) * (1 + ops.erf(ops.multiply(x, SQRT_HALF)))


@derived(dtype=promote_float)
def squareplus(x: Tensor, b: float = 4) -> Any:
    """``(x + sqrt(x^2 + b)) / 2``, a smooth rectifier; b sets how wide its bend is."""
    if b == 0:
        return ops.relu(x)
    # For negative x the sum cancels; (r + x) (r - x) = b gives the same without.
    size = ops.where(x > 0, x, -x)
    total = ops.sqrt(ops.add(x * x, b)) + size
    return ops.where(x > 0, ops.multiply(total, 0.5), ops.true_divide(0.5 * b, total))


@derived(dtype=promote_float)
def soft_shrink(x: Tensor, threshold: float = 0.5) -> Any:
    """Move x towards 0 by `threshold`; 0 where ``|x| <= threshold``."""
    return ops.where(ops.abs(x) <= threshold, ops.zeros_like(x), x - ops.multiply(ops.sign(x), threshold))


@derived(dtype=promote_float)
def hard_shrink(x: Tensor, threshold: float = 0.5) -> Any:
    """x, but 0 where ``|x| <= threshold``."""
    return ops.where(ops.abs(x) <= threshold, ops.zeros_like(x), x)


@derived(dtype=promote_float)
def tanh_shrink(x: Tensor) -> Any:
    """``x - tanh(x)``."""
    return x - ops.tanh(x)


@derived(dtype=promote_float)
def hard_tanh(x: Tensor) -> Any:
    """x cut off at -1 and 1."""
    return ops.clip(x, -1, 1)


@derived(dtype=promote_float)
def hard_sigmoid(x: Tensor) -> Any:
    """Piecewise linear sigmoid: 0 below -3, 1 above 3, ``x / 6 + 0.5`` between."""
    return ops.relu6(x + 3) / 6


@derived(dtype=promote_float)
def hard_silu(x: Tensor) -> Any:
    """Piecewise quadratic swish, ``x * hard_sigmoid(x)``.

    Source: Howard et al., "Searching for MobileNetV3", 2019, section 5.2.
    """
    return x * ops.hard_sigmoid(x)


@derived(dtype=promote_float)
def sparse_plus(x: Tensor) -> Any:
    """0 below -1, x above 1, ``(x + 1)^2 / 4`` between."""
    inner = ops.where(ops.abs(x) >= 1, ops.zeros_like(x), x)
    return ops.where(x <= -1, ops.zeros_like(x), ops.where(x >= 1, x, ops.multiply(ops.square(inner + 1), 0.25)))


@derived(dtype=promote_float)
def sparse_sigmoid(x: Tensor) -> Any:
    """0 below -1, 1 above 1, ``(x + 1) / 2`` between."""
    return ops.clip(ops.multiply(x + 1, 0.5), 0, 1)


@derived(dtype=promote_float)
def threshold(x: Tensor, threshold: float, default_value: float) -> Any:
    """x where it is above `threshold`, else `default_value`."""
    return ops.where(x <= threshold, ops.full_like(x, default_value), x)


@derived(dtype=promote_float)
def glu(x: Tensor, axis: Axis = -1) -> Any:
    """Gated linear unit: the first half along an axis times the sigmoid of the second half.

    Shapes: ``(..., 2 n, ...) -> (..., n, ...)``.

    Raises:
        ValueError: the axis has an odd size.

    Source: Dauphin et al., "Language Modeling with Gated Convolutional Networks", 2017, eq. 1.
    """
    size = shape_of(x)[axis]
    if size is not None and size % 2:
        raise OpError(
            f"glu: axis {axis} has an odd size. Expected an even one to halve; got shape {shape_of(x)}. Choose "
            "another axis."
        )
    value, gate = ops.split(x, 2, axis=axis)
    return value * ops.sigmoid(gate)


@derived(dtype=promote_float)
def softmax(x: Tensor, axis: AxisOrAxes = -1) -> Any:
    """Exponentials that sum to 1 along an axis or several together, ``exp(x) / sum(exp(x))``, without overflow.

    Args:
        axis: an integer, several, or None for all. Where all of x there is minus infinity, the result is NaN.

    Example:
        >>> from kerasfront import ops
        >>> float(ops.sum(ops.softmax([1.0, 2.0, 3.0])))
        1.0
    """
    powers = ops.exp(ops.subtract(x, ops.stop_gradient(ops.max(x, axis=axis, keepdims=True))))
    return ops.true_divide(powers, ops.sum(powers, axis=axis, keepdims=True))


@derived(dtype=promote_float)
def log_softmax(x: Tensor, axis: AxisOrAxes = -1) -> Any:
    """Logarithm of `softmax`, ``x - log(sum(exp(x)))``, without overflow."""
    shifted = ops.subtract(x, ops.stop_gradient(ops.max(x, axis=axis, keepdims=True)))
    return ops.subtract(shifted, ops.log(ops.sum(ops.exp(shifted), axis=axis, keepdims=True)))


@derived(dtype=promote_float)
def sparsemax(x: Tensor, axis: Axis = -1) -> Any:
    """The point of the probability simplex nearest to x along an axis; unlike `softmax` it has zeros.

    Source: Martins and Astudillo, "From Softmax to Sparsemax", 2016, algorithm 1 and eq. 9.
    """
    constant = ops.stop_gradient(x)
    ordered = ops.flip(ops.sort(constant, axis=axis), axis=axis)
    rank = ops.cumsum(ops.ones_like(ordered), axis=axis)
    supported = ops.cast(1 + rank * ordered > ops.cumsum(ordered, axis=axis), dtype_of(x))
    count = ops.sum(supported, axis=axis, keepdims=True)
    threshold = (ops.sum(supported * ordered, axis=axis, keepdims=True) - 1) / count
    # The threshold once more from x itself, so that its gradient does not go through the sort.
    inside = ops.where(constant <= threshold, ops.zeros_like(x), ops.ones_like(x))
    threshold = (ops.sum(inside * x, axis=axis, keepdims=True) - 1) / ops.sum(inside, axis=axis, keepdims=True)
    return ops.where(inside > 0, x - threshold, ops.zeros_like(x))
