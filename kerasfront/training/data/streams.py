"""Data that comes as ready batches: generators, data sets of the engines, and `PyDataset`."""

from __future__ import annotations

import contextlib
import itertools
import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kerasfront import tree
from kerasfront.backend import registry
from kerasfront.random import generator
from kerasfront.training.data import leaves, weights
from kerasfront.training.data.source import Batch, DataSource
from kerasfront.training.data.workers import Prefetcher, WorkerProcess
from kerasfront.utils.py_dataset import PyDataset

_NOTHING = object()


class BatchReader:
    """Turns what a generator or data set yields into `(x, y, sample_weight)` and checks it.

    Args:
        class_weight: weight by label, or None.
        where: the caller, for messages.
    """

    def __init__(self, class_weight: dict[int, float] | None, where: str) -> None:
        self._class_weight = class_weight
        self._where = where
        self._backend = registry.active()

    def __call__(self, item: Any) -> Batch:
        x, y, sample_weight = (
            self._standardize(part, root)
            for part, root in zip(self._triple(item), ("x", "y", "sample_weight"), strict=True)
        )
        if leaves.common_length((x, y, sample_weight), self._where) == 0:
            raise ValueError(
                f"{self._where}: a batch is empty. Expected at least one sample in each; got none. Leave it out."
            )
        if self._class_weight is not None:
            sample_weight = weights.sample_weight_from(y, sample_weight, self._class_weight, self._where)
        return x, y, sample_weight

    def _triple(self, item: Any) -> tuple[Any, Any, Any]:
        if not isinstance(item, (tuple, list)) or hasattr(item, "_fields"):
            return item, None, None
        if not 1 <= len(item) <= 3:
            raise ValueError(
                f"{self._where}: a batch has {len(item)} parts. Expected (x,), (x, y) or (x, y, sample_weight); "
                f"got a {type(item).__name__} of {len(item)}. Put several inputs into one list: ([x1, x2], y)."
            )
        return (*item, None, None)[:3]

    def _standardize(self, part: Any, root: str) -> Any:
        dense = leaves.map_leaves(
            lambda value, label: leaves.leaf_from(value, label, self._where, self._backend, root == "sample_weight"),
            leaves.structure_from(part),
            root,
        )
        return tree.map_structure(lambda leaf: leaf.toarray() if leaves.is_sparse(leaf) else leaf, dense)


class StreamSource(DataSource):
    """Batches from a generator or iterator, which can be run through once.

    Args:
        stream: the iterator.
        read: makes batches of what it yields.
        steps_per_epoch: batches per epoch; None for all that come.
        where: the caller, for messages.
    """

    def __init__(
        self, stream: Iterator, read: Callable[[Any], Batch], steps_per_epoch: int | None = None, where: str = "fit"
    ) -> None:
        self._stream = stream
        self._read = read
        self._steps = steps_per_epoch
        self.num_batches = steps_per_epoch
        self.where = where
        self._peeked: Any = _NOTHING
        self._ended = False
        self._any = False

    @property
    def exhausted(self) -> bool:
        if self._peeked is _NOTHING and not self._ended:
            self._peeked = self._next()
        return self._peeked is _NOTHING

    def _next(self) -> Any:
        item = _NOTHING if self._ended else next(self._stream, _NOTHING)
        self._ended = item is _NOTHING
        if self._ended and not self._any:
            raise ValueError(
                f"{self.where}: the generator gave no batch at all. Expected at least one; got none. "
                "Make a new generator for each call, since one can be run through only once."
            )
        self._any = True
        return item

    def epoch(self, index: int = 0) -> Iterator[Batch]:
        count = 0
        while self._steps is None or count < self._steps:
            item, self._peeked = (self._next(), _NOTHING) if self._peeked is _NOTHING else (self._peeked, _NOTHING)
            if item is _NOTHING:
                break
            count += 1
            yield self._read(item)
        if self._steps is None:
            self.num_batches = self.num_batches or count
        elif count < self._steps:
            self.warn_ran_out(self._steps, count)


class IterableSource(DataSource):
    """Batches from something that can be iterated anew, such as a data set or loader of an engine.

    Args:
        data: the iterable; its `__len__` counts where it has one.
        read: makes batches of what it yields.
        steps_per_epoch: batches per epoch; None for one pass.
        repeat: whether an epoch goes on where the last stopped, with a new pass when the data runs out. Otherwise each
            epoch is a new pass.
        where: the caller, for messages.
    """

    def __init__(
        self,
        data: Iterable,
        read: Callable[[Any], Batch],
        steps_per_epoch: int | None = None,
        repeat: bool = True,
        where: str = "fit",
    ) -> None:
        self._data = data
        self._read = read
        self._steps = steps_per_epoch
        self._repeat = repeat and steps_per_epoch is not None
        self.where = where
        with contextlib.suppress(TypeError, NotImplementedError):
            self.num_batches = len(data)  # type: ignore[arg-type]
        if steps_per_epoch is not None:
            known = self.num_batches
            self.num_batches = steps_per_epoch if repeat or known is None else min(steps_per_epoch, known)
        self._iterator: Iterator | None = None

    def epoch(self, index: int = 0) -> Iterator[Batch]:
        if not self._repeat:
            self.close()
        count = 0
        for item in itertools.islice(self._items(), self._steps):
            count += 1
            yield self._read(item)
        if self._steps is None:
            self.num_batches = count
        elif count < self._steps:
            self.warn_ran_out(self._steps, count)
        if not self._repeat:
            self.close()

    def _items(self) -> Iterator:
        while True:
            fresh = self._iterator is None
            if fresh:
                self._iterator = iter(self._data)
            item = next(self._iterator, _NOTHING)  # type: ignore[arg-type]
            if item is _NOTHING and fresh:
                raise ValueError(
                    f"{self.where}: the data set is empty. Expected at least one batch; got none. Check how `x` was "
                    "made."
                )
            if item is _NOTHING:
                self._iterator = None
                if not self._repeat:
                    return
                continue
            yield item

    def close(self) -> None:
        # The last reference: loaders end their workers when their iterator goes.
        iterator, self._iterator = self._iterator, None
        if hasattr(iterator, "close"):
            iterator.close()  # type: ignore[union-attr]


