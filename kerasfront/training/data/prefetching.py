"""Batches of any iterable, read ahead of the loop by a thread."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from kerasfront import tree
from kerasfront.backend import registry
from kerasfront.training import arguments
from kerasfront.training.data.selection import engine_iterable
from kerasfront.training.data.workers import Prefetcher

_END = object()


def prefetch(data: Any, ahead: int = 2) -> Any:
    """Let a thread read a generator, a loader or any other iterable ahead, while the engine works on a step.

    It pays where reading a batch takes about as long as a step and leaves Python free meanwhile: files, images, NumPy
    at work on large arrays. The order stays, and arrays are copied, so the iterable may fill the same ones again.

    It is not done unasked, because the iterable then runs beside the training: it must not read what the training
    changes, nor draw random numbers without a seed of its own, or runs differ from each other. Data sets of TensorFlow
    and loaders with workers read ahead by themselves.

    Args:
        data: an iterable of batches. Of an iterator, such as a generator, what has been read ahead is kept for the next
            call that gets the same result of `prefetch`.
        ahead: batches that may wait, at least 1.

    Returns:
        An iterator where `data` is one, else an iterable with the length of `data`, if any.

    Raises:
        ValueError: `data` is no iterable of batches; `ahead` is no whole number from 1.

    Example:
        >>> import numpy as np
        >>> import kerasfront as keras
        >>> def batches():
        ...     for number in range(3):
        ...         yield np.full((2, 1), number), np.zeros((2, 1))
        >>> [int(x[0, 0]) for x, y in keras.utils.prefetch(batches())]
        [0, 1, 2]
    """
    arguments.whole_number("prefetch", "ahead", ahead, 1)
    of_engine = engine_iterable(data)
    data = data if of_engine is None else of_engine
    if not isinstance(data, Iterable) or hasattr(data, "shape"):
        raise ValueError(
            f"prefetch: `data` is no iterable of batches. Expected a generator, a loader or a data set; got a "
            f"{type(data).__name__}. Arrays need none: pass them to `fit` as they are."
        )
    return Reading(data, ahead) if isinstance(data, Iterator) else ReadAnew(data, ahead)


class Reading(Iterator):
    """One pass over an iterator, read ahead from the first batch on.

    Args:
        items: the iterator.
        ahead: batches that may wait.
    """

    def __init__(self, items: Iterator, ahead: int):
        self._items, self._ahead = items, ahead
        self._prefetcher: Prefetcher | None = None
        self._results: Iterator | None = None

    def __next__(self) -> Any:
        if self._results is None:
            self._prefetcher = Prefetcher([_reader(self._items)], range(sys.maxsize), self._ahead, "prefetch")
            self._results = iter(self._prefetcher)
        try:
            item = next(self._results, _END)
        except BaseException:
            self.close()
            raise
        if item is _END:
            self.close()
            raise StopIteration
        return item

    def close(self) -> None:
        """Stop the thread; what it has read is lost, and nothing comes any more."""
        prefetcher, self._prefetcher, self._results = self._prefetcher, None, iter(())
        if prefetcher is not None:
            prefetcher.close()

    def __del__(self) -> None:
        self.close()


class ReadAnew(Iterable):
    """An iterable, each pass over it read ahead.

    Args:
        data: the iterable.
        ahead: batches that may wait.
    """

    def __init__(self, data: Iterable, ahead: int):
        self._data, self._ahead = data, ahead

    def __iter__(self) -> Reading:
        return Reading(iter(self._data), self._ahead)

    def __len__(self) -> int:
        return len(self._data)  # type: ignore[arg-type]


def _reader(items: Iterator) -> Any:
    # The active engine is per thread.
    backend = registry.active()

    def read(_: int) -> Any:
        with registry.scope(backend):
            return tree.map_structure(_copied, next(items, _END))

    return read


def _copied(leaf: Any) -> Any:
    return leaf.copy() if isinstance(leaf, np.ndarray) else leaf
