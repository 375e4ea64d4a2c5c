"""Roots, tails, Bessel's function, steps to the next number: along their range, at its ends, and at kinks."""

from __future__ import annotations

import math

import numpy as np

from kerasfront.testing.case import HALVES, array, bools, case, distinct, ints
from kerasfront.testing.tolerance import EXACT, FORMULA

INF, NAN = math.inf, math.nan
SIGNED = array([[-2.3, -1.0, -0.4], [0.3, 1.0, 2.7]])
PAIR = distinct(2, 3, seed=1), distinct(3, seed=2, scale=0.51)

erfc = np.vectorize(math.erfc, otypes=["float64"])


def bessel(x):
    """The integral of exp(x cos t) over half a turn, by the trapezoid rule, which converges fast for periods."""
    turns = np.cos(np.linspace(0, 2 * np.pi, 200, endpoint=False))
    return np.exp(np.asarray(x)[..., None] * turns).mean(-1)


UNARY = {
    "cbrt": (np.cbrt, SIGNED * 3, [0.0, -0.0, 27.0, -1e-6, INF, -INF, NAN]),
    "sinc": (np.sinc, SIGNED, [0.0, 1.0, -2.0, 1e-5, 0.5]),
    "erfc": (erfc, SIGNED, [0.0, 0.5, -0.5, 4.0, -4.0, 4.5, INF, -INF, NAN]),
    "i0": (bessel, SIGNED, [0.0, -0.0, 1e-3, 10.0, -17.9, 18.1]),
    "deg2rad": (np.deg2rad, SIGNED * 90, [0.0, 180.0, -INF, NAN]),
    "rad2deg": (np.rad2deg, SIGNED, [0.0, math.pi, INF, NAN]),
    "fabs": (np.fabs, SIGNED, [0.0, -0.0, -INF, NAN]),
}
# The tail alone: nothing larger beside it that would hide an error.
TAILS = (array([2.0, 2.5, 3.0]), array([4.2, 4.6, 5.0]), array([7.0, 7.5]))
BINARY = {
    "hypot": np.hypot,
    "logaddexp2": np.logaddexp2,
    "ldexp": lambda x, n: x * 2.0**n,
}
STARTS = array([1.0, 1.0, -1.0, -1.0, 0.0, 0.0, -0.0, 2.5, INF, NAN, 1.0])
TARGETS = array([2.0, 0.0, -2.0, 0.0, 1.0, -1.0, 1.0, 2.5, 0.0, 1.0, NAN])


def _next(dtype):
    def step(x, target):
        return np.nextafter(x.astype(dtype), np.asarray(target, dtype))

    return step


