"""Attention layers."""

from __future__ import annotations

import math
import string
from typing import Any

from kerasfront import ops, random, regularizers
from kerasfront.layers.arguments import fraction, generator_of, plain_seed, positive_int
from kerasfront.layers.einsum_dense import EinsumDense
from kerasfront.layers.layer import Layer
from kerasfront.layers.parameterized import Parameterized
from kerasfront.ops.attention import band_mask, causal_mask, lowest


class MultiHeadAttention(Parameterized, Layer):
    """Attend from queries to values by keys, with several heads side by side.

    Shapes: query (batch, time, features), value and key (batch, keys, features) -> (batch, time, features of the query
    or output_shape); scores (batch, heads, time, keys). With more axes than one between batch and features, scores are
    (batch, axes not attended over, heads, attended axes of the query, those of the keys).

    Args:
        num_heads: number of heads. key_dim: size of each head's queries and keys. value_dim: of its values; key_dim
        for None.
        dropout: part of the scores to drop in training.
        use_bias: in the four projections.
        output_shape: last size of the output; that of the query for None.
        attention_axes: axes to attend over; all but batch and features for None.
        sliding_window: let each query see only keys less than this many places away; all for None.
        flash_attention: True demands the engine's fused kernel, an error where it has none or the scores are asked
        for; None and False leave the choice to the engine, which gives the same numbers.
        kernel_initializer, ...: of the variables of each projection (Glorot uniform and zeros).
        activity_regularizer: penalty on the outputs of each projection.
        use_gate: multiply what was attended to by a sigmoid of one more projection of the query.
        seed: of the dropout.

    Weights: query, key, gate (if any) and value `kernel` (features, heads, size) and `bias` (heads, size);
    attention_output `kernel` (heads, value size, features) and `bias` (features,).

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
        super().__init__(**kwargs)
        self._take(locals())
        self._projection_regularizer = regularizers.get(activity_regularizer)
        self.num_heads = positive_int(self.name, "num_heads", num_heads)
        self.key_dim = positive_int(self.name, "key_dim", key_dim)
        self.value_dim = self.key_dim if value_dim is None else positive_int(self.name, "value_dim", value_dim)
        self.dropout = fraction(self.name, "dropout", dropout)
        self.sliding_window = (
            None if sliding_window is None else positive_int(self.name, "sliding_window", sliding_window)
        )
        self.use_bias, self.use_gate, self.flash_attention, self.seed = use_bias, use_gate, flash_attention, seed
        self._output_shape_argument = (
            None
            if output_shape is None
            else tuple(output_shape)
            if isinstance(output_shape, (list, tuple))
            else (output_shape,)
        )
        self.attention_axes = _axes_of(self.name, attention_axes)
        if flash_attention and self.dropout > 0:
            raise ValueError(
                f"{self.name}: flash_attention=True with dropout={dropout}. Expected dropout=0: the fused kernel has"
                f" none. Change one of them."
            )
        self.supports_masking = True
        if self.dropout > 0:
            self.seed_generator = generator_of(seed)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Make the projections."""
        key_shape = value_shape if key_shape is None else key_shape
        for name, shape in (("query", query_shape), ("value", value_shape), ("key", key_shape)):
            if len(shape) < 3 or len(shape) != len(query_shape):
                raise ValueError(
                    f"{self.name}: {name} has shape {tuple(shape)}. Expected at least 3 axes (batch, time, features),"
                    f" as many as the query has ({len(query_shape)}). Add the missing axis."
                )
        if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ValueError(
                f"{self.name}: value has shape {tuple(value_shape)}, key has shape {tuple(key_shape)}. Expected equal"
                f" sizes but for the last. Pass a key for each value."
            )
        rank = len(query_shape)
        self._axes = _attended(self.name, self.attention_axes, rank)
        sizes = {"query": self.key_dim, "key": self.key_dim, "gate": self.value_dim, "value": self.value_dim}
        shapes = {"query": query_shape, "key": key_shape, "gate": query_shape, "value": value_shape}
        kept = _letters(rank - 1)
        for name, size in sizes.items():
            if name != "gate" or self.use_gate:
                activation = "sigmoid" if name == "gate" else None
                output_shape = (*(None,) * (rank - 2), self.num_heads, size)
                layer = self._projection(f"{kept}x,xyz->{kept}yz", output_shape, "yz", name, activation)
                layer.build(shapes[name])
                setattr(self, f"_{name}_dense", layer)
        width = self._output_shape_argument or (query_shape[-1],)
        new = _letters(len(width)).upper()
        output_shape = (*(None,) * (rank - 2), *width)
        self._output_dense = self._projection(f"{kept}yz,yz{new}->{kept}{new}", output_shape, new, "attention_output")
        self._output_dense.build((*query_shape[:-1], self.num_heads, self.value_dim))

    def _projection(
        self, equation: str, output_shape: tuple, bias_axes: str, name: str, activation: Any = None
    ) -> EinsumDense:
        # Each projection draws its own weights: initializers are made anew from their configuration.
        return EinsumDense(
            equation,
            output_shape,
            activation,
            bias_axes=bias_axes if self.use_bias else None,
            name=name,
            dtype=self.dtype_policy,
            activity_regularizer=self._projection_regularizer,
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
        if self.flash_attention and return_attention_scores:
            raise ValueError(
                f"{self.name}: return_attention_scores=True with flash_attention=True. Expected one of them: the fused"
                f" kernel never makes the scores. Pass flash_attention=None to the layer."
            )
        key = value if key is None else key
        mask = self._mask(query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask)
        q, k, v = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        drops = training and self.dropout > 0
        fused = not drops and not return_attention_scores and len(ops.shape(q)) == 4
        if fused and self.value_dim == self.key_dim:
            flash = self.flash_attention
            result, scores = ops.dot_product_attention(q, k, v, mask=mask, flash_attention=flash), None
        else:
            result, scores = self._attend(q, k, v, mask, drops)
        if self.use_gate:
            result = ops.multiply(result, self._gate_dense(query))
        outputs = self._output_dense(result)
        return (outputs, scores) if return_attention_scores else outputs

    def _attend(self, q: Any, k: Any, v: Any, mask: Any, drops: Any) -> tuple[Any, Any]:
        """Return values and scores by einsums over projections (batch, *axes, heads, size).

        The scores are (batch, other axes, heads, attended axes of the query, attended axes of the keys).
        """
        rank = len(ops.shape(q))
        queries = _letters(rank)
        keys = "".join(letter.upper() if place in self._axes else letter for place, letter in enumerate(queries))
        lead = "".join(letter for place, letter in enumerate(queries[:-1]) if place not in self._axes)
        inner = "".join(queries[axis] for axis in self._axes)
        scored = lead + inner + inner.upper()
        logits = ops.einsum(f"{keys},{queries}->{scored}", k, ops.multiply(q, 1.0 / math.sqrt(self.key_dim)))
        if mask is not None:
            name = ops.dtype(logits)
            logits = ops.add(logits, ops.where(mask, ops.cast(0, name), ops.cast(lowest(name), name)))
        scores = ops.softmax(logits, axis=tuple(range(len(scored) - len(inner), len(scored))))
        kept = random.dropout(scores, self.dropout, seed=self.seed_generator) if drops else scores
        return ops.einsum(f"{scored},{keys}->{queries}", kept, v), scores

    def _mask(
        self, query: Any, value: Any, query_mask: Any, value_mask: Any, key_mask: Any, attention_mask: Any, causal: bool
    ) -> Any:
        """Return all masks in one that broadcasts to the scores, None for none."""
        parts = []
        if query_mask is not None:
            parts.append(ops.expand_dims(ops.cast(query_mask, "bool"), -1))
        for mask in (value_mask, key_mask):
            if mask is not None:
                parts.append(ops.expand_dims(ops.cast(mask, "bool"), -2))
        if attention_mask is not None:
            parts.append(ops.cast(attention_mask, "bool"))
        length, keys = ops.shape(query)[1], ops.shape(value)[1]
        if causal:
            parts.append(ops.expand_dims(causal_mask(length, keys), 0))
        if self.sliding_window is not None:
            parts.append(ops.expand_dims(band_mask(length, keys, self.sliding_window), 0))
        if not parts:
            return None
        # Missing axes, those of heads among them, come in front of the attended ones.
        rank, attended = len(ops.shape(query)) + len(self._axes), 2 * len(self._axes)
        merged = None
        for part in parts:
            while len(ops.shape(part)) < max(len(ops.shape(one)) for one in parts):
                part = ops.expand_dims(part, -attended - 1)
            merged = part if merged is None else ops.logical_and(merged, part)
        while len(ops.shape(merged)) < rank:
            merged = ops.expand_dims(merged, -attended - 1)
        return merged

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The outputs have the steps of the query."""
        return previous_mask

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        names = ("num_heads", "key_dim", "value_dim", "dropout", "use_bias", "use_gate", "sliding_window")
        own = {name: getattr(self, name) for name in names}
        own["attention_axes"] = self.attention_axes
        if self.flash_attention is not None:
            own["flash_attention"] = self.flash_attention
        own["activity_regularizer"] = regularizers.serialize(self._projection_regularizer)
        own["seed"] = plain_seed(self.seed)
        own["output_shape"] = self._output_shape_argument
        return {**super().get_config(), **own, **self._parameter_config()}


def _axes_of(layer: str, axes: Any) -> tuple[int, ...] | None:
    if axes is None:
        return None
    axes = tuple(axes) if isinstance(axes, (list, tuple)) else (axes,)
    if not axes or any(isinstance(axis, bool) or not isinstance(axis, int) for axis in axes):
        raise ValueError(
            f"{layer}: attention_axes is {axes!r}. Expected an integer, several of them, or None. Correct the argument."
        )
    return axes


def _attended(layer: str, axes: tuple[int, ...] | None, rank: int) -> tuple[int, ...]:
    """Return the axes to attend over for inputs of a rank, non-negative and in order."""
    if axes is None:
        return tuple(range(1, rank - 1))
    found = tuple(axis if axis >= 0 else rank + axis for axis in axes)
    if any(not 1 <= axis < rank - 1 for axis in found) or len(set(found)) < len(found):
        raise ValueError(
            f"{layer}: attention_axes is {axes} for inputs with {rank} axes. Expected distinct axes between the batch"
            f" and the features: 1 to {rank - 2}. Correct the argument."
        )
    return found


def _letters(count: int) -> str:
    return string.ascii_lowercase[:count]


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
