"""Data sets that users write: batches by number."""

from __future__ import annotations

import operator
from typing import Any


class PyDataset:
    """A data set that gives its batches by number, so that workers can fetch them ahead of training.

    Subclass it and write `__getitem__` and `__len__`; call `super().__init__(**kwargs)` to let users choose the
    workers.

    Args:
        workers: how many work at a time. With one thread nothing is fetched ahead: batches are made in the training
            loop.
        use_multiprocessing: whether the workers are processes. They get a pickled copy of the data set, and again one
            at each epoch where a hook is overridden; a program that uses them needs the ``if __name__ == "__main__":``
            guard.
        max_queue_size: how many batches may wait.

    Raises:
        ValueError: a number makes no sense.

    Notes:
        Batches come in the order of their numbers (shuffled by `fit(shuffle=True)`), whoever fetches them. An exception
        in `__getitem__` is raised in the training loop; a worker process that is killed gives an error there.

    Example:
        >>> import numpy as np
        >>> import kerasfront as keras
        >>> class Squares(keras.utils.PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         x = np.arange(4.0) + 4 * index
        ...         return x, x**2
        >>> Squares().num_batches
        3
    """

    # Defaults for a subclass that does not call our __init__.
    _workers = 1
    _use_multiprocessing = False
    _max_queue_size = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    @property
    def workers(self) -> int:
        """How many threads or processes fetch batches."""
        return self._workers

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = _checked(self, "workers", value, 0)

    @property
    def use_multiprocessing(self) -> bool:
        """Whether the workers are processes."""
        return self._use_multiprocessing

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = bool(value)

    @property
    def max_queue_size(self) -> int:
        """How many batches may wait."""
        return self._max_queue_size

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = _checked(self, "max_queue_size", value, 1)

    def __getitem__(self, index: int) -> Any:
        """Return batch number `index`: `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""
        raise NotImplementedError(
            f"{type(self).__name__}: expected a method __getitem__(self, index) that returns a batch. Write one."
        )

    @property
    def num_batches(self) -> int | None:
        """Number of batches in an epoch, `len(self)`. A data set without end overrides this and returns None."""
        if not hasattr(self, "__len__"):
            raise NotImplementedError(
                f"{type(self).__name__}: expected a method __len__(self) that returns the number of batches. Write one."
            )
        return len(self)

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch that ran to its end."""


def _checked(dataset: PyDataset, name: str, value: Any, least: int) -> int:
    try:
        number = least - 1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise ValueError(
            f"{type(dataset).__name__}: `{name}` does not fit. Expected a whole number of at least {least}; got "
            f"{value!r}. Pass {name}={max(least, 1)}."
        )
    return number
