"""Tensors and data sets of the engines as sources: the same batches, whichever engine is active."""

import multiprocessing

import numpy as np
import pytest

from kerasfront import ops
from kerasfront.backend import registry
from kerasfront.random import generator
from kerasfront.training.data import IterableSource, source_from, split_validation


def host(structure):
    return np.asarray(structure) if isinstance(structure, np.ndarray) else ops.convert_to_numpy(structure)


@pytest.mark.parametrize("shuffle", [False, True])
def test_tensors_of_the_active_engine_stay_on_it(engine, shuffle):
    values = np.arange(10, dtype="float32").reshape(5, 2)
    source = source_from(ops.convert_to_tensor(values), np.arange(5), batch_size=2, shuffle=shuffle, seed=3)
    order = generator.host_permutation(5, 3, 0) if shuffle else np.arange(5)
    batches = list(source.epoch())
    assert all(registry.get(engine).is_tensor(x) for x, _, _ in batches)
    np.testing.assert_array_equal(np.concatenate([host(x) for x, _, _ in batches]), values[order])
    np.testing.assert_array_equal(np.concatenate([y for _, y, _ in batches]), order)


def test_tensors_of_another_engine_come_as_host_arrays(engine):
    x = ops.convert_to_tensor(np.arange(3, dtype="float32"))
    with registry.scope("numpy"):
        (batch, _, _) = next(iter(source_from(x).epoch()))
    assert isinstance(batch, np.ndarray)
    np.testing.assert_array_equal(batch, [0, 1, 2])


def test_tensors_can_be_split_for_validation(engine):
    x = ops.convert_to_tensor(np.arange(10, dtype="float32"))
    train, held_out = split_validation((x, None, None), 0.2)
    assert (host(train[0]).tolist(), host(held_out[0]).tolist()) == (list(range(8)), [8, 9])


def test_labels_in_tensors_have_class_weights(engine):
    y = ops.convert_to_tensor(np.array([0, 1, 1]))
    (_, _, weight) = next(iter(source_from(np.zeros(3), y, class_weight={0: 1.0, 1: 3.0}).epoch()))
    assert weight.tolist() == [1.0, 3.0, 3.0]


@pytest.mark.parametrize("part", ["x", "y"])
def test_lengths_of_tensors_are_compared(engine, part):
    tensor = ops.convert_to_tensor(np.zeros(4, "float32"))
    pair = (tensor, np.zeros(3)) if part == "x" else (np.zeros(3), tensor)
    with pytest.raises(ValueError, match="x has . samples but y has ."):
        source_from(*pair)


def test_generators_may_yield_tensors(engine):
    stream = iter([(ops.convert_to_tensor(np.ones(2, "float32")), np.zeros(2))])
    x, y, _ = next(iter(source_from(stream).epoch()))
    assert registry.get(engine).is_tensor(x) and isinstance(y, np.ndarray)


# -- the engines' own data sets, under every active engine -------------------------------------------

X, Y = np.arange(10, dtype="float32").reshape(5, 2), np.arange(5)


def torch_loader(**options):
    torch = pytest.importorskip("torch", reason="needs this engine's data loader")
    pairs = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    return torch.utils.data.DataLoader(pairs, batch_size=2, **options)


def tf_dataset(repeat=False):
    tf = pytest.importorskip("tensorflow", reason="needs this engine's data sets")
    dataset = tf.data.Dataset.from_tensor_slices((X, Y))
    return (dataset.repeat() if repeat else dataset).batch(2)


@pytest.mark.parametrize("make", [torch_loader, tf_dataset])
def test_data_sets_of_the_engines_are_sources_under_any_engine(engine, make):
    with source_from(make()) as source:
        assert isinstance(source, IterableSource) and source.num_batches == 3
        for epoch in range(2):
            x, y, _ = zip(*source.epoch(epoch))
            np.testing.assert_array_equal(np.concatenate([host(part) for part in x]), X)
            np.testing.assert_array_equal(np.concatenate([host(part) for part in y]), Y)


def test_an_endless_data_set_goes_on_where_the_last_epoch_stopped(engine):
    with source_from(tf_dataset(repeat=True), steps_per_epoch=2) as source:
        assert source.num_batches == 2
        seen = [[host(y).tolist() for _, y, _ in source.epoch(epoch)] for epoch in range(2)]
    assert seen == [[[0, 1], [2, 3]], [[4, 0], [1, 2]]]


def test_class_weights_apply_to_data_sets_of_an_engine(engine):
    with source_from(torch_loader(), class_weight=dict.fromkeys(range(5), 2.0)) as source:
        assert [weight.tolist() for _, _, weight in source.epoch()] == [[2.0, 2.0], [2.0, 2.0], [2.0]]


def test_labels_beside_a_data_set_are_refused(engine):
    with pytest.raises(ValueError, match="`y` came beside a DataLoader"):
        source_from(torch_loader(), Y)


# The engine's own way to start workers is a fork, about which other engines in this process warn.
@pytest.mark.filterwarnings("ignore:os.fork")
def test_workers_of_a_loader_end_when_the_source_is_closed_in_the_middle():
    with source_from(torch_loader(num_workers=2)) as source:
        iterator = source.epoch()
        next(iterator)
        assert len(multiprocessing.active_children()) >= 2
        iterator.close()
    # The fixture that looks for processes left behind judges.
