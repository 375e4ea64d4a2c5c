"""What layers, losses and optimizers stand on: crossentropies, normalization, attention, updates. By their formulas."""

from __future__ import annotations

import math

import numpy as np

from kerasfront.testing.case import HALVES, array, case, distinct, ints, normal
from kerasfront.testing.cases.activations import log_softmax, softmax
from kerasfront.testing.tolerance import ITERATED, SUM

EPSILON = 1e-7
NAN = math.nan
LOGITS = distinct(3, 4, seed=2, scale=0.3)
PROBABILITIES = softmax(0.2 * LOGITS)
TARGETS = softmax(distinct(3, 4, seed=3, scale=0.2))
LABELS = ints([0, 3, 1])
CHANCES, TRUTHS = array([[0.1, 0.7], [0.45, 0.99]]), array([[0.0, 1.0], [0.3, 1.0]])


def clipped(p):
    return np.clip(p, EPSILON, 1 - EPSILON)


def binary_crossentropy(t, p, from_logits=False):
    if from_logits:
        return np.logaddexp(0, p) - t * p
    p = clipped(p)
    return -(t * np.log(p) + (1 - t) * np.log1p(-p))


def categorical_crossentropy(t, p, from_logits=False, axis=-1):
    logs = log_softmax(p, axis) if from_logits else np.log(clipped(p / p.sum(axis, keepdims=True)))
    return -(t * logs).sum(axis)


def sparse_categorical_crossentropy(t, p, from_logits=False, axis=-1):
    logs = log_softmax(p, axis) if from_logits else np.log(clipped(p / p.sum(axis, keepdims=True)))
    return -np.squeeze(np.take_along_axis(logs, np.expand_dims(t, axis), axis), axis)


# -- normalization

IMAGE = distinct(2, 3, 4, seed=4, scale=0.2)
VECTORS = tuple(normal(4, seed=i) for i in (1, 2, 3))
VARIANCE = np.abs(normal(4, seed=5)) + 0.5


def moments(x, axes, keepdims=False):
    return x.mean(axes, keepdims=keepdims), x.var(axes, keepdims=keepdims)


def along(vector, rank, axis):
    return vector.reshape([-1 if i == axis % rank else 1 for i in range(rank)])


def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    mean, variance = along(mean, x.ndim, axis), along(variance, x.ndim, axis)
    result = (x - mean) / np.sqrt(variance + epsilon)
    result = result if scale is None else result * along(scale, x.ndim, axis)
    return result if offset is None else result + along(offset, x.ndim, axis)


def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=EPSILON):
    axis = tuple(axis) if isinstance(axis, list) else axis
    result = (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + epsilon)
    result = result if gamma is None else result * gamma
    return result if beta is None else result + beta


def rms_normalization(x, scale=None, axis=-1, epsilon=EPSILON):
    epsilon = EPSILON if epsilon is None else epsilon
    result = x / np.sqrt((x * x).mean(axis, keepdims=True) + epsilon)
    return result if scale is None else result * scale


def normalize(x, axis=-1, order=2):
    return x / np.linalg.norm(x, order, axis, keepdims=True)


def normalized_over(x, axis, order):
    return x / ((np.abs(x) ** order).sum(axis, keepdims=True)) ** (1 / order)


# -- attention

QUERY, KEY, VALUE = normal(2, 3, 2, 4, seed=1), normal(2, 5, 2, 4, seed=2), normal(2, 5, 2, 4, seed=3)
BIAS, MASK = normal(2, 2, 3, 5, seed=4), normal(2, 1, 3, 5, seed=5) > -0.7
MASK[..., 0] = True


