"""Reductions and running totals: axes, empty axes, NaN, ties, and the dtype in which integers add up."""

from __future__ import annotations

import math

import numpy as np

from kerasfront.testing.case import HALVES, array, bools, case, distinct, ints, normal
from kerasfront.testing.tolerance import EXACT, FORMULA, ITERATED, SUM

NAN, INF = math.nan, math.inf
CUBE = distinct(2, 3, 2, seed=3)
TIES = array([[1.0, 3.0, 3.0], [NAN, 1.0, 2.0], [2.0, 2.0, 2.0]])
SMALL = array([[0.5, -1.2, 0.0], [1.5, 0.7, 2.0]])
LARGE = array([[1000.0, 1000.5], [-1000.0, -1001.0]])


def log_sum_exp(x, axis=None, keepdims=False):
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    total = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis)


def norm(x, axis=None, keepdims=False):
    return np.sqrt(np.sum(np.abs(x) ** 2, axis=axis, keepdims=keepdims))


REDUCTIONS = {
    "sum": (np.sum, SUM),
    "product": (np.prod, SUM),
    "reduce_max": (np.max, EXACT),
    "reduce_min": (np.min, EXACT),
    "max": (np.max, EXACT),
    "min": (np.min, EXACT),
    "prod": (np.prod, SUM),
    "mean": (np.mean, SUM),
    "var": (np.var, SUM),
    "std": (np.std, ITERATED),
    "logsumexp": (log_sum_exp, SUM),
    "norm_of_vector": (norm, SUM),
}
OF_INTEGERS = {"sum": np.sum, "product": np.prod, "reduce_max": np.max, "reduce_min": np.min}
SMALL_TYPES = {"int8": "int32", "int16": "int32", "uint8": "uint32", "bool": "int32"}

