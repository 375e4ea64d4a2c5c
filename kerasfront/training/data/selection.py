"""Which source fits what the user passed."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from kerasfront.backend import registry
from kerasfront.training import arguments
from kerasfront.training.data import leaves, weights
from kerasfront.training.data.arrays import ArraySource, standardize
from kerasfront.training.data.source import DataSource
from kerasfront.training.data.streams import BatchReader, IterableSource, PyDatasetSource, StreamSource
from kerasfront.utils.py_dataset import PyDataset

DEFAULT_BATCH_SIZE = 32


def source_from(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps_per_epoch: int | None = None,
    shuffle: bool | str = False,
    class_weight: dict[int, float] | None = None,
    seed: int | None = None,
    repeat: bool = True,
    name: str = "fit",
) -> DataSource:
    """Return the source for what was passed to `fit`, `evaluate` or `predict`.

    Args:
        x: arrays, tensors, data frames, sparse matrices, nested structures of those, a generator, a `PyDataset`, or an
            engine's data set. Lists of numbers are one array; a list of arrays stands for several inputs.
        y: targets of the same number of samples; only with arrays.
        sample_weight: one weight per sample, in the structure of `y` or for all outputs; only with arrays.
        batch_size: samples per batch, 32 by default; only with arrays.
        steps_per_epoch: batches per epoch, None for one pass.
        shuffle: a new order each epoch; "batch" keeps the samples of a batch together. Streams come as they come.
        class_weight: weight by label, turned into sample weights.
        seed: of the order. None draws one.
        repeat: whether `steps_per_epoch` may go beyond one pass, and epochs go on where the last stopped (as in `fit`);
            False makes each epoch start with the first batch and warns if there are fewer than `steps_per_epoch` (as
            `evaluate` wants it).
        name: the caller, for messages.

    Raises:
        ValueError: lengths differ, there is nothing to train on, a number is nonsense, arguments do not fit the source.

    Example:
        >>> import numpy as np
        >>> from kerasfront.training.data import source_from
        >>> source = source_from(np.arange(5), batch_size=2)
        >>> [x.tolist() for x, y, sample_weight in source.epoch()]
        [[0, 1], [2, 3], [4]]
    """
    arguments.whole_number(name, "batch_size", batch_size, 1)
    arguments.whole_number(name, "steps_per_epoch", steps_per_epoch, 1)
    _check_shuffle(shuffle, name)
    if class_weight is not None:
        class_weight = weights.checked_class_weight(class_weight, name)
    if isinstance(x, DataSource):
        return x
    seed = secrets.randbits(31) if seed is None else seed
    found = _batched_source(x, class_weight, steps_per_epoch, shuffle, seed, repeat, name)
    if found is not None:
        _refuse_companions(x, y, sample_weight, batch_size, name)
        return found
    leaves.require_inputs(x, name)
    x, y, sample_weight = standardize(x, y, sample_weight, name)
    if class_weight is not None:
        leaves.common_length((x, y, sample_weight), name)
        sample_weight = weights.sample_weight_from(y, sample_weight, class_weight, name)
    return ArraySource(
        x,
        y,
        sample_weight,
        batch_size=int(batch_size or DEFAULT_BATCH_SIZE),
        steps_per_epoch=steps_per_epoch,
        shuffle=shuffle,
        seed=seed,
        repeat=repeat,
        where=name,
    )


def _check_shuffle(shuffle: Any, where: str) -> None:
    if shuffle not in (True, False, "batch"):
        raise ValueError(
            f"{where}: `shuffle` does not fit. Expected True, False or 'batch'; got {shuffle!r}. Pass shuffle=True for "
            "a new order each epoch."
        )


def _batched_source(
    x: Any, class_weight: Any, steps: int | None, shuffle: bool | str, seed: int, repeat: bool, where: str
) -> DataSource | None:
    """Return the source for data that comes in batches already, None for arrays."""
    if x is None or isinstance(x, (dict, list, tuple)) or leaves.is_array(x):
        return None
    read = BatchReader(class_weight, where)
    if isinstance(x, PyDataset):
        return PyDatasetSource(x, read, steps, shuffle, seed, repeat, where)
    iterable = engine_iterable(x)
    if iterable is not None:
        return IterableSource(iterable, read, steps, repeat, where)
    if isinstance(x, Iterator):
        return StreamSource(x, read, steps, where)
    if isinstance(x, Iterable):
        return IterableSource(x, read, steps, repeat, where)
    return None


def engine_iterable(x: Any) -> Iterable | None:
    """Ask the engines in use, then those that the user has imported, whether `x` is one of their data sets."""
    # The classes it derives from, not only its own: a user may have subclassed an engine's loader.
    modules = {kind.__module__.partition(".")[0] for kind in type(x).__mro__}
    for module in sorted(modules - {"builtins", "collections", "abc", "typing"}):
        registry.load_imported(module)
    for backend in registry.loaded():
        iterable = backend.as_iterable(x)
        if iterable is not None:
            return iterable
    return None


def _refuse_companions(x: Any, y: Any, sample_weight: Any, batch_size: int | None, where: str) -> None:
    kind = type(x).__name__
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"{where}: `{name}` came beside a {kind}. Expected the {kind} to yield (x, y) or (x, y, "
                "sample_weight); "
                f"got `{name}` of type {type(value).__name__} too. Leave `{name}` out."
            )
    if batch_size is not None:
        warnings.warn(
            f"{where}: `batch_size` has no effect on a {kind}, which yields batches as they are. Expected None; got "
            f"{batch_size}. "
            "Leave it out.",
            UserWarning,
            stacklevel=4,
        )
