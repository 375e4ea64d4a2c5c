"""Reading, writing and order: negative and repeated positions, ties, NaN, what is out of range."""

from __future__ import annotations

import math

import numpy as np

from kerasfront.testing.case import HALVES, array, bools, case, distinct, ints, normal
from kerasfront.testing.tolerance import EXACT, SUM

NAN, INF = math.nan, math.inf
CUBE = distinct(2, 4, 3, seed=5)
MATRIX = distinct(4, 3, seed=6)
PLACES = ints([[0], [2], [0]])
PAIRS = ints([[0, 1], [3, 2], [0, 1]])
UPDATES = normal(3, 3)
UNSORTED = array([[3.0, NAN, -1.0, 3.0, -INF], [2.0, 2.0, 1.0, INF, 0.0]])
SORTED = array([0.0, 1.0, 1.0, 2.5])


def scattered(x, places, updates, add=True):
    result = np.array(x)
    for place, update in zip(
        places.reshape(-1, places.shape[-1]), updates.reshape(len(places), *x.shape[places.shape[-1] :]), strict=True
    ):
        result[tuple(place)] = update + (result[tuple(place)] if add else 0)
    return result


def updated(x, start, block):
    result = np.array(x)
    result[tuple(np.s_[begin : begin + size] for begin, size in zip(start, block.shape, strict=True))] = block
    return result


def descending(x, k):
    order = np.argsort(-x, axis=-1, kind="stable")[..., :k]
    return np.take_along_axis(x, order, -1), order


def one_hot(x, n, axis=-1, dtype=None):
    classes = np.arange(n)
    return np.moveaxis((np.asarray(x)[..., None] == classes) * 1.0, -1, axis)


KEYS = {
    "row": 1,
    "last": -1,
    "part": np.s_[1:3],
    "steps": np.s_[::2, ::-1],
    "new axis": np.s_[None, 0, ..., None],
    "ellipsis": np.s_[..., 1],
    "negative steps": np.s_[3:0:-2],
    "empty": np.s_[2:2],
}

