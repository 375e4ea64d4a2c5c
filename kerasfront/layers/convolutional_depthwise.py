"""Convolution layers that treat each channel by itself, with or without mixing the channels afterwards."""

from __future__ import annotations

from typing import Any

from kerasfront import ops
from kerasfront.layers.arguments import positive_int, shared_arguments
from kerasfront.layers.convolutional import Convolving


class BaseDepthwiseConv(Convolving):
    """Convolve each channel with kernels of its own; subclasses fix the rank.

    Args:
        rank: number of spatial axes.
        kernel_size: size of the window, one number or one per axis.
        strides: steps of the window. padding: "valid" or "same".
        depth_multiplier: number of outputs for each channel.
        data_format: "channels_last" or "channels_first"; None for the default.
        dilation_rate: distance between the kernel's elements.
        activation, use_bias, depthwise_initializer, ...: as in Dense.

    Weights: `kernel` (*kernel_size, channels, depth_multiplier), `bias` (channels * depth_multiplier,).
    """

    _parameters = ("depthwise", "bias")

    def __init__(
        self,
        rank: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._take(locals())
        self._set_geometry(locals())
        self.depth_multiplier = positive_int(self.name, "depth_multiplier", depth_multiplier)

    def build(self, input_shape: Any = None) -> None:
        """Make kernel and bias for the number of channels."""
        channels = self._known_channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.kernel = self.add_weight(shape, name="kernel", **self._options("depthwise"))
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        """Convolve each channel, add the bias, apply the activation."""
        geometry = self.strides, self.padding, self.data_format, self.dilation_rate
        return self._finished(ops.depthwise_conv(inputs, self.kernel, *geometry))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return self._config_of("depth_multiplier")


class DepthwiseConv1D(BaseDepthwiseConv):
    """Convolution of each channel along one axis: (batch, steps, channels) -> (..., channels * depth_multiplier).

    Arguments: see `BaseDepthwiseConv`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.DepthwiseConv1D(3, depth_multiplier=2)(keras.ops.ones((2, 6, 3))).shape == (2, 4, 6)
        True
    """

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(1, **shared_arguments(locals(), BaseDepthwiseConv), **kwargs)


class DepthwiseConv2D(BaseDepthwiseConv):
    """Convolution of each channel over images: (batch, height, width, channels) -> (..., channels * depth_multiplier).

    Arguments: see `BaseDepthwiseConv`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.DepthwiseConv2D(3)(keras.ops.ones((2, 8, 8, 3))).shape == (2, 6, 6, 3)
        True
    """

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(2, **shared_arguments(locals(), BaseDepthwiseConv), **kwargs)


class BaseSeparableConv(Convolving):
    """Convolve each channel with kernels of its own, then mix the results at each place; subclasses fix the rank.

    Args:
        rank: number of spatial axes.
        filters: size of the output's channel axis.
        kernel_size: size of the window, one number or one per axis.
        strides: steps of the window. padding: "valid" or "same".
        data_format: "channels_last" or "channels_first"; None for the default.
        dilation_rate: distance between the kernel's elements.
        depth_multiplier: number of results for each channel before they are mixed.
        activation, use_bias, depthwise_initializer, pointwise_initializer, ...: as in Dense.

    Weights: `depthwise_kernel` (*kernel_size, channels, depth_multiplier), `pointwise_kernel` (1, ..., channels *
    depth_multiplier, filters), `bias` (filters,).
    """

    _parameters = ("depthwise", "pointwise", "bias")

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._take(locals())
        self._set_geometry(locals())
        self.filters = positive_int(self.name, "filters", filters)
        self.depth_multiplier = positive_int(self.name, "depth_multiplier", depth_multiplier)

    def build(self, input_shape: Any = None) -> None:
        """Make both kernels and the bias for the number of channels."""
        channels = self._known_channels(input_shape)
        deep = (*self.kernel_size, channels, self.depth_multiplier)
        mixing = (*(1,) * self.rank, channels * self.depth_multiplier, self.filters)
        self.depthwise_kernel = self.add_weight(deep, name="depthwise_kernel", **self._options("depthwise"))
        self.pointwise_kernel = self.add_weight(mixing, name="pointwise_kernel", **self._options("pointwise"))
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        """Convolve each channel, mix, add the bias, apply the activation."""
        geometry = self.strides, self.padding, self.data_format, self.dilation_rate
        return self._finished(ops.separable_conv(inputs, self.depthwise_kernel, self.pointwise_kernel, *geometry))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return self._config_of("filters", "depth_multiplier")


class SeparableConv1D(BaseSeparableConv):
    """Separable convolution along one axis: (batch, steps, channels) -> (..., filters).

    Arguments: see `BaseSeparableConv`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.SeparableConv1D(4, 3)(keras.ops.ones((2, 6, 3))).shape == (2, 4, 4)
        True
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(1, **shared_arguments(locals(), BaseSeparableConv), **kwargs)


class SeparableConv2D(BaseSeparableConv):
    """Separable convolution over images: (batch, height, width, channels) -> (..., filters).

    Arguments: see `BaseSeparableConv`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.SeparableConv2D(4, 3)(keras.ops.ones((2, 8, 8, 3))).shape == (2, 6, 6, 4)
        True
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(2, **shared_arguments(locals(), BaseSeparableConv), **kwargs)
