"""A case on a backend: the dtypes it is called in there, its results, and its gradients."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import dtypes, errors, ops, tree
from kerasfront.backend import dispatch
from kerasfront.backend.contract import Backend
from kerasfront.backend.operators import OPS
from kerasfront.testing.case import Case


@functools.cache
def has_float64(backend: Backend) -> bool:
    """Return whether the backend has tensors of float64."""
    try:
        return backend.dtype_name(backend.convert_to_tensor(np.ones(2), "float64")) == "float64"
    except errors.UnsupportedOp:
        return False


def float_types(case: Case, backend: Backend) -> list[str]:
    """Return the float types in which a case is judged on a backend."""
    if not case.float_places():
        return [case.dtypes[0]]
    return [dtype for dtype in case.dtypes if dtype != "float64" or has_float64(backend)]


def called(case: Case) -> Callable:
    """Return the function that a case calls."""
    return case.call or getattr(ops, case.op)


def result_on(case: Case, values: list) -> Any:
    """Call the op, with other values in place of the arrays of a case."""
    args, kwargs = case.with_arrays(values)
    return called(case)(*args, **kwargs)


def arguments(case: Case, dtype: str) -> list:
    """Return the arrays of a case as tensors of the active backend."""
    return [ops.convert_to_tensor(array) for array in case.host(dtype)]


def result_of(case: Case, dtype: str) -> Any:
    """Call the op on fresh tensors of the active backend."""
    return result_on(case, arguments(case, dtype))


def leaves(result: Any) -> list:
    """Return the results of a call, flat, without None."""
    return [leaf for leaf in tree.flatten(result) if leaf is not None]


def is_overridden(case: Case, backend: Backend) -> bool:
    """Return whether the backend has a native version of the case's derived op."""
    op = getattr(OPS.get(case.op), "op", None)
    return op is not None and not op.primitive and getattr(backend.overrides, case.op, None) is not None


def weights(leaf: Any) -> np.ndarray:
    """Return numbers of size about 1 that tell the elements of a result apart."""
    return _weights_of(np.shape(leaf))


@functools.lru_cache(maxsize=64)
def _weights_of(shape: tuple[int, ...]) -> np.ndarray:
    found = (np.cos(1.0 + np.arange(math.prod(shape))) + 1.5).reshape(shape)
    found.setflags(write=False)
    return found


def weighted_sum(case: Case, result: Any) -> Any:
    """The scalar that is differentiated: all floats of a result, weighted; plainly summed for recorded gradients."""
    total: Any = None
    for leaf in leaves(result):
        name = dispatch.dtype_of(leaf)
        parts = [ops.real(leaf), ops.imag(leaf)] if dtypes.is_complex(name) else [leaf] if dtypes.is_float(name) else []
        for part in parts:
            if case.gradients is None:
                part = ops.multiply(part, weights(part).astype(_host_type(dispatch.dtype_of(part))))
            total = ops.sum(part) if total is None else ops.add(total, ops.sum(part))
    return total


def _host_type(name: str) -> str:
    return name if name in ("float32", "float64") else "float32"


def differentiate(case: Case, backend: Backend, tensors: list) -> tuple[list, list]:
    """Return the results of a call, and its gradients by the float arguments (None for no dependence)."""
    places = case.float_places()

    def loss(moving: list) -> tuple[Any, list]:
        every = list(tensors)
        for place, value in zip(places, moving, strict=True):
            every[place] = value
        result = result_on(case, every)
        return weighted_sum(case, result), [leaf for leaf in leaves(result) if dispatch.is_tensor(leaf)]

    return backend.value_and_grad(loss, [tensors[place] for place in places])[1:]


def slope_arguments(case: Case, dtype: str) -> list:
    """Return the arguments rounded to float32, so that finite differences serve float64 as well."""
    return [
        ops.convert_to_tensor(array.astype(dtype) if array.dtype == np.float32 else array)
        for array in case.host("float32")
    ]
