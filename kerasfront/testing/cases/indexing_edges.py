"""Reading, writing and order where engines are known to differ: negative and empty positions, ties, NaN, dtypes."""

from __future__ import annotations

import math

import numpy as np

from kerasfront.testing.case import HALVES, array, bools, case, distinct, ints
from kerasfront.testing.cases.indexing import descending, one_hot, updated
from kerasfront.testing.tolerance import EXACT

NAN, INF = math.nan, math.inf
CUBE = distinct(2, 4, 3, seed=41)
MATRIX = distinct(4, 3, seed=42)
INTEGERS = ("int8", "uint8", "int16", "uint32", "int64")
TIES = array([[2.0, 1.0, 2.0, 1.0, 2.0], [0.0, -0.0, 0.0, INF, -INF]])


def ordered(x, axis=-1):
    return np.argsort(x, axis=axis, kind="stable")


def largest(x, k, sorted=True):
    """NaN is larger than everything; of equal values the first."""
    order = np.argsort(-np.where(np.isnan(x), INF, x), axis=-1, kind="stable")
    order = np.take_along_axis(order, np.argsort(~np.isnan(np.take_along_axis(x, order, -1)), -1, "stable"), -1)[
        ..., :k
    ]
    return np.take_along_axis(x, order, -1), order


KEYS = {
    "two numbers": (1, 2),
    "number from the end": (-1, np.s_[:]),
    "new axes": np.s_[:, None, :, None],
    "part of each": np.s_[1:3, -2:],
    "steps from the end": np.s_[::-2],
    "nothing": np.s_[3:1],
    "beyond the end": np.s_[2:10],
    "everything": Ellipsis,
    "nothing at all": (),
}
ARRAY_KEYS = {
    "positions of two axes": (ints([[0], [2]]), ints([1, 0])),
    "positions from the end": (ints([-1, 0]),),
    "positions behind": np.s_[..., ints([2, 0])],
    "positions between": np.s_[1:, ints([2, 0])],
    "positions and a new axis": np.s_[None, ints([2, 0]), None],
}
CUBE_KEYS = {
    "arrays apart": (ints([1, 0]), np.s_[1:], ints([2, 0])),
    "number and array apart": (1, np.s_[:], ints([2, 0])),
    "number beside an array": (np.s_[:], 1, ints([2, 0])),
    "arrays that broadcast": (ints([[1], [0]]), ints([[0, 3, -1]])),
    "three arrays": (ints([1, 0]), ints([-1, 2]), ints([0, 0])),
    "array and steps": (np.s_[::-1], ints([1, 1]), np.s_[::2]),
    "new axis between arrays": (ints([1, 0]), None, ints([2, 0])),
}
MASK_KEYS = {
    "mask of all axes": bools(np.arange(24).reshape(2, 4, 3) % 2),
    "mask of two axes": bools([[1, 0, 0, 1], [0, 1, 0, 0]]),
    "mask behind": (np.s_[:], bools([1, 0, 1, 1])),
    "mask and array": (bools([1, 1]), ints([2, 0])),
    "mask and number": (0, bools([1, 0, 1, 1])),
    "mask of nothing": bools([0, 0]),
}