CASES = [
    *(case("getitem", MATRIX, key, ref=lambda x, k: x[k], note=name, tol=EXACT) for name, key in KEYS.items()),
    case("getitem", MATRIX, ints([2, 0, 2]), ref=lambda x, k: x[k], note="positions", tol=EXACT),
    case("getitem", CUBE, (0, ints([3, 1])), ref=lambda x, k: x[k], note="number and positions", tol=EXACT),
    case(
        "getitem",
        MATRIX,
        bools([True, False, True, False]),
        ref=lambda x, k: x[k],
        note="mask",
        tol=EXACT,
        compiled=False,
    ),
    case("basic_getitem", MATRIX, (slice(1, 3), 2), ref=lambda x, k: x[k], tol=EXACT),
    case("gather", CUBE, ints([[1, 0], [-1, 1]]), 1, ref=np.take, note="negative positions", tol=EXACT),
    case("gather", ints([[1, 2], [3, 4]]), ints([1, 1, 0]), 0, ref=np.take, note="of integers", tol=EXACT),
    case(
        "gather", MATRIX, ints([2, 0, 2], "uint8"), 0, ref=lambda x, i, a: np.take(x, i, a), note="by uint8", tol=EXACT
    ),
    case("gather", MATRIX, ints([], "int32"), 1, ref=np.take, note="of nothing", tol=EXACT),
    case("take", CUBE, ints([5, -1]), ref=np.take, note="flat", tol=EXACT),
    case("take", CUBE, ints([[0, 2]]), axis=-1, ref=np.take, tol=EXACT),
    case("gather_along_axis", MATRIX, ints([[0, 3, -1]]), 0, ref=np.take_along_axis, tol=EXACT),
    case("take_along_axis", CUBE, ints(np.arange(24).reshape(2, 4, 3) % 3), 2, ref=np.take_along_axis, tol=EXACT),
    case("slice", CUBE, ints([0, 1, 1]), (2, 2, 1), ref=lambda x, s, shape: x[0:2, 1:3, 1:2], tol=EXACT),
    case("slice_update", CUBE, ints([1, 2, 0]), normal(1, 2, 3), ref=updated, tol=EXACT),
    case("scatter_add", MATRIX, PLACES, UPDATES, ref=scattered, note="equal rows add up", tol=SUM),
    case("scatter_add", MATRIX, PAIRS, UPDATES[0], ref=scattered, note="equal elements add up", tol=SUM),
    case("scatter_add", ints([1, 2, 3]), ints([[2], [2]]), ints([5, 6]), ref=scattered, note="of integers", tol=EXACT),
    case(
        "scatter_set",
        MATRIX,
        ints([[3], [1]]),
        UPDATES[:2],
        ref=lambda x, i, u: scattered(x, i, u, add=False),
        tol=EXACT,
    ),
    case(
        "scatter_set",
        MATRIX,
        PLACES,
        UPDATES,
        ref=lambda x, i, u: scattered(x, i, u, add=False),
        note="the last stays",
        tol=EXACT,
        differentiable=False,
    ),
    case("scatter", PLACES, UPDATES, (4, 3), ref=lambda i, u, s: scattered(np.zeros(s), i, u), tol=SUM),
    case(
        "scatter_update",
        MATRIX,
        PLACES,
        UPDATES,
        reduction="add",
        ref=lambda x, i, u, reduction: scattered(x, i, u),
        tol=SUM,
    ),
    case("sort", UNSORTED, ref=np.sort, note="NaN last", tol=EXACT, differentiable=False),
    case("sort", MATRIX, 0, ref=np.sort, tol=EXACT),
    case("sort", ints([[3, -1, 2]]), ref=np.sort, note="of integers", tol=EXACT),
    case("sort", MATRIX, ref=np.sort, note="half types", dtypes=HALVES, tol=EXACT),
    case("stable_argsort", UNSORTED, ref=lambda x: np.argsort(x, kind="stable"), note="ties and NaN", tol=EXACT),
    case(
        "stable_argsort",
        ints([2, 1, 2, 1, 0, 1]),
        ref=lambda x: np.argsort(x, kind="stable"),
        note="of integers",
        tol=EXACT,
    ),
    case(
        "argsort",
        MATRIX,
        axis=None,
        ref=lambda x, axis: np.argsort(x, axis=axis, kind="stable"),
        note="flat",
        tol=EXACT,
    ),
    case(
        "top_k",
        array([[1.0, 5.0, 5.0, 2.0], [3.0, 3.0, 3.0, 3.0]]),
        3,
        ref=descending,
        note="ties by lowest position",
        tol=EXACT,
        differentiable=False,
    ),
    case("top_k", MATRIX, 2, ref=descending, tol=EXACT),
    case("top_k", ints([[3, 9, 9, 1]]), 2, ref=descending, note="of integers", tol=EXACT),
    *(
        case(
            "searchsorted",
            SORTED,
            array([[-1.0, 1.0], [2.0, 9.0]]),
            side=side,
            ref=np.searchsorted,
            note=side,
            tol=EXACT,
        )
        for side in ("left", "right")
    ),
    case("searchsorted", ints([1, 3, 5]), ints([3, 4]), ref=np.searchsorted, note="of integers", tol=EXACT),
    case("nonzero", array([[0.0, 2.0], [NAN, 0.0]]), ref=np.nonzero, tol=EXACT, compiled=False),
    case("where", bools([[True, False], [True, True]]), ref=np.where, note="positions", tol=EXACT, compiled=False),
    case("one_hot", ints([[0, 2], [1, 1]]), 3, ref=one_hot, tol=EXACT),
    case("one_hot", ints([-1, 3, 7, 1]), 3, ref=one_hot, note="out of range gives zeros", tol=EXACT),
    case("one_hot", ints([0, 2]), 3, axis=0, dtype="int32", ref=one_hot, note="first axis of integers", tol=EXACT),
]
