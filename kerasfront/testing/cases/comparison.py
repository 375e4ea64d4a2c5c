"""Closeness, infinities, steps, and extrema that leave NaN out."""

from __future__ import annotations

import math

import numpy as np

from kerasfront.testing.case import HALVES, array, bools, case, distinct, ints
from kerasfront.testing.tolerance import EXACT

INF, NAN = math.inf, math.nan
ODD = array([NAN, INF, -INF, 0.0, -0.0, 1.5])
LEFT = array([1.0, 1.0, 1.0, INF, INF, -INF, NAN, NAN, 0.0])
RIGHT = array([1.0, 1.000005, 1.1, INF, 1.0, INF, NAN, 1.0, -0.0])
STEPS, HALFWAY = array([-2.0, 0.0, -0.0, 3.0, NAN, INF, -INF]), array([0.5])
HOLES = array([NAN, 1.0, NAN, INF, 2.0]), array([3.0, NAN, NAN, NAN, 1.0])
PAIR = distinct(2, 3, seed=1), distinct(3, seed=2, scale=0.51)
EXTREMA = {"fmax": np.fmax, "fmin": np.fmin}

CASES = [
    case("isclose", LEFT, RIGHT, ref=np.isclose, tol=EXACT),
    case("isclose", LEFT, RIGHT, equal_nan=True, ref=np.isclose, note="NaN is close to NaN", tol=EXACT),
    case("isclose", LEFT, RIGHT, 0.2, 0.0, ref=np.isclose, note="wide", tol=EXACT),
    case("isclose", array([[1.0], [2.0]]), array([1.0, 2.05]), 0.0, 0.1, ref=np.isclose, note="absolute", tol=EXACT),
    case("isclose", ints([1, 100]), ints([2, 101]), 0.05, ref=np.isclose, note="of integers", tol=EXACT),
    case("isclose", bools([True, False]), bools([True, True]), ref=bools([True, False]), note="of bool", tol=EXACT),
    case("isclose", np.array([1 + 1j, 2], "complex64"), np.array([1 + 1j, 2 + 1j], "complex64"), ref=np.isclose,
         note="of complex numbers", tol=EXACT),
    case("isclose", array([1.0, 2.0]), 1.0, ref=np.isclose, note="to a Python number", tol=EXACT),
    case("isclose", np.zeros((0, 3)), array([1.0, 2.0, 3.0]), ref=np.isclose, note="of nothing", tol=EXACT),
    case("allclose", LEFT[:2], RIGHT[:2], ref=np.allclose, tol=EXACT),
    case("allclose", LEFT[:3], RIGHT[:3], ref=np.allclose, note="one is off", tol=EXACT),
    case("allclose", LEFT[6:7], RIGHT[6:7], equal_nan=True, ref=np.allclose, note="NaN is close to NaN", tol=EXACT),
    case("allclose", np.zeros((0,)), np.zeros((0,)), ref=np.allclose, note="of nothing", tol=EXACT),
    *(case(name, ODD, ref=f, tol=EXACT) for name, f in (("isposinf", np.isposinf), ("isneginf", np.isneginf))),
    *(case(name, ODD, ref=f, note="half types", dtypes=HALVES, tol=EXACT)
      for name, f in (("isposinf", np.isposinf), ("isneginf", np.isneginf))),
    *(case(name, ints([1, -1]), ref=bools([False, False]), note="of integers", tol=EXACT)
      for name in ("isposinf", "isneginf")),
    case("heaviside", STEPS, HALFWAY, ref=np.heaviside, tol=EXACT, differentiable=False),
    case("heaviside", array([-1.0, 2.0]), 0.5, ref=np.heaviside, note="with a Python number", tol=EXACT),
    case("heaviside", array([-1.0, 0.0, 2.0]), array([0.3, 0.4, 0.5]), ref=np.heaviside, note="slope", tol=EXACT,
         gradients=(np.zeros(3), array([0, 1, 0]))),
    case("heaviside", ints([-1, 0, 2]), ints([7, 7, 7]), ref=array([0, 7, 1]), note="of integers", tol=EXACT),
    *(case(name, *PAIR, ref=f, tol=EXACT) for name, f in EXTREMA.items()),
    *(case(name, *HOLES, ref=f, note="NaN is left out", tol=EXACT, differentiable=False)
      for name, f in EXTREMA.items()),
    *(case(name, array([NAN, 1.0, 2.0]), array([3.0, NAN, 2.0]), ref=f, note="slope at NaN and at a tie", tol=EXACT,
           gradients=(array([0, 1, 0.5]), array([1, 0, 0.5]))) for name, f in EXTREMA.items()),
    *(case(name, ints([1, -2]), ints([0, 3]), ref=f, note="of integers", tol=EXACT) for name, f in EXTREMA.items()),
    *(case(name, ints([1, 200], "uint8"), ints([-1, 3], "int8"), ref=f, note="of mixed integers", tol=EXACT)
      for name, f in EXTREMA.items()),
    *(case(name, bools([True, False]), bools([False, False]), ref=f, note="of bool", tol=EXACT)
      for name, f in EXTREMA.items()),
    *(case(name, PAIR[0], 0, ref=f, note="with a Python number", tol=EXACT) for name, f in EXTREMA.items()),
]  # fmt: skip