CASES = [
    # reading
    *(case("get_item", MATRIX, key, ref=lambda x, k: x[k], note=note, tol=EXACT) for note, key in KEYS.items()),
    *(case("get_item", MATRIX, key, ref=lambda x, k: x[k], note=note, tol=EXACT) for note, key in ARRAY_KEYS.items()),
    *(case("get_item", CUBE, key, ref=lambda x, k: x[k], note=note, tol=EXACT) for note, key in CUBE_KEYS.items()),
    *(
        case("get_item", CUBE, key, ref=lambda x, k: x[k], note=note, tol=EXACT, compiled=False)
        for note, key in MASK_KEYS.items()
    ),
    *(
        case("take", CUBE, ints(places), axis=axis, ref=np.take, note=f"{np.shape(places)} along {axis}", tol=EXACT)
        for axis in (0, 1, -1)
        for places in (1, [-1, 0, -1], [[0, 1], [1, 0]])
    ),
    *(
        case("take", MATRIX, ints([1, 0], dtype), axis=0, ref=np.take, note=f"by {dtype}", tol=EXACT)
        for dtype in INTEGERS
    ),
    *(
        case("take", ints([[3, 1], [2, 9]], dtype), ints([1, 1]), axis=1, ref=np.take, note=f"of {dtype}", tol=EXACT)
        for dtype in (*INTEGERS, "bool")
    ),
    case("take", MATRIX, ints([], "int32"), axis=0, ref=np.take, note="nothing", tol=EXACT),
    case("take", np.zeros((3, 0)), ints([2, 0]), axis=0, ref=np.take, note="rows without elements", tol=EXACT),
    case("take", MATRIX, [2, -1], axis=0, ref=np.take, note="by a list", tol=EXACT),
    case("take", MATRIX, ints([0, 0, 3]), axis=0, ref=np.take, note="half types", dtypes=HALVES, tol=EXACT),
    *(
        case(
            "take_along_axis",
            CUBE,
            ints(np.arange(24).reshape(2, 4, 3) % size - (size if turned else 0)),
            axis=axis,
            ref=np.take_along_axis,
            note=f"along {axis}" + (" from the end" if turned else ""),
            tol=EXACT,
        )
        for axis, size in ((0, 2), (1, 4), (-1, 3))
        for turned in (False, True)
    ),
    case("take_along_axis", MATRIX, ints([5, 0, -1]), axis=None, ref=np.take_along_axis, note="flat", tol=EXACT),
    *(
        case(
            "slice",
            CUBE,
            start,
            shape,
            ref=lambda x, s, shape: x[
                tuple(np.s_[b : None if n == -1 else b + n] for b, n in zip(s, shape, strict=True))
            ],
            note=note,
            tol=EXACT,
        )
        for note, start, shape in (
            ("everything", [0, 0, 0], (2, 4, 3)),
            ("nothing", [1, 4, 0], (1, 0, 3)),
            ("up to the end", [1, 1, 0], (1, 3, -1)),
            ("the end", ints([1, 3, 2]), (1, 1, 1)),
        )
    ),
    case(
        "slice",
        ints([1, 2, 3]),
        ints([1], "int64"),
        (2,),
        ref=lambda x, s, shape: x[1:3],
        note="of integers by int64",
        tol=EXACT,
    ),
    case("sort_along", MATRIX, axis=1, ref=np.sort, tol=EXACT),
    case("dynamic_slice", MATRIX, ints([1, 0]), (2, 1), ref=lambda x, s, shape: x[1:3, 0:1], tol=EXACT),
    case("sort", MATRIX, None, ref=lambda x, axis: np.sort(x, None), note="flat", tol=EXACT),
    case("argsort", array(2.0), ref=ints([0]), note="of a scalar", tol=EXACT, differentiable=False),
    case("slice_update", MATRIX, [3, 2], array([[9.5]]), ref=updated, note="the end", tol=EXACT),
    case("slice_update", MATRIX, ints([0, 0]), MATRIX * 2, ref=updated, note="everything", tol=EXACT),
    case("slice_update", ints([1, 2, 3]), ints([1]), ints([7]), ref=updated, note="of integers", tol=EXACT),
    # writing
    case(
        "scatter",
        ints([[1], [-1]]),
        array([2.0, 3.0]),
        (3,),
        ref=array([0.0, 2.0, 3.0]),
        note="from the end",
        tol=EXACT,
        differentiable=False,
    ),
    case(
        "scatter",
        np.zeros((0, 1), "int32"),
        np.zeros((0, 2)),
        (3, 2),
        ref=np.zeros((3, 2)),
        note="nothing",
        tol=EXACT,
        differentiable=False,
    ),
    case(
        "scatter",
        ints([[[0], [1]], [[1], [1]]]),
        array([[1.0, 2.0], [3.0, 4.0]]),
        (3,),
        ref=array([1.0, 9.0, 0.0]),
        note="indices of two axes",
        tol=EXACT,
        differentiable=False,
    ),
    case("scatter", ints([[1], [1]]), ints([2, 3]), (2,), ref=ints([0, 5]), note="of integers adds up", tol=EXACT),
    # order
    *(case("sort", CUBE, axis=axis, ref=np.sort, note=f"along {axis}", tol=EXACT) for axis in (0, 1, -1)),
    *(
        case(
            "sort",
            ints([[3, 200, 2], [0, 7, 7]], dtype) if dtype != "int8" else ints([[3, -100, 2]], dtype),
            ref=np.sort,
            note=f"of {dtype}",
            tol=EXACT,
        )
        for dtype in INTEGERS
    ),
    case("sort", bools([[True, False, True]]), ref=np.sort, note="of bool", tol=EXACT),
    case("sort", array([2.0, 1.0, 2.0, 1.0]), ref=np.sort, note="ties", tol=EXACT, differentiable=False),
    case("sort", np.zeros((2, 0)), ref=np.sort, note="nothing", tol=EXACT),
    *(case("argsort", TIES, axis=axis, ref=ordered, note=f"ties along {axis}", tol=EXACT) for axis in (0, 1, -1)),
    *(
        case("argsort", ints([[3, 100, 2, 2], [0, 7, 7, 0]], dtype), ref=ordered, note=f"of {dtype}", tol=EXACT)
        for dtype in INTEGERS
    ),
    case("argsort", bools([True, False, True, False]), ref=ordered, note="of bool", tol=EXACT),
    case("argsort", array([NAN, 1.0, NAN, -INF]), ref=ordered, note="NaN last, in order", tol=EXACT),
    case("argsort", np.zeros((2, 0)), ref=ordered, note="nothing", tol=EXACT),
    *(case("top_k", TIES, k, ref=largest, note=f"{k} with ties", tol=EXACT, differentiable=False) for k in (1, 2, 5)),
    case(
        "top_k",
        array([[1.0, NAN, 3.0, NAN], [-INF, NAN, INF, 0.0]]),
        3,
        ref=largest,
        note="NaN first",
        tol=EXACT,
        differentiable=False,
    ),
    *(
        case(
            "top_k",
            ints([[3, 100, 2, 100]], dtype),
            3,
            ref=lambda x, k: descending(x.astype("int64"), k),
            note=f"of {dtype}",
            tol=EXACT,
        )
        for dtype in INTEGERS
    ),
    case(
        "top_k",
        ints([-128, 127, 0], "int8"),
        3,
        ref=lambda x, k: descending(x.astype("int64"), k),
        note="ends of int8",
        tol=EXACT,
    ),
    case("top_k", CUBE, 2, sorted=False, ref=largest, note="any order", tol=EXACT),
    case(
        "top_k",
        array([2.0, 5.0, 5.0, 1.0]),
        2,
        ref=largest,
        note="slope of the first of ties",
        gradients=(array([0.0, 1.0, 1.0, 0.0]),),
    ),
    case(
        "top_k",
        array([5.0, 5.0, 5.0]),
        1,
        ref=largest,
        note="slope of one of three",
        gradients=(array([1.0, 0.0, 0.0]),),
    ),
    *(
        case(
            "searchsorted",
            ints([1, 3, 3, 5], dtype),
            ints([0, 3, 6], dtype),
            side=side,
            ref=np.searchsorted,
            note=f"of {dtype}, {side}",
            tol=EXACT,
        )
        for dtype in ("int8", "uint8", "int64")
        for side in ("left", "right")
    ),
    *(
        case(
            "searchsorted",
            array([-INF, 0.0, 1.0, INF]),
            array([[-INF, INF, NAN, -0.0]]),
            side=side,
            ref=np.searchsorted,
            note=f"infinities and NaN, {side}",
            tol=EXACT,
        )
        for side in ("left", "right")
    ),
    case("searchsorted", np.zeros((0,)), array([1.0]), ref=np.searchsorted, note="in nothing", tol=EXACT),
    case("searchsorted", array([1.0, 2.0]), np.zeros((0, 2)), ref=np.searchsorted, note="for nothing", tol=EXACT),
    case("searchsorted", array([0.5, 1.5]), ints([1, 2]), ref=np.searchsorted, note="of dtypes", tol=EXACT),
    # positions and choice
    *(
        case("one_hot", ints([[0, 2], [1, -3]]), 3, axis=axis, ref=one_hot, note=f"axis {axis}", tol=EXACT)
        for axis in (0, 1, 2, -2)
    ),
    *(
        case("one_hot", ints([0, 2, 1], dtype), 3, dtype=kind, ref=one_hot, note=f"{dtype} to {kind}", tol=EXACT)
        for dtype, kind in (("uint8", "bool"), ("int64", "int32"), ("int8", "float16"))
    ),
    case("one_hot", ints(1), 3, ref=one_hot, note="of a scalar", tol=EXACT),
    case("one_hot", np.zeros((0,), "int32"), 3, ref=one_hot, note="of nothing", tol=EXACT),
    *(
        case("nonzero", x, ref=np.nonzero, note=note, tol=EXACT, compiled=False)
        for note, x in {
            "integers": ints([[0, 3], [2, 0]]),
            "bool": bools([False, True]),
            "nothing": ints([0, 0]),
            "three axes": bools(np.arange(8).reshape(2, 2, 2) % 3),
        }.items()
    ),
    case(
        "where",
        bools([[True], [False]]),
        array([1.0, 2.0]),
        array([[3.0], [4.0]]),
        ref=np.where,
        note="broadcasts",
        tol=EXACT,
    ),
    case("where", bools([True, False]), ints([1, 2]), array([0.5, 0.5]), ref=np.where, note="of dtypes", tol=EXACT),
    case("where", ints([2, 0, -1]), array([1.0, 2.0, 3.0]), 0.0, ref=np.where, note="condition of integers", tol=EXACT),
    case(
        "where",
        bools([True, False]),
        array([NAN, 1.0]),
        array([2.0, NAN]),
        ref=np.where,
        note="NaN is chosen or left",
        tol=EXACT,
        differentiable=False,
    ),
]
