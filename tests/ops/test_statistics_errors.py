"""Statistics, segments and indexing refuse what has no meaning, in our words, on every engine."""

import re

import numpy as np
import pytest

import kerasfront as keras
from kerasfront import errors, ops
from kerasfront.backend import dispatch

X = np.arange(6.0, dtype="float32").reshape(2, 3)
NOTHING = np.zeros((2, 0), "float32")
IDS = np.array([0, 1], "int32")

MISTAKES = {
    "a fraction above 1": (lambda: ops.quantile(X, 1.5), "from 0 to 1"),
    "a percentage above 100": (lambda: ops.percentile(X, 101), "percentiles: 0 to 100"),
    "an unknown method": (lambda: ops.nanquantile(X, 0.5, method="cubic"), "Expected one of linear"),
    "a table of fractions": (lambda: ops.quantile(X, [[0.5]]), "a number or a vector"),
    "a median of nothing": (lambda: ops.median(NOTHING, axis=1), "hold no values"),
    "a median of nothing but NaN left out": (lambda: ops.nanmedian(NOTHING, axis=1), "hold no values"),
    "a maximum of nothing": (lambda: ops.max(NOTHING, axis=1), "max"),
    "a position of nothing": (lambda: ops.argmax(NOTHING, axis=1), "argmax"),
    "weights of another shape": (lambda: ops.average(X, weights=X[0]), "Pass axis"),
    "a negative number of differences": (lambda: ops.diff(X, n=-1), "0 or more"),
    "an unknown way to correlate": (lambda: ops.correlate(X[0], X[0], mode="all"), "'valid', 'same' or 'full'"),
    "a matrix to correlate": (lambda: ops.correlate(X, X[0]), "two vectors"),
    "counting floats": (lambda: ops.bincount(X[0]), "vector of integers"),
    "counting negative integers": (lambda: ops.bincount(np.array([1, -1])), "0 or more"),
    "no bins": (lambda: ops.histogram(X, bins=0), "1 or more"),
    "a range that falls": (lambda: ops.histogram(X, range=(1, 0)), "low <= high"),
    "classes without a number": (lambda: ops.multi_hot(IDS), "number of classes"),
    "ids of another shape": (lambda: ops.segment_sum(X, np.zeros((3,), "int32")), "leading axes"),
    "ids that are no integers": (lambda: ops.segment_max(X, np.zeros((2,), "float32")), "Expected integers"),
    "an unknown reduction": (lambda: ops.scatter_update(X, IDS[:, None], X, reduction="mean"), "'max', 'min' or 'mul'"),
    "updates that do not fit": (lambda: ops.scatter_update(X, IDS[:, None], X[:1], reduction="max"), "do not fit"),
    "distinct slices without elements": (lambda: ops.unique(NOTHING, axis=0), "are empty"),
    "more keys than axes": (lambda: ops.get_item(ops.array(X), (0, IDS, IDS)), "at most 2"),
    "a position beyond the rows": (lambda: ops.get_item(ops.array(X), (IDS + 1, IDS)), "out of range"),
    "a position beyond the columns": (lambda: ops.get_item(ops.array(X), (IDS, np.array([0, 3]))), "out of range"),
    "too many largest": (lambda: ops.top_k(X, 4), "1 to 3"),
    "a slice past the end": (lambda: ops.slice(X, [1, 1], (1, 3)), "reach out of shape"),
    "writing past the end": (lambda: ops.slice_update(X, [1, 1], X[:1]), "reach out of shape"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_is_refused_with_a_remedy(engine, mistake):
    call, says = MISTAKES[mistake]
    with pytest.raises(errors.OpError, match=says):
        call()


@pytest.mark.parametrize(
    "call", [lambda x: ops.bincount(x), lambda x: ops.segment_sum(x, x)], ids=["bincount", "segment_sum"]
)
def test_compiled_functions_ask_for_a_length_that_depends_on_values(engine, call):
    known = []
    run = keras.function(lambda x: (known.append(dispatch.is_concrete(x)), call(x))[1])
    x = ops.array(np.array([0, 2, 1], "int32"))
    try:
        found = run(x)
    except errors.OpError as error:
        assert known == [False] and re.search("Pass (minlength|num_segments)", str(error))
    else:
        # Engines that run functions as they are know the values.
        assert known == [True] and found.shape == (3,)


def test_one_position_out_of_range_is_no_other_row_in_a_compiled_function(engine):
    x = ops.array(X)
    pick = keras.function(lambda x, i, j: ops.get_item(x, (i, j)))
    try:
        found = pick(x, ops.array(np.array([0, 0, -1], "int32")), ops.array(np.array([1, 4, -1], "int32")))
    except errors.OpError:
        return
    assert np.array_equal(ops.convert_to_numpy(found), np.array([1.0, np.nan, 5.0]), equal_nan=True)


@pytest.mark.parametrize("name", ["segment_sum", "segment_prod", "segment_max", "segment_min", "bincount", "unique"])
def test_a_length_that_depends_on_values_is_unknown_in_inference(name):
    ids = keras.KerasTensor((4,), "int32")
    found = getattr(ops, name)(ids, ids) if name.startswith("segment") else getattr(ops, name)(ids)
    assert found.shape == (None,) and found.dtype == "int32"
