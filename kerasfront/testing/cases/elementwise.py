"""Single elements: values, dtypes, and what happens at kinks, ties, NaN and the ends of ranges."""

from __future__ import annotations

import math

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import HALVES, array, bools, case, distinct, ints
from kerasfront.testing.tolerance import EXACT, FORMULA

INF, NAN = math.inf, math.nan
SIGNED = array([[-2.3, -1.0, -0.4], [0.3, 1.0, 2.7]])
POSITIVE = array([[0.2, 0.7, 1.0], [1.3, 2.4, 9.5]])
INSIDE = array([[-0.95, -0.5, -0.1], [0.2, 0.6, 0.9]])
ODD = array([NAN, INF, -INF, 0.0, -0.0, 1.5])
WHOLE = ints([[-7, -3, -1], [0, 2, 5]])
HALF_INTEGERS = array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5])

erf = np.vectorize(math.erf, otypes=["float64"])


def inverse_erf(y):
    """Newton's method on `erf`."""
    y = np.asarray(y)
    x = np.zeros_like(y)
    for _ in range(60):
        x = x - (erf(x) - y) * math.sqrt(math.pi) / 2 * np.exp(x * x)
    return x


UNARY = {
    "negative": (np.negative, SIGNED),
    "abs": (np.abs, SIGNED),
    "sign": (np.sign, SIGNED),
    "floor": (np.floor, SIGNED * 1.1),
    "ceil": (np.ceil, SIGNED * 1.1),
    "round_half_even": (np.round, SIGNED * 1.1),
    "exp": (np.exp, SIGNED),
    "expm1": (np.expm1, SIGNED),
    "log": (np.log, POSITIVE),
    "log1p": (np.log1p, POSITIVE),
    "sqrt": (np.sqrt, POSITIVE),
    "sin": (np.sin, SIGNED),
    "cos": (np.cos, SIGNED),
    "tan": (np.tan, INSIDE),
    "arcsin": (np.arcsin, INSIDE),
    "arccos": (np.arccos, INSIDE),
    "arctan": (np.arctan, SIGNED),
    "sinh": (np.sinh, SIGNED),
    "cosh": (np.cosh, SIGNED),
    "tanh": (np.tanh, SIGNED),
    "arcsinh": (np.arcsinh, SIGNED),
    "arccosh": (np.arccosh, POSITIVE + 1.2),
    "arctanh": (np.arctanh, INSIDE),
    "erf": (erf, SIGNED),
    "erfinv": (inverse_erf, INSIDE),
    "isnan": (np.isnan, ODD),
    "isfinite": (np.isfinite, ODD),
    "isinf": (np.isinf, ODD),
    "stop_gradient": (lambda x: x, SIGNED),
    "absolute": (np.abs, SIGNED),
    "square": (np.square, SIGNED),
    "rsqrt": (lambda x: 1 / np.sqrt(x), POSITIVE),
    "reciprocal": (lambda x: 1 / x, SIGNED),
    "trunc": (np.trunc, SIGNED * 1.1),
    "log2": (np.log2, POSITIVE),
    "log10": (np.log10, POSITIVE),
    "exp2": (np.exp2, SIGNED),
}
# Functions at the places where formulas go wrong: beside 0, far out, at the ends of their range.
HARD = {
    "expm1": (np.expm1, [1e-6, -1e-6, -30.0]),
    "log1p": (np.log1p, [1e-6, -1e-6, -1.0]),
    "tanh": (np.tanh, [1e-4, 40.0, -INF]),
    "erf": (erf, [1e-5, 3.0, -6.0, INF]),
    "sqrt": (np.sqrt, [0.0, INF, -1.0]),
    "log": (np.log, [0.0, INF, -1.0]),
    "arcsinh": (np.arcsinh, [1e-4, -60.0]),
    "arctanh": (np.arctanh, [1e-4, 1.0, 2.0]),
    "arctan": (np.arctan, [INF, -INF, 1e-5]),
    "exp": (np.exp, [-INF, INF, 0.0]),
    "sinh": (np.sinh, [1e-4, -1e-4]),
    "abs": (np.abs, [-0.0, NAN, -INF]),
    "sign": (np.sign, [0.0, NAN, -INF, 3.0]),
    "floor": (np.floor, [-0.5, INF, NAN]),
    "ceil": (np.ceil, [0.5, -INF, NAN]),
    "round_half_even": (np.round, HALF_INTEGERS),
    "isnan": (np.isnan, [NAN, INF, 0.0]),
    "trunc": (np.trunc, [-1.7, 1.7, NAN, INF]),
    "log10": (np.log10, [1e-3, 1000.0, 0.0]),
    "exp2": (np.exp2, [10.0, -3.0]),
}
EXACT_UNARY = {
    "negative",
    "abs",
    "sign",
    "floor",
    "ceil",
    "round_half_even",
    "isnan",
    "isfinite",
    "isinf",
    "stop_gradient",
    "absolute",
    "trunc",
}
HALF_TYPES = (
    "exp",
    "log",
    "sqrt",
    "tanh",
    "sin",
    "erf",
    "negative",
    "abs",
    "floor",
    "round_half_even",
    "square",
    "rsqrt",
    "erfinv",
    "log1p",
)
OF_INTEGERS = ("exp", "sqrt", "sin", "tanh", "log1p", "rsqrt", "floor", "arcsinh", "erf")
KEEP_INTEGERS = ("negative", "abs", "sign", "round_half_even", "square", "absolute", "trunc")

BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "true_divide": np.divide,
    "floor_divide": np.floor_divide,
    "mod": np.mod,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "arctan2": np.arctan2,
    "equal": np.equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "not_equal": np.not_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "logaddexp": np.logaddexp,
}
LEFT, RIGHT = distinct(2, 3, seed=1), distinct(3, seed=2, scale=0.51)
WITH_NAN = (array([NAN, 1.0, NAN, INF, -INF]), array([1.0, NAN, NAN, INF, 2.0]))
INTEGER_BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "floor_divide": np.floor_divide,
    "mod": np.mod,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "equal": np.equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
}
DIVIDENDS, DIVISORS = ints([7, 7, -7, -7, 6, -6, 0]), ints([3, -3, 3, -3, 3, 3, 5])
TRUTH = (bools([True, True, False, False]), bools([True, False, True, False]))


def _tolerance(name):
    return EXACT if name in EXACT_UNARY else FORMULA


def _frozen(x, *_):
    return np.array(x) * 1.0


CASES = [
    *(
        case(name, values, ref=reference, tol=_tolerance(name), differentiable=name != "stop_gradient")
        for name, (reference, values) in UNARY.items()
    ),
    *(
        case(name, array(values), ref=reference, note="hard places", tol=_tolerance(name), differentiable=False)
        for name, (reference, values) in HARD.items()
    ),
    *(
        case(name, UNARY[name][1], ref=UNARY[name][0], note="half types", tol=_tolerance(name), dtypes=HALVES)
        for name in HALF_TYPES
    ),
    *(
        case(name, ints([0, 1, 3]) + (name == "rsqrt"), ref=lambda x, f=UNARY[name][0]: f(x * 1.0), note="of integers")
        for name in OF_INTEGERS
    ),
    *(case(name, WHOLE, ref=UNARY[name][0], note="keeps integers", tol=EXACT) for name in KEEP_INTEGERS),
    *(case(name, LEFT, RIGHT, ref=f, tol=FORMULA) for name, f in BINARY.items()),
    *(
        case(name, *WITH_NAN, ref=BINARY[name], note="of NaN and infinities", tol=FORMULA, differentiable=False)
        for name in ("add", "multiply", "maximum", "minimum", "equal", "less", "less_equal", "not_equal", "greater")
    ),
    *(case(name, DIVIDENDS, DIVISORS, ref=f, note="of integers", tol=EXACT) for name, f in INTEGER_BINARY.items()),
    *(
        case(name, LEFT, RIGHT, ref=BINARY[name], note="half types", tol=FORMULA, dtypes=HALVES)
        for name in ("add", "multiply", "true_divide", "maximum", "less", "mod")
    ),
    case(
        "mod",
        array([7.5, -7.5, 7.5, -7.5]),
        array([2.0, 2.0, -2.0, -2.0]),
        ref=np.mod,
        note="sign of the divisor",
        differentiable=False,
    ),
    case(
        "floor_divide",
        array([7.5, -7.5, 7.5]),
        array([2.0, 2.0, -2.0]),
        ref=np.floor_divide,
        note="rounds down",
        tol=EXACT,
    ),
    case("power", POSITIVE, array([1.5, -0.5, 2.0]), ref=np.power, tol=FORMULA),
    case(
        "power",
        array([-2.0, 0.0, 2.0, 0.0]),
        array([3.0, 0.0, -1.0, 2.0]),
        ref=np.power,
        note="of negative numbers and 0",
        differentiable=False,
    ),
    case("power", ints([2, -3, 0]), ints([10, 3, 0]), ref=np.power, note="of integers", tol=EXACT),
    case("power", SIGNED, 2, ref=lambda x, n: x**n, note="square by a Python number"),
    case(
        "divide_no_nan",
        array([1.0, 2.0, -3.0]),
        array([0.0, 4.0, 0.0]),
        ref=array([0.0, 0.5, 0.0]),
        gradients=(array([0, 0.25, 0]), array([0, -0.125, 0])),
    ),
    *(
        case(name, *TRUTH, ref=f, tol=EXACT)
        for name, f in {
            "logical_and": np.logical_and,
            "logical_or": np.logical_or,
            "logical_xor": np.logical_xor,
        }.items()
    ),
    *(
        case(name, *TRUTH, ref=f, note="of bool", tol=EXACT)
        for name, f in {
            "bitwise_and": np.logical_and,
            "bitwise_or": np.logical_or,
            "bitwise_xor": np.logical_xor,
        }.items()
    ),
    case("logical_and", array([0.0, 0.5, NAN]), ints([1, 2, 3]), ref=np.logical_and, note="of numbers", tol=EXACT),
    case("logical_not", TRUTH[0], ref=np.logical_not, tol=EXACT),
    case("logical_not", array([0.0, -0.0, 0.3, NAN]), ref=np.logical_not, note="of numbers", tol=EXACT),
    case("bitwise_not", WHOLE, ref=np.bitwise_not, tol=EXACT),
    case("bitwise_not", TRUTH[0], ref=np.logical_not, note="of bool", tol=EXACT),
    case("left_shift", ints([1, -1, 3, 1]), ints([0, 4, 5, 31]), ref=np.left_shift, tol=EXACT),
    case("right_shift", ints([-8, -1, 7, -2147483648]), ints([1, 31, 1, 31]), ref=np.right_shift, tol=EXACT),
    case(
        "right_shift",
        ints([200, 255, 1], "uint8"),
        ints([1, 7, 1], "uint8"),
        ref=ints([100, 1, 0]),
        note="of unsigned",
        tol=EXACT,
    ),
    case(
        "multiply",
        ints([2147483647, -2147483648, 65537]),
        ints([2, -1, 65537]),
        ref=ints([-2, -2147483648, 131073]),
        note="wraps around",
        tol=EXACT,
    ),
    case(
        "add",
        ints([2147483647, -2147483648]),
        ints([1, -1]),
        ref=ints([-2147483648, 2147483647]),
        note="wraps around",
        tol=EXACT,
    ),
    # -- kinks and ties: one answer on all engines
    case("abs", array([0.0, -2.0]), ref=np.abs, note="slope at 0", gradients=(array([0, -1]),)),
    case(
        "maximum",
        array([1.0, 2.0, 3.0]),
        array([1.0, 3.0, 2.0]),
        ref=np.maximum,
        note="slope at a tie",
        gradients=(array([0.5, 0, 1]), array([0.5, 1, 0])),
    ),
    case(
        "minimum",
        array([1.0, 2.0, 3.0]),
        array([1.0, 3.0, 2.0]),
        ref=np.minimum,
        note="slope at a tie",
        gradients=(array([0.5, 1, 0]), array([0.5, 0, 1])),
    ),
    case(
        "clip",
        array([-1.0, 0.0, 0.5, 1.0, 2.0]),
        0.0,
        1.0,
        ref=np.clip,
        note="slope at the bounds",
        gradients=(array([0, 1, 1, 1, 0]),),
    ),
    case("clip", LEFT, -0.5, 0.5, ref=np.clip),
    case("clip", array([NAN, INF, -INF, 0.2]), -1.0, 1.0, ref=np.clip, note="of NaN", differentiable=False),
    case("clip", WHOLE, -2, 3, ref=np.clip, note="of integers", tol=EXACT),
    case("sqrt", array([4.0, 0.25]), ref=np.sqrt, note="slope", gradients=(array([0.25, 1.0]),)),
    case(
        "multiply",
        array([0.0, 1.0]),
        ref=array([0.0, 0.0]),
        note="x log x without NaN",
        gradients=(array([0, 1]),),
        call=lambda x: ops.multiply(x, ops.log(ops.where(ops.equal(x, 0), ops.ones_like(x), x))),
    ),
    case("stop_gradient", SIGNED, ref=lambda x: x * 1.0, note="no slope", gradients=(np.zeros_like(SIGNED),)),
    # -- choices, casts and bits
    case("if_else", bools([[True, False, True], [False, False, True]]), LEFT, RIGHT, ref=np.where, tol=EXACT),
    case("if_else", bools([True, False]), 1, array([2.5, 3.5]), ref=np.where, note="with a Python number", tol=EXACT),
    case("where", bools([[True, False, True], [False, False, True]]), LEFT, RIGHT, ref=np.where, tol=EXACT),
    case("cast", array([-1.7, -0.2, 1.7]), "int32", ref=ints([-1, 0, 1]), tol=EXACT),
    case(
        "cast", array([0.0, -0.0, 0.1, NAN]), "bool", ref=bools([False, False, True, True]), note="to bool", tol=EXACT
    ),
    case("cast", ints([0, 3, -2]), "float32", ref=array([0, 3, -2]), note="to float", tol=EXACT),
    case("cast", ints([0, 255, 256, -1]), "uint8", ref=ints([0, 255, 0, 255]), note="wraps around", tol=EXACT),
    case(
        "cast",
        array([1.0, 0.1, 3.1415926]),
        "bfloat16",
        ref=array([1.0, 0.10009765625, 3.140625]),
        note="to bfloat16",
        tol=EXACT,
        differentiable=False,
    ),
    case(
        "cast",
        array([1.0, 65504.0, 1e6]),
        "float16",
        ref=array([1.0, 65504.0, INF]),
        note="to float16",
        tol=EXACT,
        differentiable=False,
    ),
    case("cast", bools([True, False]), "float32", ref=array([1, 0]), note="from bool", tol=EXACT),
    case("cast", SIGNED, "float32", ref=_frozen, note="slope", dtypes=("float32",), tol=EXACT),
    case(
        "add",
        array([0.0]),
        ref=lambda x: x + 0.1,
        note="a Python float cast as wide as asked",
        tol=FORMULA,
        call=lambda x: ops.add(x, ops.cast(0.1, ops.dtype(x))),
    ),
    *(
        case(
            "saturate_cast",
            array([-300.0, -0.5, 1.5, 60000.0]),
            kind,
            ref=lambda x, kind: np.trunc(np.clip(x, np.iinfo(kind).min, np.iinfo(kind).max)).astype(kind),
            note=kind,
            tol=EXACT,
        )
        for kind in ("int8", "uint8", "int16", "int32", "uint32")
    ),
    case(
        "saturate_cast",
        array([-3e9, 2.0, 2147483648.0, 3e38]),
        "int32",
        ref=ints([-(2**31), 2, 2**31 - 1, 2**31 - 1]),
        note="beyond int32",
        dtypes=("float32", "bfloat16"),
        tol=EXACT,
    ),
    case("saturate_cast", ints([-1, 300, 7]), "uint8", ref=ints([0, 255, 7]), note="of integers", tol=EXACT),
    case("bitcast", ints([0, 0x3F800000, -1]), "float32", ref=array([0.0, 1.0, NAN]), tol=EXACT),
    case(
        "bitcast",
        array([1.0, -2.0]),
        "int32",
        ref=ints([0x3F800000, -0x40000000]),
        note="to int",
        dtypes=("float32",),
        tol=EXACT,
    ),
    case("bitcast", ints([-1, 1]), "uint32", ref=ints([4294967295, 1], "int64"), note="to unsigned", tol=EXACT),
    case("bitcast", ints([[0x00020001, -1]]), "int16", ref=ints([[1, 2, -1, -1]]), note="to half the width", tol=EXACT),
    case(
        "bitcast",
        ints([[0x00020001, -1]]),
        "int16",
        ref=ints([[0x00020001, -1]]),
        note="to half the width and back",
        tol=EXACT,
        call=lambda x, dtype: ops.bitcast(ops.bitcast(x, dtype), "int32"),
    ),
    case("view", array([1.0, -2.0]), ref=_frozen, note="same dtype", tol=EXACT),
    case("round", array([2.345, -1.255, 0.5, 1.5]), 1, ref=np.round, note="to a decimal"),
    case("round", array([-2.5, 0.5, 3.5]), ref=np.round, note="half to even", tol=EXACT, differentiable=False),
    case("round", ints([15, 25, -27]), -1, ref=ints([20, 20, -30]), note="of integers to tens", tol=EXACT),
    case(
        "nan_to_num",
        ODD,
        2.0,
        7.0,
        -7.0,
        ref=lambda x, a, b, c: np.nan_to_num(x, nan=a, posinf=b, neginf=c),
        tol=EXACT,
        differentiable=False,
    ),
    # -- complex numbers
    case("complex_from_parts", LEFT, RIGHT, ref=lambda a, b: a + 1j * b, tol=EXACT),
    case("real", LEFT, ref=lambda x: x * 1.0, note="of real numbers", tol=EXACT),
    case("imag", LEFT, ref=lambda x: x * 0.0, note="of real numbers", tol=EXACT),
    case(
        "real",
        LEFT,
        RIGHT,
        ref=lambda a, b: a + 0.0 * b,
        tol=EXACT,
        call=lambda a, b: ops.real(ops.complex_from_parts(a, b)),
    ),
    case(
        "imag",
        LEFT,
        RIGHT,
        ref=lambda a, b: 0.0 * a + b,
        tol=EXACT,
        call=lambda a, b: ops.imag(ops.complex_from_parts(a, b)),
    ),
    case(
        "abs",
        LEFT,
        RIGHT,
        ref=lambda a, b: np.hypot(*np.broadcast_arrays(a, b)),
        note="of complex numbers",
        call=lambda a, b: ops.abs(ops.complex_from_parts(a, b)),
    ),
]
