"""One batch from what users pass to `train_on_batch` and its like."""

from __future__ import annotations

from typing import Any

from kerasfront.training.data import arrays, leaves, weights
from kerasfront.utils.batch_format import pack_x_y_sample_weight


def batch_from(x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, where: str = "batch") -> Any:
    """Return a batch as steps get it.

    Raises:
        ValueError: numbers of samples differ, there are none, or the class weights do not fit.
    """
    x, y, sample_weight = arrays.standardize(x, y, sample_weight, where=where)
    if leaves.common_length((x, y, sample_weight), where) == 0:
        raise ValueError(
            f"{where}: the batch is empty. Expected at least one sample; got none. Check how `x` was made."
        )
    if class_weight is not None:
        sample_weight = weights.sample_weight_from(
            y, sample_weight, weights.checked_class_weight(class_weight, where), where
        )
    return pack_x_y_sample_weight(x, y, sample_weight)
