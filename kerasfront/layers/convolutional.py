"""Convolution layers."""

from __future__ import annotations

from typing import Any

from kerasfront import activations, config, ops
from kerasfront.layers.arguments import known_size, one_of, positive_int, shared_arguments
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer
from kerasfront.layers.parameterized import Parameterized, activated
from kerasfront.ops.convolution import spatial


class Convolving(Parameterized, Layer):
    """What all layers with a window that slides share: its geometry, the bias and the activation."""

    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]

    def _set_geometry(self, arguments: dict[str, Any], paddings: tuple[str, ...] = ("valid", "same")) -> None:
        """Check the arguments of `__init__` that all have, and keep them as attributes."""
        self.rank = rank = arguments["rank"]
        for name in ("kernel_size", "strides", "dilation_rate"):
            setattr(self, name, spatial(arguments[name], rank, self.name, name))
        self.padding = one_of(self.name, "padding", str(arguments["padding"]).lower(), paddings)
        self.data_format = config.standardize_data_format(arguments["data_format"])
        self.activation = activations.get(arguments["activation"])
        self.use_bias = arguments["use_bias"]
        self.input_spec = InputSpec(min_ndim=rank + 2, max_ndim=rank + 2)

    def _refuse_both(self, strides: Any, dilation_rate: Any) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{self.name}: strides={strides} and dilation_rate={dilation_rate}. Expected one of them to be 1."
            )

    @property
    def _channel_axis(self) -> int:
        return -1 if self.data_format == "channels_last" else 1

    def _known_channels(self, input_shape: Any) -> int:
        channels = known_size(self.name, input_shape, self._channel_axis)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        return channels

    def _add_bias(self, size: int) -> None:
        self.bias = self.add_weight((size,), name="bias", **self._options("bias")) if self.use_bias else None

    def _finished(self, outputs: Any) -> Any:
        """Return the outputs with the bias, after the activation."""
        if self.bias is not None:
            last = self._channel_axis == -1
            bias = self.bias if last else ops.reshape(self.bias, (1, -1, *(1,) * self.rank))
            outputs = ops.add(outputs, bias)
        return activated(self.activation, outputs)

    def _config_of(self, *names: str) -> dict[str, Any]:
        shared = ("kernel_size", "strides", "padding", "data_format", "dilation_rate", "use_bias", *names)
        own = {name: getattr(self, name) for name in shared}
        own["activation"] = activations.serialize(self.activation)
        return {**Layer.get_config(self), **own, **self._parameter_config()}


class BaseConv(Convolving):
    """A convolution in `rank` dimensions; subclasses fix the rank.

    Args:
        rank: number of spatial axes.
        filters: size of the output's channel axis.
        kernel_size: size of the window, one number or one per axis.
        strides: steps of the window. padding: "valid", "same", in one dimension also "causal".
        data_format: "channels_last" or "channels_first"; None for the default.
        dilation_rate: distance between the kernel's elements; not together with strides above 1.
        groups: cut channels and filters into groups that do not see each other.
        activation, use_bias, kernel_initializer, ...: as in Dense.

    Weights: `kernel` (*kernel_size, channels / groups, filters), `bias` (filters,).
    """

    _parameters = ("kernel", "bias")

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
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
        self._set_geometry(locals(), ("valid", "same", "causal") if rank == 1 else ("valid", "same"))
        self._refuse_both(strides, dilation_rate)
        self.filters = positive_int(self.name, "filters", filters)
        self.groups = positive_int(self.name, "groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"{self.name}: filters={filters} with groups={groups}. Expected filters to be a multiple of groups."
            )

    def build(self, input_shape: Any = None) -> None:
        """Make kernel and bias for the number of channels."""
        channels = self._known_channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"{self.name}: input shape {tuple(input_shape)} has {channels} channels. Expected a multiple of"
                f" groups={self.groups}."
            )
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        self.kernel = self.add_weight(shape, name="kernel", **self._options("kernel"))
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        """Convolve, add the bias, apply the activation."""
        outputs = ops.conv(inputs, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate)
        return self._finished(outputs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return self._config_of("filters", "groups")


class Conv1D(BaseConv):
    """Convolution along one axis: (batch, steps, channels) -> (batch, new steps, filters). Arguments: see
    `BaseConv`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.Conv1D(4, 3)(keras.ops.ones((2, 6, 3))).shape == (2, 4, 4)
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
        groups: int = 1,
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
        super().__init__(1, **shared_arguments(locals(), BaseConv), **kwargs)


class Conv2D(BaseConv):
    """Convolution over images: (batch, height, width, channels) -> (batch, new height, new width, filters). Arguments:
    see `BaseConv`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.Conv2D(4, 3)(keras.ops.ones((1, 8, 8, 3))).shape == (1, 6, 6, 4)
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
        groups: int = 1,
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
        super().__init__(2, **shared_arguments(locals(), BaseConv), **kwargs)


class Conv3D(BaseConv):
    """Convolution over volumes: (batch, depth, height, width, channels) -> (..., filters). Arguments: see
    `BaseConv`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.Conv3D(4, 2)(keras.ops.ones((1, 4, 4, 4, 3))).shape == (1, 3, 3, 3, 4)
        True
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1, 1),
        groups: int = 1,
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
        super().__init__(3, **shared_arguments(locals(), BaseConv), **kwargs)
