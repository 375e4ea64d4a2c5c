"""Attention."""

from __future__ import annotations

import math
from typing import Any

from kerasfront import dtypes
from kerasfront.backend import registry, symbolic
from kerasfront.backend.dispatch import OptionalTensor, Tensor, derived, dtype_of, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes
from kerasfront.ops.activations import softmax
from kerasfront.ops.contraction import matmul
from kerasfront.ops.creation import count_up
from kerasfront.ops.elementwise import (
    abs,
    add,
    cast,
    if_else,
    less,
    less_equal,
    logical_and,
    multiply,
    subtract,
    tanh,
)
from kerasfront.ops.movement import expand_dims, permute_axes, repeat, reshape_known
from kerasfront.ops.reductions import any, mean


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
    if length is None or keys is None:
        return symbolic.KerasTensor((length, keys), "bool")
    rows, columns = expand_dims(count_up(length, "int32"), 1), expand_dims(count_up(keys, "int32"), 0)
    return less_equal(columns, rows)


def band_mask(length: int, keys: int, width: int) -> Any:
    """Return a bool matrix (length, keys) that is true where query and key are less than `width` places apart."""
    if length is None or keys is None:
        return symbolic.KerasTensor((length, keys), "bool")
    rows, columns = expand_dims(count_up(length, "int32"), 1), expand_dims(count_up(keys, "int32"), 0)
    return less(abs(subtract(rows, columns)), width)


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
    if {len(shape_of(x)) for x in (query, key, value)} != {4}:
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
    allowed = None if mask is None else _four_axes(cast(mask, "bool"))
    if is_causal:
        length, keys = shape_of(query)[1], shape_of(key)[1]
        causal = expand_dims(causal_mask(length, keys), (0, 1))
        both = causal if allowed is None else logical_and(allowed, causal)
    else:
        both = allowed
    size = shape_of(query)[-1]
    factor = 1.0 / math.sqrt(size) if scale is None else scale
    q, k, v = (permute_axes(x, (0, 2, 1, 3)) for x in (query, key, value))
    result = _attend(q, k, v, _additive(bias, both, name), factor, attn_logits_soft_cap)
    if allowed is not None:
        # Chosen, not blended: in such a row no gradient goes to query and key.
        result = if_else(any(both, -1, True), result, cast(mean(v, 2, True), dtype_of(result)))
    return permute_axes(result, (0, 2, 1, 3))


def _four_axes(mask: Any) -> Any:
    shape = shape_of(mask)
    return reshape_known(mask, [*(1,) * (4 - len(shape)), *shape]) if len(shape) < 4 else mask


def _may_flash() -> bool:
    backend = registry.active()
    kinds = {name.partition(":")[0] for name in backend.devices()}
    return hasattr(backend.overrides, "_attend") and kinds != {"cpu"}


def _additive(bias: Any, mask: Any, name: str) -> Any:
    """Merge bias and mask into what is added to the logits; None for nothing."""
    if mask is None:
        return bias
    blocked = if_else(mask, cast(0, name), cast(lowest(name), name))
    return blocked if bias is None else add(bias, blocked)
