"""Layers that normalize each sample by itself: in groups of channels, by the root mean square, to length 1."""

from __future__ import annotations

from typing import Any

from kerasfront import ops
from kerasfront.backend.dispatch import normalize_axes, normalize_axis
from kerasfront.layers.arguments import checked_axes, checked_axis, known_size, nonnegative, positive_int
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer
from kerasfront.layers.parameterized import Parameterized


class GroupNormalization(Parameterized, Layer):
    """Normalize each group of channels of each sample by its mean and variance.

    Args:
        groups: number of groups; -1 for each channel by itself.
        axis: the channel axis.
        epsilon: added to the variance.
        center, scale: whether beta is added and gamma multiplied.
        beta_initializer, ...: of the variables.

    Weights: `gamma`, `beta` (channels,); float32 in half-precision policies.

    Raises:
        ValueError: `groups` is neither -1 nor a positive divisor of the number of channels, that number is
        unknown, `axis` is that of the batch, or epsilon is negative.

    Source: Wu and He, "Group Normalization" (2018).

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.GroupNormalization(groups=3)(keras.ops.ones((2, 8, 8, 3))).shape == (2, 8, 8, 3)
        True
    """

    _parameters = ("beta", "gamma")

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._take(locals())
        self.groups = groups if groups == -1 else positive_int(self.name, "groups", groups)
        self.axis = checked_axis(self.name, axis)
        self.epsilon, self.center, self.scale = nonnegative(self.name, "epsilon", epsilon), center, scale
        self.supports_masking = True
        # Squares of half-precision numbers overflow, so wide inputs come in as they are.
        self.autocast = False

    def build(self, input_shape: Any = None) -> None:
        """Make gamma and beta for the number of channels."""
        channels = known_size(self.name, input_shape, self.axis)
        if normalize_axis(self.axis, len(input_shape), self.name) == 0:
            raise ValueError(
                f"{self.name}: axis {self.axis} of the input shape {tuple(input_shape)} is that of the batch. Expected"
                f" the channels'. Correct the argument."
            )
        self.groups = channels if self.groups == -1 else self.groups
        if channels % self.groups:
            raise ValueError(
                f"{self.name}: groups is {self.groups} for {channels} channels. Expected a divisor of their number."
                f" Choose another number of groups."
            )
        self.gamma = (
            self.add_weight((channels,), name="gamma", autocast=False, **self._options("gamma")) if self.scale else None
        )
        self.beta = (
            self.add_weight((channels,), name="beta", autocast=False, **self._options("beta")) if self.center else None
        )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Any) -> Any:
        """Normalize."""
        shape, given = ops.shape(inputs), ops.dtype(inputs)
        axis = normalize_axis(self.axis, len(shape), self.name)
        size = shape[axis] // self.groups
        x = ops.cast(inputs, "float32") if given in ("float16", "bfloat16") else inputs
        x = ops.reshape(x, (*shape[:axis], self.groups, size, *shape[axis + 1 :]))
        axes = tuple(place for place in range(1, len(shape) + 1) if place != axis)
        mean, variance = ops.moments(x, axes, keepdims=True)
        wide = [1] * (len(shape) + 1)
        wide[axis], wide[axis + 1] = self.groups, size
        factor = ops.rsqrt(ops.add(variance, self.epsilon))
        if self.gamma is not None:
            factor = ops.multiply(factor, ops.reshape(ops.cast(self.gamma, ops.dtype(x)), wide))
        x = ops.multiply(ops.subtract(x, mean), factor)
        if self.beta is not None:
            x = ops.add(x, ops.reshape(ops.cast(self.beta, ops.dtype(x)), wide))
        return ops.cast(ops.reshape(x, shape), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = {name: getattr(self, name) for name in ("groups", "axis", "epsilon", "center", "scale")}
        return {**super().get_config(), **own, **self._parameter_config()}


class RMSNormalization(Layer):
    """Divide each sample by its root mean square over some axes, and multiply by a learned scale.

    Args:
        axis: one or several axes.
        epsilon: added to the mean square.

    Weights: `scale` with the sizes of the axes, in the order of the axes.

    A mask of the inputs ends here, as in Keras.

    Raises:
        ValueError: an axis is not there or named twice, its size is unknown, or epsilon is negative. TypeError: an axis
        is no integer.

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.RMSNormalization()(keras.ops.ones((2, 6, 3))).shape == (2, 6, 3)
        True
    """

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis, self.epsilon = checked_axes(self.name, axis), nonnegative(self.name, "epsilon", epsilon)

    def build(self, input_shape: Any = None) -> None:
        """Make the scale for the sizes of the axes."""
        axes = sorted(normalize_axes(self.axis, len(input_shape), self.name))
        shape = tuple(known_size(self.name, input_shape, axis) for axis in axes)
        self.scale = self.add_weight(shape, "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        """Normalize."""
        axes = (
            self.axis
            if isinstance(self.axis, int)
            else sorted(normalize_axes(self.axis, len(ops.shape(inputs)), self.name))
        )
        return ops.rms_normalization(inputs, self.scale, axes, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}


class UnitNormalization(Layer):
    """Divide each sample by its Euclidean length over some axes.

    Args:
        axis: one or several axes.

    Raises:
        ValueError: an axis is not there. TypeError: an axis is no integer.

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.UnitNormalization()(keras.ops.array([[0.0, -4.0]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[0.0, -1.0]]
    """

    def __init__(self, axis: Any = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = checked_axes(self.name, axis)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Normalize."""
        normalize_axes(self.axis, len(ops.shape(inputs)), self.name)
        return ops.normalize(inputs, self.axis, 2, 1e-12)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "axis": self.axis}
