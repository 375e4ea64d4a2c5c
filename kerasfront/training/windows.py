"""Where the batches of a loop come from: all samples on the device, or some of them at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from kerasfront import tree
from kerasfront.state.repeated import Repeated
from kerasfront.training.data import leaves
from kerasfront.utils import aligned

# Bytes of the samples that are put together anew for some batches.
_LARGEST_WINDOW = 1 << 23


class Whole:
    """All samples lie on the device, where batches are taken in the order of the epoch.

    Args:
        repeated: what runs the steps.
        order: positions of the samples, None where they are taken as they lie.
    """

    def __init__(self, repeated: Repeated, order: np.ndarray | None):
        self._repeated, self._order = repeated, repeated.order_on_device(order)

    def room(self, first: int) -> int:
        """Return how many batches from number `first` on can go into one call."""
        return sys.maxsize

    def __call__(self, first: int, count: int) -> bool:
        """Run `count` batches from number `first` on; returns whether the engine has done so."""
        return self._repeated(self._order, first, count)


class Windows:
    """Samples in the order of the epoch, some batches at a time, put together on the host.

    So a loop for some number of samples serves any other, and data too large to copy is looped over.

    Args:
        repeated: what runs the steps, over the samples in the window.
        order: positions of the samples, None where they stay in place.
        data: all samples, in the form of a batch: arrays and memory-mapped files.
        window: as `window_of` makes it; it is filled anew once the steps over what is in it are done.
        batch_size: samples in each batch.
        listed: whether the engine gets the positions in the window, too, as it does for an order of all samples.
    """

    def __init__(
        self, repeated: Repeated, order: np.ndarray | None, data: Any, window: Any, batch_size: int, listed: bool
    ):
        self._repeated, self._order, self._data, self._window = repeated, order, data, window
        samples = _length(window)
        self._places = repeated.order_on_device(np.arange(samples) if listed else None)
        self._batch_size, self._batches = batch_size, samples // batch_size
        self._number: int | None = None

    def room(self, first: int) -> int:
        """Return how many batches from number `first` on can go into one call."""
        return self._batches - first % self._batches

    def __call__(self, first: int, count: int) -> bool:
        """Run `count` batches from number `first` on; returns whether the engine has done so."""
        number, within = divmod(first, self._batches)
        if number != self._number:
            self._repeated.wait()
            self._fill(number * self._batches * self._batch_size)
            self._repeated.read_again()
            self._number = number
        return self._repeated(self._places, within, count)

    def _fill(self, start: int) -> None:
        span = slice(start, start + self._batches * self._batch_size)
        rows = span if self._order is None else self._order[span]
        for part, leaf in zip(tree.flatten(self._window), tree.flatten(self._data), strict=True):
            if leaf is not None:
                taken = leaves.take(leaf, rows)
                part[: len(taken)] = taken


def window_of(data: Any, samples: int) -> Any:
    """Return memory for a number of samples, in the form of a batch of the data, each of them the first sample."""

    def part(leaf: Any) -> Any:
        if leaf is None:
            return None
        first = leaves.take(leaf, slice(0, 1))
        memory = aligned.empty((samples, *first.shape[1:]), first.dtype)
        memory[...] = first
        return memory

    return tree.map_structure(part, data)


def window_size(data: Any, batch_size: int, compiled: Iterable[int] | None = None) -> int:
    """Return how many samples make the largest window for some data; 0 where the samples are too large for one.

    Args:
        data: all samples, in the form of a batch.
        batch_size: samples in each batch.
        compiled: the numbers to choose from, if not any.
    """
    given = [leaf for leaf in tree.flatten(data) if leaf is not None]
    most = _LARGEST_WINDOW // max(1, sum(leaf[:1].nbytes for leaf in given))
    sizes = [min(most, len(given[0])) // batch_size * batch_size] if compiled is None else compiled
    return max((one for one in sizes if 2 * batch_size <= one <= most), default=0)


def _length(data: Any) -> int:
    return len(next(leaf for leaf in tree.flatten(data) if leaf is not None))
