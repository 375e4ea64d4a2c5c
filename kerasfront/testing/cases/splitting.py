"""Parts along axes, joins in depth, turns."""

from __future__ import annotations

import numpy as np

from kerasfront.testing.case import array, case, ints, normal
from kerasfront.testing.tolerance import EXACT

VECTOR, MATRIX, CUBE = normal(6), normal(4, 6), normal(2, 4, 6)
SPLITS = {"vsplit": (np.vsplit, MATRIX), "hsplit": (np.hsplit, MATRIX), "dsplit": (np.dsplit, CUBE)}


def parts(op, x, *rest, ref, note):
    """A case whose result is a list of parts."""
    return case(op, x, *rest, ref=lambda x, *rest: tuple(ref(x, *rest)), note=note, tol=EXACT)


CASES = [
    *(parts("array_split", VECTOR, n, ref=np.array_split, note=f"{n} parts") for n in (1, 3, 4, 6, 8)),
    parts("array_split", MATRIX, 4, -1, ref=np.array_split, note="along the last axis"),
    parts("array_split", MATRIX, (1, 3), 1, ref=np.array_split, note="cut at indices"),
    parts("array_split", ints(np.zeros((0, 2))), 2, ref=np.array_split, note="of nothing"),
    *(parts(name, x, 2, ref=f, note="2 parts") for name, (f, x) in SPLITS.items()),
    *(parts(name, x, (1, 3), ref=f, note="cut at indices") for name, (f, x) in SPLITS.items()),
    *(parts(name, x, (0, 2, 9), ref=f, note="cut at the start and past the end") for name, (f, x) in SPLITS.items()),
    parts("hsplit", VECTOR, 3, ref=np.hsplit, note="of a vector"),
    parts("hsplit", CUBE, 2, ref=np.hsplit, note="of a cube"),
    parts("split", MATRIX, (2, 2), 1, ref=lambda x, cuts, axis: np.split(x, cuts, axis), note="an empty part"),
    parts("split", MATRIX, (-2,), 1, ref=lambda x, cuts, axis: np.split(x, cuts, axis), note="cut from the end"),
    case("dstack", [MATRIX, MATRIX + 1.0], ref=lambda xs: np.dstack(xs), tol=EXACT),
    case("dstack", [VECTOR, VECTOR * 2], ref=lambda xs: np.dstack(xs), note="of vectors", tol=EXACT),
    case("dstack", [CUBE, CUBE[..., :2]], ref=lambda xs: np.dstack(xs), note="of cubes", tol=EXACT),
    case("dstack", [array(1.0), array(2.0)], ref=lambda xs: np.dstack(xs), note="of scalars", tol=EXACT),
    case("dstack", [ints([1, 2]), array([0.5, 1.5])], ref=lambda xs: np.dstack(xs), note="of mixed types", tol=EXACT),
    *(case(name, x, ref=f, note=note, tol=EXACT)
      for name, f in (("flipud", np.flipud), ("fliplr", np.fliplr))
      for note, x in (("of a matrix", MATRIX), ("of a cube", CUBE), ("of integers", ints([[1, 2], [3, 4]])))),
    case("flipud", VECTOR, ref=np.flipud, note="of a vector", tol=EXACT),
]  # fmt: skip
