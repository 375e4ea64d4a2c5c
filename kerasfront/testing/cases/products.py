"""Kronecker's product and the cross product."""

from __future__ import annotations

import numpy as np

from kerasfront.testing.case import HALVES, array, case, ints, normal
from kerasfront.testing.tolerance import EXACT, FORMULA

SPACE, PLANE = (normal(4, 3), normal(4, 3, seed=1)), (normal(4, 2), normal(4, 2, seed=1))


def embedded(a, b, axis=-1):
    """The cross product with missing third components put in."""
    a, b = (np.moveaxis(x, axis, -1) for x in (a, b))
    flat = a.shape[-1] == b.shape[-1] == 2
    a, b = (np.concatenate([x, np.zeros((*x.shape[:-1], 3 - x.shape[-1]), x.dtype)], -1) for x in (a, b))
    result = np.cross(a, b)
    return result[..., 2] if flat else np.moveaxis(result, -1, axis)


CASES = [
    case("kron", normal(2, 3), normal(3, 2), ref=np.kron, tol=FORMULA),
    case("kron", normal(3), normal(2), ref=np.kron, note="of vectors", tol=FORMULA),
    case("kron", normal(3), normal(2, 2), ref=np.kron, note="of a vector and a matrix", tol=FORMULA),
    case("kron", normal(2, 1, 2), normal(2, 2), ref=np.kron, note="of a cube and a matrix", tol=FORMULA),
    case("kron", array(2.0), normal(2, 2), ref=np.kron, note="of a scalar", tol=FORMULA),
    case("kron", ints([[1, 2]]), ints([[3], [4]]), ref=np.kron, note="of integers", tol=EXACT),
    # No gradient: in a graph, TensorFlow 2.21 ends the process by a division by zero when it folds its constants.
    case("kron", np.zeros((0, 2)), normal(2, 2), ref=np.kron, note="of nothing", tol=EXACT, differentiable=False),
    case("kron", normal(2), normal(2, seed=1), ref=np.kron, note="half types", tol=FORMULA, dtypes=HALVES),
    case("cross", *SPACE, ref=embedded, tol=FORMULA),
    case("cross", *PLANE, ref=embedded, note="in the plane", tol=FORMULA),
    case("cross", SPACE[0], PLANE[1], ref=embedded, note="of 3 and 2 components", tol=FORMULA),
    case("cross", PLANE[0], SPACE[1], ref=embedded, note="of 2 and 3 components", tol=FORMULA),
    case("cross", normal(3), normal(3, seed=1), ref=embedded, note="of single vectors", tol=FORMULA),
    case("cross", normal(3, 4), normal(3, 4, seed=1), axis=0, ref=lambda a, b, axis: embedded(a, b, 0),
         note="along the first axis", tol=FORMULA),
    case("cross", normal(3, 4), normal(4, 3), 0, 1, 0, ref=lambda a, b, *_: np.cross(a, b, 0, 1, 0),
         note="along different axes", tol=FORMULA),
    case("cross", normal(2, 1, 3), normal(4, 3), ref=embedded, note="broadcast", tol=FORMULA),
    case("cross", ints([1, 2, 3]), ints([4, 5, 6]), ref=embedded, note="of integers", tol=EXACT),
]  # fmt: skip
