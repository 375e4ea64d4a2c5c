"""Where engines are known to part: signs of 0, shifts out of range, wrap-around, NaN, nothing, wide types."""

from __future__ import annotations

import math

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import HALVES, array, bools, case, ints
from kerasfront.testing.tolerance import EXACT, FORMULA

INF, NAN = math.inf, math.nan
HALVES_OF_ODD = array([-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5])
# Without int64, which some engines hold in 32 bits.
WIDTHS = {"int8": 8, "int16": 16, "int32": 32, "uint8": 8, "uint16": 16, "uint32": 32}
NOTHING = np.zeros((0, 3))
ROW = array([1.0, 2.0, 3.0])


def ends(kind):
    """The numbers at both ends of an integer type's range, and one."""
    limits = np.iinfo(kind)
    return np.array([limits.max, limits.min, limits.max, 1], kind), np.array([1, limits.max, 2, 1], kind)


def wrapped(function):
    """The function in the type of its arguments, as NumPy wraps round."""

    def run(*xs):
        with np.errstate(all="ignore"):
            return function(*xs)

    return run


def _shift_cases():
    for kind, width in WIDTHS.items():
        counts = np.array([0, 1, width - 1, width, width + 3], kind)
        for name, x in (("left_shift", 3), ("right_shift", np.iinfo(kind).max), ("right_shift", np.iinfo(kind).min)):
            function = getattr(np, name)
            values = np.full(5, x, kind)
            yield case(name, values, counts, ref=function, note=f"{kind}, {x} by up to the width and more", tol=EXACT)
    for name in ("left_shift", "right_shift"):
        counts = ints([-1, -32, -40])
        yield case(name, ints([5, -5, 1]), counts, ref=getattr(np, name), note="by a negative count", tol=EXACT)


def _sign_of_zero(name, values, note="sign of 0"):
    """A case that tells -0.0 from 0.0 by its reciprocal."""
    function = {"round": np.round, "trunc": np.trunc, "ceil": np.ceil, "negative": np.negative, "abs": np.abs}[name]
    return case(name, values, ref=lambda x: 1 / function(x), note=note, tol=EXACT, differentiable=False,
                call=lambda x: ops.true_divide(1.0, getattr(ops, name)(x)))  # fmt: skip


ELEMENTWISE = ("add", "multiply", "true_divide", "maximum", "power", "floor_divide", "mod", "equal", "arctan2", "fmax")
OF_NOTHING = ("exp", "sqrt", "negative", "round", "sign", "isnan", "square", "floor", "cumsum", "sort")
WIDE = {
    "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "floor": np.floor, "tanh": np.tanh, "reciprocal": np.reciprocal,
    "square": np.square, "log1p": np.log1p, "rad2deg": np.rad2deg, "cbrt": np.cbrt, "abs": np.abs,
}  # fmt: skip

