"""Pooling layers: the largest value or the mean of windows, or of everything."""

from __future__ import annotations

from typing import Any

from kerasfront import config, ops
from kerasfront.layers.arguments import one_of
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer
from kerasfront.ops.convolution import spatial


class BasePooling(Layer):
    """Pooling of windows in `rank` dimensions; subclasses fix rank and op.

    Args:
        pool_size: size of the window. strides: its steps; the window's size for None.
        padding: "valid" or "same". data_format: None for the default.
    """

    rank = 0
    pool = None

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, **kwargs)
        self.pool_size = spatial(pool_size, self.rank, self.name, "pool_size")
        self.strides = self.pool_size if strides is None else spatial(strides, self.rank, self.name, "strides")
        self.padding = one_of(self.name, "padding", str(padding).lower(), ("valid", "same"))
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        """Pool."""
        return type(self).pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)  # type: ignore[misc]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = {name: getattr(self, name) for name in ("pool_size", "strides", "padding", "data_format")}
        return {**super().get_config(), **own}


class MaxPooling1D(BasePooling):
    """The largest value of windows along one axis of (batch, steps, channels). Arguments: see `BasePooling`."""

    rank, pool = 1, staticmethod(ops.max_pool)


class MaxPooling2D(BasePooling):
    """The largest value of windows of images (batch, height, width, channels). Arguments: see `BasePooling`."""

    rank, pool = 2, staticmethod(ops.max_pool)


class AveragePooling1D(BasePooling):
    """The mean of windows along one axis of (batch, steps, channels), padding not counted. Arguments: see
    `BasePooling`."""

    rank, pool = 1, staticmethod(ops.average_pool)


class AveragePooling2D(BasePooling):
    """The mean of windows of images (batch, height, width, channels), padding not counted. Arguments: see
    `BasePooling`."""

    rank, pool = 2, staticmethod(ops.average_pool)


class BaseGlobalPooling(Layer):
    """Pooling over all spatial axes; subclasses fix rank and op.

    Args:
        data_format: None for the default. keepdims: whether the axes stay with size 1.
    """

    rank = 0

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _axes(self) -> tuple[int, ...]:
        return tuple(range(1, self.rank + 1)) if self.data_format == "channels_last" else tuple(range(2, self.rank + 2))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}


class GlobalMaxPooling1D(BaseGlobalPooling):
    """The largest value over the steps: (batch, steps, channels) -> (batch, channels)."""

    rank = 1

    def call(self, inputs: Any) -> Any:
        """Pool."""
        return ops.max(inputs, axis=self._axes, keepdims=self.keepdims)


class GlobalMaxPooling2D(GlobalMaxPooling1D):
    """The largest value over images: (batch, height, width, channels) -> (batch, channels)."""

    rank = 2


class GlobalAveragePooling1D(BaseGlobalPooling):
    """The mean over the steps: (batch, steps, channels) -> (batch, channels); masked steps do not count."""

    rank = 1

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any):
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Pool."""
        if mask is None:
            return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)
        weights = ops.expand_dims(ops.cast(mask, ops.dtype(inputs)), -1 if self.data_format == "channels_last" else 1)
        total = ops.sum(ops.multiply(inputs, weights), axis=self._axes, keepdims=self.keepdims)
        return ops.divide_no_nan(total, ops.sum(weights, axis=self._axes, keepdims=self.keepdims))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The steps are gone, and their mask with them."""
        return None


class GlobalAveragePooling2D(BaseGlobalPooling):
    """The mean over images: (batch, height, width, channels) -> (batch, channels)."""

    rank = 2

    def call(self, inputs: Any) -> Any:
        """Pool."""
        return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)


class MaxPooling3D(BasePooling):
    """The largest value of windows of volumes (batch, depth, height, width, channels). Arguments: see `BasePooling`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.MaxPooling3D(2)(keras.ops.ones((1, 4, 4, 4, 3))).shape == (1, 2, 2, 2, 3)
        True
    """

    rank, pool = 3, staticmethod(ops.max_pool)


