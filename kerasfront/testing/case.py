"""A case: a line of test data. What an op is called with, and what must come out in float64."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np

from kerasfront import tree
from kerasfront.testing import tolerance as tolerances
from kerasfront.testing.tolerance import Tolerance
from kerasfront.testing.unknown import KNOWN

FLOATS = ("float32", "float64")
HALVES = ("float16", "bfloat16")


@dataclass(frozen=True, eq=False)
class Case:
    """One call of an op and its expected result.

    Args:
        op: name in `kerasfront.ops`; for the coverage, and what is called unless `call` is given.
        args, kwargs: its arguments. A float64 array becomes a tensor in each of `dtypes`, another array one of its own
            dtype; everything else stays as it is.
        reference: the same function on NumPy arrays in float64; an array, or a tuple of arrays, for a known result.
        note: tells this case from others of the op.
        dtypes: the float types to run in; float64 is left out on an engine that has none.
        tolerance: one of the classes in `kerasfront.testing.tolerance`.
        differentiable: whether gradients are judged. They are not where the reference gives no floats.
        gradients: expected gradients (one for each float64 array in order) of the sum of the results, where finite
            differences do not tell what is meant.
        compiled: whether the op may stand in a compiled function (a shape that depends on values may not).
        known: axes whose size inference has to know, by the place of the array: `{1: ALL}`, `{0: (-1,)}`. What holds
            for all cases of an op stands in `kerasfront.testing.unknown`.
        call: a function on tensors to judge instead of the op alone.
    """

    op: str
    args: tuple
    kwargs: dict[str, Any] = field(default_factory=dict)
    reference: Any = None
    note: str = ""
    dtypes: tuple[str, ...] = FLOATS
    tolerance: Tolerance = tolerances.FUNCTION
    differentiable: bool = True
    gradients: tuple | None = None
    compiled: bool = True
    known: dict[int, tuple[int, ...]] | None = None
    call: Callable | None = None

    @property
    def id(self) -> str:
        """The name by which reports and `conformance.toml` speak of the case."""
        return f"{self.op}-{self.note}" if self.note else self.op

    def host(self, dtype: str) -> list[np.ndarray]:
        """Return fresh copies of the arrays among the arguments, float64 ones rounded to `dtype`."""
        leaves = tree.flatten((self.args, self.kwargs))
        return [_rounded(leaf, dtype) for leaf in leaves if isinstance(leaf, np.ndarray)]

    def with_arrays(self, values: list) -> tuple[tuple, dict]:
        """Return the arguments with other values in place of the arrays."""
        moving = iter(values)
        return tree.map_structure(
            lambda leaf: next(moving) if isinstance(leaf, np.ndarray) else leaf, (self.args, self.kwargs)
        )

    def float_places(self) -> list[int]:
        """Return which of the arrays are to be differentiated by."""
        leaves = [leaf for leaf in tree.flatten((self.args, self.kwargs)) if isinstance(leaf, np.ndarray)]
        return [i for i, leaf in enumerate(leaves) if leaf.dtype == np.float64]

    def known_axes(self, place: int) -> set[int]:
        """Return the axes of one of the arrays whose size inference has to know."""
        leaves = [leaf for leaf in tree.flatten((self.args, self.kwargs)) if isinstance(leaf, np.ndarray)]
        axes = (KNOWN.get(self.op, {}) if self.known is None else self.known).get(place, ())
        return {axis % leaves[place].ndim for axis in axes if -leaves[place].ndim <= axis < leaves[place].ndim}

    def expected(self, dtype: str) -> Any:
        """Return the reference's result for arguments rounded to `dtype`; None where there is no reference."""
        if self.reference is None or not callable(self.reference):
            return self.reference
        return self.evaluate([_widened(array) for array in self.host(dtype)])

    def evaluate(self, arrays: list[np.ndarray]) -> Any:
        """Return the reference's result for the given arrays."""
        args, kwargs = self.with_arrays(arrays)
        with np.errstate(all="ignore"):
            return self.reference(*args, **kwargs)

    @functools.cached_property
    def has_gradient(self) -> bool:
        """Whether there is a gradient to judge."""
        if self.gradients is not None:
            return True
        if not self.differentiable or not callable(self.reference) or not self.float_places():
            return False
        return any(np.asarray(leaf).dtype.kind in "fc" for leaf in tree.flatten(self.expected("float64")))


def _rounded(array: np.ndarray, dtype: str) -> np.ndarray:
    return (
        array.astype(getattr(ml_dtypes, dtype) if dtype == "bfloat16" else dtype)
        if array.dtype == np.float64
        else array.copy()
    )


def _widened(array: np.ndarray) -> np.ndarray:
    kind = array.dtype.kind
    return array.astype("complex128" if kind == "c" else "float64") if kind in "fcV" else array


def case(
    op: str, *args: Any, ref: Any = None, note: str = "", tol: Tolerance = tolerances.FUNCTION, **options: Any
) -> Case:
    """Write a case in a line: fields of `Case` by name, all other keywords are keywords of the op.

    Python lists of numbers stay lists; use `array` for tensors.
    """
    fields = {
        name: options.pop(name)
        for name in ("dtypes", "differentiable", "gradients", "compiled", "known", "call")
        if name in options
    }
    return Case(op, args, options, ref, note, tolerance=tol, **fields)


def array(values: Any) -> np.ndarray:
    """Return float64 values, which a case runs in each of its float types."""
    return np.asarray(values, "float64")


def ints(values: Any, dtype: str = "int32") -> np.ndarray:
    """Return integers of a dtype."""
    return np.asarray(values, dtype)


def bools(values: Any) -> np.ndarray:
    """Return booleans."""
    return np.asarray(values, "bool")


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Return repeatable normal numbers."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def distinct(*shape: int, seed: int = 0, scale: float = 0.37) -> np.ndarray:
    """Return numbers of both signs without ties, none near 0: for ops with kinks."""
    count = int(np.prod(shape))
    values = (np.arange(count) - count // 2 + 0.4) * scale
    return np.random.default_rng(seed).permutation(values).reshape(shape)