CASES = [
    *(case(name, CUBE, axis=(0, -1), ref=f, tol=tol, note="two axes") for name, (f, tol) in REDUCTIONS.items()),
    *(
        case(name, CUBE, axis=1, keepdims=True, ref=f, tol=tol, note="kept axis")
        for name, (f, tol) in REDUCTIONS.items()
    ),
    *(case(name, CUBE, ref=f, tol=tol, note="all axes") for name, (f, tol) in REDUCTIONS.items()),
    *(
        case(name, CUBE, axis=1, ref=f, tol=SUM, note="half types", dtypes=HALVES)
        for name, (f, _) in REDUCTIONS.items()
        if name != "product"
    ),
    *(
        case(name, ints([[3, -4, 5], [1, 2, -6]]), axis=0, ref=f, note="of integers", tol=EXACT)
        for name, f in OF_INTEGERS.items()
    ),
    *(
        case(
            "sum",
            ints([100, 100, 100], dtype) if dtype != "bool" else bools([1, 1, 0]),
            ref=lambda x: np.sum(x, dtype="int64"),
            note=f"of {dtype} in {wide}",
            tol=EXACT,
        )
        for dtype, wide in SMALL_TYPES.items()
    ),
    case("sum", np.zeros((2, 0)), axis=1, ref=np.sum, note="of nothing", tol=EXACT),
    case("product", np.zeros((2, 0)), axis=1, ref=np.prod, note="of nothing", tol=EXACT),
    case("product", array([2.0, 0.0, 3.0]), ref=np.prod, note="with a zero", tol=FORMULA),
    case("product", array([0.0, 0.0, 3.0]), ref=np.prod, note="with two zeros", tol=FORMULA),
    case("reduce_max", TIES, axis=1, ref=np.max, note="NaN wins", tol=EXACT, differentiable=False),
    case("reduce_min", TIES, axis=1, ref=np.min, note="NaN wins", tol=EXACT, differentiable=False),
    case(
        "reduce_max",
        array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]),
        axis=1,
        ref=np.max,
        note="ties share the slope",
        gradients=(array([[0, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3]]),),
    ),
    case(
        "reduce_min",
        array([[1.0, 1.0, 3.0]]),
        axis=1,
        ref=np.min,
        note="ties share the slope",
        gradients=(array([[0.5, 0.5, 0]]),),
    ),
    case(
        "max",
        CUBE,
        axis=0,
        initial=1.0,
        ref=lambda x, axis, initial: np.max(x, axis=axis, initial=initial),
        note="initial",
        tol=EXACT,
    ),
    case(
        "min",
        np.zeros((0, 2)),
        axis=0,
        initial=1.0,
        ref=lambda x, axis, initial: np.min(x, axis=axis, initial=initial),
        note="of nothing",
        tol=EXACT,
    ),
    *(
        case(name, bools([[True, False], [False, False], [True, True]]), axis=1, ref=f, tol=EXACT)
        for name, f in {"any": np.any, "all": np.all}.items()
    ),
    *(
        case(name, array([[0.0, 2.0], [NAN, 1.0]]), ref=f, note="of numbers", tol=EXACT)
        for name, f in {"any": np.any, "all": np.all}.items()
    ),
    *(
        case(name, np.zeros((2, 0), "bool"), axis=1, ref=f, note="of nothing", tol=EXACT)
        for name, f in {"any": np.any, "all": np.all}.items()
    ),
    *(
        case(name, TIES, axis=axis, ref=f, note=f"first of ties and NaN, axis {axis}", tol=EXACT)
        for name, f in {"argmax": np.argmax, "argmin": np.argmin}.items()
        for axis in (None, 0, -1)
    ),
    *(
        case(name, CUBE, axis=1, keepdims=True, ref=f, note="kept axis", tol=EXACT)
        for name, f in {"argmax": np.argmax, "argmin": np.argmin}.items()
    ),
    *(
        case(name, ints([[3, 7, 7], [-1, -5, -5]]), axis=1, ref=f, note="of integers", tol=EXACT)
        for name, f in {"argmax": np.argmax, "argmin": np.argmin}.items()
    ),
    *(
        case(name, CUBE, 1, ref=f, tol=SUM)
        for name, f in {"running_sum": np.cumsum, "running_product": np.cumprod}.items()
    ),
    *(
        case(name, SMALL, axis=None, ref=f, note="flat", tol=SUM)
        for name, f in {"cumsum": np.cumsum, "cumprod": np.cumprod}.items()
    ),
    *(
        case(name, SMALL, axis=-1, ref=f, note="last axis", tol=SUM)
        for name, f in {"cumsum": np.cumsum, "cumprod": np.cumprod}.items()
    ),
    case("running_sum", bools([True, False, True]), 0, ref=np.cumsum, note="of bool", tol=EXACT),
    case(
        "running_sum",
        ints([1, 2, 3], "int8"),
        0,
        "int32",
        ref=lambda x, axis, dtype: np.cumsum(x, axis),
        note="asked dtype",
        tol=EXACT,
    ),
    case("running_product", ints([1, -2, 3]), 0, ref=np.cumprod, note="of integers", tol=EXACT),
    case("mean", ints([[1, 2], [4, 5]]), ref=np.mean, note="of integers"),
    case("mean", bools([True, False, True, True]), ref=np.mean, note="of bool"),
    case("mean", array([60000.0, 60000.0]), ref=np.mean, note="of large half types", dtypes=("float16",)),
    case("logsumexp", LARGE, axis=1, ref=log_sum_exp, note="without overflow"),
    case(
        "logsumexp",
        array([[-INF, -INF], [-INF, 1.0]]),
        axis=1,
        ref=log_sum_exp,
        note="of infinities",
        differentiable=False,
    ),
    case("norm_of_vector", array([0.0, 0.0]), ref=norm, note="slope at 0", gradients=(array([0, 0]),)),
    case("count_nonzero", array([[0.0, 1.0, NAN], [0.0, 0.0, -2.0]]), axis=1, ref=np.count_nonzero, tol=EXACT),
    case(
        "var",
        normal(5) + 10000.0,
        ref=np.var,
        note="far from 0",
        dtypes=("float64",),
        tol=ITERATED,
        differentiable=False,
    ),
]
