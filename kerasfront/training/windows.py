"""Where the batches of a loop come from: all samples on the device, or as many at a time as it is compiled for."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront import tree
from kerasfront.state.repeated import Repeated

# Bytes of the samples that are put together anew for some batches.
_LARGEST_WINDOW = 1 << 23


class Whole:
    """All samples lie on the device, where batches are taken in the order of the epoch.

    Args:
        repeated: what runs the steps.
        order: positions of the samples.
    """

    def __init__(self, repeated: Repeated, order: np.ndarray):
        self._repeated, self._order = repeated, repeated.order_on_device(order)

    def room(self, first: int) -> int:
        """Return how many batches from number `first` on can go into one call."""
        return len(self._order)

    def __call__(self, first: int, count: int) -> bool:
        """Run `count` batches from number `first` on; returns whether the engine has done so."""
        return self._repeated(self._order, first, count)


class Windows:
    """Samples in the order of the epoch, some batches at a time: a loop for some number of samples serves any other.

    Args:
        repeated: what runs the steps.
        order: positions of the samples.
        data: all samples, in the form of a batch.
        batch_size: samples in each batch.
        samples: samples in a window.
    """

    def __init__(self, repeated: Repeated, order: np.ndarray, data: Any, batch_size: int, samples: int):
        self._repeated, self._order, self._data = repeated, order, data
        self._batch_size, self._samples = batch_size, samples
        self._places = repeated.order_on_device(np.arange(samples))
        self._batches = samples // batch_size
        self._number: int | None = None

    def room(self, first: int) -> int:
        """Return how many batches from number `first` on can go into one call."""
        return self._batches - first % self._batches

    def __call__(self, first: int, count: int) -> bool:
        """Run `count` batches from number `first` on; returns whether the engine has done so."""
        number, within = divmod(first, self._batches)
        if number != self._number:
            length = self._batches * self._batch_size
            rows = self._order[number * length : (number + 1) * length]
            if not self._repeated.replace((window_of(self._data, rows, self._samples),)):
                return False
            self._number = number
        return self._repeated(self._places, within, count)


def window_of(data: Any, rows: np.ndarray, samples: int) -> Any:
    """Return some samples in the form of a batch, with others after them up to a number."""

    def taken(leaf: Any) -> Any:
        if leaf is None:
            return None
        window = np.zeros((samples, *leaf.shape[1:]), leaf.dtype)
        np.take(leaf, rows, axis=0, out=window[: len(rows)], mode="clip")
        return window

    return tree.map_structure(taken, data)


def window_size(data: Any, batch_size: int, compiled: set) -> int | None:
    """Return the number of samples, of those that a loop is compiled for, that makes the best windows, if any does."""
    bytes_each = sum(leaf[:1].nbytes for leaf in tree.flatten(data) if leaf is not None)
    return max((one for one in compiled if one >= 2 * batch_size and one * bytes_each <= _LARGEST_WINDOW), default=None)