class AveragePooling3D(BasePooling):
    """The mean of windows of volumes (batch, depth, height, width, channels), padding not counted. Arguments: see
    `BasePooling`.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.AveragePooling3D(2)(keras.ops.ones((1, 4, 4, 4, 3))).shape == (1, 2, 2, 2, 3)
        True
    """

    rank, pool = 3, staticmethod(ops.average_pool)


class GlobalMaxPooling3D(GlobalMaxPooling1D):
    """The largest value over volumes: (batch, depth, height, width, channels) -> (batch, channels).

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.GlobalMaxPooling3D()(keras.ops.ones((1, 4, 4, 4, 3))).shape == (1, 3)
        True
    """

    rank = 3


class GlobalAveragePooling3D(GlobalAveragePooling2D):
    """The mean over volumes: (batch, depth, height, width, channels) -> (batch, channels).

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.GlobalAveragePooling3D()(keras.ops.ones((1, 4, 4, 4, 3))).shape == (1, 3)
        True
    """

    rank = 3


class BaseAdaptivePooling(Layer):
    """Pooling to a given size; subclasses fix rank and op, and take these arguments.

    Args:
        output_size: size of the spatial axes of the output, one number or one for each.
        data_format: None for the default.

    Raises:
        ValueError: a size is no positive integer.
    """

    rank = 0
    pool = None

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.output_size = spatial(output_size, self.rank, self.name, "output_size")
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Pool."""
        return type(self).pool(inputs, self.output_size, self.data_format)  # type: ignore[misc]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "output_size": self.output_size, "data_format": self.data_format}


class AdaptiveAveragePooling1D(BaseAdaptivePooling):
    """The mean over windows of (batch, steps, channels), as many as `output_size` says.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.AdaptiveAveragePooling1D(4)(keras.ops.ones((2, 6, 3))).shape == (2, 4, 3)
        True
    """

    rank, pool = 1, staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling2D(BaseAdaptivePooling):
    """The mean over windows of images, as many as `output_size` says.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.AdaptiveAveragePooling2D((2, 3))(keras.ops.ones((2, 8, 8, 3))).shape == (2, 2, 3, 3)
        True
    """

    rank, pool = 2, staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling3D(BaseAdaptivePooling):
    """The mean over windows of volumes, as many as `output_size` says.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.AdaptiveAveragePooling3D(2)(keras.ops.ones((1, 4, 4, 4, 3))).shape == (1, 2, 2, 2, 3)
        True
    """

    rank, pool = 3, staticmethod(ops.adaptive_average_pool)


class AdaptiveMaxPooling1D(BaseAdaptivePooling):
    """The largest value over windows of (batch, steps, channels), as many as `output_size` says.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.AdaptiveMaxPooling1D(4)(keras.ops.ones((2, 6, 3))).shape == (2, 4, 3)
        True
    """

    rank, pool = 1, staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling2D(BaseAdaptivePooling):
    """The largest value over windows of images, as many as `output_size` says.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.AdaptiveMaxPooling2D((2, 3))(keras.ops.ones((2, 8, 8, 3))).shape == (2, 2, 3, 3)
        True
    """

    rank, pool = 2, staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling3D(BaseAdaptivePooling):
    """The largest value over windows of volumes, as many as `output_size` says.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.AdaptiveMaxPooling3D(2)(keras.ops.ones((1, 4, 4, 4, 3))).shape == (1, 2, 2, 2, 3)
        True
    """

    rank, pool = 3, staticmethod(ops.adaptive_max_pool)


MaxPool1D, MaxPool2D = MaxPooling1D, MaxPooling2D
AvgPool1D, AvgPool2D = AveragePooling1D, AveragePooling2D
GlobalMaxPool1D, GlobalMaxPool2D = GlobalMaxPooling1D, GlobalMaxPooling2D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
MaxPool3D, AvgPool3D = MaxPooling3D, AveragePooling3D
GlobalMaxPool3D, GlobalAvgPool3D = GlobalMaxPooling3D, GlobalAveragePooling3D
