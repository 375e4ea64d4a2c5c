"""Activation functions as layers."""

from __future__ import annotations

from typing import Any

from kerasfront import activations, ops
from kerasfront.layers.arguments import known_size, nonnegative, number
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer
from kerasfront.layers.parameterized import Parameterized


class ReLU(Layer):
    """Rectify: x above `threshold`, else negative_slope * (x - threshold), cut off at `max_value`.

    Args:
        max_value: the largest output; none for None.
        negative_slope: slope below the threshold.
        threshold: where x begins to go through.

    Raises:
        ValueError: one of them is negative, or None where a number is needed.

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.ReLU(max_value=2.0)(keras.ops.array([[-2.0, 0.0, 3.0]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[0.0, 0.0, 2.0]]
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else nonnegative(self.name, "max_value", max_value)
        self.negative_slope = nonnegative(self.name, "negative_slope", negative_slope)
        self.threshold = nonnegative(self.name, "threshold", threshold)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Apply."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class LeakyReLU(Layer):
    """Rectify with a slope: x where it is positive, else negative_slope * x.

    Args:
        negative_slope: slope below 0; `alpha` in older code.

    Raises:
        ValueError: the slope is negative or None.

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.LeakyReLU(negative_slope=0.5)(keras.ops.array([[-2.0, 0.0, 3.0]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[-1.0, 0.0, 3.0]]
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any):
        negative_slope = kwargs.pop("alpha", negative_slope)
        super().__init__(**kwargs)
        self.negative_slope = nonnegative(self.name, "negative_slope", negative_slope)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Apply."""
        return ops.leaky_relu(inputs, self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "negative_slope": self.negative_slope}


class PReLU(Parameterized, Layer):
    """Rectify with slopes that are learned: x where it is positive, else alpha * x.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: of the slopes.
        shared_axes: axes along which all places have one slope, counted from 1; none for None.

    Weights: `alpha` with the shape of one sample, 1 on the shared axes.

    Source: He et al., "Delving Deep into Rectifiers" (2015).

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.PReLU(alpha_initializer="ones")(keras.ops.array([[-2.0, 0.0, 3.0]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[-2.0, 0.0, 3.0]]
    """

    _parameters = ("alpha",)

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._take(locals())
        shared = shared_axes if shared_axes is None or isinstance(shared_axes, (list, tuple)) else [shared_axes]
        self.shared_axes = None if shared is None else list(shared)
        self.supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        """Make the slopes for the shape of a sample."""
        rank, shared = len(input_shape), self.shared_axes or []
        if any(not hasattr(axis, "__index__") or not 1 <= axis < rank for axis in shared):
            raise ValueError(
                f"{self.name}: shared_axes is {shared} for inputs with {rank} axes. Expected axes from 1 to {rank - 1}."
                f" Correct the argument."
            )
        axes = [axis for axis in range(1, rank) if axis not in shared]
        sizes: dict[int, int | None] = {axis: known_size(self.name, input_shape, axis) for axis in axes}
        shape = tuple(sizes.get(axis, 1) for axis in range(1, rank))
        self.alpha = self.add_weight(shape, name="alpha", **self._options("alpha"))
        self.input_spec = InputSpec(ndim=rank, axes=sizes)

    def call(self, inputs: Any) -> Any:
        """Apply."""
        return ops.subtract(ops.relu(inputs), ops.multiply(self.alpha, ops.relu(ops.negative(inputs))))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), **self._parameter_config(), "shared_axes": self.shared_axes}


class ELU(Layer):
    """Exponential linear unit: x where it is positive, else alpha * (exp(x) - 1).

    Args:
        alpha: the output far below 0, with the sign turned.

    Raises:
        ValueError: alpha is no finite number.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.ELU()(keras.ops.array([[-2.0, 0.0, 3.0]])).shape == (1, 3)
        True
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.alpha = number(self.name, "alpha", alpha)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Apply."""
        return ops.elu(inputs, self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "alpha": self.alpha}
