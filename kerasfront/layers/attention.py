"""Attention layers."""

from __future__ import annotations

import math
from typing import Any

from kerasfront import ops, random
from kerasfront.layers.arguments import fraction, positive_int
from kerasfront.layers.einsum_dense import EinsumDense
from kerasfront.layers.layer import Layer
from kerasfront.layers.parameterized import Parameterized
from kerasfront.ops.attention import causal_mask, lowest


class MultiHeadAttention(Parameterized, Layer):
    """Attend from queries to values by keys, with several heads side by side.

    Shapes: query (batch, time, features), value and key (batch, keys, features) -> (batch, time, features of the query
    or output_shape); scores (batch, heads, time, keys).

    Args:
        num_heads: number of heads. key_dim: size of each head's queries and keys. value_dim: of its values; key_dim
        for None.
        dropout: part of the scores to drop in training.
        use_bias: in the four projections.
        output_shape: last size of the output; that of the query for None.
        attention_axes: axes to attend over; all but batch and features for None.
        flash_attention: accepted; the engine chooses its kernel.
        seed: of the dropout.

    Weights: query, key, value `kernel` (features, heads, size) and `bias` (heads, size); attention_output `kernel`
    (heads, value size, features) and `bias` (features,).

    Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.
    """

    _parameters = ("kernel", "bias")

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        sliding_window: Any = None,
        flash_attention: Any = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: Any = None,
        **kwargs: Any,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._take(locals())
        if sliding_window is not None or use_gate:
            raise ValueError(
                f"{self.name}: sliding_window and use_gate are not supported yet. Expected None and False."
            )
        self.num_heads = positive_int(self.name, "num_heads", num_heads)
        self.key_dim = positive_int(self.name, "key_dim", key_dim)
        self.value_dim = self.key_dim if value_dim is None else positive_int(self.name, "value_dim", value_dim)
        self.dropout = fraction(self.name, "dropout", dropout)
        self.use_bias, self.flash_attention, self.seed = use_bias, flash_attention, seed
        self._output_shape_argument = (
            None
            if output_shape is None
            else tuple(output_shape)
            if isinstance(output_shape, (list, tuple))
            else (output_shape,)
        )
        self.attention_axes = attention_axes
        if attention_axes not in (None, 1, (1,), [1]):
            raise ValueError(
                f"{self.name}: attention_axes is {attention_axes!r}. Expected None or 1: inputs of (batch, time,"
                f" features)."
            )
        self.supports_masking = True
        if self.dropout > 0:
            self.seed_generator = seed if isinstance(seed, random.SeedGenerator) else random.SeedGenerator(seed)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Make the four projections."""
        key_shape = value_shape if key_shape is None else key_shape
        for name, shape, size in (
            ("query", query_shape, self.key_dim),
            ("key", key_shape, self.key_dim),
            ("value", value_shape, self.value_dim),
        ):  # fmt: skip
            if len(shape) != 3:
                raise ValueError(
                    f"{self.name}: {name} has shape {tuple(shape)}. Expected 3 axes: batch, time, features. Add the"
                    f" missing axis."
                )
            layer = self._projection("abc,cde->abde", (None, self.num_heads, size), "de", name)
            layer.build(shape)
            setattr(self, f"_{name}_dense", layer)
        width = self._output_shape_argument or (query_shape[-1],)
        self._output_dense = self._projection("abcd,cde->abe", (None, *width), "e", "attention_output")
        self._output_dense.build((*query_shape[:-1], self.num_heads, self.value_dim))

    def _projection(self, equation: str, output_shape: tuple, bias_axes: str, name: str) -> EinsumDense:
        # Each projection draws its own weights: initializers are made anew from their configuration.
        return EinsumDense(
            equation,
            output_shape,
            bias_axes=bias_axes if self.use_bias else None,
            name=name,
            dtype=self.dtype_policy,
            **self._parameter_config(),
        )

    query_dense = property(lambda self: self._query_dense)
    key_dense = property(lambda self: self._key_dense)
    value_dense = property(lambda self: self._value_dense)
    output_dense = property(lambda self: self._output_dense)

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Attend.

        Args:
            query_mask, value_mask, key_mask: (batch, time), true for steps that count.
            attention_mask: (batch, time, keys), or with heads on axis 1; true where attention is allowed.
            use_causal_mask: each query sees keys up to its own place.
        """
        key = value if key is None else key
        mask = self._mask(query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask)
        q, k, v = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        drops = training and self.dropout > 0
        if not drops and not return_attention_scores and self.value_dim == self.key_dim:
            return self._output_dense(ops.dot_product_attention(q, k, v, mask=mask))
        result, scores = self._attend(q, k, v, mask, drops)
        outputs = self._output_dense(result)
        return (outputs, scores) if return_attention_scores else outputs

    def _attend(self, q: Any, k: Any, v: Any, mask: Any, drops: Any) -> tuple[Any, Any]:
        q, k, v = (ops.transpose(x, (0, 2, 1, 3)) for x in (q, k, v))
        logits = ops.matmul(ops.multiply(q, 1.0 / math.sqrt(self.key_dim)), ops.transpose(k, (0, 1, 3, 2)))
        if mask is not None:
            name = ops.dtype(logits)
            logits = ops.add(logits, ops.where(mask, ops.cast(0, name), ops.cast(lowest(name), name)))
        scores = ops.softmax(logits, axis=-1)
        kept = random.dropout(scores, self.dropout, seed=self.seed_generator) if drops else scores
        return ops.transpose(ops.matmul(kept, v), (0, 2, 1, 3)), scores

    def _mask(
        self, query: Any, value: Any, query_mask: Any, value_mask: Any, key_mask: Any, attention_mask: Any, causal: bool
    ) -> Any:
        """Return all masks in one that broadcasts to (batch, heads, time, keys), None for none."""
        parts = []
        if query_mask is not None:
            parts.append(ops.expand_dims(ops.cast(query_mask, "bool"), (1, 3)))
        for mask in (value_mask, key_mask):
            if mask is not None:
                parts.append(ops.expand_dims(ops.cast(mask, "bool"), (1, 2)))
        if attention_mask is not None:
            attention_mask = ops.cast(attention_mask, "bool")
            parts.append(ops.expand_dims(attention_mask, 1) if len(ops.shape(attention_mask)) == 3 else attention_mask)
        if causal:
            length, keys = ops.shape(query)[1], ops.shape(value)[1]
            parts.append(ops.expand_dims(causal_mask(length, keys), (0, 1)))
        if not parts:
            return None
        merged = parts[0]
        for part in parts[1:]:
            merged = ops.logical_and(merged, part)
        return merged

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The outputs have the steps of the query."""
        return previous_mask

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        names = ("num_heads", "key_dim", "value_dim", "dropout", "use_bias", "attention_axes", "flash_attention")
        own = {name: getattr(self, name) for name in names}
        own["seed"] = self.seed.seed if isinstance(self.seed, random.SeedGenerator) else self.seed
        own["output_shape"] = self._output_shape_argument
        return {**super().get_config(), **own, **self._parameter_config()}


class Softmax(Layer):
    """Softmax along an axis; masked places get 0, also where all are masked.

    Args:
        axis: one or several.

    Raises:
        ValueError: a mask that does not broadcast to the inputs.
    """

    def __init__(self, axis: Any = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Apply."""
        if mask is None:
            return ops.softmax(inputs, axis=self.axis)
        found, shape = ops.shape(mask), ops.shape(inputs)
        pairs = zip(reversed(found), reversed(shape), strict=False)
        if len(found) > len(shape) or any(a not in (1, b) for a, b in pairs if None not in (a, b)):
            raise ValueError(
                f"{self.name}: mask has shape {found} for inputs of shape {shape}. Expected one that broadcasts to the"
                f" inputs. Reshape it."
            )
        mask, name = ops.cast(mask, "bool"), ops.dtype(inputs)
        outputs = ops.softmax(ops.where(mask, inputs, ops.cast(lowest(name), name)), axis=self.axis)
        return ops.where(mask, outputs, ops.cast(0, name))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "axis": self.axis}
