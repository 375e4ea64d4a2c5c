"""Numbers spaced evenly, grids of coordinates, positions and coordinates."""

from __future__ import annotations

import numpy as np

from kerasfront.testing.case import array, bools, case, ints
from kerasfront.testing.tolerance import EXACT, FORMULA

ACROSS, DOWN = array([1.0, 2.0, 3.0]), array([-1.0, 0.5])
ENDS = array([1.0, 2.0]), array([[4.0, 8.0], [16.0, 32.0]])
SPACES = {"linspace": np.linspace, "logspace": np.logspace, "geomspace": np.geomspace}


def grid(*x, indexing="xy", note):
    """A case of `meshgrid`."""
    return case("meshgrid", *x, indexing=indexing, note=note, tol=EXACT,
                ref=lambda *x, indexing: tuple(part * 1 for part in np.meshgrid(*x, indexing=indexing)))  # fmt: skip


CASES = [
    *(case("arange", *bounds, ref=np.arange(*bounds), note=f"{bounds}", tol=EXACT)
      for bounds in ((5,), (0,), (-3,), (2, 7), (7, 2), (7, 2, -2), (1, 10, 4), (0, 1, 2))),
    *(case("arange", *bounds, ref=np.arange(*bounds), note=f"{bounds} of floats", tol=FORMULA)
      for bounds in ((2.5,), (0, 1, 0.25), (1.0, -1.0, -0.5))),
    case("arange", 3, dtype="float16", ref=array([0.0, 1.0, 2.0]), note="as floats", tol=EXACT),
    case("arange", 3, dtype="uint8", ref=ints([0, 1, 2]), note="as bytes", tol=EXACT),
    *(case(name, 1.0, 8.0, 4, ref=f(1.0, 8.0, 4), note="numbers", tol=FORMULA) for name, f in SPACES.items()),
    *(case(name, 1.0, 8.0, 4, False, ref=f(1.0, 8.0, 4, False), note="without the end", tol=FORMULA)
      for name, f in SPACES.items()),
    *(case(name, 2, 8, 3, ref=f(2, 8, 3), note="integer ends", tol=FORMULA) for name, f in SPACES.items()),
    *(case(name, 2.0, 3.0, num, ref=f(2.0, 3.0, num), note=f"{num} numbers", tol=FORMULA)
      for name, f in SPACES.items() for num in (0, 1)),
    *(case(name, *ENDS, 3, ref=f, note="ends in tensors", tol=FORMULA) for name, f in SPACES.items()),
    *(case(name, *ENDS, 3, axis=-1, ref=f, note="along the last axis", tol=FORMULA) for name, f in SPACES.items()),
    *(case(name, 1.0, 4.0, 3, dtype="int32", ref=f(1.0, 4.0, 3).astype("int32"), note="as integers", tol=EXACT)
      for name, f in (("linspace", np.linspace), ("logspace", np.logspace))),
    case("linspace", 0, 10, 5, retstep=True, ref=(np.linspace(0, 10, 5), array(2.5)), note="with the step",
         tol=FORMULA),
    case("geomspace", -1.0, -8.0, 4, ref=np.geomspace(-1.0, -8.0, 4), note="of negative numbers", tol=FORMULA),
    case("logspace", 0.0, 3.0, 4, base=2, ref=np.logspace(0.0, 3.0, 4, base=2), note="to base 2", tol=FORMULA),
    grid(ACROSS, DOWN, note="two"),
    grid(ACROSS, DOWN, indexing="ij", note="two by matrix indices"),
    grid(ACROSS, DOWN, ints([7, 8]), note="three"),
    grid(ACROSS, DOWN, array([5.0]), indexing="ij", note="three by matrix indices"),
    grid(ACROSS, note="one"),
    grid(ACROSS, array(2.0), note="a scalar"),
    grid(ACROSS, np.zeros((0,)), note="nothing"),
    grid(bools([True, False]), DOWN, note="mixed types"),
    case("coordinate_grid", [ACROSS, DOWN], "ij", ref=lambda x, i: tuple(p * 1 for p in np.meshgrid(*x, indexing=i)),
         tol=EXACT),
    *(case("unravel_index", indices, shape, ref=lambda i, s: tuple(np.unravel_index(i, s)), note=note, tol=EXACT)
      for note, indices, shape in (
          ("of a vector", ints([0, 5, 8]), (3, 3)),
          ("of a matrix", ints([[0, 23], [7, 12]]), (2, 3, 4)),
          ("bytes", ints([1, 5], "uint8"), (2, 3)),
          ("wide", ints([1, 5], "int64"), (6,)),
          ("of nothing", ints([]), (2, 3)),
      )),
    case("unravel_index", 5, (3, 3), ref=(ints(1), ints(2)), note="of a Python number", tol=EXACT),
]  # fmt: skip
