"""The embedding layer."""

from __future__ import annotations

from typing import Any

from kerasfront import initializers, ops
from kerasfront.layers.arguments import not_supported, positive_int
from kerasfront.layers.layer import Layer
from kerasfront.layers.parameterized import Parameterized


class Embedding(Parameterized, Layer):
    """Turn integers into vectors: (batch, ...) -> (batch, ..., output_dim).

    Args:
        input_dim: number of different integers; they run from 0 to input_dim - 1.
        output_dim: size of the vectors.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: of the table (uniform).
        mask_zero: whether 0 stands for padding that later layers pass over.
        weights: a first table.
        lora_rank, lora_alpha, quantization_config: must be None.

    Weights: `embeddings` (input_dim, output_dim).

    Raises:
        ValueError: eagerly, an integer out of range. In a compiled function its vector is NaN.
    """

    _parameters = ("embeddings",)

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ):
        length = kwargs.pop("input_length", None)
        if length is not None:
            kwargs["input_shape"] = (length,)
        super().__init__(**kwargs)
        self._take(locals())
        not_supported(self.name, lora_rank=lora_rank, lora_alpha=lora_alpha, quantization_config=quantization_config)
        self.input_dim = positive_int(self.name, "input_dim", input_dim)
        self.output_dim = positive_int(self.name, "output_dim", output_dim)
        self.mask_zero = self.supports_masking = bool(mask_zero)
        # The integers must not be rounded to a half type on their way in.
        self.autocast = False
        if weights is not None:
            self.embeddings_initializer = initializers.get(
                lambda shape, dtype=None: weights[0] if isinstance(weights, list) else weights
            )
            self.build()

    def build(self, input_shape: Any = None) -> None:
        """Make the table."""
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim), name="embeddings", **self._options("embeddings")
        )

    def call(self, inputs: Any) -> Any:
        """Look the integers up."""
        indices = inputs if ops.dtype(inputs) in ("int32", "int64") else ops.cast(inputs, "int32")
        return ops.cast(ops.take(self.embeddings, indices, 0), self.compute_dtype)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Mask the zeros, if asked to."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = {"input_dim": self.input_dim, "output_dim": self.output_dim, "mask_zero": self.mask_zero}
        return {**super().get_config(), **own, **self._parameter_config()}
