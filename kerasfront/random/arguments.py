"""What all samplers do with their arguments: check them, and choose where to draw."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import dtypes, errors, ops
from kerasfront.backend import dispatch, registry
from kerasfront.backend.contract import Backend
from kerasfront.random import host
from kerasfront.state import seed as seeds


def checked_shape(name: str, shape: Any) -> tuple:
    """Return the shape as a tuple of sizes, None for an unknown one.

    Raises:
        ValueError: a size is negative or no integer.
    """
    sizes = dispatch.normalize_shape(shape, f"random.{name}")
    checked = []
    for size in sizes:
        index = None if size is None or isinstance(size, bool) else getattr(size, "__index__", None)
        if size is not None and (index is None or index() < 0):
            raise errors.OpError(
                f"random.{name}: shape {sizes} is no shape. Expected non-negative integers; got {size!r}. "
                "Correct the shape."
            )
        checked.append(None if index is None else index())
    return tuple(checked)


def float_dtype(name: str, dtype: Any) -> str:
    """Return the name of the float dtype to draw; the default for None.

    Raises:
        ValueError: no real float type.
    """
    dtype = dtypes.standardize_dtype(dtype)
    if dtype not in dtypes.FLOATS:
        raise errors.OpError(
            f"random.{name}: dtype {dtype!r} cannot be drawn. Expected one of {', '.join(dtypes.FLOATS)}. "
            "Use random.randint for integers."
        )
    return dtype


def parameter(name: str, label: str, value: Any, dtype: str, rule: str = "", holds: Callable | None = None) -> Any:
    """Return a parameter of a distribution: a number as a Python float, else a value of the working dtype.

    Args:
        name: the sampler, for messages.
        label: the parameter's name.
        value: what came.
        dtype: the working dtype.
        rule: what `holds` demands, in words.
        holds: tells for a host array whether each element is allowed. Values on an engine are not looked at.

    Raises:
        ValueError: the rule is broken, or a host value is NaN.
    """
    if dispatch.owner_of(value) is not dispatch.WEAK:
        return ops.cast(value, dtype)
    array = np.asarray(value, "float64")
    if np.isnan(array).any() or (holds is not None and not np.all(holds(array))):
        raise errors.OpError(
            f"random.{name}: {label} is out of range. Expected {rule or 'a number'}; got {value!r}. Correct {label}."
        )
    return float(array) if array.ndim == 0 else array.astype(dtype)


def carry_out(sampler: Callable, shape: tuple, dtype: str, parameters: tuple, seed: Any) -> Any:
    """Run `sampler(xp, words, shape, dtype, *parameters)` where it is quickest; the bits are the same everywhere.

    Engines that compile or dispatch each small op slowly have eager draws done on the host.
    """
    words = seeds.draw_seed(seed)
    owner = dispatch.owner_of(words)
    backend = owner if isinstance(owner, Backend) else registry.active()
    on_host = backend.prefers_host_random and not backend.tracing() and None not in shape
    if on_host and all(dispatch.owner_of(value) is dispatch.WEAK for value in parameters):
        with np.errstate(all="ignore"):
            drawn = sampler(host, seeds.host_copy(words), shape, dtype, *parameters)
        return backend.convert_to_tensor(drawn, dtype)
    with registry.scope(backend):
        return sampler(ops, words, shape, dtype, *parameters)
