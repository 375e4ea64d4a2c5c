"""The limits for a quick trial, `config.set_max_epochs` and `config.set_max_steps_per_epoch`: whoever cuts says so."""

from __future__ import annotations

import contextlib
import itertools
import warnings
from collections.abc import Iterator
from typing import Any

from kerasfront import config
from kerasfront.training.data.source import Batch, DataSource


def limited_epochs(epochs: range, where: str) -> range:
    """Return the epochs of a training, cut to as many as `config.max_epochs` allows, with a warning if it cut."""
    most = config.max_epochs()
    if most is None or len(epochs) <= most:
        return epochs
    _warn(where, f"{most} of {len(epochs)} epochs", "max_epochs")
    return epochs[:most]


def limited_steps(source: DataSource, where: str) -> DataSource:
    """Return the source, cut to the steps that `config.max_steps_per_epoch` allows, with a warning if it may cut."""
    most = config.max_steps_per_epoch()
    known = source.num_batches
    if most is None or (known is not None and known <= most):
        return source
    _warn(where, f"{most} of {known or 'an unknown number of'} steps", "max_steps_per_epoch")
    return LimitedSource(source, most)


def _warn(where: str, what: str, setting: str) -> None:
    warnings.warn(
        f"{where}: this run is limited to {what} by keras.config.set_{setting} or the environment variable "
        f"KERASFRONT_{setting.upper()}. Call keras.config.set_{setting}(None) for whole runs.",
        UserWarning,
        stacklevel=4,
    )


class LimitedSource(DataSource):
    """The first batches of each epoch of another source.

    Args:
        source: where batches come from.
        most: batches in an epoch at most.
    """

    def __init__(self, source: DataSource, most: int) -> None:
        self._source, self._most = source, most
        self.where = source.where
        self.batch_size = source.batch_size
        self.num_batches = None if source.num_batches is None else min(source.num_batches, most)

    @property
    def arrays(self) -> Any:
        """All data where it is in memory, for checks of the labels."""
        return getattr(self._source, "arrays", None)

    @property
    def exhausted(self) -> bool:
        return self._source.exhausted

    def epoch(self, index: int = 0) -> Iterator[Batch]:
        with contextlib.closing(self._source.epoch(index)) as batches:  # type: ignore[type-var]
            yield from itertools.islice(batches, self._most)

    def close(self) -> None:
        self._source.close()
