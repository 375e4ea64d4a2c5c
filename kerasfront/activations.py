"""Activation functions by name: thin functions on the ops of the same meaning.

Integers and bool become the default float type, NaN goes through, and the gradient at a kink is the left one
(see `kerasfront/ops/activations.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasfront import ops, registration


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """Rectify: x above `threshold`, else ``negative_slope * (x - threshold)``, cut off at `max_value`.

    Args:
        x: a tensor.
        negative_slope: of the part below the threshold.
        max_value: the largest result; None for no bound.
        threshold: where the part that stays x begins.

    Raises:
        ValueError: `max_value` is negative.

    Example:
        >>> import kerasfront as keras
        >>> keras.ops.convert_to_numpy(keras.activations.relu([-1.0, 8.0], negative_slope=0.5, max_value=6.0))
        array([-0.5,  6. ], dtype=float32)
    """
    if max_value is not None and not max_value >= 0:
        raise ValueError(
            f"relu: max_value is out of range. Expected a number of 0 or more, or None; got {max_value!r}. Leave it "
            "out."
        )
    if threshold == 0:
        if max_value == 6 and negative_slope == 0:
            return ops.relu6(x)
        result = ops.relu(x) if negative_slope == 0 else ops.leaky_relu(x, negative_slope)
    else:
        x = ops.add(x, 0.0)  # a float tensor
        below = ops.multiply(ops.subtract(x, threshold), negative_slope)
        result = ops.where(ops.less_equal(x, threshold), below, x)
    if max_value is None:
        return result
    return ops.where(ops.greater_equal(result, max_value), ops.full_like(result, max_value), result)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """Rectify with a slope: x where it is positive, else ``negative_slope * x``."""
    return ops.leaky_relu(x, negative_slope)


def relu6(x: Any) -> Any:
    """Rectify and cut off at 6."""
    return ops.relu6(x)


def softmax(x: Any, axis: Any = -1) -> Any:
    """Exponentials that sum to 1 along an axis or several.

    Args:
        x: a tensor.
        axis: an integer, a tuple of them, or None for all.
    """
    return ops.softmax(x, axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """Logarithm of `softmax`, without overflow."""
    return ops.log_softmax(x, axis)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """Exponential linear unit: x where it is positive, else ``alpha * (exp(x) - 1)``."""
    return ops.elu(x, alpha)


def selu(x: Any) -> Any:
    """Scaled exponential linear unit; use it with the initializer "lecun_normal" and `AlphaDropout`."""
    return ops.selu(x)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """Continuously differentiable exponential linear unit."""
    return ops.celu(x, alpha)


def gelu(x: Any, approximate: bool = False) -> Any:
    """Gaussian error linear unit, ``x P(Z <= x)`` for a standard normal Z; `approximate` by ``tanh``."""
    return ops.gelu(x, approximate)


def softplus(x: Any) -> Any:
    """Smooth rectifier, ``log(1 + exp(x))``."""
    return ops.softplus(x)


def softsign(x: Any) -> Any:
    """``x / (1 + |x|)``."""
    return ops.softsign(x)


def silu(x: Any) -> Any:
    """Sigmoid linear unit or swish, ``x * sigmoid(x)``."""
    return ops.silu(x)


def squareplus(x: Any, b: float = 4) -> Any:
    """Smooth rectifier without exponentials, ``(x + sqrt(x^2 + b)) / 2``."""
    return ops.squareplus(x, b)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Move x towards 0 by `threshold`; 0 where ``|x| <= threshold``."""
    return ops.soft_shrink(x, threshold)


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x, but 0 where ``|x| <= threshold``."""
    return ops.hard_shrink(x, threshold)


def tanh_shrink(x: Any) -> Any:
    """``x - tanh(x)``."""
    return ops.tanh_shrink(x)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x where it is above `threshold`, else `default_value`."""
    return ops.threshold(x, threshold, default_value)


def sparse_plus(x: Any) -> Any:
    """0 below -1, x above 1, ``(x + 1)^2 / 4`` between."""
    return ops.sparse_plus(x)


def sparse_sigmoid(x: Any) -> Any:
    """0 below -1, 1 above 1, ``(x + 1) / 2`` between."""
    return ops.sparse_sigmoid(x)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point of the probability simplex nearest to x along an axis."""
    return ops.sparsemax(x, axis)


def glu(x: Any, axis: int = -1) -> Any:
    """Gated linear unit: the first half along an axis times the sigmoid of the second half."""
    return ops.glu(x, axis)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return ops.tanh(x)


def sigmoid(x: Any) -> Any:
    """Logistic function, ``1 / (1 + exp(-x))``."""
    return ops.sigmoid(x)


def log_sigmoid(x: Any) -> Any:
    """Logarithm of the logistic function, without overflow."""
    return ops.log_sigmoid(x)


def exponential(x: Any) -> Any:
    """e to the power of x."""
    return ops.exp(x)


def hard_sigmoid(x: Any) -> Any:
    """Piecewise linear sigmoid: 0 below -3, 1 above 3, ``x / 6 + 0.5`` between."""
    return ops.hard_sigmoid(x)


def hard_silu(x: Any) -> Any:
    """Piecewise quadratic swish, ``x * hard_sigmoid(x)``."""
    return ops.hard_silu(x)


def hard_tanh(x: Any) -> Any:
    """x cut off at -1 and 1."""
    return ops.hard_tanh(x)


def linear(x: Any) -> Any:
    """x as it is."""
    return x


def mish(x: Any) -> Any:
    """``x * tanh(softplus(x))``.

    Source: Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019, eq. 1.
    """
    return ops.multiply(x, ops.tanh(ops.softplus(x)))


swish = silu
hard_swish = hard_silu

_FUNCTIONS: tuple[Callable[..., Any], ...] = (
    celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, linear, log_sigmoid,
    log_softmax, mish, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign, sparse_plus,
    sparse_sigmoid, sparsemax, squareplus, tanh, tanh_shrink, threshold,
)  # fmt: skip
_TABLE: dict[str, Any] = {**{one.__name__: one for one in _FUNCTIONS}, "swish": silu, "hard_swish": hard_silu}

__all__ = [*_TABLE, "deserialize", "get", "serialize"]


def get(identifier: Any) -> Any:
    """Return the activation function that `identifier` stands for; None stands for `linear`.

    Args:
        identifier: a name, a function, a layer, the data of one, or None.

    Raises:
        ValueError: unknown; the message has the nearest right name.

    Example:
        >>> import kerasfront as keras
        >>> keras.activations.get("relu").__name__
        'relu'
    """
    return linear if identifier is None else registration.resolve("activation", identifier, _TABLE)


def serialize(activation: Any) -> Any:
    """Return an activation as plain data: the name of one of this module, else the format of Keras 3."""
    name = getattr(activation, "__name__", None)
    if name in _TABLE and _TABLE[name] is activation:
        return name
    return registration.serialize_keras_object(activation)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the activation from what `serialize` gave.

    Args:
        config: the data.
        custom_objects: classes and functions of your own, by name.

    Raises:
        ValueError: the data name no known activation.
    """
    return linear if config is None else registration.resolve("activation", config, _TABLE, custom_objects)