CASES = [
    *_shift_cases(),
    *(case(name, *ends(kind), ref=wrapped(getattr(np, name)), note=f"{kind} wraps around", tol=EXACT)
      for name in ("add", "subtract", "multiply") for kind in WIDTHS),
    *(case(name, ends(kind)[0], ref=wrapped(getattr(np, name)), note=f"{kind} at the ends", tol=EXACT)
      for name in ("negative", "abs", "sign", "square") for kind in ("int8", "int16", "int32", "uint8")),
    case("round", HALVES_OF_ODD, ref=np.round, note="all halves to even", tol=EXACT, differentiable=False),
    case("round", HALVES_OF_ODD, ref=np.round, note="halves to even in half types", tol=EXACT, dtypes=HALVES),
    case("round", array([0.25, 0.75, -0.25, 12.5]), 1, ref=np.round, note="halves of a decimal to even", tol=FORMULA,
         differentiable=False),
    case("round", ints([5, 15, 25, -5, -15]), -1, ref=ints([0, 20, 20, 0, -20]), note="halves of ten to even",
         tol=EXACT),
    _sign_of_zero("round", array([-0.4, 0.4])),
    _sign_of_zero("ceil", array([-0.4, 0.0])),
    _sign_of_zero("negative", array([0.0, -0.0])),
    _sign_of_zero("abs", array([0.0, -0.0])),
    case("power", array([0.0, -8.0, 0.0, NAN, 1.0, INF, -INF]), array([0.0, 1 / 3, -1.0, 0.0, NAN, 0.0, 3.0]),
         ref=np.power, note="at the ends", differentiable=False),
    case("power", ints([3, -3, 2]), ints([0, 3, 31]), ref=ints([1, -27, -2147483648]), note="of integers wraps around",
         tol=EXACT),
    case("log", array([0.0, -0.0, -1.0, INF, NAN]), ref=np.log, note="of 0, negative and odd numbers", tol=EXACT,
         differentiable=False),
    *(case(name, array([0.0, -1.0, INF, NAN]), ref=getattr(np, name), note="of 0, negative and odd numbers", tol=EXACT,
           differentiable=False) for name in ("log2", "log10", "sqrt")),
    case("log1p", array([-1.0, -2.0, INF, NAN]), ref=np.log1p, note="of -1, lower and odd numbers", tol=EXACT,
         differentiable=False),
    *(case(name, array([[NAN, 1.0], [2.0, NAN], [-INF, INF]]), axis=1, ref=lambda x, axis, f=f: f(x, axis=axis),
           note="NaN wins", tol=EXACT, differentiable=False)
      for name, f in (("max", np.max), ("min", np.min), ("amax", np.max), ("amin", np.min), ("sum", np.sum))),
    *(case(name, array([1.0, NAN, 3.0, NAN]), ref=f, note="the first NaN", tol=EXACT)
      for name, f in (("argmax", np.argmax), ("argmin", np.argmin))),
    *(case(name, ints([2, 5, 5, 2]), ref=f, note="the first of ties", tol=EXACT)
      for name, f in (("argmax", np.argmax), ("argmin", np.argmin))),
    case("relu", array([NAN, INF, -INF, -0.0]), ref=lambda x: np.maximum(x, 0), note="of NaN", tol=EXACT,
         differentiable=False),
    case("relu", array([0.0, -1.0, 2.0]), ref=lambda x: np.maximum(x, 0), note="no slope at 0", tol=EXACT,
         gradients=(array([0, 0, 1]),)),
    case("sign", array([NAN, INF, -0.0]), ref=np.sign, note="of NaN", tol=EXACT, differentiable=False),
    case("sign", array([0.0, 2.0]), ref=np.sign, note="no slope", tol=EXACT, gradients=(np.zeros(2),)),
    *(case(name, array([-1.5, 0.0, 2.5]), ref=getattr(np, name), note="no slope", tol=EXACT, gradients=(np.zeros(3),))
      for name in ("floor", "ceil", "round", "trunc")),
    case("fabs", array([0.0, -2.0]), ref=np.fabs, note="slope at 0", tol=EXACT, gradients=(array([0, -1]),)),
    case("clip", array([1.0, 2.0]), 5.0, 3.0, ref=array([3.0, 3.0]), note="bounds in the wrong order",
         tol=EXACT, differentiable=False),
    *(case(name, NOTHING, ROW, ref=getattr(np, name), note="of nothing", tol=EXACT) for name in ELEMENTWISE),
    *(case(name, NOTHING, ref=getattr(np, name), note="of nothing", tol=EXACT)
      for name in OF_NOTHING if name not in ("cumsum", "sort")),
    case("sort", NOTHING, 0, ref=np.sort, note="of nothing", tol=EXACT),
    *(case(name, NOTHING, 0, ref=f, note="over nothing", tol=EXACT)
      for name, f in (("sum", np.sum), ("prod", np.prod), ("all", np.all), ("any", np.any))),
    *(case(name, NOTHING, 1, ref=f, note="of no rows", tol=EXACT)
      for name, f in (("max", np.max), ("min", np.min), ("mean", np.mean), ("argmax", np.argmax))),
    case("mean", NOTHING, 0, ref=array([NAN, NAN, NAN]), note="over nothing", tol=EXACT),
    case("clip", NOTHING, 0.0, 1.0, ref=np.clip, note="of nothing", tol=EXACT),
    case("where", bools(np.zeros((0, 3))), NOTHING, ROW, ref=np.where, note="of nothing", tol=EXACT),
    case("concatenate", [NOTHING, NOTHING], 0, ref=lambda xs, axis: np.concatenate(xs, axis), note="of nothing",
         tol=EXACT),
    *(case(name, array([0.1, 1.7, 3.3]), ref=f, note="keeps float64", dtypes=("float64",)) for name, f in WIDE.items()),
    *(case(name, array([0.1, 1.7, 3.3]), 0.3, ref=getattr(np, name), note="keeps float64 beside a Python number",
           dtypes=("float64",), tol=FORMULA, differentiable=False)
      for name in ("add", "multiply", "true_divide", "maximum", "power", "floor_divide", "mod", "hypot")),
    *(case(name, ints([2**31 - 1, 5], "int64"), ints([0, 3], "int64") + 1, ref=getattr(np, name),
           note="int64, or the engine's width", tol=EXACT)
      for name in ("floor_divide", "mod", "bitwise_and", "maximum")),
    *(case(name, ints([200, 255], "uint8"), ints([100, 1], "uint8"), ref=getattr(np, name), note="of bytes", tol=EXACT)
      for name in ("maximum", "minimum", "less", "floor_divide", "mod", "bitwise_or", "bitwise_xor")),
]  # fmt: skip
