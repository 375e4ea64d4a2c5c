"""Data that is all at hand: arrays and tensors, cut into batches by position."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasfront import tree
from kerasfront.backend import registry
from kerasfront.backend.contract import Backend
from kerasfront.random import generator
from kerasfront.training.data import leaves
from kerasfront.training.data.source import Batch, DataSource
from kerasfront.utils.batch_format import pack_x_y_sample_weight

# Bytes of data that may be copied to the device as a whole, and of a file that may be read as a whole.
_MODERATE, _SMALL_FILE = 1 << 29, 1 << 24

Positions = Any  # a slice, or an int64 array


class ArraySource(DataSource):
    """Batches from arrays, sparse matrices and tensors; see `source_from` for the arguments.

    Args:
        x: nested structure of leaves as `leaves.leaf_from` makes them.
        y: likewise, or None.
        sample_weight: likewise, or None.
        batch_size: samples per batch.
        steps_per_epoch: batches per epoch, None for one pass.
        shuffle: False, True or "batch".
        seed: of the order.
        repeat: whether an epoch may go on from the start of the data when `steps_per_epoch` wants more than a pass has,
            and the next epoch where the last stopped. Otherwise each epoch starts at the first batch.
        where: the caller, for messages.
    """

    num_batches: int
    batch_size: int
    num_samples: int
    partial_batch_size: int
    samples: Any = None
    """All data in the form of one batch, where it is of arrays and files of the host and each epoch is one pass."""
    held: Any = None
    """The same as arrays, where the engine can hold them as a whole; known after `move_to`."""
    copied: int = 0
    """Bytes of these which the engine would copy for that."""

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int = 32,
        steps_per_epoch: int | None = None,
        shuffle: bool | str = False,
        seed: int = 0,
        repeat: bool = True,
        where: str = "fit",
    ) -> None:
        self.where = where
        self._data = (x, y, sample_weight)
        self._leaves, self._spec = tree.flatten_with_spec(self._data)
        self.num_samples = leaves.common_length(self._data, where)
        if self.num_samples == 0:
            raise ValueError(
                f"{where}: the data is empty. Expected at least one sample; got none. Check how `x` was made."
            )
        self.batch_size = batch_size
        self.partial_batch_size = self.num_samples % batch_size
        self._per_pass = math.ceil(self.num_samples / batch_size)
        self._steps = steps_per_epoch
        self._repeat = repeat
        self.num_batches = steps_per_epoch or self._per_pass
        if not repeat:
            self.num_batches = min(self.num_batches, self._per_pass)
        self._shuffle = shuffle
        self._seed = seed
        self._rows: list = [None] * len(self._leaves)
        if not steps_per_epoch and all(leaf is None or type(leaf) in (np.ndarray, np.memmap) for leaf in self._leaves):
            self.samples = pack_x_y_sample_weight(*self._data)

    def move_to(self, backend: Backend) -> None:
        """Let the engine hold the data as a whole where it can, and give batches of it as tensors if it offers that.

        That is where each epoch is one pass over host arrays of moderate size, small files, and what shares its memory
        with the engine.
        """
        if self.samples is None:
            return
        held = [_held_on(backend, leaf) if type(leaf) is np.memmap else leaf for leaf in self._leaves]
        given = [leaf for leaf in self._leaves if leaf is not None]
        arrays = [array for array in held if array is not None]
        self.copied = sum(array.nbytes for array in arrays if not backend.shares_memory(array))
        if len(arrays) == len(given) and self.copied <= _MODERATE:
            self.held = pack_x_y_sample_weight(*tree.unflatten(self._spec, held))
            self._rows = [None if array is None else backend.rows_of(array) for array in held]

    @property
    def arrays(self) -> Batch | None:
        """The whole `(x, y, sample_weight)`, or None where it must not be loaded as a whole (sparse, memory-mapped)."""
        partial = any(isinstance(leaf, np.memmap) or leaves.is_sparse(leaf) for leaf in self._leaves)
        return None if partial else self._data

    def packed_batch(self, order: np.ndarray | None, number: int) -> Any:
        """Return batch `number` of an order of the samples, None where they stay in place, as steps take it."""
        span = slice(number * self.batch_size, (number + 1) * self.batch_size)
        rows = span if order is None else order[span]
        parts = tree.unflatten(self._spec, [leaves.take(leaf, rows) for leaf in self._leaves])
        return pack_x_y_sample_weight(*parts)

    def order(self, number: int) -> np.ndarray | None:
        """Return the positions of all samples in the order of pass `number`, None where they stay in place.

        A pass is an epoch, unless `steps_per_epoch` says otherwise. The same on every engine and machine.
        """
        if not self._shuffle:
            return None
        if self._shuffle == "batch":
            # Whole batches change places; the partial one stays at the end.
            whole = self.num_samples // self.batch_size
            starts = generator.host_permutation(whole, self._seed, number) * self.batch_size
            blocks = (starts[:, None] + np.arange(self.batch_size)).reshape(-1)
            return np.concatenate([blocks, np.arange(whole * self.batch_size, self.num_samples)])
        return generator.host_permutation(self.num_samples, self._seed, number)

    def batch_positions(self, index: int) -> Iterator[Positions]:
        """Yield, for each batch of epoch `index`, the slice or the int64 array of its positions."""
        first = index * self.num_batches if self._steps and self._repeat else 0
        number, order = None, None
        for step in range(self.num_batches):
            turn, batch = divmod(first + step, self._per_pass)
            if not self._steps or not self._repeat:
                turn = index
            if turn != number:
                number, order = turn, self.order(turn)
            span = slice(batch * self.batch_size, min((batch + 1) * self.batch_size, self.num_samples))
            yield span if order is None else order[span]

    def epoch(self, index: int = 0) -> Iterator[Batch]:
        for positions in self.batch_positions(index):
            taken = [
                leaves.take(leaf, positions) if rows is None else rows(positions)
                for leaf, rows in zip(self._leaves, self._rows, strict=True)
            ]
            yield tree.unflatten(self._spec, taken)
        if self._steps and self.num_batches < self._steps:
            self.warn_ran_out(self._steps, self.num_batches)


def _held_on(backend: Backend, file: np.memmap) -> np.ndarray | None:
    """Return what an engine may hold of a memory-mapped file: all if it is small, or its memory if it shares that."""
    if file.nbytes <= _SMALL_FILE:
        return leaves.read(file)
    array = leaves.mapped(file)
    return array if array is not None and backend.shares_memory(array) else None


def split_validation(arrays: tuple, fraction: float, where: str = "fit") -> tuple[tuple, tuple]:
    """Split `(x, y, sample_weight)` into a part to train on and the last samples to validate on.

    Args:
        arrays: nested structures of arrays, tensors, data frames; None where absent. Taken in the order in which they
            are.
        fraction: of the samples to hold out, between 0 and 1.
        where: the caller, for messages.

    Returns:
        Two triples.

    Raises:
        ValueError: the fraction does not lie between 0 and 1, a part would be empty, lengths differ, or the
            data comes from a generator or data set.

    Example:
        >>> import numpy as np
        >>> from kerasfront.training.data import split_validation
        >>> train, held_out = split_validation((np.arange(10), None, None), 0.2)
        >>> train[0].tolist(), held_out[0].tolist()
        ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9])
    """
    if isinstance(fraction, bool) or not isinstance(fraction, (int, float, np.number)) or not 0 < fraction < 1:
        raise ValueError(
            f"{where}: `validation_split` does not fit. Expected a number between 0 and 1; got {fraction!r}. Pass 0.2 "
            "or the like."
        )
    x, y, sample_weight = arrays
    leaves.require_inputs(x, where)
    data = standardize(x, y, sample_weight, where=where, what="`validation_split`")
    count = leaves.common_length(data, where)
    # 10 * (1 - 0.9) is a little below 1 in floating point.
    boundary = math.floor(count * (1.0 - fraction) + 1e-9)
    if boundary == 0 or boundary == count:
        raise ValueError(
            f"{where}: validation_split={fraction} of {count} samples leaves nothing to "
            f"{'train' if boundary == 0 else 'validate'} on. "
            "Expected at least one sample in each part. Pass validation_data."
        )
    parts = (slice(0, boundary), slice(boundary, count))
    train, held_out = (tree.map_structure(lambda leaf, part=part: _cut(leaf, part), data) for part in parts)
    return train, held_out


def _cut(leaf: Any, part: slice) -> Any:
    # Unlike in a batch, sparse rows and files stay what they are.
    return leaf[part] if leaves.is_sparse(leaf) or isinstance(leaf, np.ndarray) else leaves.take(leaf, part)


def standardize(x: Any, y: Any, sample_weight: Any, where: str, what: str | None = None) -> Batch:
    """Return `(x, y, sample_weight)` with leaves that batches can be cut from.

    Args:
        x: nested structure of arrays.
        y: likewise, or None.
        sample_weight: likewise, or None.
        where: the caller, for messages.
        what: the argument of the caller that needs arrays, if other data would do without it.

    Raises:
        ValueError: something that is no array.
    """
    backend = registry.active()

    def leaf(value: Any, label: str) -> Any:
        if not leaves.is_array(value):
            needed = f"{what} needs arrays, which `{label}` does not give" if what else f"`{label}` is no array"
            remedy = "Pass arrays, or validation_data." if what else leaves.KINDS
            raise ValueError(
                f"{where}: {needed}. Expected arrays, tensors or lists of numbers; got {type(value).__name__}. {remedy}"
            )
        return leaves.leaf_from(value, label, where, backend, weights=label.startswith("sample_weight"))

    named = (("x", x), ("y", y), ("sample_weight", sample_weight))
    return tuple(leaves.map_leaves(leaf, leaves.structure_from(part), root) for root, part in named)
