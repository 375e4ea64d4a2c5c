"""Batches from `PyDataset`, with and without workers."""

import os
import pathlib
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

from kerasfront.random import generator
from kerasfront.training.data import source_from, workers
from kerasfront.utils.py_dataset import PyDataset

HERE = str(pathlib.Path(__file__).parent)
THREADS = {"workers": 3}
PROCESSES = {"workers": 2, "use_multiprocessing": True}
ALL = pytest.mark.parametrize("options", [{}, THREADS, PROCESSES], ids=["none", "threads", "processes"])
AHEAD = pytest.mark.parametrize("options", [THREADS, PROCESSES], ids=["threads", "processes"])


@pytest.fixture
def datasets(monkeypatch):
    """The module of data sets, importable here and in worker processes."""
    monkeypatch.syspath_prepend(HERE)
    import worker_datasets

    return worker_datasets


def seen(source, epoch=0):
    return [int(x[0, 0]) for x, _, _ in source.epoch(epoch)]


@ALL
def test_batches_come_in_order_for_several_epochs(datasets, options):
    with source_from(datasets.Numbers(**options)) as source:
        assert source.num_batches == 6
        for epoch in range(3):
            assert seen(source, epoch) == list(range(6))


def test_a_data_set_larger_than_a_pipe_reaches_its_workers(datasets):
    with source_from(datasets.Heavy(**PROCESSES)) as source:
        assert seen(source) == list(range(6))


@ALL
def test_shuffled_order_is_keyed_by_seed_and_epoch(datasets, options):
    with source_from(datasets.Numbers(**options), shuffle=True, seed=5) as source:
        for epoch in (0, 3):
            assert seen(source, epoch) == generator.host_permutation(6, 5, epoch).tolist()


@ALL
def test_hooks_run_around_each_epoch_and_workers_see_what_they_did(datasets, options):
    dataset = datasets.Growing(count=3, **options)
    with source_from(dataset) as source:
        assert [seen(source, epoch) for epoch in range(2)] == [[0, 1, 2], [100, 101, 102]]
    assert dataset.ended == 2


def test_workers_are_threads_or_processes(datasets):
    for options, own_process in ((THREADS, True), (PROCESSES, False)):
        with source_from(datasets.Numbers(count=20, **options)) as source:
            places = {tuple(y[0]) for _, y, _ in source.epoch()}
        assert {process == os.getpid() for process, _ in places} == {own_process}
        assert 1 < len(places) <= options["workers"]


@ALL
def test_steps_per_epoch_go_on_and_start_over(datasets, options):
    with source_from(datasets.Numbers(count=3, **options), steps_per_epoch=2) as source:
        assert [seen(source, epoch) for epoch in range(3)] == [[0, 1], [2, 0], [1, 2]]


def test_without_repeat_there_is_one_pass_and_a_warning(datasets):
    source = source_from(datasets.Numbers(count=3), steps_per_epoch=5, repeat=False)
    with pytest.warns(UserWarning, match="ran out of data. Expected 5 batches for the epoch, got 3"):
        assert seen(source) == [0, 1, 2]


def test_a_data_set_without_end_needs_steps_per_epoch(datasets):
    class Endless(datasets.Numbers):
        num_batches = None

    with pytest.raises(ValueError, match="the PyDataset has no length.*Pass steps_per_epoch"):
        source_from(Endless())
    source = source_from(Endless(), steps_per_epoch=2)
    assert [seen(source, epoch) for epoch in range(2)] == [[0, 1], [2, 3]]


def test_the_queue_bounds_what_is_fetched_ahead():
    fetched = []
    prefetcher = workers.Prefetcher([fetched.append] * 2, range(100), ahead=4)
    try:
        iterator = iter(prefetcher)
        for _ in range(3):
            next(iterator)
        time.sleep(0.1)
        assert len(fetched) <= 3 + 4
    finally:
        prefetcher.close()


@ALL
def test_an_exception_in_getitem_comes_through(datasets, options):
    source = source_from(datasets.Broken(**options))
    with source, pytest.raises(KeyError, match="no such row") as caught:
        seen(source)
    if options is PROCESSES:
        assert "in __getitem__" in caught.value.__notes__[0]


def test_an_exception_that_cannot_be_sent_is_described(datasets):
    with (
        source_from(datasets.BrokenStubbornly(**PROCESSES)) as source,
        pytest.raises(RuntimeError, match="Stubborn: a b"),
    ):
        seen(source)


@ALL
def test_a_loop_that_breaks_off_leaks_nothing_and_can_go_on(datasets, options):
    before = threading.active_count()
    with source_from(datasets.Numbers(count=50, **options)) as source:
        iterator = source.epoch()
        next(iterator)
        iterator.close()
        if not options.get("use_multiprocessing"):
            assert threading.active_count() == before
        assert seen(source, 1)[:2] == [0, 1]


