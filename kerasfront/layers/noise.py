"""Layers that disturb their inputs in training."""

from __future__ import annotations

import math
from typing import Any

from kerasfront import ops, random
from kerasfront.layers.arguments import fraction, generator_of, nonnegative, plain_seed
from kerasfront.layers.dropout import checked_noise_shape
from kerasfront.layers.layer import Layer
from kerasfront.ops.activations import SELU_ALPHA, SELU_SCALE
from kerasfront.random.selection import mask_shape


class _Noisy(Layer):
    """What the three share: a seed for the draws of training."""

    def __init__(self, seed: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.seed = seed
        self.supports_masking = True
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        seed = plain_seed(self.seed)
        return {**super().get_config(), "seed": seed}


class GaussianNoise(_Noisy):
    """Add normal numbers of mean 0 in training.

    Args:
        stddev: their standard deviation.
        seed: an integer, a `SeedGenerator`, or None.

    Raises:
        ValueError: stddev is negative.

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.GaussianNoise(0.1)(keras.ops.array([[-2.0, 0.0, 3.0]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[-2.0, 0.0, 3.0]]
    """

    def __init__(self, stddev: float, seed: Any = None, **kwargs: Any):
        super().__init__(seed, **kwargs)
        self.stddev = nonnegative(self.name, "stddev", stddev)
        if self.stddev > 0:
            self.seed_generator = generator_of(seed)

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """Add noise in training, else return the inputs."""
        if not training or self.stddev == 0:
            return inputs
        noise = random.normal(ops.shape(inputs), 0.0, self.stddev, self.compute_dtype, self.seed_generator)
        return ops.add(inputs, noise)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "stddev": self.stddev}


class GaussianDropout(_Noisy):
    """Multiply by normal numbers of mean 1 in training.

    Args:
        rate: the rate of a dropout with the same variance, from 0 to less than 1: it is rate / (1 - rate).
        seed: an integer, a `SeedGenerator`, or None.

    Raises:
        ValueError: rate is out of range.

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.GaussianDropout(0.1)(keras.ops.array([[-2.0, 0.0, 3.0]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[-2.0, 0.0, 3.0]]
    """

    def __init__(self, rate: float, seed: Any = None, **kwargs: Any):
        super().__init__(seed, **kwargs)
        self.rate = fraction(self.name, "rate", rate)
        if self.rate == 1:
            raise ValueError(
                f"{self.name}: rate is {rate}. Expected less than 1, where the noise has no end. Lower the rate."
            )
        if self.rate > 0:
            self.seed_generator = generator_of(seed)

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """Multiply by noise in training, else return the inputs."""
        if not training or self.rate == 0:
            return inputs
        stddev = math.sqrt(self.rate / (1.0 - self.rate))
        noise = random.normal(ops.shape(inputs), 1.0, stddev, self.compute_dtype, self.seed_generator)
        return ops.multiply(inputs, noise)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "rate": self.rate}


class AlphaDropout(_Noisy):
    """Set a random part of the inputs to what "selu" gives far below 0, and keep mean and variance, in training.

    Args:
        rate: the part to drop, from 0 to less than 1.
        noise_shape: shape of the mask, 1 where elements share their fate, None for the input's own sizes.
        seed: an integer, a `SeedGenerator`, or None.

    Raises:
        ValueError: rate is out of range, or `noise_shape` does not broadcast to the inputs.

    Source: Klambauer et al., "Self-Normalizing Neural Networks" (2017).

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.AlphaDropout(0.1)(keras.ops.array([[-2.0, 0.0, 3.0]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[-2.0, 0.0, 3.0]]
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: Any = None, **kwargs: Any):
        super().__init__(seed, **kwargs)
        self.rate = fraction(self.name, "rate", rate)
        if self.rate == 1:
            raise ValueError(f"{self.name}: rate is {rate}. Expected less than 1: some inputs stay. Lower the rate.")
        self.noise_shape = checked_noise_shape(self.name, noise_shape)
        if self.rate > 0:
            self.seed_generator = generator_of(seed)

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """Drop in training, else return the inputs."""
        if not training or self.rate == 0:
            return inputs
        shape = mask_shape(ops.shape(inputs), self.noise_shape, self.name)
        kept = ops.greater_equal(random.uniform(shape, seed=self.seed_generator), self.rate)
        low, rate = -SELU_ALPHA * SELU_SCALE, self.rate
        factor = ((1.0 - rate) * (1.0 + rate * low**2)) ** -0.5
        dropped = ops.where(kept, inputs, ops.cast(low, ops.dtype(inputs)))
        return ops.add(ops.multiply(dropped, factor), -factor * low * rate)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "rate": self.rate, "noise_shape": self.noise_shape}
