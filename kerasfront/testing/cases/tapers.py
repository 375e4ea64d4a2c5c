"""Window functions: every length, even and odd, and the ends."""

from __future__ import annotations

import numpy as np

from kerasfront.testing.case import array, case, ints
from kerasfront.testing.tolerance import FORMULA

TAPERS = {"bartlett": np.bartlett, "blackman": np.blackman, "hamming": np.hamming, "hanning": np.hanning}

CASES = [
    *(case(name, length, ref=f(length), note=f"length {length}", tol=FORMULA)
      for name, f in TAPERS.items() for length in (0, 1, 3, 7, 8)),
    *(case(name, ints(6), ref=f(6), note="length in a tensor", tol=FORMULA, compiled=False)
      for name, f in TAPERS.items()),
    *(case("kaiser", length, beta, ref=np.kaiser(length, beta), note=f"length {length}, beta {beta}", tol=FORMULA)
      for length in (0, 1, 6, 9) for beta in (0.0, 5.0, 14.0)),
    case("kaiser", 7, array(3.0), ref=lambda length, beta: np.kaiser(7, float(beta)), note="slope by beta",
         tol=FORMULA, dtypes=("float32",)),
]  # fmt: skip
