"""Where batches come from: one small interface, one class per kind of source.

The loop sees a `DataSource` and nothing else. `source_from` looks at what the user passed and returns the right one:

=====================================================  =====================================================
passed as `x`                                          source
=====================================================  =====================================================
arrays, lists, data frames, tensors, nested structures `ArraySource`: all samples are at hand
a generator or iterator                                `StreamSource`: one pass, batches as they come
a `PyDataset`                                          `PyDatasetSource`: batches by number, worker threads or processes
a data set or loader of an engine                      `IterableSource`: iterated anew each epoch
a `DataSource`                                         itself
=====================================================  =====================================================

How a loop uses one::

    source = source_from(x, y, sample_weight, batch_size=32, shuffle=True, seed=7)
    try:
        for epoch in range(initial_epoch, epochs):
            if source.exhausted:        # a one-pass source has nothing left
                source.warn_ran_out()
                break
            for x, y, sample_weight in source.epoch(epoch):
                ...
    finally:
        source.close()                  # ends threads and worker processes, may be called twice

What holds for every source:

- `num_batches` is the length of an epoch, None where nobody can know before it was run once; then it is set.
- A batch is always the triple `(x, y, sample_weight)`, None for what is absent. `x` and `y` are nested structures whose
  leaves are NumPy arrays, or tensors of the active engine where the user gave such. float64 host arrays come as floatx;
  integers stay.
- `epoch(n)` depends on `n` and the seed alone for arrays and `PyDataset`: the order is the permutation keyed by (seed,
  n), the same on every engine, and resuming with `initial_epoch` meets the same batches.
- With `steps_per_epoch`, an epoch is that many batches and the next one goes on where the last stopped. Arrays start
  over (in a new order) when they run out; a stream that runs out warns and ends the epoch. With `repeat=False` (for
  `evaluate`, `predict` and validation) each epoch starts at the first batch instead, and one pass is the most there is:
  short of it there is a warning.
- Closing the iterator of an epoch (`iterator.close()`, or dropping it after `break` or an exception) stops its threads;
  `close()` stops everything. Nothing waits for a worker that does not answer.
- `ArraySource` has more for a loop that keeps the data on the device: `arrays` (the whole `(x, y, sample_weight)`),
  `move_to(engine)` and `held` (the same as that engine can hold it, files included where it shares their memory),
  `order(n)` (positions of all samples in the order of pass n, None if unshuffled) and `batch_positions(epoch)` (slices
  or index arrays, batch by batch).

Before the source: `split_validation((x, y, sample_weight), fraction)` returns the two triples.
"""

from kerasfront.training.data.arrays import ArraySource, split_validation
from kerasfront.training.data.selection import source_from
from kerasfront.training.data.source import DataSource
from kerasfront.training.data.streams import IterableSource, PyDatasetSource, StreamSource

__all__ = [
    "ArraySource",
    "DataSource",
    "IterableSource",
    "PyDatasetSource",
    "StreamSource",
    "source_from",
    "split_validation",
]
