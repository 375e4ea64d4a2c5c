"""From what a user passes to leaves that batches can be cut from: NumPy arrays, sparse rows, tensors of the engine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import config, ops, tree
from kerasfront.backend import registry
from kerasfront.backend.contract import Backend

NUMERIC_KINDS = "biufc"
KINDS = "Pass an array, a generator, a PyDataset or a data set of an installed engine."


def host_float() -> np.dtype:
    """Return the NumPy type in which floats wait on the host: floatx, or float32 where NumPy has no such type."""
    name = config.floatx()
    return np.dtype("float32" if name == "bfloat16" else name)


def is_sparse(value: Any) -> bool:
    """Return whether `value` is a sparse matrix with rows on the host."""
    return hasattr(value, "tocsr") and hasattr(value, "toarray")


def is_tabular(value: Any) -> bool:
    """Return whether `value` is a data frame or one of its columns."""
    return hasattr(value, "to_numpy") and hasattr(value, "iloc")


def is_array(value: Any) -> bool:
    """Return whether `value` is one leaf with samples (or a single number), not something that yields them."""
    if isinstance(value, (np.ndarray, np.generic, bool, int, float, complex, str, bytes)):
        return True
    arrayish = hasattr(value, "__array__") or hasattr(value, "shape")
    return arrayish or is_sparse(value) or is_tabular(value) or owner(value) is not None


def owner(value: Any) -> Backend | None:
    """Return the backend whose tensor `value` is, None for anything else."""
    if isinstance(value, (np.ndarray, np.generic, bool, int, float, str, bytes)) or value is None:
        return None
    for _ in range(2):
        for backend in (registry.active(), *registry.loaded()):
            if backend.is_tensor(value):
                return backend
        if not registry.load_imported(type(value).__module__.partition(".")[0]):
            return None
    return None


def structure_from(data: Any) -> Any:
    """Return `data` with each list of plain numbers, at any depth, made one array.

    A list with arrays in it stands for several inputs and stays a list.
    """
    if isinstance(data, dict):
        return {key: structure_from(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)) and not hasattr(data, "_fields"):
        if all(isinstance(leaf, (bool, int, float, complex, str, bytes)) for leaf in tree.flatten(data)):
            return _array_of_numbers(data)
        return type(data)(structure_from(value) for value in data)
    return data


def _array_of_numbers(numbers: list | tuple) -> np.ndarray:
    try:
        return np.asarray(numbers)
    except ValueError as error:
        raise ValueError(
            "data: nested lists of different lengths are no array. Expected rows of one length; "
            f"got {_excerpt(numbers)}. Pad them, for instance with zeros at the end."
        ) from error


def _excerpt(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def label_of(root: str, path: tuple) -> str:
    """Return how a leaf is called in messages: ``x``, ``x['a']``, ``x[0]``."""
    return root + "".join(f"[{key!r}]" for key in path)


def map_leaves(function: Callable[[Any, str], Any], data: Any, root: str) -> Any:
    """Apply `function(leaf, label)` to the leaves of a nested structure; None stays."""
    leaves = [
        None if leaf is None else function(leaf, label_of(root, path)) for path, leaf in tree.flatten_with_path(data)
    ]
    return tree.pack_sequence_as(data, leaves)


def leaf_from(value: Any, label: str, where: str, backend: Backend, weights: bool = False) -> Any:
    """Return one leaf ready for cutting batches.

    Args:
        value: an array, a number sequence, a data frame, a sparse matrix, or a tensor of any engine.
        label: how messages call it.
        where: the caller, for messages.
        backend: the engine whose tensors stay as they are.
        weights: whether these are sample weights, which become floats and stay one-dimensional.

    Raises:
        ValueError: no numbers in it.
    """
    engine = owner(value)
    if engine is backend and not isinstance(value, np.ndarray):
        return value
    if is_sparse(value):
        return value.tocsr()
    if engine is not None:
        value = engine.to_numpy(value)
    elif is_tabular(value):
        value = _from_table(value, label, where, column=not weights)
    return _host_array(value, label, where, weights)


def _from_table(table: Any, label: str, where: str, column: bool) -> np.ndarray:
    array = table.to_numpy()
    if array.dtype.kind not in NUMERIC_KINDS:
        columns = [(table.name, table.dtype)] if array.ndim == 1 else list(table.dtypes.items())
        odd = [str(name) for name, dtype in columns if getattr(dtype, "kind", "O") not in NUMERIC_KINDS]
        if odd:
            raise ValueError(
                f"{where}: `{label}` has columns without numbers: {', '.join(odd)}. Expected numbers only; "
                f"got {[str(dtype) for _, dtype in columns]}. Encode or drop those columns."
            )
        # Columns of booleans, integers and nullable numbers together come as objects.
        array = table.to_numpy(dtype="float64", na_value=np.nan)
    return array[:, None] if column and array.ndim == 1 else array


def _host_array(value: Any, label: str, where: str, weights: bool) -> np.ndarray:
    masked = sys.modules.get("numpy.ma")  # whoever has such an array has imported it
    if masked is not None and masked.is_masked(value):
        raise ValueError(
            f"{where}: `{label}` is a masked array, and the mask would be lost. Expected plain numbers. Call "
            ".filled(0)."
        )
    array = value if isinstance(value, np.ndarray) else np.asarray(value)
    # Types of ml_dtypes (bfloat16, float8) are of kind "V" but have a name.
    if array.dtype.kind not in NUMERIC_KINDS and not (array.dtype.kind == "V" and "float" in array.dtype.name):
        raise ValueError(
            f"{where}: `{label}` does not consist of numbers. Expected an array of numbers or booleans; got "
            f"{type(value).__name__} "
            f"with dtype {array.dtype}. {_remedy_for(value, array)}"
        )
    wanted = _host_type(array.dtype, weights)
    # A memory-mapped file stays on disk and is converted batch by batch.
    return array if array.dtype == wanted or isinstance(array, np.memmap) else array.astype(wanted)


def _remedy_for(value: Any, array: np.ndarray) -> str:
    if array.dtype.kind in "US":
        return "Encode text as integers first."
    if array.ndim == 0:
        return KINDS
    return 'If it holds rows of numbers, call np.stack or .astype("float32") on it.'


def _host_type(dtype: np.dtype, weights: bool) -> np.dtype:
    if dtype.kind == "f" and dtype.itemsize >= 8 or (weights and dtype.kind in "biu"):
        return host_float()
    return dtype.newbyteorder("=")


def length_of(leaf: Any, label: str, where: str) -> int:
    """Return the number of samples in a leaf.

    Raises:
        ValueError: it is a single number, without a batch axis.
    """
    if not leaf.shape:
        raise ValueError(
            f"{where}: `{label}` is a single number. Expected an array with one entry per sample along its first axis; "
            "got shape (). Wrap it in a list."
        )
    return int(leaf.shape[0])


def common_length(data: Any, where: str) -> int:
    """Return the number of samples that all leaves of `(x, y, sample_weight)` have in common.

    Raises:
        ValueError: they differ, or there is no leaf at all.
    """
    lengths: dict[str, int] = {}
    for root, part in zip(("x", "y", "sample_weight"), data, strict=True):
        for path, leaf in tree.flatten_with_path(part):
            if leaf is not None:
                label = label_of(root, path)
                lengths[label] = length_of(leaf, label, where)
    if not lengths:
        raise ValueError(
            f"{where}: there is no data. Expected arrays, a generator or a data set in `x`; got {data[0]!r}. Pass some."
        )
    (first, expected), *others = lengths.items()
    for label, length in others:
        if length != expected:
            stacked = isinstance(data[0], (list, tuple)) and len(data[0]) > 1 and expected == 1
            remedy = (
                "A list stands for several inputs: make a list of samples one array with np.stack."
                if stacked
                else "Cut or complete one."
            )
            raise ValueError(
                f"{where}: {first} has {expected} samples but {label} has {length}. Expected as many samples in each; "
                f"got {lengths}. {remedy}"
            )
    return expected


def require_inputs(x: Any, where: str) -> None:
    """Check that there is at least one array among the inputs.

    Raises:
        ValueError: there is none.
    """
    if all(leaf is None for leaf in tree.flatten(x)):
        raise ValueError(
            f"{where}: the data is empty: there is no data in `x`. Expected arrays, a generator or a data set; "
            f"got {x!r}. Pass the inputs."
        )


class _Writeable:
    def __init__(self, file: np.memmap):
        self.file = file
        self.__array_interface__ = {**file.__array_interface__, "data": (file.ctypes.data, False)}


def mapped(file: np.memmap) -> np.ndarray | None:
    """Return a memory-mapped file as a plain array on the same memory; None where its numbers have to be converted.

    The array says that it may be written to, since engines share no other memory. Nobody must.
    """
    if file.dtype.kind not in "biuf" or file.dtype != _host_type(file.dtype, False):
        return None
    return np.asarray(_Writeable(file))


def read(file: np.memmap) -> np.ndarray:
    """Return all that is in a memory-mapped file, in the types of batches."""
    return np.array(file, _host_type(file.dtype, False))


def take(leaf: Any, indices: Any) -> Any:
    """Return the samples of a leaf at `indices`, a slice or an array of positions."""
    if leaf is None:
        return None
    if isinstance(leaf, np.ndarray):
        # Of an array whose numbers do not lie in a row, `take` would copy the whole.
        quick = not isinstance(indices, slice) and leaf.flags.c_contiguous
        rows = leaf.take(indices, axis=0) if quick else leaf[indices]
        if isinstance(rows, np.memmap):
            rows = np.asarray(rows, dtype=_host_type(rows.dtype, False))
        return rows
    if is_sparse(leaf):
        dense = leaf[indices].toarray()
        return dense.astype(_host_type(dense.dtype, False), copy=False)
    if isinstance(indices, slice):
        return leaf[indices]
    return ops.take(leaf, indices.astype("int32"), axis=0)
