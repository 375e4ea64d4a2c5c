"""Integers: divisors, multiples, remainders by every sign, and remainders of floats."""

from __future__ import annotations

import itertools
import math

import numpy as np

from kerasfront.testing.case import HALVES, array, case, ints
from kerasfront.testing.tolerance import EXACT

LEFT, RIGHT = ints([12, -18, 0, 7, 0, 270, 1071]), ints([18, 12, 5, 0, 0, 192, -462])
SIGNS = ints(list(itertools.product((7, -7, 6, 0), (3, -3, 5)))).T
FLOATS = array([7.5, -7.5, 7.5, -7.5, 1e-20, -1e-20, 6.0]), array([2.0, 2.0, -2.0, -2.0, 1.0, 1.0, 3.0])
ODD = array([math.inf, 1.0, -1.0, math.nan, 1.0, 0.0]), array([1.0, math.inf, -math.inf, 1.0, 0.0, 2.0])
DIVISION = {"gcd": np.gcd, "lcm": np.lcm}
REMAINDERS = {"fmod": np.fmod, "mod": np.mod, "floor_divide": np.floor_divide}

CASES = [
    *(case(name, LEFT, RIGHT, ref=f, tol=EXACT) for name, f in DIVISION.items()),
    *(case(name, ints([[4], [9]]), ints([6, 8, 3]), ref=f, note="broadcast", tol=EXACT)
      for name, f in DIVISION.items()),
    *(case(name, ints([12, 7], kind), ints([18, 21], kind), ref=f, note=kind, tol=EXACT)
      for name, f in DIVISION.items() for kind in ("int8", "uint8", "int16", "int64")),
    *(case(name, ints([12, 7]), 4, ref=f, note="with a Python number", tol=EXACT) for name, f in DIVISION.items()),
    *(case(name, ints(np.zeros((0, 2))), ints([1, 2]), ref=f, note="of nothing", tol=EXACT)
      for name, f in DIVISION.items()),
    *(case(name, SIGNS[0], SIGNS[1], ref=f, note="of integers by sign", tol=EXACT) for name, f in REMAINDERS.items()),
    *(case(name, ints([100, 7], kind), ints([7, 9], kind), ref=f, note=kind, tol=EXACT)
      for name, f in REMAINDERS.items() for kind in ("int8", "uint8", "int16", "int64")),
    *(case(name, *FLOATS, ref=f, note="of floats by sign", tol=EXACT, differentiable=False)
      for name, f in REMAINDERS.items()),
    *(case(name, *ODD, ref=f, note="of infinities, NaN and 0", tol=EXACT, differentiable=False)
      for name, f in REMAINDERS.items()),
    *(case(name, FLOATS[0][:4], FLOATS[1][:4], ref=f, note="of half types by sign", dtypes=HALVES, tol=EXACT)
      for name, f in REMAINDERS.items()),
    case("fmod", array([7.3, -7.3, 5.4]), array([2.0, -2.5, 1.7]), ref=np.fmod, note="slope"),
    case("fmod", array([0.0, 3.5]), array([2.0, 2.0]), ref=np.fmod, note="slope at 0",
         gradients=(array([1, 1]), array([0, -1]))),
]  # fmt: skip
