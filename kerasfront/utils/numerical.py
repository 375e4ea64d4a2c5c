"""Labels as one-hot vectors, and vectors of length one."""

from typing import Any

import numpy as np

from kerasfront import ops
from kerasfront.backend import registry
from kerasfront.backend.symbolic import KerasTensor


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Turn integer class labels into one-hot vectors.

    Shapes:
        (...) or (..., 1) -> (..., num_classes); a last axis of size 1 is replaced, unless it is the only one.

    Dtypes:
        float64 for host data (array, list, number); the default float type for a tensor of an engine.

    Args:
        x: Whole numbers from 0 to `num_classes - 1`: host data or a tensor of any engine.
        num_classes: Number of classes, by default the largest label plus one.

    Returns:
        A NumPy array for host data, else a tensor of the same engine.

    Raises:
        ValueError: A label is negative, not less than `num_classes`, or no whole number; `num_classes` is not
            positive; or it is not given and cannot be read off `x`, which is empty or symbolic.

    Notes:
        Values of symbolic tensors and in compiled functions are unknown, so labels out of range are not found there
        and give a row of zeros.

    Example:
        >>> to_categorical([0, 2, 1])
        array([[1., 0., 0.],
               [0., 0., 1.],
               [0., 1., 0.]])
    """
    if num_classes is not None and (
        isinstance(num_classes, bool) or int(num_classes) != num_classes or num_classes < 1
    ):
        raise ValueError(
            f"to_categorical: num_classes is no count. Expected a positive whole number; got {num_classes!r}."
            " Leave it out to use the largest label plus one."
        )
    if _is_engine_tensor(x):
        return _one_hot_on_engine(x, num_classes)
    labels = _whole_numbers(np.asarray(x))
    count = _checked_count(labels, num_classes)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    return (labels[..., None] == np.arange(count)).astype(np.float64)


def normalize(x: Any, axis: int = -1, order: int | float = 2) -> Any:
    """Divide vectors by their norm; vectors of zeros stay as they are.

    Shapes:
        (...) -> (...); at least one axis for host data.

    Args:
        x: Host data or a tensor of any engine.
        axis: The axis along which the vectors lie.
        order: Order of the norm: 2 is the Euclidean length, 1 the sum of magnitudes, `np.inf` the largest magnitude.

    Returns:
        A NumPy array for host data, else a tensor of the same engine.

    Example:
        >>> normalize([[3.0, 4.0], [0.0, 0.0]])
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    if _is_engine_tensor(x):
        return ops.normalize(x, axis=axis, order=order)
    values = np.atleast_1d(np.asarray(x))
    norms = np.linalg.norm(values, ord=order, axis=axis, keepdims=True)
    return values / np.where(norms == 0, 1, norms)


def _is_engine_tensor(x: Any) -> bool:
    # The host backend's tensors are NumPy arrays, which need no engine.
    if isinstance(x, (np.ndarray, np.generic, list, tuple, int, float)):
        return False
    return isinstance(x, KerasTensor) or any(backend.is_tensor(x) for backend in registry.loaded())


def _one_hot_on_engine(x: Any, num_classes: int | None) -> Any:
    if isinstance(x, KerasTensor) or any(b.is_tensor(x) and b.is_traced(x) for b in registry.loaded()):
        if num_classes is None:
            raise ValueError(
                "to_categorical: the number of classes cannot be read off a tensor without values. Expected"
                " num_classes; got None. Pass it."
            )
        count = int(num_classes)
    else:
        count = _checked_count(_whole_numbers(ops.convert_to_numpy(x)), num_classes)
    shape = tuple(x.shape)
    labels = ops.squeeze(x, axis=-1) if len(shape) > 1 and shape[-1] == 1 else x
    return ops.one_hot(ops.cast(labels, "int32"), count)


def _whole_numbers(values: np.ndarray) -> np.ndarray:
    kind = values.dtype.kind
    whole_floats = kind == "f" and bool(np.isfinite(values).all() and (values == np.trunc(values)).all())
    if values.size and kind not in "iub" and not whole_floats:
        raise ValueError(
            f"to_categorical: labels are no whole numbers. Expected integers from 0; got {values.dtype} such as"
            f" {values.reshape(-1)[0]!r}. Map each class to its number first."
        )
    return values.astype(np.int64)


def _checked_count(labels: np.ndarray, num_classes: int | None) -> int:
    if labels.size == 0:
        if num_classes is None:
            raise ValueError(
                "to_categorical: no labels. Expected at least one, or num_classes; got an empty array."
                " Pass num_classes."
            )
        return int(num_classes)
    low, high = int(labels.min()), int(labels.max())
    count = high + 1 if num_classes is None else int(num_classes)
    if low < 0 or high >= count:
        raise ValueError(
            f"to_categorical: labels out of range. Expected 0 to {count - 1} for {count} classes; got {low} to {high}."
            " Correct the labels or num_classes."
        )
    return count
