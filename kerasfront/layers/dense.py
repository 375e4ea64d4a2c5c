"""The fully connected layer."""

from __future__ import annotations

from typing import Any

from kerasfront import activations, ops
from kerasfront.layers.arguments import known_size, not_supported, positive_int
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer
from kerasfront.layers.parameterized import Parameterized


class Dense(Parameterized, Layer):
    """Multiply the last axis by a matrix, add a bias, apply an activation: activation(x @ kernel + bias).

    Shapes: (batch, ..., features) -> (batch, ..., units).

    Args:
        units: size of the output's last axis.
        activation: a name or function; none for None.
        use_bias: whether a bias is added.
        kernel_initializer, ...: of the variables (Glorot uniform and zeros).
        activity_regularizer: penalty on the outputs.
        lora_rank, lora_alpha, quantization_config: must be None.

    Weights: `kernel` (features, units), `bias` (units,).

    Raises:
        ValueError: units is no positive integer, or an argument that must be None is not.

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.Dense(3)(keras.ops.ones((2, 5))).shape == (2, 3)
        True
    """

    _parameters = ("kernel", "bias")

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._take(locals())
        not_supported(self.name, lora_rank=lora_rank, lora_alpha=lora_alpha, quantization_config=quantization_config)
        self.units = positive_int(self.name, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.supports_masking = True
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for the size of the last axis."""
        features = known_size(self.name, input_shape)
        self.kernel = self.add_weight((features, self.units), name="kernel", **self._options("kernel"))
        self.bias = self.add_weight((self.units,), name="bias", **self._options("bias")) if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Compute activation(inputs @ kernel + bias)."""
        outputs = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return outputs if self.activation is activations.linear else self.activation(outputs)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = {"units": self.units, "activation": activations.serialize(self.activation), "use_bias": self.use_bias}
        return {**super().get_config(), **own, **self._parameter_config()}
