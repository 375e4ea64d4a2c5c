"""Reductions where engines are known to differ: integer widths, nothing, infinities, ties, zeros, sums of halves."""

from __future__ import annotations

import math

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import HALVES, array, bools, case, distinct, ints, normal
from kerasfront.testing.cases.reductions import log_sum_exp, norm
from kerasfront.testing.tolerance import EXACT, FORMULA, ITERATED, SUM

NAN, INF = math.nan, math.inf
CUBE = distinct(2, 3, 2, seed=31)
INTEGERS = ("int8", "uint8", "int16", "uint32", "int64")
EXTREMA = {"max": np.max, "min": np.min}
PLACES = {"argmax": np.argmax, "argmin": np.argmin}
RUNNING = {"cumsum": np.cumsum, "cumprod": np.cumprod}
LOGICAL = {"any": np.any, "all": np.all}
ONES = array([1.0] * 300)


def in_int64(function):
    """Totals of NumPy's in the widest integers."""
    return lambda x, *args, **kwargs: function(x.astype("int64"), *args, **kwargs)


def of_dtype(dtype):
    return bools([[1, 0], [1, 1]]) if dtype == "bool" else ints([[3, 5], [2, 0]], dtype)


CASES = [
    # dtypes
    *(
        case(name, of_dtype(dtype), axis=1, ref=f, note=f"of {dtype}", tol=EXACT)
        for name, f in {**EXTREMA, **PLACES}.items()
        for dtype in (*INTEGERS, "bool")
    ),
    *(
        case(name, of_dtype(dtype), axis=0, ref=in_int64(f), note=f"of {dtype} along 0", tol=EXACT)
        for name, f in {"sum": np.sum, "prod": np.prod}.items()
        for dtype in (*INTEGERS, "bool")
    ),
    *(
        case(name, of_dtype(dtype), axis=0, ref=in_int64(f), note=f"of {dtype}", tol=EXACT)
        for name, f in RUNNING.items()
        for dtype in ("uint8", "int64", "bool")
    ),
    *(
        case(
            name,
            of_dtype("int8"),
            axis=1,
            dtype=dtype,
            ref=lambda x, axis, dtype, f=f: f(x.astype("int64"), axis),
            note=f"of int8 in {dtype}",
            tol=EXACT,
        )
        for name, f in {**RUNNING, "prod": np.prod}.items()
        for dtype in ("int32", "float32")
    ),
    *(
        case(
            name,
            of_dtype(dtype),
            axis=1,
            ref=lambda x, axis, f=f: f(x.astype("float64"), axis),
            note=f"of {dtype} in floats",
            tol=SUM,
        )
        for name, f in {"mean": np.mean, "var": np.var, "std": np.std, "logsumexp": log_sum_exp}.items()
        for dtype in ("int8", "uint8", "bool")
    ),
    case("sum", ints([200, 100], "uint8"), ref=in_int64(np.sum), note="of uint8 beyond 255", tol=EXACT),
    case("prod", ints([100, 100], "int8"), ref=in_int64(np.prod), note="of int8 beyond 127", tol=EXACT),
    case("sum", ints([2**31 - 1, 1]), ref=ints(-(2**31)), note="of int32 wraps", tol=EXACT),
    *(
        case(name, ONES, ref=f, note="of halves adds up wide", dtypes=HALVES, tol=EXACT)
        for name, f in {"sum": np.sum, "mean": np.mean}.items()
    ),
    case(
        "var",
        array([250.0, 251.0, 252.0, 253.0] * 50),
        ref=np.var,
        note="of halves far from 0",
        dtypes=("float16",),
        tol=SUM,
    ),
    # nothing
    *(
        case(name, np.zeros((2, 0, 3)), axis=axis, keepdims=keep, ref=f, note=f"of nothing, {axis}, {keep}", tol=EXACT)
        for name, f in {"sum": np.sum, "prod": np.prod, "any": np.any, "all": np.all}.items()
        for axis, keep in ((1, False), (1, True), ((0, 1), False))
    ),
    *(
        case(name, np.zeros((0, 2)), axis=1, ref=f, note="no rows", tol=EXACT)
        for name, f in {"max": np.max, "min": np.min, "argmax": np.argmax, "mean": np.mean, "std": np.std}.items()
    ),
    *(
        case(name, np.zeros((2, 0)), axis=1, ref=array([NAN, NAN]), note="of nothing is NaN", tol=EXACT)
        for name in ("mean", "var", "std")
    ),
    *(case(name, np.zeros((2, 0)), axis=1, ref=f, note="of nothing", tol=EXACT) for name, f in RUNNING.items()),
    *(
        case(name, CUBE, axis=(), ref=lambda x, axis: x, note="no axes", tol=EXACT)
        for name in ("sum", "max", "mean", "prod")
    ),
    *(
        case(name, array(2.5), ref=lambda x: x, note="of a scalar", tol=EXACT)
        for name in ("sum", "max", "min", "mean", "prod")
    ),
    # infinities, NaN, ties
    *(
        case(
            name,
            array([[1.0, INF], [-INF, INF], [NAN, INF]]),
            axis=1,
            ref=f,
            note="of infinities",
            tol=EXACT,
            differentiable=False,
        )
        for name, f in {"sum": np.sum, "max": np.max, "min": np.min, "argmax": np.argmax, "argmin": np.argmin}.items()
    ),
    *(
        case(name, array([[NAN, NAN], [2.0, NAN]]), axis=1, ref=f, note="first NaN", tol=EXACT)
        for name, f in PLACES.items()
    ),
    *(
        case(name, array([-0.0, 0.0]), ref=f, note="zeros of both signs are equal", tol=EXACT)
        for name, f in PLACES.items()
    ),
    *(
        case(
            name,
            array([[2.0, 5.0, 5.0], [5.0, 2.0, 2.0]]),
            axis=0,
            keepdims=True,
            ref=f,
            note="ties along 0",
            tol=EXACT,
        )
        for name, f in PLACES.items()
    ),
    *(case(name, CUBE, axis=1, ref=f, note="half types", dtypes=HALVES, tol=EXACT) for name, f in PLACES.items()),
    *(
        case(
            name,
            array([[1.0, NAN]]),
            axis=1,
            initial=0.0,
            ref=array([NAN]),
            note="initial beside NaN",
            tol=EXACT,
            differentiable=False,
        )
        for name in EXTREMA
    ),
    case(
        "max",
        CUBE,
        axis=(0, 2),
        keepdims=True,
        initial=0.2,
        ref=lambda x, axis, keepdims, initial: np.max(x, axis=axis, keepdims=True, initial=initial),
        note="initial, kept axes",
        tol=EXACT,
    ),
    case(
        "min",
        ints([[3, 4]]),
        initial=1,
        ref=lambda x, initial: np.min(x, initial=initial),
        note="initial of integers",
        tol=EXACT,
    ),
    *(
        case(name, bools([[[1, 0], [1, 1]]]), axis=axis, keepdims=keep, ref=f, note=f"{axis}, {keep}", tol=EXACT)
        for name, f in LOGICAL.items()
        for axis, keep in ((None, True), ((0, 1), False), (-1, True))
    ),
    *(
        case(
            "count_nonzero",
            ints([[1, 0, 2], [0, 0, 3]]),
            axis=axis,
            ref=np.count_nonzero,
            note=f"of integers, {axis}",
            tol=EXACT,
        )
        for axis in (None, 0, (0, 1))
    ),
    case("count_nonzero", bools([True, False]), ref=np.count_nonzero, note="of bool", tol=EXACT),
    case(
        "logsumexp",
        array([[-INF, -INF]]),
        axis=1,
        keepdims=True,
        ref=log_sum_exp,
        note="of zeros, kept",
        tol=EXACT,
        differentiable=False,
    ),
    case(
        "logsumexp",
        array([[INF, 1.0], [NAN, 1.0]]),
        axis=1,
        ref=array([INF, NAN]),
        note="of infinity and NaN",
        tol=EXACT,
        differentiable=False,
    ),
    case("logsumexp", CUBE, axis=(0, 2), keepdims=True, ref=log_sum_exp, note="two kept axes", tol=SUM),
    # slopes
    *(
        case(name, array([2.0, 2.0, 2.0]), ref=f, note="slope at a constant", gradients=(array([0, 0, 0]),))
        for name, f in {"std": np.std, "var": np.var}.items()
    ),
    case(
        "std",
        array([[1.0, 1.0], [1.0, 3.0]]),
        axis=1,
        ref=np.std,
        note="a constant row",
        gradients=(array([[0, 0], [-0.5, 0.5]]),),
    ),
    case(
        "max",
        array([1.0, 1.0, 1.0, 0.0]),
        ref=np.max,
        note="slope at ties",
        gradients=(array([1 / 3, 1 / 3, 1 / 3, 0]),),
    ),
    case(
        "max",
        array([1.0, 0.0]),
        initial=1.0,
        ref=lambda x, initial: np.max(x, initial=initial),
        note="slope at the initial value",
        gradients=(array([0.5, 0]),),
    ),
    case(
        "norm_of_vector",
        array([[0.0, 0.0], [3.0, 4.0]]),
        axis=1,
        ref=norm,
        note="slope of one row at 0",
        gradients=(array([[0, 0], [0.6, 0.8]]),),
    ),
    *(
        case("cumprod", array(values), axis=0, ref=np.cumprod, note=note, tol=FORMULA)
        for note, values in {
            "a zero": [2.0, 0.0, 3.0, 1.5],
            "two zeros": [2.0, 0.0, 3.0, 0.0, 1.5],
            "zero first": [0.0, 2.0],
        }.items()
    ),
    *(
        case(name, CUBE, axis=axis, ref=f, note=f"along {axis} of three", tol=SUM)
        for name, f in RUNNING.items()
        for axis in (0, 1)
    ),
    case("prod", array([[0.0, 2.0], [0.0, 0.0]]), axis=1, ref=np.prod, note="slope at zeros", tol=FORMULA),
    case("mean", CUBE, axis=(0, 1), ref=np.mean, note="leading axes", tol=SUM),
    case("var", normal(2, 3, 2), axis=(0, 2), keepdims=True, ref=np.var, note="two kept axes", tol=SUM),
    case("std", normal(2, 3), axis=0, keepdims=True, ref=np.std, note="kept first axis", tol=ITERATED),
    case(
        "where",
        array([-1.0, 0.0, 2.0]),
        ref=lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0),
        note="guarded logarithm",
        gradients=(array([0, 0, 0.5]),),
        call=lambda x: ops.where(x > 0, ops.log(ops.where(x > 0, x, ops.ones_like(x))), ops.zeros_like(x)),
    ),
]
