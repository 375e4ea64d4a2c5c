"""Attention."""

from __future__ import annotations

import math
from typing import Any

from kerasfront import dtypes
from kerasfront.backend import registry
from kerasfront.backend.dispatch import OptionalTensor, Tensor, derived, dtype_of, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes
from kerasfront.ops.activations import softmax
from kerasfront.ops.contraction import matmul
from kerasfront.ops.creation import count_up
from kerasfront.ops.elementwise import add, cast, if_else, less_equal, logical_and, multiply, tanh
from kerasfront.ops.movement import expand_dims, permute_axes, repeat, reshape


@derived(dtype=_dtypes.promote_float)
def _attend(query: Tensor, key: Tensor, value: Tensor, bias: OptionalTensor, scale: float, soft_cap: Any) -> Tensor:
    """Return softmax(query key^T scale + bias) value for (batch, heads, time, size) tensors."""
    logits = multiply(matmul(query, permute_axes(key, (0, 1, 3, 2))), scale)
    if soft_cap is not None:
        logits = multiply(tanh(multiply(logits, 1.0 / soft_cap)), soft_cap)
    if bias is not None:
        logits = add(logits, bias)
    return matmul(softmax(logits, axis=-1), value)


def lowest(dtype: str) -> float:
    """Return the logit that stands for "not at all" in a dtype: -1e9, or half the lowest number of a half type."""
    return -3e4 if dtype == "float16" else -1e9


def causal_mask(length: int, keys: int) -> Any:
    """Return a bool matrix (length, keys) that is true where a query may see a key: up to its own place."""
    rows, columns = expand_dims(count_up(length, "int32"), 1), expand_dims(count_up(keys, "int32"), 0)
    return less_equal(columns, rows)


@derived
def dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: OptionalTensor = None,
    mask: OptionalTensor = None,
    scale: Any = None,
    is_causal: bool = False,
    flash_attention: Any = None,
    attn_logits_soft_cap: Any = None,
) -> Tensor:
    """Return softmax(query key^T * scale + bias) value, head by head.

    Shapes: `query` (batch, time, heads, size), `key` and `value` (batch, keys, kv heads, size), where heads is a
    multiple of kv heads (grouped queries); `bias` and `mask` broadcast to (batch, heads, time, keys). The result has
    the shape of `query`.

    Args:
        mask: true where attention is allowed. scale: 1 / sqrt(size) for None.
        is_causal: each query sees keys up to its own place only.
        flash_attention: True is refused where no accelerator or no kernel of the engine could do it; None and False
            leave the choice to the engine, which gives the same numbers.
        attn_logits_soft_cap: limit logits smoothly to this size.

    Raises:
        OpError: other shapes, or heads that are no multiple.

    Notes: A row of the mask that allows nothing gives the mean of the values.

    Source: Vaswani et al., "Attention Is All You Need" (2017), equation 1.
    """
    if any(len(shape_of(x)) != 4 for x in (query, key, value)):
        raise OpError(
            f"dot_product_attention: shapes {shape_of(query)}, {shape_of(key)}, {shape_of(value)}. "
            "Expected four axes each: batch, time, heads, size."
        )
    if flash_attention and not _may_flash():
        raise OpError(
            "dot_product_attention: flash_attention is True, but there is no such kernel here. Expected an engine with"
            " a fused kernel, on an accelerator. Pass None to let the engine choose."
        )
    heads, kv_heads = shape_of(query)[2], shape_of(key)[2]
    if kv_heads and heads and heads % kv_heads:
        raise OpError(f"dot_product_attention: {heads} query heads and {kv_heads} key heads. Expected a multiple.")
    if heads != kv_heads and heads and kv_heads:
        key, value = repeat(key, heads // kv_heads, 2), repeat(value, heads // kv_heads, 2)
    name = dtypes.float_type(*(dtype_of(x) for x in (query, key, value)))
    total = _additive(query, key, bias, mask, is_causal, name)
    size = shape_of(query)[-1]
    factor = 1.0 / math.sqrt(size) if scale is None else scale
    q, k, v = (permute_axes(x, (0, 2, 1, 3)) for x in (query, key, value))
    return permute_axes(_attend(q, k, v, total, factor, attn_logits_soft_cap), (0, 2, 1, 3))


def _may_flash() -> bool:
    backend = registry.active()
    return hasattr(backend.overrides, "_attend") and any(not name.startswith("cpu") for name in backend.devices())


def _additive(query: Any, key: Any, bias: Any, mask: Any, is_causal: bool, name: str) -> Any:
    """Merge bias, mask and causality into what is added to the logits; None for nothing."""
    if is_causal:
        length, keys = shape_of(query)[1], shape_of(key)[1]
        causal = reshape(causal_mask(length, keys), (1, 1, length, keys))
        mask = causal if mask is None else logical_and(cast(mask, "bool"), causal)
    if mask is None:
        return bias
    # So low that a row without any allowed place forgets its logits, in float64 too: it gets the mean of the values.
    nothing = -6e4 if name == "float16" else -1e30
    blocked = if_else(cast(mask, "bool"), cast(0, name), cast(nothing, name))
    return blocked if bias is None else add(bias, blocked)
