"""Data types by name, and the one promotion lattice (decision D9).

The lattice is data: each type points to the types just above it. The type of a result is the least
upper bound of its arguments. "int", "float" and "complex" are the weak types of Python scalars: they
take the type of what they meet. A bool is never weak.

Source: the type lattice of JAX ("Type promotion semantics", JAX documentation), which Keras 3 shares.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from kerasfront import config, errors

_ABOVE: dict[str, tuple[str, ...]] = {
    "bool": ("int",),
    "int": ("uint8", "int8"),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "int64": ("float",),
    "uint64": ("float",),
    "float": ("bfloat16", "float16", "complex"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex": ("complex64",),
    "complex64": ("complex128",),
    "complex128": (),
}
WEAK = ("int", "float", "complex")
FLOATS = ("float16", "bfloat16", "float32", "float64")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
COMPLEX = ("complex64", "complex128")
EIGHT_BIT_FLOATS = ("float8_e4m3fn", "float8_e5m2")
NAMES = ("bool", *SIGNED, *UNSIGNED, *FLOATS, *COMPLEX, *EIGHT_BIT_FLOATS, "string")


def _upper_set(name: str) -> frozenset[str]:
    found = {name}
    for above in _ABOVE[name]:
        found |= _upper_set(above)
    return frozenset(found)


_UPPER = {name: _upper_set(name) for name in _ABOVE}


def is_float(dtype: str) -> bool:
    """Return whether the type is a real floating-point type (weak "float" included)."""
    return dtype in FLOATS or dtype == "float" or dtype in EIGHT_BIT_FLOATS


def is_int(dtype: str) -> bool:
    """Return whether the type is an integer type, signed or not (weak "int" included, bool not)."""
    return dtype in SIGNED or dtype in UNSIGNED or dtype == "int"


def is_complex(dtype: str) -> bool:
    """Return whether the type is complex."""
    return dtype in COMPLEX or dtype == "complex"


@functools.cache
def least_upper_bound(*names: str) -> str:
    """Return the smallest type above all of `names`; the result may be weak.

    Raises:
        ValueError: a type takes no part in promotion (strings, 8-bit floats mixed with others).
    """
    distinct = set(names)
    if len(distinct) == 1:
        return names[0]
    for name in distinct:
        if name not in _UPPER:
            raise ValueError(
                f"result_type: {name!r} does not mix with other types; got {sorted(distinct)}. Cast explicitly."
            )
    candidates = frozenset.intersection(*(_UPPER[name] for name in distinct))
    return next(name for name in candidates if candidates <= _UPPER[name])


def strengthen(name: str) -> str:
    """Return the concrete type of a weak one: "int" is int32, "float" the default float type."""
    if name == "int":
        return "int32"
    if name == "float":
        return config.floatx()
    return "complex64" if name == "complex" else name


def result_type(*types: Any) -> str:
    """Return the type of an operation on values of these types.

    Args:
        types: names, engine or NumPy types, or the Python types `int`, `float`, `complex` for weak scalars.

    Example:
        >>> from kerasfront import dtypes
        >>> dtypes.result_type("int32", float)
        'float32'
        >>> dtypes.result_type("bfloat16", "float16")
        'float32'
    """
    if not types:
        return config.floatx()
    return strengthen(least_upper_bound(*(_kind(kind) for kind in types)))


def _kind(dtype: Any) -> str:
    if dtype in (int, float, complex):
        return dtype.__name__
    return dtype if dtype in WEAK else standardize_dtype(dtype)


def float_type(*types: str) -> str:
    """Return the result type, with the default float type in place of integers and bool."""
    name = least_upper_bound(*types)
    if is_float(name) or is_complex(name):
        return strengthen(name)
    return config.floatx()


_ALIASES = {
    "half": "float16",
    "single": "float32",
    "double": "float64",
    "str": "string",
    "bool_": "bool",
    "long": "int64",
    "short": "int16",
    "cfloat": "complex64",
    "cdouble": "complex128",
}
_PYTHON_TYPES: dict[Any, str] = {bool: "bool", int: "int32", complex: "complex64", str: "string"}


def standardize_dtype(dtype: Any) -> str:
    """Return the name of a data type given in any form; None is the default float type.

    Args:
        dtype: a name, a NumPy or engine type, or a Python type (`int` is "int32", `float` the default).

    Raises:
        ValueError: no known type.

    Example:
        >>> import numpy as np
        >>> from kerasfront import dtypes
        >>> dtypes.standardize_dtype(np.float16)
        'float16'
    """
    if dtype is None or dtype is float:
        return config.floatx()
    if isinstance(dtype, str):
        if dtype in NAMES:
            return dtype
        name = _ALIASES.get(dtype, "float32" if dtype == "float" else "int32" if dtype == "int" else None)
    else:
        name = _PYTHON_TYPES.get(dtype) if isinstance(dtype, type) else None
        name = name or _name_of_foreign(dtype)
    if name is None:
        raise errors.unknown_name("dtype", dtype, NAMES)
    return name


def _name_of_foreign(dtype: Any) -> str | None:
    """Read the name off a NumPy or engine type: `np.float32`, `dtype('int8')`, `<dtype: 'float32'>`,
    `engine.float32`."""
    for candidate in (getattr(dtype, "name", None), getattr(dtype, "__name__", None), str(dtype).rpartition(".")[2]):
        if isinstance(candidate, str):
            candidate = _ALIASES.get(candidate, candidate)
            if candidate in NAMES:
                return candidate
            if candidate.startswith("str"):
                return "string"
    return None


# NumPy builds the name of a dtype anew each time, which costs more than the rest of dispatch.
_numpy_name = functools.cache(standardize_dtype)


def kind_of_python_value(value: Any) -> str:
    """Return the kind that a value without an engine has in promotion: weak for Python numbers."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (int, float, complex)) and not isinstance(value, np.generic):
        return type(value).__name__ if type(value) in (int, float, complex) else "float"
    if isinstance(value, (np.ndarray, np.generic)):
        return _numpy_name(value.dtype)
    kind = np.asarray(value).dtype
    if kind.kind == "f":
        return config.floatx()
    return "int32" if kind.kind == "i" else standardize_dtype(kind)