class PyDatasetSource(DataSource):
    """Batches of a `PyDataset`, fetched by number, ahead of the loop where it has workers.

    Args:
        dataset: the data set.
        read: makes batches of its items.
        steps_per_epoch: batches per epoch; None for its length.
        shuffle: whether each pass has a new order of the batches.
        seed: of the order.
        repeat: as for arrays.
        where: the caller, for messages.
    """

    def __init__(
        self,
        dataset: PyDataset,
        read: Callable[[Any], Batch],
        steps_per_epoch: int | None = None,
        shuffle: bool | str = False,
        seed: int = 0,
        repeat: bool = True,
        where: str = "fit",
    ) -> None:
        self._dataset = dataset
        self._read = read
        self._steps = steps_per_epoch
        self._shuffle = bool(shuffle)
        self._seed = seed
        self._repeat = repeat
        self.where = where
        kind = type(dataset)
        hooks = (kind.on_epoch_begin, kind.on_epoch_end)
        self._may_change = hooks != (PyDataset.on_epoch_begin, PyDataset.on_epoch_end)
        self._processes: list[WorkerProcess] = []
        self._prefetcher: Prefetcher | None = None
        if self._per_pass is None and steps_per_epoch is None:
            raise ValueError(
                f"{where}: the PyDataset has no length. Expected a number of batches per epoch; got None. Pass "
                "steps_per_epoch."
            )

    @property
    def _per_pass(self) -> int | None:
        count = self._dataset.num_batches
        if count is not None and count < 1:
            raise ValueError(
                f"{self.where}: the PyDataset is empty. Expected at least one batch; got a length of {count}. Check "
                "its __len__."
            )
        return count

    @property
    def num_batches(self) -> int | None:  # type: ignore[override]
        """Batches in an epoch. The data set may change its length between epochs."""
        per_pass = self._per_pass
        if self._steps is None or (per_pass is not None and not self._repeat and per_pass < self._steps):
            return per_pass
        return self._steps

    def numbers(self, index: int) -> list[int]:
        """Return the numbers of the batches of epoch `index`, in order."""
        per_pass = self._per_pass
        count = self.num_batches or 0
        if per_pass is None:
            return list(range(index * count, (index + 1) * count))
        if not (self._steps and self._repeat):
            return self._order(index, per_pass)[:count]
        first = index * count
        turns = range(first // per_pass, (first + count - 1) // per_pass + 1)
        numbers = [number for turn in turns for number in self._order(turn, per_pass)]
        return numbers[first % per_pass :][:count]

    def _order(self, turn: int, per_pass: int) -> list[int]:
        if self._shuffle:
            return generator.host_permutation(per_pass, self._seed, turn).tolist()
        return list(range(per_pass))

    def epoch(self, index: int = 0) -> Iterator[Batch]:
        self._dataset.on_epoch_begin()
        numbers = self.numbers(index)
        fetchers = self._fetchers()
        if not fetchers:
            yield from (self._read(self._dataset[number]) for number in numbers)
        else:
            self._prefetcher = Prefetcher(fetchers, numbers, self._dataset.max_queue_size)
            try:
                yield from map(self._read, self._prefetcher)
            finally:
                self._stop_prefetching()
        if self._steps and len(numbers) < self._steps:
            self.warn_ran_out(self._steps, len(numbers))
        self._dataset.on_epoch_end()

    def _fetchers(self) -> list[Callable[[int], Any]]:
        workers = self._dataset.workers
        if self._dataset.use_multiprocessing and workers > 0:
            return [process.fetch for process in self._ready_processes(workers)]
        if workers < 2:
            return []
        backend = registry.active()

        def fetch(number: int) -> Any:
            # The active engine is per thread.
            with registry.scope(backend):
                return self._dataset[number]

        return [fetch] * workers

    def _ready_processes(self, workers: int) -> list[WorkerProcess]:
        """Start the processes at the first epoch; later, send the data set again if its hooks may have changed it."""
        fresh = not self._processes
        if fresh or self._may_change:
            pickled = self._pickled()
            while fresh and len(self._processes) < workers:
                self._processes.append(WorkerProcess())
            # When all have been started, since a large data set waits for the process to read it.
            for process in self._processes:
                process.replace(pickled)
        return self._processes

    def _pickled(self) -> bytes:
        try:
            return pickle.dumps(self._dataset, protocol=5)
        except Exception as error:
            raise ValueError(
                f"{self.where}: {type(self._dataset).__name__} cannot be sent to worker processes "
                f"({type(error).__name__}: {error}). Expected "
                "a PyDataset that pickle can store. Open files and define functions inside __getitem__, or pass "
                "use_multiprocessing=False."
            ) from error

    def _stop_prefetching(self) -> None:
        prefetcher, self._prefetcher = self._prefetcher, None
        if prefetcher is not None and not prefetcher.close():
            # An answer that comes late must not be taken for that to a later question.
            self._stop_processes()

    def _stop_processes(self) -> None:
        processes, self._processes = self._processes, []
        for process in processes:
            process.stop()

    def close(self) -> None:
        # Processes first: their threads wait for them.
        self._stop_processes()
        self._stop_prefetching()