@AHEAD
def test_closing_in_the_middle_ends_threads_and_processes(datasets, options):
    source = source_from(datasets.Numbers(count=50, **options))
    iterator = source.epoch()
    next(iterator)
    source.close()
    source.close()


@pytest.mark.parametrize(
    ("kind", "message"),
    [("Killed", "a worker process was ended by signal 9"), ("Exits", "a worker process ended with exit code 3")],
)
def test_the_death_of_a_worker_process_is_an_error(datasets, kind, message):
    with source_from(getattr(datasets, kind)(**PROCESSES)) as source, pytest.raises(RuntimeError, match=message):
        seen(source)


def test_a_process_that_is_stuck_does_not_hold_up_closing(datasets, tmp_path):
    asked = tmp_path / "asked"
    source = source_from(datasets.Slow(asked, **PROCESSES))
    errors = []

    def read():
        try:
            list(source.epoch())
        except RuntimeError as error:
            errors.append(error)

    reading = threading.Thread(target=read)
    reading.start()
    while not asked.exists():
        assert reading.is_alive()
        time.sleep(0.01)
    start = time.monotonic()
    source.close()
    reading.join(10)
    assert time.monotonic() - start < 4 and not reading.is_alive()
    assert len(errors) == 1, "a cut-off epoch must not pass for a whole one"


def test_what_is_closed_while_it_is_read_says_so():
    closing = threading.Event()
    prefetcher = workers.Prefetcher([lambda number: number == 0 or closing.wait(20)], range(3), ahead=2)
    iterator = iter(prefetcher)
    assert next(iterator) is True
    threading.Timer(0.1, closing.set).start()
    assert prefetcher.close()
    with pytest.raises(RuntimeError, match="closed while batch 2 was awaited"):
        next(iterator)


def test_a_thread_that_is_stuck_does_not_hold_up_closing(monkeypatch):
    monkeypatch.setattr(workers, "PATIENCE", 0.1)
    release = threading.Event()
    prefetcher = workers.Prefetcher([lambda number: release.wait(20)], range(2), ahead=1)
    time.sleep(0.05)
    with pytest.warns(RuntimeWarning, match="1 threads are still busy fetching"):
        assert not prefetcher.close()
    release.set()


def test_a_data_set_that_does_not_pickle_says_so(datasets):
    with (
        source_from(datasets.Unpicklable(**PROCESSES)) as source,
        pytest.raises(ValueError, match="Unpicklable cannot be sent to worker processes.*use_multiprocessing=False"),
    ):
        seen(source)


def test_a_data_set_that_does_not_unpickle_says_so(datasets):
    with source_from(datasets.Unreadable(**PROCESSES)) as source, pytest.raises(OSError, match="file moved"):
        seen(source)


# A large data set does not fit into the pipe's buffer, so that handing it over is what fails.
@pytest.mark.parametrize("kind", ["Numbers", "Heavy"])
def test_an_unguarded_program_gets_an_error_and_ends(tmp_path, kind):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {HERE!r})
        import worker_datasets
        from kerasfront.backend import registry
        from kerasfront.training.data import source_from
        registry.use("numpy")
        with source_from(worker_datasets.{kind}(workers=1, use_multiprocessing=True)) as source:
            list(source.epoch())
        """)
    )
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 1
    assert 'its entry under if __name__ == "__main__":' in ran.stderr.replace("\n", " ")


# -- the class itself --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{"workers": -1}, {"workers": 1.5}, {"workers": True}, {"max_queue_size": 0}, {"max_queue_size": "a"}]
)
def test_nonsense_numbers_are_refused(options):
    with pytest.raises(ValueError, match=f"PyDataset: `{next(iter(options))}` does not fit"):
        PyDataset(**options)


def test_a_subclass_need_not_call_our_init():
    class Plain(PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 1

        def __getitem__(self, index):
            return np.zeros((1, 1))

    assert seen(source_from(Plain())) == [0]


@pytest.mark.parametrize(
    ("missing", "message"), [("__len__", "expected a method __len__"), ("__getitem__", "expected a method __getitem__")]
)
def test_a_method_that_is_missing_is_named(missing, message):
    methods = {"__len__": lambda self: 1, "__getitem__": lambda self, index: np.zeros(1)}
    del methods[missing]
    with pytest.raises(NotImplementedError, match=message):
        list(source_from(type("Half", (PyDataset,), methods)()).epoch())


def test_an_empty_data_set_is_refused(datasets):
    with pytest.raises(ValueError, match="the PyDataset is empty"):
        source_from(datasets.Numbers(count=0))
