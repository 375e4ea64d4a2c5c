"""Layers that enlarge spatial axes."""

from __future__ import annotations

from typing import Any

from kerasfront import config, ops
from kerasfront.layers.arguments import one_of
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer
from kerasfront.ops.convolution import spatial

INTERPOLATIONS = ("bicubic", "bilinear", "lanczos3", "lanczos5", "nearest")


class _UpSampling(Layer):
    rank = 1

    def __init__(self, size: Any, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._factors = spatial(size, self.rank, self.name, "size")
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.built = True

    @property
    def size(self) -> Any:
        """How often each element is repeated, one number for each axis."""
        return self._factors if self.rank > 1 else self._factors[0]

    def call(self, inputs: Any) -> Any:
        """Repeat each element."""
        first = 1 if self.data_format == "channels_last" else 2
        for place, factor in enumerate(self._factors):
            if factor > 1:
                inputs = _repeated(inputs, factor, first + place)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "size": self.size, "data_format": self.data_format}


def _repeated(x: Any, factor: int, axis: int) -> Any:
    shape = ops.shape(x)
    if shape[axis] is not None:
        return ops.repeat(x, factor, axis=axis)
    # A symbolic input of unknown size.
    return ops.reshape(ops.stack([x] * factor, axis + 1), (*shape[:axis], -1, *shape[axis + 1 :]))


class UpSampling1D(_UpSampling):
    """Repeat each step of (batch, steps, channels).

    Args:
        size: how often.

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.UpSampling1D(2)(keras.ops.array([[[1.0], [2.0], [3.0]]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[[1.0], [1.0], [2.0], [2.0], [3.0], [3.0]]]
    """

    def __init__(self, size: int = 2, **kwargs: Any):
        super().__init__(size, "channels_last", **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = super().get_config()
        del config["data_format"]
        return config


class UpSampling2D(_UpSampling):
    """Enlarge images (batch, height, width, channels).

    Args:
        size: by how much, one number or one for each axis.
        data_format: where the channels are; None for the default.
        interpolation: how places in between are filled: "nearest" (repeats), "bilinear", "bicubic", "lanczos3",
        "lanczos5".

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.UpSampling2D((2, 3))(keras.ops.ones((2, 8, 8, 3))).shape == (2, 16, 24, 3)
        True
    """

    rank = 2

    def __init__(
        self, size: Any = (2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any
    ):
        super().__init__(size, data_format, **kwargs)
        self.interpolation = one_of(self.name, "interpolation", str(interpolation).lower(), INTERPOLATIONS)

    def call(self, inputs: Any) -> Any:
        """Enlarge."""
        if self.interpolation == "nearest":
            return super().call(inputs)
        shape = ops.shape(inputs)
        sizes = shape[1:3] if self.data_format == "channels_last" else shape[2:4]
        if None in sizes:
            # Only symbolic inputs have such sizes, and repeats have the same ones.
            return super().call(inputs)
        enlarged = tuple(size * factor for size, factor in zip(sizes, self._factors, strict=True))
        return ops.image.resize(inputs, enlarged, self.interpolation, data_format=self.data_format)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "interpolation": self.interpolation}


class UpSampling3D(_UpSampling):
    """Repeat each element of volumes (batch, depth, height, width, channels).

    Args:
        size: how often, one number or one for each axis.
        data_format: where the channels are; None for the default.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.UpSampling3D(2)(keras.ops.ones((1, 4, 4, 4, 3))).shape == (1, 8, 8, 8, 3)
        True
    """

    rank = 3

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any):
        super().__init__(size, data_format, **kwargs)
