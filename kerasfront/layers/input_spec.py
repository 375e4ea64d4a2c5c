"""What a layer requires of its inputs, and the message when it gets something else."""

from __future__ import annotations

from typing import Any

from kerasfront import dtypes, tree
from kerasfront.backend import dispatch


class InputSpec:
    """Constraints on one input of a layer.

    Args:
        dtype: expected dtype.
        shape: expected shape, None for any size; the first axis is the batch.
        ndim, min_ndim, max_ndim: expected number of axes.
        axes: sizes by axis.
        allow_last_axis_squeeze: accept a last axis of size 1 missing or added.
        name: key in a dict of inputs.
        optional: whether the input may be None.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ):
        self.dtype = None if dtype is None else dtypes.standardize_dtype(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze, self.name, self.optional = allow_last_axis_squeeze, name, optional

    def __repr__(self) -> str:
        fields = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        return f"InputSpec({', '.join(f'{field}={getattr(self, field)}' for field in fields if getattr(self, field))})"

    def problem(self, shape: tuple) -> str | None:
        """Return what a shape violates, None if nothing."""
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim and not self.allow_last_axis_squeeze:
            return f"{self.ndim} axes"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"at least {self.min_ndim} axes"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"at most {self.max_ndim} axes"
        for axis, size in self.axes.items():
            if size is not None and -rank <= axis < rank and shape[axis] not in (size, None):
                return f"size {size} on axis {axis}"
        if self.shape is not None:
            return self._shape_problem(shape)
        return None

    def _shape_problem(self, shape: tuple) -> str | None:
        expected = self.shape or ()
        if self.allow_last_axis_squeeze:
            if expected and expected[-1] == 1 and len(shape) == len(expected) - 1:
                expected = expected[:-1]
            elif shape and shape[-1] == 1 and len(shape) == len(expected) + 1:
                shape = shape[:-1]
        fits = len(shape) == len(expected) and all(
            b is None or a is None or a == b for a, b in zip(shape, expected, strict=True)
        )
        return None if fits else f"shape {expected}"


def check_inputs(layer_name: str, spec: Any, inputs: Any) -> None:
    """Compare inputs with what a layer requires.

    Raises:
        ValueError: number of inputs, ranks or sizes differ.
    """
    specs = tree.flatten(spec)
    found = tree.flatten(inputs)
    if isinstance(spec, dict) and isinstance(inputs, dict):
        missing = [key for key in spec if key not in inputs]
        if missing:
            raise ValueError(
                f"{layer_name}: input {missing[0]!r} is missing. Expected keys {list(spec)}; got {list(inputs)}. Add"
                f" it."
            )
        found = [inputs[key] for key in spec]
    if len(specs) != len(found):
        raise ValueError(f"{layer_name}: expected {len(specs)} input(s); got {len(found)}. Pass as many.")
    for one, value in zip(specs, found, strict=True):
        if value is None and one.optional or one is None or value is None:
            continue
        shape = tuple(dispatch.shape_of(value))
        problem = one.problem(shape)
        if problem:
            raise ValueError(
                f"{layer_name}: wrong input shape. Expected {problem}; got shape {shape}. Reshape the input or change"
                f" the layer."
            )
