"""Attention layers."""

from __future__ import annotations

import functools
import math
import string
from typing import Any

from kerasfront import ops, random
from kerasfront.backend.dispatch import normalize_axis
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
        sliding_window: each query sees keys less than so many steps away, before and after; None for all.
        flash_attention: accepted; the engine chooses its kernel.
        use_gate: multiply what the heads found by sigmoids of a fifth projection, of the query.
        seed: of the dropout.

    With further axes the shapes are query (batch, ..., features) and scores (batch, axes not attended over, heads,
    attended axes of the query, attended axes of the keys).

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
        self.sliding_window = (
            None if sliding_window is None else positive_int(self.name, "sliding_window", sliding_window)
        )
        self.use_gate = bool(use_gate)
        self.num_heads = positive_int(self.name, "num_heads", num_heads)
        self.key_dim = positive_int(self.name, "key_dim", key_dim)
        self.value_dim = self.key_dim if value_dim is None else positive_int(self.name, "value_dim", value_dim)
        self.dropout = fraction(self.name, "dropout", dropout)
        self.use_bias, self.flash_attention, self.seed = use_bias, flash_attention, seed
        if output_shape is not None:
            output_shape = tuple(output_shape) if isinstance(output_shape, (list, tuple)) else (output_shape,)
            output_shape = tuple(positive_int(self.name, "output_shape", size) for size in output_shape)
        self._output_shape_argument = output_shape
        self.attention_axes = (attention_axes,) if isinstance(attention_axes, int) else attention_axes
        self.supports_masking = True
        if self.dropout > 0:
            self.seed_generator = seed if isinstance(seed, random.SeedGenerator) else random.SeedGenerator(seed)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Make the four projections."""
        key_shape = value_shape if key_shape is None else key_shape
        rank = len(query_shape)
        if rank < 3 or not rank == len(key_shape) == len(value_shape):
            raise ValueError(
                f"{self.name}: query, value and key have shapes {tuple(query_shape)}, {tuple(value_shape)} and"
                f" {tuple(key_shape)}. Expected the same number of axes, 3 or more: batch, time, features. Add the"
                f" missing axis."
            )
        if tuple(key_shape[1:-1]) != tuple(value_shape[1:-1]):
            raise ValueError(
                f"{self.name}: value and key have shapes {tuple(value_shape)} and {tuple(key_shape)}. Expected"
                f" one value for each key: the same sizes but in the last axis."
            )
        axes = range(1, rank - 1) if self.attention_axes is None else self.attention_axes
        self._axes = tuple(sorted({normalize_axis(axis, rank, self.name) for axis in axes}))
        if not set(self._axes) <= set(range(1, rank - 1)):
            raise ValueError(
                f"{self.name}: attention_axes is {self.attention_axes} for inputs with {rank} axes. Expected axes"
                f" from 1 to {rank - 2}: not that of the batch nor that of the features."
            )
        heads = (self.num_heads, self.key_dim)
        self._query_dense = self._projection(query_shape, 1, heads, "query")
        self._key_dense = self._projection(key_shape, 1, heads, "key")
        heads = (self.num_heads, self.value_dim)
        if self.use_gate:
            self._gate_dense = self._projection(query_shape, 1, heads, "gate", activation="sigmoid")
        self._value_dense = self._projection(value_shape, 1, heads, "value")
        width = self._output_shape_argument or (query_shape[-1],)
        self._output_dense = self._projection((*query_shape[:-1], *heads), 2, width, "attention_output")

    def _projection(self, shape: Any, bound: int, sizes: tuple, name: str, **options: Any) -> EinsumDense:
        """Return a layer that maps the last `bound` axes of a shape to axes of other sizes."""
        letters = string.ascii_lowercase
        free, rank = len(shape) - bound, len(shape)
        new = letters[rank : rank + len(sizes)]
        # Each projection draws its own weights: initializers are made anew from their configuration.
        layer = EinsumDense(
            f"{letters[:rank]},{letters[free:rank]}{new}->{letters[:free]}{new}",
            (*(None,) * (free - 1), *sizes),
            bias_axes=new if self.use_bias else None,
            name=name,
            dtype=self.dtype_policy,
            **options,
            **self._parameter_config(),
        )
        layer.build(tuple(shape))
        return layer

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
            attention_mask: (batch, time, keys), or with heads on axis 1; true where attention is allowed. What is
            missing of the shape of the scores is put in front of the attended axes.
            use_causal_mask: each query sees keys up to its own place.
        """
        key = value if key is None else key
        mask = self._mask(query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask)
        q, k, v = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        drops = training and self.dropout > 0
        usual = len(ops.shape(query)) == 3 and self.value_dim == self.key_dim
        scores = None
        if usual and not drops and not return_attention_scores:
            result = ops.dot_product_attention(q, k, v, mask=mask)
        else:
            result, scores = self._attend(q, k, v, mask, drops)
        if self.use_gate:
            result = ops.multiply(result, self._gate_dense(query))
        outputs = self._output_dense(result)
        return (outputs, scores) if return_attention_scores else outputs

    def _attend(self, q: Any, k: Any, v: Any, mask: Any, drops: Any) -> tuple[Any, Any]:
        usual = len(ops.shape(q)) == 4
        q = ops.multiply(q, 1.0 / math.sqrt(self.key_dim))
        if usual:
            q, k, v = (ops.transpose(x, (0, 2, 1, 3)) for x in (q, k, v))
            logits = ops.matmul(q, ops.transpose(k, (0, 1, 3, 2)))
        else:
            product, combination = self._equations(len(ops.shape(q)) - 1)
            logits = ops.einsum(product, q, k)
        if mask is not None:
            name = ops.dtype(logits)
            logits = ops.add(logits, ops.where(mask, ops.cast(0, name), ops.cast(lowest(name), name)))
        scores = ops.softmax(logits, axis=-1 if usual else tuple(range(-len(self._axes), 0)))
        kept = random.dropout(scores, self.dropout, seed=self.seed_generator) if drops else scores
        return (ops.transpose(ops.matmul(kept, v), (0, 2, 1, 3)) if usual else ops.einsum(combination, kept, v)), scores

    def _equations(self, rank: int) -> tuple[str, str]:
        """Return the equations of the scores and of the result for inputs of a rank."""
        query = string.ascii_lowercase[: rank - 1]
        keys = "".join(letter.upper() if axis in self._axes else letter for axis, letter in enumerate(query))
        others = "".join(letter for axis, letter in enumerate(query) if axis not in self._axes)
        seen = "".join(query[axis] for axis in self._axes)
        scores = f"{others}y{seen}{seen.upper()}"
        return f"{query}yz,{keys}yz->{scores}", f"{scores},{keys}yz->{query}yz"

    def _mask(
        self, query: Any, value: Any, query_mask: Any, value_mask: Any, key_mask: Any, attention_mask: Any, causal: bool
    ) -> Any:
        """Return all masks in one that broadcasts to the scores, None for none."""
        parts = []
        if query_mask is not None:
            parts.append(ops.expand_dims(query_mask, -1))
        parts += [ops.expand_dims(mask, -2) for mask in (value_mask, key_mask) if mask is not None]
        if attention_mask is not None:
            parts.append(attention_mask)
        length, keys = ops.shape(query)[1], ops.shape(value)[1]
        if causal:
            parts.append(ops.expand_dims(causal_mask(length, keys), 0))
        if self.sliding_window is not None:
            rows, columns = ops.arange(length, dtype="int32"), ops.arange(keys, dtype="int32")
            distance = ops.abs(ops.subtract(ops.expand_dims(rows, 1), columns))
            parts.append(ops.expand_dims(ops.less(distance, self.sliding_window), 0))
        full = [self._as_scores(ops.cast(part, "bool"), len(ops.shape(query))) for part in parts]
        return functools.reduce(ops.logical_and, full) if full else None

    def _as_scores(self, mask: Any, rank: int) -> Any:
        """Put axes of size 1 in front of the attended ones until a mask has those of the scores."""
        missing = rank + len(self._axes) - len(ops.shape(mask))
        before = len(ops.shape(mask)) - 2 * len(self._axes)
        return ops.expand_dims(mask, tuple(range(before, before + missing))) if missing > 0 else mask

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The outputs have the steps of the query."""
        return previous_mask

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        names = (
            "num_heads", "key_dim", "value_dim", "dropout", "use_bias", "attention_axes", "sliding_window",
            "flash_attention", "use_gate",
        )  # fmt: skip
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
