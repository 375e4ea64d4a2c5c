"""Segments, writing with a reduction, distinct values: empty segments, ids beyond, ties, NaN, cut results."""

from __future__ import annotations

import math

import numpy as np

from kerasfront.testing.case import HALVES, array, bools, case, distinct, ints, normal
from kerasfront.testing.tolerance import EXACT, SUM

NAN, INF = math.nan, math.inf
ROWS = distinct(5, 2, seed=21)
IDS = ints([0, 2, 0, 2, 2])
CUBE = distinct(2, 3, 2, seed=22)
PLACES = ints([[0, 1], [2, 1], [1, 1]])


def identity(name, kind):
    if name in ("sum", "prod"):
        return {"sum": 0, "prod": 1}[name]
    if kind == "f":
        return {"max": -INF, "min": INF}[name]
    return {"max": np.iinfo("int32").min, "min": np.iinfo("int32").max}[name]


COMBINE = {"sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum}


def segments(name):
    def run(data, ids, num_segments=None, sorted=False):
        rows, ids = data.reshape(-1, *data.shape[ids.ndim :]), ids.reshape(-1)
        count = int(ids.max()) + 1 if num_segments is None else num_segments
        result = np.full((count, *rows.shape[1:]), identity(name, data.dtype.kind), data.dtype)
        for row, place in zip(rows, ids, strict=True):
            if 0 <= place < count:
                result[place] = COMBINE[name](result[place], row)
        return result

    return run


def updated(x, indices, updates, reduction=None):
    result = np.array(x)
    combine = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum, None: lambda old, new: new}
    depth = indices.shape[-1]
    for place, update in zip(indices.reshape(-1, depth), updates.reshape(-1, *x.shape[depth:]), strict=True):
        result[tuple(place)] = combine[reduction](result[tuple(place)], update)
    return result


def unique(
    x, sorted=True, return_index=False, return_inverse=False, return_counts=False, axis=None, size=None, fill_value=None
):
    found = np.unique(x, True, True, True, axis, equal_nan=False)
    values, index, inverse, counts = found
    if size is not None:
        values = np.moveaxis(values, axis or 0, 0)
        more = max(size - len(values), 0)
        width = [(0, more)] + [(0, 0)] * (values.ndim - 1)
        values = np.pad(values[:size], width, constant_values=fill_value or 0)
        values = np.moveaxis(values, 0, axis or 0)
        index, counts = (np.pad(each[:size], (0, more)) for each in (index, counts))
    asked = [each for want, each in ((return_index, index), (return_inverse, inverse), (return_counts, counts)) if want]
    return (values, *asked) if asked else values


EVERYTHING = {"return_index": True, "return_inverse": True, "return_counts": True}
VALUES = array([2.0, -1.0, 2.0, NAN, 0.5, NAN, -1.0])
GRID = ints([[1, 0, 1], [0, 2, 0], [1, 0, 1], [0, 1, 5]])