def attention(q, k, v, bias=None, mask=None, scale=None, is_causal=False, attn_logits_soft_cap=None):
    q, k, v = (np.swapaxes(np.repeat(x, q.shape[2] // x.shape[2], 2), 1, 2) for x in (q, k, v))
    logits = q @ np.swapaxes(k, -1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if attn_logits_soft_cap:
        logits = np.tanh(logits / attn_logits_soft_cap) * attn_logits_soft_cap
    logits = logits if bias is None else logits + bias
    logits = logits if mask is None else np.where(mask, logits, -np.inf)
    if is_causal:
        logits = np.where(np.tril(np.ones(logits.shape[-2:], bool)), logits, -np.inf)
    return np.swapaxes(softmax(logits) @ v, 1, 2)


ATTENTIONS = {
    "plain": {},
    "bias": {"bias": BIAS},
    "mask": {"mask": MASK},
    "bias and mask": {"bias": BIAS, "mask": MASK},
    "scale": {"scale": 0.3},
    "causal": {"is_causal": True},
    "soft cap": {"attn_logits_soft_cap": 1.5},
}

CASES = [
    case("binary_crossentropy", TRUTHS, CHANCES, ref=binary_crossentropy, tol=SUM),
    case(
        "binary_crossentropy", TRUTHS, LOGITS[:2, :2], from_logits=True, ref=binary_crossentropy, note="logits", tol=SUM
    ),
    case(
        "binary_crossentropy",
        array([0.0, 1.0, 1.0, 0.0]),
        array([-200.0, 200.0, -200.0, 200.0]),
        from_logits=True,
        ref=binary_crossentropy,
        note="far logits",
        tol=SUM,
    ),
    case(
        "binary_crossentropy",
        array([0.0, 1.0, NAN]),
        array([NAN, 1.0, 0.5]),
        ref=binary_crossentropy,
        note="NaN goes through",
        tol=SUM,
        differentiable=False,
        dtypes=("float64",),
    ),
    case(
        "binary_crossentropy",
        array([1.0, 0.0]),
        array([NAN, NAN]),
        from_logits=True,
        ref=array([NAN, NAN]),
        note="NaN logits",
    ),
    case("categorical_crossentropy", TARGETS, PROBABILITIES, ref=categorical_crossentropy, tol=SUM),
    case(
        "categorical_crossentropy",
        TARGETS,
        PROBABILITIES * 3,
        ref=categorical_crossentropy,
        note="unnormalized",
        tol=SUM,
    ),
    case(
        "categorical_crossentropy",
        TARGETS,
        LOGITS,
        from_logits=True,
        ref=categorical_crossentropy,
        note="logits",
        tol=SUM,
    ),
    case(
        "categorical_crossentropy",
        TARGETS,
        LOGITS,
        from_logits=True,
        axis=0,
        ref=categorical_crossentropy,
        note="first axis",
        tol=SUM,
    ),
    case("sparse_categorical_crossentropy", LABELS, PROBABILITIES, ref=sparse_categorical_crossentropy, tol=SUM),
    case(
        "sparse_categorical_crossentropy",
        LABELS,
        LOGITS,
        from_logits=True,
        ref=sparse_categorical_crossentropy,
        note="logits",
        tol=SUM,
    ),
    case(
        "sparse_categorical_crossentropy",
        ints([[0, 2, 1], [1, 1, 2]]),
        distinct(2, 3, 3),
        from_logits=True,
        axis=1,
        ref=sparse_categorical_crossentropy,
        note="middle axis",
        tol=SUM,
    ),
    *(
        case("moments", IMAGE, axes=axes, keepdims=keep, ref=moments, note=f"{axes}{' kept' * keep}", tol=SUM)
        for axes in ((0, 1), (2,))
        for keep in (False, True)
    ),
    case("moments", IMAGE, axes=(0, 1), ref=moments, note="half types", dtypes=HALVES, tol=SUM),
    case(
        "batch_normalization",
        IMAGE,
        VECTORS[0],
        VARIANCE,
        -1,
        VECTORS[1],
        VECTORS[2],
        ref=batch_normalization,
        tol=ITERATED,
    ),
    case(
        "batch_normalization",
        IMAGE,
        VECTORS[0][:3],
        VARIANCE[:3],
        1,
        ref=batch_normalization,
        note="other axis, no scale",
        tol=ITERATED,
    ),
    case("layer_normalization", IMAGE, VECTORS[0], VECTORS[1], ref=layer_normalization, tol=ITERATED),
    case("layer_normalization", IMAGE, ref=layer_normalization, note="plain", tol=ITERATED),
    case(
        "layer_normalization",
        IMAGE,
        normal(3, 4),
        normal(3, 4, seed=1),
        axis=(1, 2),
        epsilon=1e-3,
        ref=layer_normalization,
        note="two axes",
        tol=ITERATED,
    ),
    case(
        "layer_normalization",
        IMAGE,
        VECTORS[0],
        VECTORS[1],
        ref=layer_normalization,
        note="half types",
        dtypes=HALVES,
        tol=SUM,
    ),
    case("rms_normalization", IMAGE, VECTORS[0], ref=rms_normalization, tol=ITERATED),
    *(
        case("normalize", IMAGE, axis=1, order=order, ref=normalize, note=f"order {order}", tol=SUM)
        for order in (1, 2, 3, math.inf)
    ),
    case(
        "normalize",
        array([[0.0, 0.0]]),
        ref=lambda x: x * 0,
        note="slope at 0 is finite",
        gradients=(array([[1e7, 1e7]]),),
    ),
    *(
        case("dot_product_attention", QUERY, KEY, VALUE, ref=attention, note=name, tol=ITERATED, **options)
        for name, options in ATTENTIONS.items()
    ),
    case(
        "dot_product_attention",
        normal(1, 2, 4, 3),
        normal(1, 2, 2, 3),
        normal(1, 2, 2, 3, seed=1),
        ref=attention,
        note="grouped queries",
        tol=ITERATED,
    ),
    case(
        "_attend",
        *(np.swapaxes(x, 1, 2) for x in (QUERY, KEY, VALUE)),
        None,
        0.5,
        None,
        tol=ITERATED,
        ref=lambda q, k, v, b, s, c: softmax(q @ np.swapaxes(k, -1, -2) * s) @ v,
    ),
    case(
        "_attend",
        *(np.swapaxes(x, 1, 2) for x in (QUERY, KEY, VALUE)),
        BIAS,
        0.5,
        2.0,
        note="bias and cap",
        tol=ITERATED,
        ref=lambda q, k, v, b, s, c: softmax(np.tanh(q @ np.swapaxes(k, -1, -2) * s / c) * c + b) @ v,
    ),
    # -- gradients and options of the crossentropies
    *(
        case(
            "categorical_crossentropy",
            distinct(2, 3, 2, scale=0.1) + 1.5,
            distinct(2, 3, 2, seed=1, scale=0.1) + 1.5,
            from_logits=logits,
            axis=axis,
            ref=categorical_crossentropy,
            note=f"axis {axis}, logits {logits}",
            tol=SUM,
        )
        for axis in (1, -1)
        for logits in (False, True)
    ),
    *(
        case(
            "sparse_categorical_crossentropy",
            ints(labels),
            0.1 * normal(2, 3, 4, seed=7) + 1.0,
            from_logits=logits,
            axis=axis,
            ref=lambda t, p, from_logits, axis: sparse_categorical_crossentropy(
                t.reshape([n for i, n in enumerate(p.shape) if i != axis % 3]), p, from_logits, axis
            ),
            note=f"labels {np.shape(labels)}, axis {axis}, logits {logits}",
            tol=SUM,
        )
        for axis, labels in (
            (-1, [[0, 3, 1], [2, 2, 0]]),
            (-1, [[[0], [3], [1]], [[2], [2], [0]]]),
            (1, [[0, 2, 1, 1], [2, 2, 0, 0]]),
            (1, [[[0, 2, 1, 1]], [[2, 2, 0, 0]]]),
        )
        for logits in (False, True)
    ),
    # -- normalization over other axes, without and with each parameter
    *(
        case(
            "batch_normalization",
            IMAGE,
            VECTORS[0],
            VARIANCE,
            2,
            *parameters,
            ref=batch_normalization,
            note=f"offset {parameters[0] is not None}, scale {parameters[1] is not None}",
            tol=ITERATED,
        )
        for parameters in ((VECTORS[1], None), (None, VECTORS[2]))
    ),
    case(
        "batch_normalization",
        np.moveaxis(IMAGE, -1, 1),
        *(x[:4] for x in (VECTORS[0], VARIANCE)),
        1,
        VECTORS[1],
        VECTORS[2],
        0.1,
        ref=batch_normalization,
        note="channels first, epsilon",
        tol=ITERATED,
    ),
    case(
        "layer_normalization", IMAGE, normal(3, 1), axis=[1], ref=layer_normalization, note="middle axis", tol=ITERATED
    ),
    case("layer_normalization", IMAGE, None, VECTORS[1], ref=layer_normalization, note="beta alone", tol=ITERATED),
    case("layer_normalization", array([[2.0, 2.0]]), ref=lambda x: x * 0, note="of a constant", differentiable=False),
    *(
        case(
            "rms_normalization",
            IMAGE,
            axis=axis,
            epsilon=epsilon,
            ref=rms_normalization,
            note=f"axis {axis}, epsilon {epsilon}",
            tol=ITERATED,
        )
        for axis, epsilon in ((1, None), ((1, 2), 1e-2), (-1, 0.5))
    ),
    case(
        "rms_normalization", 300 * IMAGE, VECTORS[0], ref=rms_normalization, note="half types", dtypes=HALVES, tol=SUM
    ),
    case(
        "rms_normalization",
        np.zeros((1, 3)),
        ref=lambda x: x,
        note="slope at 0 is finite",
        gradients=(np.full((1, 3), 1e7**0.5),),
        tol=SUM,
    ),
    *(
        case(
            "normalize", IMAGE, axis=axis, order=order, ref=normalized_over, note=f"axis {axis}, order {order}", tol=SUM
        )
        for axis in ((0, 2), (1, -1))
        for order in (1, 2)
    ),
    *(
        case(
            "moments",
            IMAGE,
            axes=axes,
            ref=lambda x, axes: moments(x, tuple(axes) if isinstance(axes, list) else axes),
            note=f"axes {axes}",
            tol=SUM,
        )
        for axes in (-1, [0, -1], 1)
    ),
    case(
        "moments",
        array([-741.0, 353.0, 1099.0, -1807.0]),
        axes=0,
        ref=(array(-274.0), array(65504.0)),
        note="beyond float16",
        dtypes=("float16",),
        tol=SUM,
        differentiable=False,
    ),
    case("moments", ints([1, 2, 4]), axes=0, ref=(array(7 / 3), array(14 / 9)), note="of integers", tol=SUM),
]
