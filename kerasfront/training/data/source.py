"""The interface between the training loop and the data."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

Batch = tuple[Any, Any, Any]


class DataSource:
    """Batches for a training loop, epoch by epoch. See the package docstring for what holds."""

    num_batches: int | None = None
    """Batches in an epoch; None where it is not known (yet)."""
    batch_size: int | None = None
    """Samples in a whole batch; None where it is not known."""
    num_samples: int | None = None
    """Samples in one pass over the data; None where it is not known."""
    partial_batch_size: int | None = None
    """Samples in the last batch of a pass if that is smaller, 0 if all are whole, None where it is not known."""
    where: str = "fit"
    """The caller, for messages."""

    @property
    def exhausted(self) -> bool:
        """Whether a one-pass source has nothing left. To be asked before an epoch, since it may have to fetch a
        batch."""
        return False

    def epoch(self, index: int = 0) -> Iterator[Batch]:
        """Return an iterator over the batches of epoch number `index`, each `(x, y, sample_weight)`.

        Args:
            index: counted from 0; it chooses the order of a shuffled source.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Stop threads and worker processes. The source may not be used afterwards; a second call does nothing."""

    def warn_ran_out(self, wanted: int | None = None, got: int = 0) -> None:
        """Warn that there was less data than the epochs asked for.

        Args:
            wanted: batches in the epoch, None for whatever there is.
            got: batches that came.
        """
        expected = f"{wanted} batches for the epoch, got {got}" if wanted else "data for another epoch, got none"
        warnings.warn(
            f"{self.where}: the input ran out of data. Expected {expected}. "
            "Make it yield at least steps_per_epoch * epochs batches, for instance with a loop that never ends.",
            UserWarning,
            stacklevel=3,
        )

    def __enter__(self) -> DataSource:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
