"""Dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront import config, random
from kerasfront.layers.arguments import fraction, generator_of, plain_seed
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer


class Dropout(Layer):
    """Set a random part of the inputs to 0 in training, and scale the rest by 1 / (1 - rate).

    Args:
        rate: the part to drop, from 0 to 1.
        noise_shape: shape of the mask, 1 or None-as-the-input where elements share their fate.
        seed: an integer, a `SeedGenerator`, or None.

    Raises:
        ValueError: rate is not from 0 to 1, or noise_shape has other than None and positive integers.

    Source: Srivastava et al., "Dropout" (2014); scaled in training ("inverted").
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.rate = fraction(self.name, "rate", rate)
        self.noise_shape, self.seed = checked_noise_shape(self.name, noise_shape), seed
        if self.rate > 0:
            self.seed_generator = generator_of(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """Drop in training, else return the inputs."""
        if training and self.rate > 0:
            return random.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        seed = plain_seed(self.seed)
        return {**super().get_config(), "rate": self.rate, "seed": seed, "noise_shape": self.noise_shape}


def checked_noise_shape(layer: str, shape: Any) -> tuple | None:
    """Return the shape of a dropout mask as a tuple.

    Raises:
        ValueError: a size is neither None nor a positive integer.
    """
    if shape is None:
        return None
    sizes = tuple(shape) if isinstance(shape, (list, tuple)) else (shape,)
    for size in sizes:
        if size is not None and (isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1):
            raise ValueError(
                f"{layer}: noise_shape is {shape!r}. Expected a tuple of positive integers and None. Correct the"
                f" argument."
            )
    return sizes


class _SpatialDropout(Dropout):
    rank = 1

    def __init__(
        self, rate: float, data_format: str | None = None, seed: Any = None, name: str | None = None, dtype: Any = None
    ):
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.data_format = config.standardize_data_format(data_format)
        ones = (1,) * self.rank
        last = self.data_format == "channels_last"
        self.noise_shape = (None, *ones, None) if last else (None, None, *ones)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = {**super().get_config(), "data_format": self.data_format}
        return {key: config[key] for key in ("rate", "data_format", "seed", "name", "dtype")}


class SpatialDropout1D(_SpatialDropout):
    """Drop whole channels of (batch, steps, channels) in training.

    Args:
        rate: the part to drop, from 0 to 1.
        seed: an integer, a `SeedGenerator`, or None.
        name, dtype: of the layer.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.SpatialDropout1D(0.5)(keras.ops.ones((2, 6, 3))).shape == (2, 6, 3)
        True
    """

    def __init__(self, rate: float, seed: Any = None, name: str | None = None, dtype: Any = None):
        super().__init__(rate, "channels_last", seed, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = super().get_config()
        del config["data_format"]
        return config


class SpatialDropout2D(_SpatialDropout):
    """Drop whole channels of images (batch, height, width, channels) in training.

    Args:
        rate: the part to drop, from 0 to 1.
        data_format: where the channels are; None for the default.
        seed: an integer, a `SeedGenerator`, or None.
        name, dtype: of the layer.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.SpatialDropout2D(0.5)(keras.ops.ones((2, 8, 8, 3))).shape == (2, 8, 8, 3)
        True
    """

    rank = 2


class SpatialDropout3D(_SpatialDropout):
    """Drop whole channels of volumes (batch, depth, height, width, channels) in training.

    Args:
        rate: the part to drop, from 0 to 1.
        data_format: where the channels are; None for the default.
        seed: an integer, a `SeedGenerator`, or None.
        name, dtype: of the layer.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.SpatialDropout3D(0.5)(keras.ops.ones((1, 4, 4, 4, 3))).shape == (1, 4, 4, 4, 3)
        True
    """

    rank = 3
