"""One batch from what users pass to `train_on_batch` and its like."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront import config
from kerasfront.training.data import arrays, leaves, weights
from kerasfront.utils.batch_format import pack_x_y_sample_weight

_FLOAT32 = np.dtype("float32")


def is_ready(x: Any) -> bool:
    """Return whether inputs are what most are, one array in the default float type, which need no look at them."""
    return type(x) is np.ndarray and x.dtype is _FLOAT32 and x.ndim > 0 and len(x) > 0 and config.floatx() == "float32"


def is_one_batch(x: Any, batch_size: Any) -> bool:
    """Return whether inputs that are ready fit into one batch."""
    return is_ready(x) and len(x) <= (32 if batch_size is None else batch_size if type(batch_size) is int else 0)


def batch_from(x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, where: str = "batch") -> Any:
    """Return a batch as steps get it.

    Raises:
        ValueError: numbers of samples differ, there are none, or the class weights do not fit.
    """
    if y is None and sample_weight is None and class_weight is None and is_ready(x):
        return x
    leaves.require_inputs(x, where)
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
