"""Quantiles, averages, histograms, correlation, differences: methods, NaN, infinities, edges of bins, ties."""

from __future__ import annotations

import functools
import math

import numpy as np

from kerasfront.testing.case import HALVES, array, bools, case, distinct, ints, normal
from kerasfront.testing.tolerance import EXACT, FORMULA, SUM

NAN, INF = math.nan, math.inf
CUBE = distinct(2, 3, 4, seed=11)
MATRIX = distinct(3, 5, seed=12)
VECTOR = distinct(7, seed=13)
HOLES = array([[0.5, NAN, -1.2, 3.1], [NAN, 2.0, 0.25, -0.7], [1.5, 1.1, 4.0, 2.5]])
METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def quiet(function):
    """A function of NumPy's that warns where there is nothing to count."""

    @functools.wraps(function)
    def run(*args, **kwargs):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*args, **kwargs)

    return run


def average(x, axis=None, weights=None):
    return np.average(x, axis=axis, weights=weights)


def distances(x, y):
    return np.sqrt(((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1))


def histogram(x, bins=10, range=None):
    return np.histogram(x, bins, range)


def in_top_k(targets, predictions, k):
    found = []
    for target, scores in zip(targets, predictions, strict=True):
        known = 0 <= target < len(scores) and np.isfinite(scores[target])
        found.append(bool(known and (scores > scores[target]).sum() < k))
    return np.array(found)


def multi_hot(x, n, axis=-1, dtype=None):
    hot = np.moveaxis((x[..., None] == np.arange(n)) * 1.0, -1, axis)
    return hot.max(1 if x.ndim > 1 else 0, initial=0)


QUANTILES = {"quantile": (np.quantile, 1.0), "percentile": (np.percentile, 100.0)}
OF_NUMBERS = {"nanquantile": (np.nanquantile, 1.0), "nanpercentile": (np.nanpercentile, 100.0)}
AXES = {"all": None, "first": 0, "last": -1, "two": (0, 2)}

CASES = [
    # quantiles
    *(
        case(name, MATRIX, 0.3 * scale, axis=1, method=method, ref=f, note=method, tol=FORMULA)
        for name, (f, scale) in QUANTILES.items()
        for method in METHODS
    ),
    *(
        case(name, HOLES, 0.3 * scale, axis=1, method=method, ref=f, note=method, tol=FORMULA)
        for name, (f, scale) in OF_NUMBERS.items()
        for method in METHODS
    ),
    *(
        case(
            "quantile",
            CUBE,
            (0.0, 0.25, 1.0),
            axis=axis,
            keepdims=keep,
            ref=np.quantile,
            note=f"{name}, {keep}",
            tol=FORMULA,
        )
        for name, axis in AXES.items()
        for keep in (False, True)
    ),
    *(
        case(
            "nanquantile", CUBE, (0.0, 0.25, 1.0), axis=axis, keepdims=True, ref=np.nanquantile, note=name, tol=FORMULA
        )
        for name, axis in AXES.items()
    ),
    *(
        case(
            "quantile",
            array([0.0, 1.0, 2.0, 3.0]),
            q,
            method="nearest",
            ref=np.quantile,
            note=f"half way at {q}",
            tol=EXACT,
        )
        for q in (0.5, 1 / 6, 5 / 6)
    ),
    case(
        "quantile",
        MATRIX,
        array([0.25, 0.75]),
        axis=0,
        ref=np.quantile,
        note="fractions in a tensor",
        tol=FORMULA,
        differentiable=False,
    ),
    case("quantile", ints([[3, 1], [2, 9]]), 0.5, ref=np.quantile, note="of integers", tol=FORMULA),
    case("quantile", MATRIX, 0.4, axis=1, ref=np.quantile, note="half types", dtypes=HALVES, tol=SUM),
    case("quantile", HOLES, 0.5, axis=1, ref=np.quantile, note="NaN wins", tol=FORMULA, differentiable=False),
    case(
        "quantile",
        array([-INF, 1.0, INF, INF]),
        (0.0, 1 / 3, 2 / 3, 1.0),
        ref=array([-INF, 1.0, INF, INF]),
        note="of infinities",
        tol=FORMULA,
        differentiable=False,
    ),
    case("quantile", array([2.5]), (0.0, 0.3, 1.0), ref=np.quantile, note="of one value", tol=FORMULA),
    case(
        "quantile",
        array([[2.0, 2.0, 2.0]]),
        0.25,
        axis=1,
        ref=np.quantile,
        note="slope at ties",
        gradients=(array([[0.5, 0.5, 0.0]]),),
    ),
    case(
        "nanquantile",
        array([[NAN, NAN], [1.0, NAN]]),
        0.5,
        axis=1,
        ref=quiet(np.nanquantile),
        note="of nothing",
        tol=FORMULA,
        differentiable=False,
    ),
    case(
        "nanquantile",
        array([[NAN, 4.0, 1.0]]),
        (0.0, 0.5, 1.0),
        axis=1,
        ref=np.nanquantile,
        note="of two",
        gradients=(array([[0.0, 1.5, 1.5]]),),
    ),
    *(
        case(name, CUBE, axis=axis, keepdims=keep, ref=f, note=f"{note}, {keep}", tol=FORMULA)
        for name, f in {"median": np.median, "nanmedian": np.nanmedian}.items()
        for note, axis in AXES.items()
        for keep in (False, True)
    ),
    case("median", VECTOR, ref=np.median, note="of an odd number", tol=FORMULA),
    case("median", ints([4, 1, 3, 2]), ref=np.median, note="of integers", tol=FORMULA),
    case("median", bools([True, False, True]), ref=lambda x: np.median(x * 1.0), note="of bool", tol=FORMULA),
    case("median", HOLES, axis=0, ref=quiet(np.median), note="NaN wins", tol=FORMULA, differentiable=False),
    case("nanmedian", HOLES, axis=0, ref=np.nanmedian, note="without NaN", tol=FORMULA),
    case("median", array([1.0, 1.0, 5.0]), ref=np.median, note="slope at ties", gradients=(array([0.0, 1.0, 0.0]),)),
    # averages and differences
    *(case("average", CUBE, axis=axis, ref=average, note=name, tol=SUM) for name, axis in AXES.items()),
    case(
        "average",
        MATRIX,
        axis=1,
        weights=array([0.5, 1.0, 2.0, 0.1, 0.7]),
        ref=average,
        note="weights in a vector",
        tol=SUM,
    ),
    case("average", MATRIX, weights=np.abs(MATRIX) + 0.5, ref=average, note="weights of the shape", tol=SUM),
    case("average", CUBE, axis=(0, 2), weights=np.abs(CUBE) + 0.5, ref=average, note="weights and two axes", tol=SUM),
    case("average", ints([1, 2, 3, 4]), ref=average, note="of integers", tol=SUM),
    case("average", ints([1, 2, 3]), weights=ints([3, 2, 1]), ref=average, note="of integers with weights", tol=SUM),
    case(
        "average",
        MATRIX,
        axis=0,
        weights=array([1.0, 2.0, 0.5]),
        ref=average,
        note="half types",
        dtypes=HALVES,
        tol=SUM,
    ),
    *(
        case("ptp", CUBE, axis=axis, keepdims=keep, ref=np.ptp, note=f"{name}, {keep}", tol=FORMULA)
        for name, axis in AXES.items()
        for keep in (False, True)
    ),
    case("ptp", ints([[3, -2], [7, 7]], "int8"), axis=1, ref=np.ptp, note="of int8", tol=EXACT),
    case("ptp", HOLES, axis=1, ref=np.ptp, note="NaN wins", tol=FORMULA, differentiable=False),
    *(
        case("diff", CUBE, n=n, axis=axis, ref=np.diff, note=f"{n} along {axis}", tol=FORMULA)
        for n in (0, 1, 2)
        for axis in (0, 1, -1)
        if not (n == 2 and axis == 0)
    ),
    case("diff", CUBE, n=2, axis=0, ref=np.diff, note="nothing left", tol=FORMULA, differentiable=False),
    case("diff", ints([5, 2, 9]), ref=np.diff, note="of integers", tol=EXACT),
    case("diff", ints([5, 2, 9], "uint8"), ref=np.diff, note="of uint8 wraps", tol=EXACT),
    case("diff", bools([True, True, False]), ref=np.diff, note="of bool", tol=EXACT),
    *(case("trapezoid", CUBE, axis=axis, ref=np.trapezoid, note=f"along {axis}", tol=SUM) for axis in (0, 1, -1)),
    case("trapezoid", CUBE, dx=0.25, ref=np.trapezoid, note="dx", tol=SUM),
    case("trapezoid", MATRIX, array([0.0, 0.5, 2.0, 2.5, 4.0]), ref=np.trapezoid, note="places", tol=SUM),
    case(
        "trapezoid",
        MATRIX,
        array([0.0, 0.5, 2.0]),
        axis=0,
        ref=lambda y, x, axis: np.trapezoid(y, x, axis=axis),
        note="places along the first",
        tol=SUM,
    ),
    case("trapezoid", MATRIX, np.cumsum(np.abs(MATRIX), 1), ref=np.trapezoid, note="places of the shape", tol=SUM),
    case("trapezoid", ints([1, 2, 4]), ref=np.trapezoid, note="of integers", tol=SUM),
    case("trapezoid", array([3.0]), ref=np.trapezoid, note="of one value", tol=SUM),
    # distance and correlation
    case("cdist", normal(3, 2), normal(4, 2, seed=1), ref=distances, tol=SUM),
    case("cdist", normal(2, 3, 2), normal(2, 1, 2), ref=distances, note="batches", tol=SUM),
    case("cdist", ints([[0, 0], [3, 4]]), ints([[0, 0]]), ref=distances, note="of integers", tol=SUM),
    case(
        "cdist",
        array([[1.0, 2.0]]),
        array([[1.0, 2.0]]),
        ref=distances,
        note="slope at 0",
        gradients=(array([[0, 0]]), array([[0, 0]])),
    ),
    case("corrcoef", normal(3, 6), ref=np.corrcoef, tol=SUM),
    case("corrcoef", normal(1, 6)[0], ref=np.corrcoef, note="one variable", tol=SUM, differentiable=False),
    case("corrcoef", ints([[1, 2, 3], [3, 2, 0]]), ref=np.corrcoef, note="of integers", tol=SUM),
    case(
        "corrcoef",
        array([[1.0, 2.0], [3.0, 5.0], [2.0, -2.0]]),
        ref=np.corrcoef,
        note="within -1 to 1",
        tol=SUM,
        differentiable=False,
    ),
    *(
        case(
            "correlate",
            normal(m, seed=m),
            normal(n, seed=n + 9),
            mode=mode,
            ref=np.correlate,
            note=f"{mode}, {m} and {n}",
            tol=SUM,
        )
        for mode in ("valid", "same", "full")
        for m, n in ((5, 3), (3, 5), (4, 4), (6, 2), (2, 6), (1, 1))
    ),
    case("correlate", ints([1, 2, 3]), ints([0, 1]), ref=np.correlate, note="of integers", tol=SUM),
    # counting
    case("digitize", array([-1.0, 0.0, 0.5, 1.0, 9.0, NAN]), array([0.0, 1.0, 2.0]), ref=np.digitize, tol=EXACT),
    case("digitize", ints([[0, 3], [5, 4]]), ints([1, 3, 5]), ref=np.digitize, note="of integers", tol=EXACT),
    case("digitize", ints([0, 3]), array([0.5, 2.5]), ref=np.digitize, note="of integers by floats", tol=EXACT),
    case("bincount", ints([1, 2, 2, 5]), ref=np.bincount, tol=EXACT, compiled=False),
    case("bincount", ints([1, 2, 2, 5]), minlength=8, ref=np.bincount, note="minlength", tol=EXACT),
    case(
        "bincount",
        ints([1, 2, 2]),
        minlength=2,
        ref=np.bincount,
        note="longer than minlength",
        tol=EXACT,
        compiled=False,
    ),
    case("bincount", ints([0, 2, 2]), array([0.5, 1.5, -0.25]), minlength=4, ref=np.bincount, note="weights", tol=SUM),
    case(
        "bincount",
        ints([0, 2, 2]),
        ints([3, 4, 5]),
        minlength=4,
        ref=lambda x, w, minlength: np.bincount(x, w, minlength).astype("int32"),
        note="integer weights",
        tol=EXACT,
    ),
    case("bincount", ints([], "int32"), minlength=2, ref=np.bincount, note="of nothing", tol=EXACT),
    *(
        case("bincount", ints([1, 0, 1], dtype), minlength=3, ref=np.bincount, note=f"of {dtype}", tol=EXACT)
        for dtype in ("uint8", "int64")
    ),
    case(
        "histogram",
        array([0.5, 1.0, 2.5, 4.0, 4.5, 5.0]),
        bins=5,
        range=(0, 5),
        ref=histogram,
        note="upper edge belongs to the last",
        tol=FORMULA,
        differentiable=False,
    ),
    case("histogram", normal(20), bins=4, ref=histogram, note="range of the values", tol=FORMULA, differentiable=False),
    case("histogram", ints([[1, 5], [2, 3]]), bins=4, ref=histogram, note="of integers", tol=FORMULA),
    case(
        "histogram",
        array([-1.0, 0.5, 7.0]),
        bins=2,
        range=(0.0, 1.0),
        ref=histogram,
        note="values beyond",
        tol=FORMULA,
        differentiable=False,
    ),
    case("histogram", array([3.0, 3.0]), bins=2, ref=histogram, note="of one value", tol=FORMULA, differentiable=False),
    case(
        "histogram",
        array([0.2, NAN, 0.9]),
        bins=2,
        range=(0.0, 1.0),
        ref=histogram,
        note="NaN in no bin",
        tol=FORMULA,
        differentiable=False,
    ),
    case("histogram", np.zeros((0,)), bins=3, ref=histogram, note="of nothing", tol=FORMULA, differentiable=False),
    case(
        "in_top_k",
        ints([2, 0, 1]),
        array([[0.1, 0.4, 0.6], [0.9, 0.95, 0.1], [0.5, 0.2, 0.3]]),
        2,
        ref=in_top_k,
        tol=EXACT,
    ),
    case("in_top_k", ints([0, 1, 2]), array([[1.0, 1.0, 1.0]] * 3), 1, ref=in_top_k, note="ties are in", tol=EXACT),
    case("in_top_k", ints([-1, 3, 0]), array([[1.0, 2.0, 3.0]] * 3), 3, ref=in_top_k, note="out of range", tol=EXACT),
    case("in_top_k", ints([0, 0]), array([[NAN, 1.0], [INF, 1.0]]), 1, ref=in_top_k, note="not finite", tol=EXACT),
    *(
        case(
            "isin",
            ints([[0, 1], [5, 2]]),
            ints(values),
            invert=invert,
            ref=np.isin,
            note=f"{len(values)} values, {invert}",
            tol=EXACT,
        )
        for values in ([2, 0], [], [7], [5, 5, 1])
        for invert in (False, True)
    ),
    case(
        "isin", array([NAN, 1.0, -0.0, INF]), array([NAN, 0.0, INF]), ref=np.isin, note="NaN is in nothing", tol=EXACT
    ),
    case("isin", bools([True, False]), bools([True]), ref=np.isin, note="of bool", tol=EXACT),
    case("isin", ints([1, 2]), 2, ref=np.isin, note="a number", tol=EXACT),
    case("isin", ints([1, 2]), array([2.0, 2.5]), assume_unique=True, ref=np.isin, note="of dtypes", tol=EXACT),
    case("multi_hot", ints([[0, 2], [1, 1]]), 3, ref=multi_hot, tol=EXACT),
    case("multi_hot", ints([0, 4]), 5, ref=multi_hot, note="one example", tol=EXACT),
    case("multi_hot", ints([[-1, 3], [2, 0]]), 3, ref=multi_hot, note="out of range", tol=EXACT),
    case("multi_hot", ints([[[0, 1], [1, 2]]]), 3, dtype="int32", ref=multi_hot, note="more axes", tol=EXACT),
]