CASES = [
    *(case(name, values, ref=f, tol=FORMULA) for name, (f, values, _) in UNARY.items()),
    *(
        case(name, array(hard), ref=f, tol=FORMULA, note="hard places", differentiable=False)
        for name, (f, _, hard) in UNARY.items()
    ),
    *(
        case(name, values, ref=f, tol=FORMULA, note="half types", dtypes=HALVES)
        for name, (f, values, _) in UNARY.items()
    ),
    *(
        case(name, ints([0, 1, 3]), ref=lambda x, f=f: f(x * 1.0), tol=FORMULA, note="of integers")
        for name, (f, _, _) in UNARY.items()
    ),
    *(case(name, np.zeros((0, 2)), ref=f, note="of nothing") for name, (f, _, _) in UNARY.items()),
    case("fabs", bools([True, False]), ref=array([1.0, 0.0]), note="of bool", tol=EXACT),
    *(case("erfc", tail, ref=erfc, note=f"tail from {tail[0]}", tol=FORMULA, differentiable=False) for tail in TAILS),
    case("erfc", array([1.5, -1.5, 3.0]), ref=erfc, note="slope of the middle", tol=FORMULA),
    case("i0", array([20.0, 25.0, -30.0]), ref=bessel, note="large", tol=FORMULA),
    case("i0", array([0.0, 2.0]), ref=bessel, note="slope at 0"),
    case("i0", array(14.0), ref=bessel, note="one number"),
    case("sinc", array([0.0, 0.25]), ref=np.sinc, note="slope at 0", tol=FORMULA),
    case(
        "cbrt",
        array([0.0, 8.0, -8.0]),
        ref=np.cbrt,
        note="slope at 0",
        tol=FORMULA,
        gradients=(array([0, 1 / 12, 1 / 12]),),
    ),
    *(case(name, *PAIR, ref=f, tol=FORMULA) for name, f in BINARY.items()),
    *(case(name, *PAIR, ref=f, tol=FORMULA, note="half types", dtypes=HALVES) for name, f in BINARY.items()),
    *(case(name, PAIR[0], 2, ref=f, tol=FORMULA, note="with a Python number") for name, f in BINARY.items()),
    *(case(name, np.zeros((0, 3)), PAIR[1], ref=f, note="of nothing") for name, f in BINARY.items()),
    case("hypot", ints([3, -5]), ints([4, 12]), ref=array([5.0, 13.0]), note="of integers"),
    case(
        "hypot",
        array([1e30, 0.0, INF, NAN, NAN, 1e-30]),
        array([1e30, 0.0, NAN, -INF, 1.0, 1e-30]),
        ref=np.hypot,
        note="hard places",
        differentiable=False,
    ),
    case(
        "hypot",
        array([0.0, 3.0, 0.0]),
        array([0.0, -4.0, 2.0]),
        ref=np.hypot,
        note="slope at (0, 0)",
        gradients=(array([0, 0.6, 0]), array([0, -0.8, 1])),
    ),
    case("hypot", array([1.0, -2.0]), array([1.0, 2.0]), ref=np.hypot, note="slope at equal sizes"),
    case(
        "logaddexp2",
        array([-INF, 1000.0, INF, NAN]),
        array([-INF, 1000.0, 0.0, 0.0]),
        ref=np.logaddexp2,
        note="hard places",
        tol=FORMULA,
        differentiable=False,
    ),
    case(
        "ldexp",
        array([0.75, -1.5, 0.0, 3.0]),
        ints([1, -2, 5, 0]),
        ref=lambda x, n: x * 2.0**n,
        note="integer exponents",
    ),
    case("ldexp", ints([3, 5]), ints([2, -1]), ref=array([12.0, 2.5]), note="of integers"),
    case(
        "ldexp",
        array([1e-30, 1e30]),
        ints([150, -150]),
        ref=lambda x, n: x * 2.0**n,
        note="a power out of range",
        dtypes=("float32",),
        differentiable=False,
    ),
    *(
        case(
            "nextafter", STARTS, TARGETS, ref=_next(dtype), note=dtype, dtypes=(dtype,), tol=EXACT, differentiable=False
        )
        for dtype in ("float32", "float64")
    ),
    case("nextafter", array([1.0, -1.0]), array([2.0, 0.0]), ref=array([1 + 2**-10, -1 + 2**-11]), note="float16",
         dtypes=("float16",), tol=EXACT),
    case("nextafter", array([1.0, -1.0]), array([2.0, 0.0]), ref=array([1 + 2**-7, -1 + 2**-8]), note="bfloat16",
         dtypes=("bfloat16",), tol=EXACT),
    case("nextafter", array([1.0, 2.0]), 9.0, ref=_next("float32"), note="towards a Python number",
         dtypes=("float32",), tol=EXACT, differentiable=False),
    case("signbit", array([1.0, -1.0, 0.0, -0.0, INF, -INF]), ref=np.signbit, tol=EXACT),
    case("signbit", array([1.0, -1.0, -0.0]), ref=np.signbit, note="half types", dtypes=HALVES, tol=EXACT),
    case("signbit", ints([1, 0, -3]), ref=np.signbit, note="of integers", tol=EXACT),
    case("signbit", ints([0, 255], "uint8"), ref=bools([False, False]), note="of unsigned", tol=EXACT),
    case("signbit", bools([True, False]), ref=bools([False, False]), note="of bool", tol=EXACT),
]  # fmt: skip
