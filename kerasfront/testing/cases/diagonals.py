"""Diagonals, triangles, powers in columns: every offset, shapes wide and high, nothing."""

from __future__ import annotations

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import array, bools, case, ints, normal
from kerasfront.testing.tolerance import EXACT, FORMULA

VECTOR, MATRIX, CUBE = normal(3), normal(3, 4), normal(2, 3, 4)
OFFSETS = (-3, -1, 0, 1, 2, 5)
VALUES = array([2.0, -1.5, 0.0])

CASES = [
    *(case("diag", VECTOR, k, ref=np.diag, note=f"of a vector at {k}", tol=EXACT) for k in (-2, 0, 1)),
    *(case("diag", MATRIX, k, ref=np.diag, note=f"of a matrix at {k}", tol=EXACT) for k in OFFSETS),
    case("diag", ints([1, 2]), ref=np.diag, note="of integers", tol=EXACT),
    case("diag", bools([True, False]), 1, ref=np.diag, note="of bool", tol=EXACT),
    case("diag", np.zeros((0,)), ref=np.diag, note="of nothing", tol=EXACT),
    case("diag", array([np.nan, 1.0]), ref=np.diag, note="NaN stays in its place", tol=EXACT, differentiable=False),
    *(case("diagflat", MATRIX[:2, :2], k, ref=np.diagflat, note=f"at {k}", tol=EXACT) for k in (-1, 0, 2)),
    case("diagflat", 3.0, ref=array([[3.0]]), note="of a Python number", tol=EXACT),
    case("diagflat", np.zeros((0, 2)), ref=np.diagflat, note="of nothing", tol=EXACT),
    *(case("diagonal", MATRIX, k, ref=np.diagonal, note=f"at {k}", tol=EXACT) for k in OFFSETS),
    *(case("diagonal", MATRIX.T.copy(), k, ref=np.diagonal, note=f"of a high matrix at {k}", tol=EXACT)
      for k in OFFSETS),
    case("diagonal", CUBE, ref=np.diagonal, note="of a cube", tol=EXACT),
    case("diagonal", CUBE, 1, 1, 2, ref=np.diagonal, note="of matrices in the last axes", tol=EXACT),
    case("diagonal", CUBE, -1, -1, 0, ref=np.diagonal, note="axes in opposite order", tol=EXACT),
    case("diagonal", ints([[1, 2], [3, 4]]), ref=np.diagonal, note="of integers", tol=EXACT),
    case("diagonal", np.zeros((0, 3)), ref=np.diagonal, note="of nothing", tol=EXACT),
    *(case("tri", 3, ref=np.tri(3, 3, k), k=k, note=f"at {k}", tol=EXACT) for k in (-1, 0, 1, 5)),
    case("tri", 2, 4, ref=np.tri(2, 4), note="wide", tol=EXACT),
    case("tri", 4, 2, -1, "int32", ref=np.tri(4, 2, -1), note="high, of integers", tol=EXACT),
    case("tri", 2, dtype="bool", ref=np.tri(2).astype("bool"), note="of bool", tol=EXACT),
    case("tri", 0, ref=np.tri(0), note="of nothing", tol=EXACT),
    case("vander", VALUES, ref=np.vander, tol=FORMULA),
    case("vander", VALUES, 4, True, ref=np.vander, note="increasing", tol=FORMULA),
    *(case("vander", VALUES, n, ref=np.vander, note=f"{n} columns", tol=FORMULA) for n in (0, 1, 2)),
    case("vander", ints([1, 2, 3, 5]), ref=np.vander, note="of integers", tol=EXACT),
    case("vander", np.zeros((0,)), 2, ref=np.vander, note="of nothing", tol=EXACT),
    case("trace", MATRIX, ref=np.trace, note="of a wide matrix"),
    case("tril", MATRIX, -1, ref=np.tril, note="of a wide matrix", tol=EXACT),
    case("triu", MATRIX, 1, ref=np.triu, note="of a wide matrix", tol=EXACT),
    case("diag", VECTOR, ref=lambda x: x * 1.0, note="there and back", tol=EXACT,
         call=lambda x: ops.diag(ops.diag(x, 2), 2)),
]  # fmt: skip
