"""Sequences of different lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasfront import errors

_ENDS = ("pre", "post")


def pad_sequences(
    sequences: Sequence[Sequence[Any]],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Put sequences into the rows of an array: short ones are filled up, long ones cut.

    Args:
        sequences: one per row; their elements are numbers, strings or arrays of one shape.
        maxlen: length of the rows; that of the longest sequence for None.
        dtype: of the result; "object" or str for strings.
        padding: where to fill up, "pre" or "post".
        truncating: where to cut, "pre" or "post".
        value: what to fill up with.

    Returns:
        A NumPy array of shape (number of sequences, maxlen, ...).

    Raises:
        ValueError: something has no length, elements have different shapes, or an argument does not fit.

    Example:
        >>> from kerasfront import utils
        >>> utils.pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
        array([[0, 1],
               [2, 3],
               [5, 6]], dtype=int32)
    """
    for name, end in (("padding", padding), ("truncating", truncating)):
        if end not in _ENDS:
            raise errors.unknown_name(name, end, _ENDS)
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"pad_sequences: expected a list of sequences, got {sequences!r}. Pass a list of lists.")
    for place, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(
                f"pad_sequences: element {place} of `sequences` is {sequence!r}. Expected a sequence. Put it in a list."
            )
    shape = next((np.shape(sequence)[1:] for sequence in sequences if len(sequence)), ())
    length = max(map(len, sequences), default=0) if maxlen is None else maxlen
    if isinstance(value, str) and np.dtype(dtype).kind not in "OSU":
        raise ValueError(
            f"pad_sequences: value {value!r} does not fit dtype {dtype!r}. Expected a number. For strings pass"
            f" dtype=object."
        )
    padded = np.full((len(sequences), length, *shape), value, dtype)
    for place, sequence in enumerate(sequences):
        if not len(sequence) or not length:
            continue
        kept = np.asarray(sequence[-length:] if truncating == "pre" else sequence[:length], dtype)
        if kept.shape[1:] != shape:
            raise ValueError(
                f"pad_sequences: element {place} of `sequences` holds elements of shape {kept.shape[1:]}. Expected"
                f" {shape}, as in the first. Make them equal."
            )
        if padding == "post":
            padded[place, : len(kept)] = kept
        else:
            padded[place, length - len(kept) :] = kept
    return padded
