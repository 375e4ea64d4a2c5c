"""Activations by their formulas, where a naive formula overflows, cancels or loses NaN, and at their kinks."""

from __future__ import annotations

import math

import numpy as np

from kerasfront.testing.case import HALVES, array, case, distinct, ints, normal
from kerasfront.testing.cases.elementwise import erf
from kerasfront.testing.tolerance import FORMULA, SUM

NAN = math.nan
X = array([[-4.3, -1.7, -0.3, 0.2], [0.7, 1.4, 3.6, 7.2]])
FAR = array([-90.0, -8.0, 8.0, 90.0])
ROWS = distinct(3, 4, scale=0.23)
ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def logistic(x):
    """Exact in the lower tail as well."""
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def softplus(x):
    return np.logaddexp(0, x)


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def gelu(x, approximate=True):
    if approximate:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


def hard_sigmoid(x):
    return np.clip(x / 6 + 0.5, 0, 1)


def softmax(x, axis=-1):
    powers = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def sparsemax(x, axis=-1):
    """The projection on the simplex by bisection of the threshold."""
    low, high = x.min(axis=axis, keepdims=True) - 1, x.max(axis=axis, keepdims=True)
    for _ in range(100):
        middle = (low + high) / 2
        above = np.maximum(x - middle, 0).sum(axis=axis, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.maximum(x - low, 0)


def glu(x, axis=-1):
    value, gate = np.split(x, 2, axis)
    return value * sigmoid(gate)


def sparse_plus(x):
    return np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4))


def squareplus(x, b=4):
    return (x + np.sqrt(x * x + b)) / 2


PLAIN = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "elu": elu,
    "selu": lambda x: SCALE * elu(x, ALPHA),
    "celu": elu,
    "sigmoid": sigmoid,
    "log_sigmoid": lambda x: -softplus(-x),
    "softplus": softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "silu": lambda x: x * sigmoid(x),
    "gelu": gelu,
    "squareplus": squareplus,
    "soft_shrink": lambda x: np.where(np.abs(x) > 0.5, x - 0.5 * np.sign(x), 0),
    "hard_shrink": lambda x: np.where(np.abs(x) > 0.5, x, 0),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": lambda x: x * hard_sigmoid(x),
    "sparse_plus": sparse_plus,
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
}
ALONG = {"softmax": softmax, "log_softmax": log_softmax, "sparsemax": sparsemax, "glu": glu}
SMOOTH_FAR = {
    "sigmoid": logistic,
    "log_sigmoid": lambda x: -softplus(-x),
    "softplus": softplus,
    "elu": elu,
    "silu": lambda x: x * logistic(x),
}

CASES = [
    *(case(name, X, ref=f, tol=FORMULA) for name, f in PLAIN.items()),
    *(case(name, X, ref=f, tol=SUM, note="half types", dtypes=HALVES) for name, f in PLAIN.items()),
    *(
        case(name, ints([-2, 0, 3]), ref=lambda x, f=f: f(x * 1.0), tol=FORMULA, note="of integers")
        for name, f in PLAIN.items()
    ),
    *(
        case(
            name,
            array([NAN, 1.0]),
            ref=lambda x, f=f: np.where(np.isnan(x), NAN, f(x)),
            tol=FORMULA,
            note="NaN goes through",
            differentiable=False,
        )
        for name, f in PLAIN.items()
    ),
    *(case(name, FAR, ref=f, tol=FORMULA, note="far out") for name, f in SMOOTH_FAR.items()),
    *(case(name, ROWS, ref=f, tol=SUM) for name, f in ALONG.items()),
    *(case(name, 0.6 * normal(2, 4, 3), axis=1, ref=f, tol=SUM, note="middle axis") for name, f in ALONG.items()),
    *(case(name, ROWS, ref=f, tol=SUM, note="half types", dtypes=HALVES) for name, f in ALONG.items()),
    *(
        case(name, array([[1000.0, 0.0, -1000.0]]), ref=f, tol=SUM, note="without overflow")
        for name, f in ALONG.items()
        if "soft" in name
    ),
    *(
        case(name, array([[NAN, 0.0], [1.0, 2.0]]), ref=f, tol=SUM, note="NaN stays in its row", differentiable=False)
        for name, f in ALONG.items()
        if "soft" in name
    ),
    case("softmax", ints([[1, 2, 3]]), ref=lambda x: softmax(x * 1.0), tol=SUM, note="of integers"),
    *(
        case(name, distinct(2, 2, 3), axis=axis, ref=f, tol=SUM, note=f"axis {axis}")
        for name, f in (("softmax", softmax), ("log_softmax", log_softmax))
        for axis in ((0, 2), (-1,), (2, -2), None)
    ),
    *(
        case(
            name,
            array([[-math.inf, 0.5], [-math.inf, -math.inf], [0.1, math.inf]]),
            ref=f,
            tol=SUM,
            note="infinite logits",
            differentiable=False,
        )
        for name, f in (("softmax", softmax), ("log_softmax", log_softmax))
    ),
    case(
        "softmax",
        array([[-math.inf, 0.0, 0.0]]),
        ref=softmax,
        note="slope beside -inf",
        gradients=(array([[0, 0, 0]]),),
    ),
    case("gelu", X, approximate=False, ref=gelu, tol=FORMULA, note="exact"),
    case(
        "leaky_relu",
        X,
        negative_slope=-0.1,
        ref=lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
        note="other slope",
    ),
    case("elu", X, alpha=0.3, ref=elu, tol=FORMULA, note="other alpha"),
    case(
        "celu",
        X,
        alpha=2.0,
        ref=lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha)),
        tol=FORMULA,
        note="other alpha",
    ),
    case(
        "squareplus",
        array([-300.0, -40.0]),
        ref=lambda x: 2 / (np.sqrt(x * x + 4) - x),
        tol=FORMULA,
        note="without cancellation",
    ),
    case("threshold", X, 0.5, -1.0, ref=lambda x, t, v: np.where(x > t, x, v), tol=FORMULA),
    # -- kinks: one slope on all engines
    case(
        "relu",
        array([-1.0, 0.0, 1.0]),
        ref=lambda x: np.maximum(x, 0),
        note="slope at 0",
        gradients=(array([0, 0, 1]),),
    ),
    case(
        "relu6",
        array([0.0, 3.0, 6.0]),
        ref=lambda x: np.clip(x, 0, 6),
        note="slope at the bends",
        gradients=(array([0, 1, 0]),),
    ),
    case("leaky_relu", array([0.0]), ref=lambda x: x * 0.2, note="slope at 0", gradients=(array([0.2]),)),
    case("elu", array([0.0, 800.0]), ref=elu, note="slope at 0 and far out", gradients=(array([1, 1]),)),
    case(
        "hard_tanh",
        array([-1.0, 1.0, 1.5]),
        ref=lambda x: np.clip(x, -1, 1),
        note="slope at the bounds",
        gradients=(array([1, 1, 0]),),
    ),
    case("softplus", array([0.0, 200.0, -200.0]), ref=softplus, note="slope", gradients=(array([0.5, 1, 0]),)),
]
