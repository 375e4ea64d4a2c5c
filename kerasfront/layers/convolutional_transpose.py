"""Transposed convolution layers: the way back from a convolution's output to the size of its input."""

from __future__ import annotations

from typing import Any

from kerasfront import ops
from kerasfront.layers.arguments import positive_int, shared_arguments
from kerasfront.layers.convolutional import Convolving
from kerasfront.ops.convolution import spatial


class BaseConvTranspose(Convolving):
    """A transposed convolution in `rank` dimensions; subclasses fix the rank.

    Args:
        rank: number of spatial axes.
        filters: size of the output's channel axis.
        kernel_size: size of the window, one number or one per axis.
        strides: how much larger the output is. padding: "valid" or "same".
        output_padding: size added behind the smallest output, less than the strides; None for the usual size.
        data_format: "channels_last" or "channels_first"; None for the default.
        dilation_rate: distance between the kernel's elements; not together with strides above 1.
        activation, use_bias, kernel_initializer, ...: as in Dense.

    Weights: `kernel` (*kernel_size, filters, channels), `bias` (filters,).
    """

    _parameters = ("kernel", "bias")

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._take(locals())
        self._set_geometry(locals())
        self._refuse_both(strides, dilation_rate)
        self.filters = positive_int(self.name, "filters", filters)
        self.output_padding = (
            None if output_padding is None else spatial(output_padding, rank, self.name, "output_padding", 0)
        )
        if any(more >= step for more, step in zip(self.output_padding or (), self.strides)):
            raise ValueError(
                f"{self.name}: output_padding={output_padding} with strides={strides}. Expected less than the strides."
                f" Lower it."
            )

    def build(self, input_shape: Any = None) -> None:
        """Make kernel and bias for the number of channels."""
        shape = (*self.kernel_size, self.filters, self._known_channels(input_shape))
        self.kernel = self.add_weight(shape, name="kernel", **self._options("kernel"))
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        """Convolve back, add the bias, apply the activation."""
        return self._finished(
            ops.conv_transpose(
                inputs,
                self.kernel,
                self.strides,
                self.padding,
                self.output_padding,
                self.data_format,
                self.dilation_rate,
            )
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return self._config_of("filters", "output_padding")


class Conv1DTranspose(BaseConvTranspose):
    """Transposed convolution along one axis: (batch, steps, channels) -> (..., filters).

    Arguments: see `BaseConvTranspose`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.Conv1DTranspose(4, 3, strides=2)(keras.ops.ones((2, 6, 3))).shape == (2, 13, 4)
        True
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(1, **shared_arguments(locals(), BaseConvTranspose), **kwargs)


class Conv2DTranspose(BaseConvTranspose):
    """Transposed convolution over images: (batch, height, width, channels) -> (..., filters).

    Arguments: see `BaseConvTranspose`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.Conv2DTranspose(4, 3, strides=2)(keras.ops.ones((2, 8, 8, 3))).shape == (2, 17, 17, 4)
        True
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(2, **shared_arguments(locals(), BaseConvTranspose), **kwargs)


class Conv3DTranspose(BaseConvTranspose):
    """Transposed convolution over volumes: (batch, depth, height, width, channels) -> (..., filters).

    Arguments: see `BaseConvTranspose`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.Conv3DTranspose(2, 2)(keras.ops.ones((1, 4, 4, 4, 3))).shape == (1, 5, 5, 5, 2)
        True
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Any = None,
        dilation_rate: Any = (1, 1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ):
        super().__init__(3, **shared_arguments(locals(), BaseConvTranspose), **kwargs)
