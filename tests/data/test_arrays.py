"""Batches from arrays: what is in them, in which order, and which arrays are refused."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from kerasfront import config
from kerasfront.random import generator
from kerasfront.training.data import source_from, split_validation
from kerasfront.utils.py_dataset import PyDataset


def batches(source, epoch=0):
    with source:
        return list(source.epoch(epoch))


def seen(source, epoch=0):
    return [x.reshape(-1).tolist() for x, _, _ in source.epoch(epoch)]


def test_batches_are_triples_in_order_with_a_partial_one_at_the_end():
    source = source_from(np.arange(5), np.arange(5) * 10, np.ones(5), batch_size=2)
    assert (source.num_batches, source.batch_size, source.num_samples, source.partial_batch_size) == (3, 2, 5, 1)
    x, y, weight = zip(*batches(source))
    assert [part.tolist() for part in x] == [[0, 1], [2, 3], [4]]
    assert [part.tolist() for part in y] == [[0, 10], [20, 30], [40]]
    assert [part.shape for part in weight] == [(2,), (2,), (1,)]


def test_batch_size_is_32_unless_given():
    assert source_from(np.zeros(65)).num_batches == 3


def test_absent_parts_are_none():
    assert batches(source_from(np.zeros(3)))[0][1:] == (None, None)


def test_nested_structures_keep_their_form():
    data = {"a": np.arange(4), "b": [np.zeros((4, 2)), (np.ones(4), None)]}
    x, y, _ = batches(source_from(data, {"out": np.arange(4)}, batch_size=3))[0]
    assert x["a"].tolist() == [0, 1, 2]
    assert x["b"][0].shape == (3, 2)
    assert isinstance(x["b"][1], tuple) and x["b"][1][1] is None
    assert y["out"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (np.zeros(2), "float32"),
        (np.zeros(2, "float16"), "float16"),
        (np.zeros(2, ">f4"), "float32"),
        (np.zeros(2, "int64"), "int64"),
        (np.zeros(2, "uint8"), "uint8"),
        (np.zeros(2, bool), "bool"),
        (np.zeros(2, complex), "complex128"),
        ([0.5, 1.5], "float32"),
        ([1, 2], "int64"),
        (pd.Series([0.5, 1.5]), "float32"),
    ],
)
def test_doubles_become_floatx_and_other_types_stay(given, dtype):
    x = batches(source_from(given))[0][0]
    assert x.dtype == np.dtype(dtype)
    assert x.dtype.isnative


def test_doubles_stay_where_floatx_is_float64():
    config.set_floatx("float64")
    try:
        assert batches(source_from(np.zeros(2)))[0][0].dtype == np.float64
    finally:
        config.set_floatx("float32")


def test_sample_weights_become_floats():
    assert batches(source_from(np.zeros(2), np.zeros(2), [True, False]))[0][2].dtype == np.float32


def test_rows_of_plain_lists_are_one_array():
    assert batches(source_from([[1, 2], [3, 4], [5, 6]]))[0][0].shape == (3, 2)


def test_data_frames_give_columns():
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    x, y, weight = batches(source_from(frame, pd.Series([1, 0]), pd.Series([1.0, 2.0])))[0]
    assert (x.shape, y.shape, weight.shape) == ((2, 2), (2, 1), (2,))
    assert x.dtype == np.float32


def test_data_frames_of_booleans_and_nullable_numbers_are_numbers():
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [True, False]})
    np.testing.assert_array_equal(batches(source_from(frame))[0][0], np.array([[1, 1], [np.nan, 0]], "float32"))


def test_data_frames_with_text_name_the_columns():
    with pytest.raises(ValueError, match="fit: `x` has columns without numbers: town"):
        source_from(pd.DataFrame({"size": [1, 2], "town": ["a", "b"]}))


@pytest.mark.parametrize("kind", ["csr_matrix", "csc_matrix", "coo_array"])
def test_sparse_rows_become_dense_batch_by_batch(kind):
    dense = np.arange(12.0).reshape(4, 3) % 5
    source = source_from(getattr(scipy.sparse, kind)(dense), batch_size=3, shuffle=True, seed=3)
    assert source.arrays is None
    order = generator.host_permutation(4, 3, 0)
    got = np.concatenate([x for x, _, _ in batches(source)])
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, dense[order])


def test_memory_mapped_files_are_not_loaded_as_a_whole(tmp_path):
    file = np.memmap(tmp_path / "x", dtype="float64", mode="w+", shape=(6, 2))
    file[:] = np.arange(12).reshape(6, 2)
    source = source_from(file, batch_size=4, shuffle=True, seed=1)
    assert source.arrays is None
    parts = [x for x, _, _ in batches(source)]
    assert {part.dtype for part in parts} == {np.dtype("float32")}
    assert not any(isinstance(part, np.memmap) for part in parts)
    np.testing.assert_array_equal(np.concatenate(parts), np.asarray(file)[generator.host_permutation(6, 1, 0)])


@pytest.mark.parametrize("form", [np.asfortranarray, lambda x: np.repeat(x, 2, axis=1)[:, ::2]])
def test_batches_are_taken_without_a_copy_of_the_whole(form):
    x = form(np.arange(2**20, dtype="float32").reshape(-1, 4))
    source = source_from(x, batch_size=8, shuffle=True, seed=1)
    order = source.order(0)
    tracemalloc.start()
    try:
        batch = source.packed_batch(order, 3)
        assert tracemalloc.get_traced_memory()[1] < x.nbytes / 10
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(batch, x[order[24:32]])


def test_unshuffled_batches_are_views():
    x = np.zeros(4, "float32")
    assert all(np.shares_memory(part, x) for part, _, _ in source_from(x, batch_size=2).epoch())


# -- order -------------------------------------------------------------------------------------------


def test_each_epoch_has_the_order_keyed_by_seed_and_epoch():
    source = source_from(np.arange(10), batch_size=4, shuffle=True, seed=7)
    for epoch in (0, 1, 5):
        expected = generator.host_permutation(10, 7, epoch).tolist()
        assert sum(seen(source, epoch), []) == expected
        assert source.order(epoch).tolist() == expected
    assert seen(source, 0) != seen(source, 1)


def test_x_y_and_weights_stay_together():
    x, y, weight = (
        np.concatenate(part)
        for part in zip(
            *source_from(np.arange(9), np.arange(9) * 2, np.arange(9) * 3.0, batch_size=2, shuffle=True).epoch()
        )
    )
    assert (y == x * 2).all() and (weight == x * 3).all()


def test_without_a_seed_two_sources_differ():
    x = np.arange(1000)
    assert seen(source_from(x, shuffle=True)) != seen(source_from(x, shuffle=True))


def test_shuffling_batches_keeps_their_samples_together():
    source = source_from(np.arange(11), batch_size=2, shuffle="batch", seed=0)
    got = seen(source)
    assert got[-1] == [10]
    assert sorted(got) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10]]
    assert got != sorted(got)
    assert sum(got, []) == source.order(0).tolist()


def test_steps_per_epoch_go_on_where_the_last_epoch_stopped():
    source = source_from(np.arange(6), batch_size=2, steps_per_epoch=2)
    assert source.num_batches == 2
    assert [seen(source, epoch) for epoch in range(3)] == [[[0, 1], [2, 3]], [[4, 5], [0, 1]], [[2, 3], [4, 5]]]


def test_steps_beyond_one_pass_start_a_new_order():
    source = source_from(np.arange(6), batch_size=3, steps_per_epoch=4, shuffle=True, seed=2)
    expected = [*generator.host_permutation(6, 2, 0), *generator.host_permutation(6, 2, 1)]
    assert sum(seen(source, 0), []) == expected


def test_without_repeat_there_is_one_pass_and_a_warning():
    source = source_from(np.arange(6), batch_size=2, steps_per_epoch=5, repeat=False, name="evaluate")
    assert source.num_batches == 3
    with pytest.warns(
        UserWarning, match="evaluate: the input ran out of data. Expected 5 batches for the epoch, got 3"
    ):
        assert seen(source) == [[0, 1], [2, 3], [4, 5]]


def test_without_repeat_each_epoch_starts_at_the_first_batch():
    source = source_from(np.arange(6), batch_size=2, steps_per_epoch=1, repeat=False)
    assert [seen(source, epoch) for epoch in range(2)] == [[[0, 1]], [[0, 1]]]


def test_without_repeat_each_epoch_still_has_its_own_order():
    source = source_from(np.arange(6), batch_size=2, steps_per_epoch=2, shuffle=True, seed=4, repeat=False)
    for epoch in range(3):
        assert sum(seen(source, epoch), []) == generator.host_permutation(6, 4, epoch)[:4].tolist()


# -- validation split ---------------------------------------------------------------------------------


def test_the_last_samples_are_held_out():
    train, held_out = split_validation(({"a": np.arange(10)}, np.arange(10), None), 0.3)
    assert train[0]["a"].tolist() == list(range(7)) and held_out[1].tolist() == [7, 8, 9]
    assert train[2] is None and held_out[2] is None


@pytest.mark.parametrize("fraction", [1.5, 1.0, 0.0, -0.1, True, "a", None])
def test_a_fraction_outside_0_to_1_is_refused(fraction):
    with pytest.raises(ValueError, match="fit: `validation_split` does not fit. Expected a number between 0 and 1"):
        split_validation((np.arange(10), None, None), fraction)


def test_nine_tenths_of_ten_samples_leave_one_to_train_on():
    train, held_out = split_validation((np.arange(10), None, None), 0.9)
    assert (len(train[0]), len(held_out[0])) == (1, 9)


@pytest.mark.parametrize(("count", "fraction", "part"), [(1, 0.5, "train"), (10, 0.01, "validate")])
def test_an_empty_part_is_refused(count, fraction, part):
    if part == "validate":
        # One sample at least is held out of ten: floor(9.9) is nine.
        assert len(split_validation((np.arange(count), None, None), fraction)[1][0]) == 1
    else:
        with pytest.raises(ValueError, match=f"leaves nothing to {part} on"):
            split_validation((np.arange(count), None, None), fraction)


@pytest.mark.parametrize("data", [(i for i in range(3)), iter([]), range(3), PyDataset()])
def test_only_arrays_can_be_split(data):
    with pytest.raises(ValueError, match="`validation_split` needs arrays, which `x` does not give"):
        split_validation((data, None, None), 0.2)


def test_sparse_rows_can_be_split():
    train, held_out = split_validation((scipy.sparse.eye(10, format="csr"), np.arange(10), None), 0.2)
    assert train[0].shape == (8, 10) and held_out[0].shape == (2, 10)


# -- refusals ----------------------------------------------------------------------------------------

GOOD = np.zeros((4, 2))
REFUSED = {
    "lengths of y": ((np.zeros(100), np.zeros(90)), {}, r"x has 100 samples but y has 90"),
    "lengths inside x": (({"a": np.zeros(3), "b": np.zeros(2)},), {}, r"x\['a'\] has 3 samples but x\['b'\] has 2"),
    "lengths of weights": ((GOOD, np.zeros(4), np.zeros(3)), {}, "x has 4 samples but sample_weight has 3"),
    "a list of samples": (([np.zeros(1)] * 3, np.zeros(3)), {}, "make a list of samples one array with np.stack"),
    "no sample": ((np.zeros((0, 2)), np.zeros(0)), {}, "fit: the data is empty. Expected at least one sample"),
    "an empty list": (([],), {}, "the data is empty"),
    "None": ((None,), {}, "the data is empty"),
    "a number": ((3.0,), {}, r"`x` is a single number"),
    "text": ((np.array(["a", "b"]),), {}, "`x` does not consist of numbers.*dtype <U1. Encode text as integers"),
    "objects": ((np.array([{}, 1]),), {}, r"`x` does not consist of numbers.*object"),
    "an object": ((object(),), {}, "`x` is no array. Expected arrays, tensors.*got object. Pass an array"),
    "a string": (("abc",), {}, "`x` does not consist of numbers.*got str"),
    "a generator for y": ((GOOD, (i for i in range(4))), {}, "`y` is no array.*got generator"),
    "a data set for y": ((GOOD, PyDataset()), {}, "`y` is no array.*got PyDataset"),
    "dates": ((np.array(["2020-01-01"], "datetime64[D]"),), {}, "does not consist of numbers"),
    "text in y": ((GOOD, ["a"] * 4), {}, "`y` does not consist of numbers"),
    "ragged lists": (([[1], [2, 3]],), {}, "nested lists of different lengths are no array"),
    "a mask": ((np.ma.masked_array([1.0, 2.0], [True, False]),), {}, "masked array"),
    "batch_size 0": ((GOOD,), {"batch_size": 0}, "`batch_size` does not fit.*got 0"),
    "batch_size -1": ((GOOD,), {"batch_size": -1}, "`batch_size` does not fit.*got -1"),
    "batch_size 2.5": ((GOOD,), {"batch_size": 2.5}, "`batch_size` does not fit.*got 2.5"),
    "batch_size text": ((GOOD,), {"batch_size": "8"}, "`batch_size` does not fit"),
    "steps 0": ((GOOD,), {"steps_per_epoch": 0}, "`steps_per_epoch` does not fit"),
    "shuffle": ((GOOD,), {"shuffle": "samples"}, "`shuffle` does not fit.*'samples'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_a_clear_message(case):
    args, options, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        source_from(*args, **options)


# -- class weights -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [[0, 2, 1, 2], [[0], [2], [1], [2]], np.eye(3)[[0, 2, 1, 2]], np.array([0.0, 2.0, 1.0, 2.0])],
    ids=["labels", "column", "one-hot", "floats"],
)
def test_class_weights_become_sample_weights(labels):
    source = source_from(GOOD, np.asarray(labels), class_weight={0: 1.0, 1: 2, 2: 0.5})
    weight = batches(source)[0][2]
    assert weight.tolist() == [1.0, 0.5, 2.0, 0.5] and weight.dtype == np.float32


def test_labels_without_a_class_weight_count_once():
    source = source_from(GOOD, np.array([0, 7, 1, -1]), class_weight={0: 3.0, 1: 2.0, 5: 9.0})
    assert batches(source)[0][2].tolist() == [3.0, 1.0, 2.0, 1.0]


CLASS_WEIGHTS = {
    "rows that are not one-hot": ([[0, 1], [2, 0], [1, 1], [0, 0]], {0: 1.0}, r"got \(4, 2\) with numbers from 0 to 2"),
    "no whole numbers": ([0.5, 1, 0, 1], {0: 1.0, 1: 2.0}, "whole numbers as labels"),
    "two outputs": ([np.zeros(4), np.zeros(4)], {0: 1.0}, "exactly one output.*got 2"),
    "no labels": (None, {0: 1.0}, "exactly one output.*got 0"),
    "images": (np.zeros((4, 2, 2)), {0: 1.0}, r"got \(4, 2, 2\)"),
    "a list": ([0, 0, 0, 0], [1.0], "`class_weight` does not fit"),
    "an empty dict": ([0, 0, 0, 0], {}, "`class_weight` does not fit"),
    "names": ([0, 0, 0, 0], {"a": 1.0}, "`class_weight` does not fit.*got 'a': 1.0"),
    "negative": ([0, 0, 0, 0], {0: -1.0}, "`class_weight` does not fit.*got 0: -1.0"),
    "NaN": ([0, 0, 0, 0], {0: float("nan")}, "`class_weight` does not fit"),
}


@pytest.mark.parametrize("case", CLASS_WEIGHTS)
def test_class_weights_that_do_not_fit_are_refused(case):
    labels, weights, message = CLASS_WEIGHTS[case]
    with pytest.raises(ValueError, match=message):
        source_from(GOOD, labels, class_weight=weights)


def test_class_weights_and_sample_weights_exclude_each_other():
    with pytest.raises(ValueError, match="`class_weight` and `sample_weight` came together"):
        source_from(GOOD, np.zeros(4), np.ones(4), class_weight={0: 1.0})
