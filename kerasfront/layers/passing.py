"""Layers whose outputs are their inputs: what they add is a mask or a penalty."""

from __future__ import annotations

from typing import Any

from kerasfront import ops, regularizers
from kerasfront.layers.layer import Layer


class Identity(Layer):
    """Return the inputs.

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.Identity()(keras.ops.array([[-2.0, 0.0, 3.0]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[-2.0, 0.0, 3.0]]
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the inputs."""
        return inputs


class Masking(Layer):
    """Mask the steps whose features all have one value: later layers pass over them, and their outputs are 0.

    Shapes: (batch, ..., features); the mask is (batch, ...).

    Args:
        mask_value: what stands for a step that does not count.

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.Masking(mask_value=2.0)(keras.ops.array([[[1.0], [2.0], [3.0]]]))
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[[1.0], [0.0], [3.0]]]
    """

    def __init__(self, mask_value: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True
        self.built = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return which steps count."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        """Set masked steps to 0."""
        counts = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return ops.where(counts, inputs, ops.cast(0, ops.dtype(inputs)))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "mask_value": self.mask_value}


class ActivityRegularization(Layer):
    """Return the inputs and add a penalty on their size to the losses.

    Args:
        l1: factor of the sum of absolute values, l2: of squares; both per sample.

    Example:
        >>> import kerasfront as keras
        >>> layer = keras.layers.ActivityRegularization(l1=0.1)
        >>> outputs = layer(keras.ops.ones((2, 5)))
        >>> round(float(layer.losses[0]), 3)
        0.5
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any):
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the inputs."""
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = {**super().get_config(), "l1": self.l1, "l2": self.l2}
        config.pop("activity_regularizer", None)
        return config
