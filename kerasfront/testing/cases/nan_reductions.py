"""Reductions that leave NaN out: some, none and nothing but NaN, infinities beside it, slopes without NaN."""

from __future__ import annotations

import math

import numpy as np

from kerasfront.testing.case import HALVES, array, case, distinct, ints
from kerasfront.testing.cases.statistics import quiet
from kerasfront.testing.tolerance import EXACT, FORMULA, ITERATED, SUM

NAN, INF = math.nan, math.inf
HOLES = array([[[0.5, NAN, -1.2], [3.1, NAN, 2.0]], [[NAN, 0.25, -0.7], [1.5, 1.1, 4.0]]])
NOTHING = array([[NAN, NAN], [1.0, NAN], [2.0, -3.0]])
EDGES = array([[NAN, -INF], [INF, NAN], [NAN, NAN]])
AXES = {"all": None, "first": 0, "last": -1, "two": (0, 2)}


def positions(extremum):
    """The first position of an extremum, -1 where there is nothing but NaN; NumPy's own may name a NaN beside -inf."""

    def run(x, axis=None, keepdims=False):
        hits = x == extremum(x, axis, keepdims=True)
        return np.where(hits.any(axis, keepdims=keepdims), np.argmax(hits, axis, keepdims=keepdims), -1)

    return run


REDUCTIONS = {
    "nansum": (np.nansum, SUM),
    "nanprod": (np.nanprod, SUM),
    "nanmax": (quiet(np.nanmax), EXACT),
    "nanmin": (quiet(np.nanmin), EXACT),
    "nanmean": (quiet(np.nanmean), SUM),
    "nanvar": (quiet(np.nanvar), SUM),
    "nanstd": (quiet(np.nanstd), ITERATED),
}
PLACES = {"nanargmax": positions(quiet(np.nanmax)), "nanargmin": positions(quiet(np.nanmin))}
RUNNING = {"nancumsum": np.nancumsum, "nancumprod": np.nancumprod}

CASES = [
    *(
        case(name, HOLES, axis=axis, ref=f, note=note, tol=tol)
        for name, (f, tol) in REDUCTIONS.items()
        for note, axis in AXES.items()
    ),
    *(
        case(name, HOLES, axis=-1, keepdims=True, ref=f, note="kept axis", tol=tol)
        for name, (f, tol) in REDUCTIONS.items()
    ),
    *(
        case(name, NOTHING, axis=1, ref=f, note="nothing but NaN", tol=tol, differentiable=False)
        for name, (f, tol) in REDUCTIONS.items()
    ),
    *(
        case(name, EDGES, axis=1, ref=REDUCTIONS[name][0], note="infinities", tol=EXACT, differentiable=False)
        for name in ("nansum", "nanmax", "nanmin")
    ),
    *(
        case(name, ints([[3, -1], [2, 5]]), axis=0, ref=f, note="of integers", tol=tol)
        for name, (f, tol) in REDUCTIONS.items()
    ),
    *(
        case(name, HOLES, axis=(1, 2), ref=f, note="half types", dtypes=HALVES, tol=SUM)
        for name, (f, _) in REDUCTIONS.items()
    ),
    *(
        case(name, np.zeros((0, 2)), axis=0, ref=REDUCTIONS[name][0], note="of no values", tol=EXACT)
        for name in ("nansum", "nanprod", "nanmean")
    ),
    case(
        "nanmax",
        array([[1.0, NAN, 1.0]]),
        axis=1,
        ref=np.nanmax,
        note="ties share the slope",
        gradients=(array([[0.5, 0, 0.5]]),),
    ),
    case("nansum", array([1.0, NAN]), ref=np.nansum, note="slope at NaN", gradients=(array([1.0, 0]),)),
    case("nanprod", array([0.0, NAN, 2.0]), ref=np.nanprod, note="slope at zero", gradients=(array([2.0, 0, 0]),)),
    case(
        "nanvar",
        array([[1.0, NAN, 3.0]]),
        axis=1,
        ref=np.nanvar,
        note="slope at NaN",
        gradients=(array([[-1.0, 0, 1.0]]),),
    ),
    case("nanstd", array([2.0, NAN, 2.0]), ref=np.nanstd, note="slope at 0", gradients=(array([0, 0, 0]),)),
    *(
        case(name, x, axis=axis, keepdims=keep, ref=f, note=f"{note}, {axis}, {keep}", tol=EXACT)
        for name, f in PLACES.items()
        for note, x in {"NaN": HOLES[0], "nothing": NOTHING, "infinities": EDGES}.items()
        for axis, keep in ((None, False), (0, False), (1, True))
    ),
    *(
        case(name, ints([[3, 7, 7], [-1, -5, -5]]), axis=1, ref=f, note="of integers", tol=EXACT)
        for name, f in PLACES.items()
    ),
    *(
        case(name, HOLES, axis=axis, ref=f, note=f"along {axis}", tol=SUM)
        for name, f in RUNNING.items()
        for axis in (None, 0, 1, -1)
    ),
    *(case(name, ints([1, -2, 3]), axis=0, ref=f, note="of integers", tol=EXACT) for name, f in RUNNING.items()),
    *(
        case(
            name,
            array([1.0, NAN, 2.0]),
            axis=0,
            dtype="float32",
            ref=lambda x, axis, dtype, f=f: f(x, axis),
            note="asked dtype",
            tol=FORMULA,
            dtypes=("float32",),
        )
        for name, f in RUNNING.items()
    ),
    case("nancumprod", distinct(4, seed=3), axis=0, ref=np.nancumprod, note="without NaN", tol=SUM),
]
