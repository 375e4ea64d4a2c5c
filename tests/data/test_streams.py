"""Batches from generators and other iterables."""

import numpy as np
import pytest

from kerasfront.training.data import source_from


def numbers(count, size=2):
    for i in range(count):
        yield np.full((size, 1), float(i)), np.full(size, i)


def seen(source, epoch=0):
    return [int(x[0, 0]) for x, _, _ in source.epoch(epoch)]


def test_a_finite_generator_is_one_epoch_and_then_exhausted():
    source = source_from(numbers(3))
    assert source.num_batches is None
    assert seen(source) == [0, 1, 2]
    assert source.num_batches == 3
    assert source.exhausted


def test_a_generator_goes_on_where_the_last_epoch_stopped():
    source = source_from(numbers(4), steps_per_epoch=2)
    assert not source.exhausted
    assert (seen(source, 0), source.exhausted, seen(source, 1)) == ([0, 1], False, [2, 3])
    assert source.exhausted


def test_a_generator_without_end_is_read_only_as_far_as_needed():
    taken = []

    def endless():
        while True:
            taken.append(len(taken))
            yield np.zeros((1, 1))

    source = source_from(endless(), steps_per_epoch=3)
    assert len(list(source.epoch(0))) == 3
    assert len(taken) == 3


def test_a_generator_that_is_too_short_warns_and_ends_the_epoch():
    source = source_from(numbers(3), steps_per_epoch=2)
    assert seen(source, 0) == [0, 1]
    with pytest.warns(UserWarning, match="fit: the input ran out of data. Expected 2 batches for the epoch, got 1"):
        assert seen(source, 1) == [2]
    assert source.exhausted


@pytest.mark.parametrize("ask_first", [False, True])
def test_a_generator_without_any_batch_is_refused(ask_first):
    source = source_from(numbers(0))
    with pytest.raises(ValueError, match="fit: the generator gave no batch at all"):
        source.exhausted if ask_first else list(source.epoch())


def test_an_exception_in_a_generator_comes_through():
    def broken():
        yield np.zeros((1, 1))
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        list(source_from(broken()).epoch())


@pytest.mark.parametrize(
    ("item", "parts"),
    [
        (np.zeros((2, 1)), (True, False, False)),
        ((np.zeros((2, 1)),), (True, False, False)),
        ((np.zeros((2, 1)), np.zeros(2)), (True, True, False)),
        ([np.zeros((2, 1)), np.zeros(2), np.ones(2)], (True, True, True)),
        ({"a": np.zeros(2)}, (True, False, False)),
        (([np.zeros(2), np.zeros(2)], None), (True, False, False)),
    ],
)
def test_batches_may_have_one_to_three_parts(item, parts):
    batch = next(iter(source_from(iter([item])).epoch()))
    assert tuple(part is not None for part in batch) == parts


def test_doubles_become_floatx_in_each_batch():
    x, y, weight = next(iter(source_from(iter([(np.zeros(2), [1, 2], [1, 1])])).epoch()))
    assert (x.dtype, y.dtype, weight.dtype) == (np.float32, np.int64, np.float32)


BAD_BATCHES = {
    "four parts": ((1, 2, 3, 4), "a batch has 4 parts"),
    "no part": ((), "a batch has 0 parts"),
    "lengths": ((np.zeros(3), np.zeros(2)), "x has 3 samples but y has 2"),
    "empty": (np.zeros((0, 2)), "a batch is empty"),
    "text": (np.array(["a"]), "`x` does not consist of numbers"),
    "None": (None, "there is no data"),
}


@pytest.mark.parametrize("case", BAD_BATCHES)
def test_bad_batches_are_refused(case):
    item, message = BAD_BATCHES[case]
    with pytest.raises(ValueError, match=message):
        list(source_from(iter([item])).epoch())


def test_class_weights_apply_to_each_batch():
    source = source_from(
        iter([(np.zeros(2), np.array([0, 1])), (np.zeros(1), np.array([1]))]), class_weight={0: 1.0, 1: 3.0}
    )
    assert [weight.tolist() for _, _, weight in source.epoch()] == [[1.0, 3.0], [3.0]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": np.zeros(2)}, "`y` came beside a generator"),
        ({"sample_weight": np.zeros(2)}, "`sample_weight` came beside a generator"),
    ],
)
def test_labels_beside_a_generator_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        source_from(numbers(1), **options)


def test_a_batch_size_beside_a_generator_warns():
    with pytest.warns(UserWarning, match="`batch_size` has no effect on a generator"):
        source_from(numbers(1), batch_size=4)


# -- things that can be iterated anew ----------------------------------------------------------------


class Loader:
    """Has the manners of an engine's loader; counts its passes."""

    def __init__(self, count):
        self.count, self.passes = count, 0

    def __iter__(self):
        self.passes += 1
        return iter([np.full((1, 1), float(i)) for i in range(self.count)])


class SizedLoader(Loader):
    def __len__(self):
        return self.count


def test_each_epoch_is_a_new_pass():
    loader = SizedLoader(3)
    source = source_from(loader)
    assert source.num_batches == 3
    assert (seen(source, 0), seen(source, 1)) == ([0, 1, 2], [0, 1, 2])
    assert loader.passes == 2 and not source.exhausted


def test_the_length_is_known_after_a_pass():
    source = source_from(Loader(2))
    assert source.num_batches is None
    assert seen(source) == [0, 1] and source.num_batches == 2


def test_steps_per_epoch_go_on_and_start_over():
    source = source_from(SizedLoader(3), steps_per_epoch=2)
    assert [seen(source, epoch) for epoch in range(3)] == [[0, 1], [2, 0], [1, 2]]


def test_without_repeat_each_epoch_starts_anew():
    source = source_from(SizedLoader(3), steps_per_epoch=2, repeat=False)
    assert [seen(source, epoch) for epoch in range(2)] == [[0, 1], [0, 1]]


@pytest.mark.parametrize("options", [{}, {"steps_per_epoch": 2, "repeat": False}])
def test_an_epoch_that_was_broken_off_is_followed_by_a_new_pass(options):
    source = source_from(SizedLoader(3), **options)
    iterator = source.epoch(0)
    next(iterator)
    iterator.close()
    assert seen(source, 1)[:2] == [0, 1]


def test_without_repeat_a_short_pass_warns():
    source = source_from(Loader(1), steps_per_epoch=2, repeat=False, name="evaluate")
    with pytest.warns(UserWarning, match="evaluate: the input ran out of data"):
        assert seen(source) == [0]


@pytest.mark.parametrize("steps", [None, 2])
def test_an_empty_loader_is_refused(steps):
    with pytest.raises(ValueError, match="the data set is empty"):
        list(source_from(Loader(0), steps_per_epoch=steps).epoch())


def test_closing_ends_the_iterator():
    ended = []

    class Endless:
        def __iter__(self):
            try:
                while True:
                    yield np.zeros((1, 1))
            finally:
                ended.append(True)

    source = source_from(Endless(), steps_per_epoch=2)
    assert len(list(source.epoch())) == 2 and not ended
    source.close()
    source.close()
    assert ended == [True]
