"""Labels and sample weights beside the outputs they belong to: alignment, and whether they fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasfront import ops, tree
from kerasfront.training import alignment


def is_scalar(item: Any) -> bool:
    """Return whether `item` is one number or None, not a collection."""
    return not isinstance(item, (list, tuple, dict))


def _is_array(item: Any) -> bool:
    """Return whether `item` is one tensor (or nothing), not a structure of tensors."""
    return item is None or not isinstance(item, (list, tuple, dict))


def align_targets(
    where: str, y_true: Any, y_pred: Any, names: list[str], wanted: Sequence[bool] | None = None
) -> list[Any]:
    """Return the labels of each output, None where there are none.

    Args:
        where: the model, for messages.
        y_true: labels: one tensor, a list or a dict.
        y_pred: outputs.
        names: of the outputs.
        wanted: whether each output has a loss. Labels may then come for these alone, in their order.
    """
    if y_true is None:
        return [None] * len(names)
    count = sum(wanted) if wanted is not None else 0
    if 0 < count < len(names):
        given = tree.flatten(y_true) if isinstance(y_true, (list, tuple)) else [y_true]
        if len(given) == count and not isinstance(y_true, dict):
            rest = iter(given)
            return [next(rest) if one else None for one in wanted]  # type: ignore[union-attr]
    labels = alignment.align(f"{where}: labels `y`", y_true, y_pred, names, _is_array, partial=True)
    return [None if label is alignment.MISSING else label for label in labels]


def align_weights(where: str, sample_weight: Any, y_pred: Any, names: list[str]) -> list[Any]:
    """Return the sample weights of each output, None where there are none; one array counts for all."""
    if sample_weight is None:
        return [None] * len(names)
    argument = f"{where}: `sample_weight`"
    weights = alignment.align(argument, sample_weight, y_pred, names, _is_array, spread=True, partial=True)
    return [None if weight is alignment.MISSING else weight for weight in weights]


def check_labels(where: str, labels: Any) -> None:
    """Check that there are labels for what is to be judged.

    Raises:
        ValueError: there are none.
    """
    if labels is None:
        raise ValueError(
            f"{where}: there are no labels. Expected labels for this output; got None. Pass them in `y`, in each batch."
        )


def batch_size(value: Any) -> Any:
    """Return the number of samples in a batch: a Python int where it is known."""
    return ops.shape(value)[0] if len(value.shape) else 1


def kind_of_classes(y_true: Any, y_pred: Any) -> str:
    """Return "binary", "sparse" or "categorical" by the shapes of labels and predictions.

    Outputs of width one (or without a class axis) are binary; labels with an axis less, or with width one, are
    class indices; others have the width of the output.
    """
    true, pred = tuple(y_true.shape), tuple(y_pred.shape)
    if len(pred) < 2 or pred[-1] == 1:
        return "binary"
    if len(true) < len(pred) or true[-1] == 1:
        return "sparse"
    return "categorical"


def takes_class_indices(loss: Any) -> bool:
    """Return whether the loss takes integer class labels along the last axis and all of them count."""
    settings = getattr(loss, "_fn_kwargs", {})
    return (
        getattr(loss, "integer_labels", False)
        and settings.get("ignore_class") is None
        and settings.get("axis", -1) == -1
    )
