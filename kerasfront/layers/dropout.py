"""Dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront import random
from kerasfront.layers.arguments import fraction
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
        self.noise_shape, self.seed = _checked_noise_shape(self.name, noise_shape), seed
        if self.rate > 0:
            self.seed_generator = seed if isinstance(seed, random.SeedGenerator) else random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """Drop in training, else return the inputs."""
        if training and self.rate > 0:
            return random.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        seed = self.seed if not isinstance(self.seed, random.SeedGenerator) else self.seed.seed
        return {**super().get_config(), "rate": self.rate, "seed": seed, "noise_shape": self.noise_shape}


def _checked_noise_shape(layer: str, shape: Any) -> tuple | None:
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
