"""What every op here shares: dtypes, casts, silence, and half types computed in float32."""

import functools
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
from autograd.extend import VSpace, defvjp, primitive
from autograd.numpy.numpy_vspaces import ArrayVSpace
from autograd.tracer import getval

from kerasfront_numpy.boxes import PoliteBox

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
HALVES = frozenset({np.dtype(np.float16), BFLOAT16})
COMPLEX = frozenset({np.dtype(np.complex64), np.dtype(np.complex128)})
INEXACT = HALVES | COMPLEX | {np.dtype(np.float32), np.dtype(np.float64)}
SINGLE = np.dtype(np.float32)

# autograd knows NumPy's own scalar types; sums of bfloat16 give this one.
PoliteBox.register(ml_dtypes.bfloat16)
VSpace.register(ml_dtypes.bfloat16, ArrayVSpace)


def differentiable(function: Callable, *vjps: Callable, **options: Any) -> Callable:
    """Make a primitive of autograd from a function and, per tensor, `(result, *arguments) -> (g -> gradient)`."""
    # Wrapped once more, so that autograd's own primitive for a NumPy function stays what it is.
    wrapped = primitive(functools.wraps(function)(lambda *arguments: function(*arguments)))
    defvjp(wrapped, *vjps, **options)
    return wrapped


def constant(function: Callable) -> Callable:
    """Return the function on plain values: no gradient flows through it, at any level of nesting."""
    return functools.wraps(function)(lambda *arguments: function(*map(getval, arguments)))


def _astype(x: Any, dtype: np.dtype) -> Any:
    if x.dtype in COMPLEX and dtype not in COMPLEX and dtype.kind != "b":
        x = x.real
    return x.astype(dtype, copy=False) if isinstance(x, np.ndarray) else np.asarray(x).astype(dtype)[()]


_convert = differentiable(_astype, lambda ans, x, dtype: lambda g: cast(g, x.dtype))


def cast(x: Any, dtype: Any) -> Any:
    """Return the values in another dtype; integers and bool carry no gradient."""
    dtype = np.dtype(dtype)
    if x.dtype == dtype:
        return x
    with np.errstate(all="ignore"):
        return _convert(x, dtype) if dtype in INEXACT and x.dtype in INEXACT else _astype(getval(x), dtype)


def kernel(function: Callable) -> Callable:
    """Run an op without floating-point warnings (other engines give none), half types in float32.

    NumPy's float16 is slow and adds up in float16, and bfloat16 lacks most of its functions.
    """

    @functools.wraps(function)
    def run(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            half = getattr(arguments[0], "dtype", None)
            if half not in HALVES:
                return function(*arguments)
            result = function(*[cast(x, SINGLE) if getattr(x, "dtype", None) == half else x for x in arguments])
            if isinstance(result, tuple):
                return tuple(_narrow(part, half) for part in result)
            return _narrow(result, half)

    return run


def _narrow(x: Any, half: np.dtype) -> Any:
    return cast(x, half) if x.dtype == SINGLE else x