CASES = [
    # segments
    *(
        case(
            f"segment_{name}",
            ROWS,
            IDS,
            4,
            ref=segments(name),
            note="with an empty one",
            tol=SUM,
            differentiable=name in ("sum", "prod"),
        )
        for name in COMBINE
    ),
    *(case(f"segment_{name}", ROWS, IDS % 2, 1, ref=segments(name), note="ids beyond", tol=SUM) for name in COMBINE),
    *(
        case(f"segment_{name}", ROWS, ints([0, -1, 1, 1, 0]), 2, ref=segments(name), note="negative ids", tol=SUM)
        for name in COMBINE
    ),
    *(
        case(
            f"segment_{name}",
            ROWS[:, 0],
            ints([0, 1, 0, 1, 1]),
            ref=segments(name),
            note="number from the ids",
            tol=SUM,
            compiled=False,
        )
        for name in COMBINE
    ),
    *(
        case(
            f"segment_{name}",
            CUBE,
            ints([[0, 1, 0], [1, 1, 0]]),
            2,
            ref=segments(name),
            note="ids of two axes",
            tol=SUM,
        )
        for name in COMBINE
    ),
    *(
        case(f"segment_{name}", ints([3, -1, 4, 2, 5]), IDS, 4, ref=segments(name), note="of integers", tol=EXACT)
        for name in COMBINE
    ),
    *(
        case(f"segment_{name}", ROWS, ints([0, 0, 1, 1, 2]), 3, sorted=True, ref=segments(name), note="sorted", tol=SUM)
        for name in COMBINE
    ),
    *(
        case(
            f"segment_{name}",
            ROWS,
            ints([0, 0, 1, 1, 0]),
            2,
            ref=segments(name),
            note="half types",
            dtypes=HALVES,
            tol=SUM,
        )
        for name in COMBINE
    ),
    *(
        case(f"segment_{name}", np.zeros((0, 2)), ints([]), 2, ref=segments(name), note="of nothing", tol=EXACT)
        for name in COMBINE
    ),
    *(
        case(
            f"segment_{name}",
            array([1.0, NAN, 2.0, 3.0]),
            ints([0, 0, 1, 1]),
            2,
            ref=segments(name),
            note="NaN wins",
            tol=SUM,
            differentiable=False,
        )
        for name in COMBINE
    ),
    *(
        case(
            f"segment_{name}",
            array([1.0, 2.0, 2.0, 1.0, 1.0]),
            ints([0, 0, 0, 0, 1]),
            2,
            ref=segments(name),
            note="ties share the slope",
            gradients=(array(slope),),
        )
        for name, slope in {"max": [0, 0.5, 0.5, 0, 1], "min": [0.5, 0, 0, 0.5, 1]}.items()
    ),
    case(
        "segment_prod",
        array([0.0, 3.0, 0.0, 2.0, 0.0]),
        ints([0, 0, 1, 0, 1]),
        2,
        ref=segments("prod"),
        note="with zeros",
        tol=SUM,
    ),
    case(
        "segment_sum",
        array([1.0] * 300),
        ints([0] * 300),
        1,
        ref=segments("sum"),
        note="half types add up wide",
        dtypes=HALVES,
        tol=EXACT,
    ),
    # writing with a reduction
    *(
        case(
            "scatter_update",
            distinct(3, 2, seed=23),
            ints([[0], [2], [0]]),
            distinct(3, 2, seed=24),
            reduction=name,
            ref=updated,
            note=f"{name} of rows",
            tol=SUM,
        )
        for name in ("add", "max", "min", "mul")
    ),
    *(
        case(
            "scatter_update",
            distinct(3, 2, seed=23),
            PLACES,
            distinct(3, seed=25),
            reduction=name,
            ref=updated,
            note=f"{name} of elements",
            tol=SUM,
        )
        for name in (None, "add", "max", "min", "mul")
    ),
    *(
        case(
            "scatter_update",
            ints([5, 1, 2]),
            ints([[0], [-1], [0]]),
            ints([4, 7, 9]),
            reduction=name,
            ref=updated,
            note=f"{name} of integers",
            tol=EXACT,
        )
        for name in (None, "add", "max", "min", "mul")
    ),
    case(
        "scatter_update",
        array([1.0, 2.0]),
        ints([[0]]),
        array([1.0]),
        reduction="max",
        ref=updated,
        note="slope at a tie",
        gradients=(array([0.5, 1.0]), array([0.5])),
    ),
    case(
        "scatter_update",
        array([0.0, 2.0]),
        ints([[0], [0]]),
        array([3.0, 0.0]),
        reduction="mul",
        ref=updated,
        note="mul with zeros",
        tol=SUM,
    ),
    # distinct values
    case("unique", ints([3, 1, 1, 2]), ref=unique, tol=EXACT, compiled=False),
    case("unique", ints([3, 1, 1, 2]), **EVERYTHING, ref=unique, note="everything", tol=EXACT, compiled=False),
    *(
        case("unique", ints([3, 1, 1, 2]), **{name: True}, ref=unique, note=name, tol=EXACT, compiled=False)
        for name in EVERYTHING
    ),
    *(
        case(
            "unique",
            ints([3, 1, 1, 2]),
            **EVERYTHING,
            size=size,
            fill_value=fill,
            ref=unique,
            note=f"size {size}, {fill}",
            tol=EXACT,
        )
        for size, fill in ((5, None), (5, 9), (2, None), (3, 7))
    ),
    case(
        "unique",
        VALUES,
        **EVERYTHING,
        ref=unique,
        note="NaN are distinct",
        tol=EXACT,
        compiled=False,
        differentiable=False,
    ),
    case(
        "unique",
        VALUES,
        **EVERYTHING,
        size=5,
        fill_value=-9.0,
        ref=unique,
        note="NaN are one, size",
        tol=EXACT,
        differentiable=False,
    ),
    case("unique", ints([[3, 1], [1, 2]]), **EVERYTHING, ref=unique, note="of two axes", tol=EXACT, compiled=False),
    *(
        case("unique", GRID, **EVERYTHING, axis=axis, ref=unique, note=f"along {axis}", tol=EXACT, compiled=False)
        for axis in (0, 1)
    ),
    case("unique", GRID, **EVERYTHING, axis=0, size=4, fill_value=8, ref=unique, note="along 0, size", tol=EXACT),
    case("unique", GRID, **EVERYTHING, axis=1, size=2, ref=unique, note="along 1, cut", tol=EXACT),
    case("unique", bools([True, False, True]), ref=unique, note="of bool", tol=EXACT, compiled=False),
    case("unique", ints([], "int32"), **EVERYTHING, ref=unique, note="of nothing", tol=EXACT, compiled=False),
    case(
        "unique", ints([], "int32"), **EVERYTHING, size=2, fill_value=4, ref=unique, note="of nothing, size", tol=EXACT
    ),
    case(
        "unique",
        array([2.0, 1.0, 2.0]),
        size=2,
        ref=unique,
        note="slope of the first",
        gradients=(array([1.0, 1.0, 0]),),
    ),
    case("unique", normal(4), sorted=False, ref=unique, note="any order", tol=EXACT, compiled=False),
]
