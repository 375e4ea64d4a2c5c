"""Attention at its edges: nothing allowed, one step, broadcast masks, grouped heads; and its mean of nothing."""

from __future__ import annotations

import math

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import HALVES, array, bools, case, normal
from kerasfront.testing.cases.learning import attention
from kerasfront.testing.tolerance import ITERATED, SUM

QUERY, KEY, VALUE = normal(2, 3, 4, 2, seed=1), normal(2, 4, 2, 2, seed=2), normal(2, 4, 2, 2, seed=3)
MASK = bools(np.arange(12).reshape(1, 1, 3, 4) % 5 != 1)
BIAS = normal(1, 4, 3, 4, seed=4)
OPTIONS = {
    "groups": {},
    "groups and bias": {"bias": BIAS},
    "groups and mask": {"mask": MASK},
    "groups, causal, fewer queries than keys": {"is_causal": True},
    "groups, causal, mask and bias": {"is_causal": True, "mask": MASK, "bias": BIAS},
    "groups, scale and cap": {"scale": 0.7, "attn_logits_soft_cap": 0.8},
    "mask by key": {"mask": MASK[:, :, :1]},
    "mask by query and key of each sample": {"mask": bools(np.arange(24).reshape(2, 1, 3, 4) % 7 != 2)},
    "bias by head": {"bias": BIAS[:, :, :1, :1]},
    "bias as a matrix": {"bias": normal(3, 4, seed=5)},
    "no flash": {"flash_attention": False},
    "no scale": {"scale": 0.0},
}


def without_flash(*args, flash_attention=None, **options):
    return attention(*args, **options)


def masked_row(q, k, v, mask):
    """A row that allows nothing gets the mean of the values."""
    result = attention(q, k, v, mask=np.where(mask.any(-1, keepdims=True), mask, True))
    v = np.repeat(v, q.shape[2] // v.shape[2], 2)
    empty = ~np.broadcast_to(mask, (q.shape[0], q.shape[2], q.shape[1], k.shape[1])).any(-1)
    return np.where(np.swapaxes(empty, 1, 2)[..., None], v.mean(1, keepdims=True), result)


NOTHING = MASK.copy()
NOTHING[..., 1, :] = False

CASES = [
    *(
        case("dot_product_attention", QUERY, KEY, VALUE, ref=without_flash, note=name, tol=ITERATED, **options)
        for name, options in OPTIONS.items()
    ),
    case("dot_product_attention", QUERY, KEY, VALUE, ref=attention, note="half types", dtypes=HALVES, tol=ITERATED),
    case(
        "dot_product_attention", QUERY, KEY[:, :, :1], VALUE[:, :, :1], ref=attention, note="one key head", tol=ITERATED
    ),
    case("dot_product_attention", QUERY[:, :1], KEY[:, :1], VALUE[:, :1], ref=attention, note="one step", tol=ITERATED),
    case(
        "dot_product_attention",
        QUERY,
        KEY,
        normal(2, 4, 2, 3),
        ref=attention,
        note="values of another size",
        tol=ITERATED,
    ),
    case(
        "dot_product_attention",
        QUERY,
        KEY,
        VALUE,
        ref=lambda q, k, v: masked_row(q, k, v, NOTHING),
        tol=ITERATED,
        note="a row that allows nothing",
        call=lambda q, k, v: ops.dot_product_attention(q, k, v, mask=NOTHING),
    ),
    case(
        "dot_product_attention",
        100 * QUERY,
        KEY,
        VALUE,
        ref=lambda q, k, v: masked_row(q, k, v, MASK & False),
        tol=ITERATED,
        note="nothing allowed, large logits",
        call=lambda q, k, v: ops.dot_product_attention(q, k, v, mask=MASK & False),
        differentiable=False,
    ),
    case(
        "dot_product_attention",
        300 * QUERY,
        KEY,
        VALUE,
        ref=attention,
        note="far logits",
        tol=SUM,
        differentiable=False,
    ),
    case(
        "dot_product_attention",
        array([[[[1.0]]]]),
        array([[[[math.nan]], [[1.0]]]]),
        array([[[[1.0]], [[2.0]]]]),
        ref=array([[[[math.nan]]]]),
        note="NaN goes through",
        differentiable=False,
    ),
]
