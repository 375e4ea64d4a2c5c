"""The named tolerances of the kit. A result may be off by so many units in the last place of its dtype.

Each class has a derivation. A case chooses a class; nobody writes a number into a case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np


@dataclass(frozen=True)
class Tolerance:
    """Allowed error in units of the dtype's epsilon.

    Args:
        relative: times the size of each expected value.
        absolute: times the size of the largest expected value, for results of cancellation.
    """

    relative: float
    absolute: float


# The same bits: comparisons, movement, integers, rounding.
EXACT = Tolerance(0, 0)
# One elementary function: the engines document up to 4 units for their own, and the reference's argument is exact.
FUNCTION = Tolerance(8, 1)
# A formula of a few functions, each with the error above, whose terms may cancel.
FORMULA = Tolerance(16, 8)
# A sum of at most 100 terms in any order, each rounded: bound n eps |largest|, met at its square root in practice.
SUM = Tolerance(16, 32)
# Factorizations and solutions of small systems of condition below 20: a few n^2 condition eps.
SOLVED = Tolerance(0, 400)
# Iterated formulas: recurrences over a few steps, updates, whole losses.
ITERATED = Tolerance(32, 64)


def difference(actual: Any, expected: Any, tolerance: Tolerance, dtype: str) -> str | None:
    """Return what is wrong with a result, None if nothing is. NaN and infinities have to be in the same places."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape:
        return f"shape {actual.shape}, expected {expected.shape}"
    if expected.dtype.kind in "biu" or actual.dtype.kind in "biu":
        wrong = actual != expected
        return f"{actual[wrong].ravel()[:5]}, expected {expected[wrong].ravel()[:5]}" if wrong.any() else None
    wide = "complex128" if "complex" in (actual.dtype.name + expected.dtype.name) else "float64"
    actual, expected = actual.astype(wide), expected.astype(wide)
    with np.errstate(all="ignore"):
        finite = np.isfinite(expected)
        largest = np.max(np.abs(expected[finite]), initial=0.0)
        allowed = epsilon(dtype) * (tolerance.relative * np.abs(expected) + tolerance.absolute * largest)
        same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
        wrong = ~np.where(finite, np.abs(actual - expected) <= np.where(finite, allowed, 0), same)
    if not wrong.any():
        return None
    return f"{actual[wrong][:5]}, expected {expected[wrong][:5]} at {np.argwhere(wrong)[:5].tolist()}"


def epsilon(dtype: str) -> float:
    """Return the distance from 1 to the next number of a dtype."""
    real = {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)
    return float(ml_dtypes.finfo(real).eps) if "float" in real else 0.0
