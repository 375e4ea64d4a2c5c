"""The promotion matrix: which dtype comes out of which, for one op or more of each kind, and all pairs of dtypes.

The table says the kind of an op in a word; what a word means is said here once more, apart from the rules in `ops`,
so that the two check each other. The lattice itself is `kerasfront.dtypes`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasfront import dtypes, errors, ops
from kerasfront.backend import dispatch
from kerasfront.backend.contract import Backend
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.state.function import function
from kerasfront.testing.calls import has_float64

TYPES = (
    "bool", "uint8", "uint16", "uint32", "int8", "int16", "int32", "int64",
    "float16", "bfloat16", "float32", "float64",
)  # fmt: skip
EAGER = ("bool", "uint8", "int32", "float16", "float32")
PYTHON_NUMBERS = (True, 1, 1.5)
REFUSED = "refused"


def _joined(name: str) -> str:
    return dtypes.strengthen(name)


def _numeric(name: str) -> str:
    return "int32" if name == "bool" else _joined(name)


def _floating(name: str) -> str:
    return dtypes.float_type(name)


def _accumulated(name: str) -> str:
    return {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}.get(
        name, _joined(name)
    )


KINDS: dict[str, Callable[[str], str]] = {
    # The least upper bound; of one argument, its dtype.
    "joined": _joined,
    # The same, where bool counts as int32.
    "numeric": _numeric,
    # The same, where bool and integers count as the default float type.
    "floating": _floating,
    # The same, where int8 counts as int32, too.
    "product": lambda name: "int32" if name == "int8" else _numeric(name),
    # Sums: bool and integers below 32 bits widen to 32.
    "accumulated": _accumulated,
    # Integers and bool; floats are refused.
    "whole": lambda name: _joined(name) if dtypes.is_int(name) or name == "bool" else REFUSED,
    # Integers, bool counts as int32; floats are refused.
    "whole numeric": lambda name: _numeric(name) if dtypes.is_int(name) or name == "bool" else REFUSED,
    "bool": lambda name: "bool",
    "position": lambda name: "int32",
}


@dataclass(frozen=True)
class Row:
    """An op of the matrix: its name, its kind, and how it is called where that is not by the tensors alone."""

    op: str
    kind: str
    call: Callable | None = None

    def __call__(self, *arguments: Any) -> Any:
        return (self.call or getattr(ops, self.op))(*arguments)

    def expected(self, *kinds: str) -> str:
        """Return the dtype that comes out, or REFUSED."""
        return KINDS[self.kind](dtypes.least_upper_bound(*kinds))


def _rows(kind: str, names: str, **calls: Callable) -> list[Row]:
    return [Row(name, kind, calls.get(name)) for name in names.split()]


OF_TWO = [
    *_rows("joined", "add multiply maximum minimum fmax fmin kron outer where append",
           where=lambda a, b: ops.where(np.array([True, False]), a, b)),
    Row("concatenate", "joined", lambda a, b: ops.concatenate([_vector(a), _vector(b)], 0)),
    Row("clip", "joined", lambda a, b: ops.clip(a, b, b)),
    *_rows("numeric", "subtract floor_divide mod fmod power"),
    *_rows("product", "matmul", matmul=lambda a, b: ops.matmul(a, _vector(b))),
    *_rows("floating", "true_divide arctan2 hypot logaddexp logaddexp2 heaviside ldexp nextafter divide_no_nan"),
    *_rows("bool", "equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor isclose"),
    *_rows("whole", "bitwise_and bitwise_or bitwise_xor"),
    *_rows("whole numeric", "left_shift right_shift gcd lcm"),
    Row("linspace", "floating", lambda a, b: ops.linspace(a, b, 3)),
]  # fmt: skip
OF_ONE = [
    *_rows("joined", "abs sign max min sort conj real imag transpose flip trunc ones_like zeros_like nan_to_num"),
    *_rows("numeric", "negative square round cumsum cumprod"),
    *_rows("floating", "exp expm1 log sqrt rsqrt reciprocal floor ceil tanh sin erf erfc sinc cbrt fabs angle i0 mean"
           " var std logsumexp deg2rad"),
    *_rows("accumulated", "sum prod trace", trace=lambda x: ops.trace(ops.reshape(x, (1, 2)))),
    *_rows("position", "argmax argmin argsort count_nonzero"),
    Row("argpartition", "position", lambda x: ops.argpartition(x, 0)),
    *_rows("bool", "isnan isfinite isinf isposinf logical_not signbit isreal any all"),
    *_rows("whole", "bitwise_not"),
]  # fmt: skip


def _vector(value: Any) -> Any:
    """A Python number as a vector, weak as it is, where an op takes tensors only."""
    return value if dispatch.is_tensor(value) else np.full((2,), value, dtypes.strengthen(dispatch.kind_of(value)))


def takes_python_numbers(row: Row) -> bool:
    """Return whether the second argument may be a Python number."""
    return row.op not in ("matmul", "concatenate", "append", "kron", "outer")


def types_of(backend: Backend) -> list[str]:
    """Return the types that the backend keeps as they are."""
    return [name for name in TYPES if backend.host_dtype(name) == name and (name != "float64" or has_float64(backend))]


def _found(row: Row, arguments: tuple) -> str:
    try:
        return dispatch.dtype_of(row(*arguments))
    except errors.OpError:
        return REFUSED


def _found_compiled(row: Row, pairs: list[tuple]) -> list[str]:
    """Return what comes out of each call in one compiled function, which has nothing to run."""
    found: list[str] = []

    def body(pairs: list[tuple]) -> None:
        found[:] = [_found(row, pair) for pair in pairs]

    function(body)(pairs)
    return found


def judge_row(row: Row, backend: Backend) -> None:
    """Each pair of dtypes (or each dtype) gives what the kind of the op says: compiled, symbolically, and eagerly.

    Eagerly those of `EAGER` are called: an engine may compile each op for each dtype.

    Raises:
        AssertionError: one does not.
    """
    tensors = {name: ops.convert_to_tensor(np.ones(2), name) for name in types_of(backend)}
    pairs: list[tuple] = [(a,) for a in tensors.values()]
    if row in OF_TWO:
        pairs = list(itertools.product(tensors.values(), repeat=2))
        if takes_python_numbers(row):
            pairs += itertools.product(tensors.values(), PYTHON_NUMBERS)
    wrong = []
    for pair, compiled in zip(pairs, _found_compiled(row, pairs), strict=True):
        names = [dispatch.kind_of(one) for one in pair]
        expected = row.expected(*names)
        on_backend = expected if expected == REFUSED else backend.host_dtype(expected)
        symbols = tuple(KerasTensor((2,), dispatch.dtype_of(one)) if dispatch.is_tensor(one) else one for one in pair)
        statements = [("compiled", compiled, on_backend), ("symbolically", _found(row, symbols), expected)]
        if all(dispatch.dtype_of(one) in EAGER for one in pair if dispatch.is_tensor(one)):
            statements.append(("eagerly", _found(row, pair), on_backend))
        for where, found, wanted in statements:
            if found != wanted:
                wrong.append(f"{', '.join(names)}: {found} {where}, not {wanted}")
    assert not wrong, f"{len(wrong)} wrong: " + "; ".join(wrong[:12])
