"""Attention without projections: by products, or by a sum through tanh."""

from __future__ import annotations

from typing import Any

from kerasfront import ops, random
from kerasfront.layers.arguments import fraction, generator_of, known_size, one_of, plain_seed
from kerasfront.layers.layer import Layer
from kerasfront.ops.attention import causal_mask, lowest


class Attention(Layer):
    """Attend from queries to values: softmax(score(query, key)) value.

    Called on [query, value] or [query, value, key]; the key is the value where it is left out.

    Shapes: query (batch, time, features), value (batch, keys, size), key (batch, keys, features) -> (batch, time,
    size); scores (batch, time, keys).

    Args:
        use_scale: whether a learned number is multiplied: the scores for "dot", what goes into tanh for "concat".
        score_mode: "dot" for query key^T; "concat" for a learned number times the sum of tanh(query + key).
        dropout: part of the scores to drop in training.
        seed: of the dropout: an integer, a `SeedGenerator`, or None.

    Weights: `scale` () with `use_scale`, `concat_score_weight` () with "concat".

    Raises:
        ValueError: another mode, dropout not from 0 to 1; called on something else than two or three inputs, or on
        queries and keys of different sizes.

    Source: Luong et al., "Effective Approaches to Attention-based Neural Machine Translation" (2015).

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.Attention()([keras.ops.ones((2, 4, 3)), keras.ops.ones((2, 6, 3))]).shape == (2, 4, 3)
        True
    """

    def __init__(
        self, use_scale: bool = False, score_mode: str = "dot", dropout: float = 0.0, seed: Any = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.use_scale, self.seed = use_scale, seed
        self.score_mode = one_of(self.name, "score_mode", score_mode, ("dot", "concat"))
        self.dropout = fraction(self.name, "dropout", dropout)
        if self.dropout > 0:
            self.seed_generator = generator_of(seed)
        self.supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        """Make the scales."""
        self._checked_shapes(input_shape)
        self.scale = self.add_weight((), "ones", name="scale") if self.use_scale else None
        concat = self.score_mode == "concat"
        self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight") if concat else None

    def _checked(self, what: str, given: Any) -> list:
        if not isinstance(given, (list, tuple)) or not 2 <= len(given) <= 3 or isinstance(given[0], int):
            raise ValueError(
                f"{self.name}: expected {what} [query, value] or [query, value, key]; got {type(given).__name__}"
                f"{f' of {len(given)}' if isinstance(given, (list, tuple)) else ''}. Pass a list."
            )
        return list(given)

    def _checked_shapes(self, shapes: Any) -> list:
        query, value, *rest = shapes = self._checked("inputs", shapes)
        key = rest[0] if rest else value
        if None not in (query[-1], key[-1]) and query[-1] != key[-1]:
            raise ValueError(
                f"{self.name}: query {tuple(query)} and key {tuple(key)}. Expected as many features in both."
                f" Project one of them first."
            )
        return shapes

    def _scores(self, query: Any, key: Any) -> Any:
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else ops.multiply(scores, self.scale)
        summed = ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3))
        summed = summed if self.scale is None else ops.multiply(summed, self.scale)
        return ops.multiply(ops.sum(ops.tanh(summed), axis=-1), self.concat_score_weight)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool | None = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Attend.

        Args:
            mask: [query mask, value mask], each (batch, steps) or None; outputs of masked queries are 0.
            return_attention_scores: return also the scores after softmax and dropout.
            use_causal_mask: each query sees keys up to its own place.
        """
        query, value, *rest = self._checked("inputs", inputs)
        query_mask, value_mask = (None, None) if mask is None else self._checked("masks", mask)[:2]
        scores = self._scores(query, rest[0] if rest else value)
        allowed = None if value_mask is None else ops.expand_dims(ops.cast(value_mask, "bool"), -2)
        if use_causal_mask:
            causal = ops.expand_dims(causal_mask(*ops.shape(scores)[-2:]), 0)
            allowed = causal if allowed is None else ops.logical_and(allowed, causal)
        if allowed is not None:
            name = ops.dtype(scores)
            scores = ops.add(scores, ops.where(allowed, ops.cast(0, name), ops.cast(lowest(name), name)))
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        result = ops.matmul(weights, value)
        if query_mask is not None:
            seen = ops.expand_dims(ops.cast(query_mask, "bool"), -1)
            result = ops.where(seen, result, ops.cast(0, ops.dtype(result)))
        return (result, weights) if return_attention_scores else result

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The outputs have the steps of the query."""
        return None if mask is None else self._checked("masks", mask)[0]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        seed = plain_seed(self.seed)
        own = {"use_scale": self.use_scale, "score_mode": self.score_mode, "dropout": self.dropout, "seed": seed}
        return {**super().get_config(), **own}


class AdditiveAttention(Attention):
    """Attend from queries to values with the score sum(scale * tanh(query + key)).

    Called on [query, value] or [query, value, key]; shapes and masks as in `Attention`.

    Args:
        use_scale: whether the scale, one number for each feature, is learned; 1 otherwise.
        dropout: part of the scores to drop in training.

    Weights: `scale` (features,) with `use_scale`.

    Source: Bahdanau et al., "Neural Machine Translation by Jointly Learning to Align and Translate" (2015).

    Example:
        >>> import kerasfront as keras
        >>> keras.layers.AdditiveAttention()([keras.ops.ones((2, 4, 3)), keras.ops.ones((2, 6, 3))]).shape == (2, 4, 3)
        True
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any):
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any = None) -> None:
        """Make the scale for the number of features."""
        query_shape = self._checked_shapes(input_shape)[0]
        size = (known_size(self.name, query_shape),) if self.use_scale else ()
        self.scale = self.add_weight(size, "glorot_uniform", name="scale") if self.use_scale else None

    def _scores(self, query: Any, key: Any) -> Any:
        summed = ops.tanh(ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3)))
        return ops.sum(summed if self.scale is None else ops.multiply(summed, self.scale), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = super().get_config()
        del config["score_mode"]
        return config
