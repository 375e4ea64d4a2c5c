"""Layers that combine several inputs of equal (or broadcastable) shapes into one."""

from __future__ import annotations

import functools
import string
from collections.abc import Callable
from typing import Any

from kerasfront import ops
from kerasfront.backend.dispatch import normalize_axis
from kerasfront.layers.layer import Layer


class Merge(Layer):
    """Combine inputs two at a time; subclasses fix how."""

    combine: Callable | None = None
    least = 2

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Combine from left to right."""
        return functools.reduce(type(self).combine, self._checked(inputs))  # type: ignore[arg-type]

    def _checked(self, inputs: Any) -> list:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < self.least:
            count = len(inputs) if isinstance(inputs, (list, tuple)) else 1
            raise ValueError(f"{self.name}: expected a list of at least {self.least} inputs; got {count}. Pass [a, b].")
        rank = max(len(ops.shape(one)) for one in inputs)
        # A tensor with fewer axes gets them behind the batch axis, as in (batch, features) with (batch, steps,
        # features).
        return [one if len(ops.shape(one)) == rank else self._widened(one, rank) for one in inputs]

    def _widened(self, x: Any, rank: int) -> Any:
        for _ in range(rank - len(ops.shape(x))):
            x = ops.expand_dims(x, 1)
        return x

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """A step counts if any input has it."""
        found = (
            [mask for mask in previous_mask or [] if mask is not None]
            if isinstance(previous_mask, (list, tuple))
            else []
        )
        if len(found) != len(inputs):
            return None
        return functools.reduce(ops.logical_or, found)


class Add(Merge):
    """Return the sum of the inputs."""

    combine = staticmethod(ops.add)


class Subtract(Merge):
    """Return the first of two inputs less the second."""

    combine = staticmethod(ops.subtract)

    def call(self, inputs: Any) -> Any:
        """Subtract."""
        if len(inputs) != 2:
            raise ValueError(f"{self.name}: expected exactly 2 inputs; got {len(inputs)}. Pass [a, b].")
        return super().call(inputs)


class Multiply(Merge):
    """Return the product of the inputs."""

    combine = staticmethod(ops.multiply)


class Average(Merge):
    """Return the mean of the inputs."""

    combine = staticmethod(ops.add)

    def call(self, inputs: Any) -> Any:
        """Average."""
        return ops.true_divide(super().call(inputs), float(len(inputs)))


class Maximum(Merge):
    """Return the largest of the inputs, element by element."""

    combine = staticmethod(ops.maximum)


class Minimum(Merge):
    """Return the smallest of the inputs, element by element."""

    combine = staticmethod(ops.minimum)


class Concatenate(Merge):
    """Join the inputs along an axis.

    Args:
        axis: which; not the batch axis.
    """

    least = 1

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        """Join."""
        if not isinstance(inputs, (list, tuple)) or not inputs:
            raise ValueError(f"{self.name}: expected a list of inputs; got {type(inputs).__name__}. Pass [a, b].")
        return ops.concatenate(list(inputs), self.axis)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Join the masks; an input without one has nothing masked."""
        if not isinstance(previous_mask, (list, tuple)) or all(mask is None for mask in previous_mask):
            return None
        rank = len(ops.shape(inputs[0]))
        axis = normalize_axis(self.axis, rank, self.name)
        full = []
        for x, mask in zip(inputs, previous_mask, strict=True):
            if mask is None:
                mask = ops.ones_like(x, dtype="bool")
            while len(ops.shape(mask)) < rank:
                mask = ops.expand_dims(mask, -1)
            full.append(ops.logical_and(mask, ops.ones_like(x, dtype="bool")))
        return ops.all(ops.concatenate(full, axis), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "axis": self.axis}


class Dot(Merge):
    """Return the products of two inputs summed over one axis of each, sample by sample.

    Shapes: (batch, a..., n, b...) and (batch, c..., n, d...) -> (batch, a..., b..., c..., d...); (batch, 1) where
    nothing is left.

    Args:
        axes: the axis of both, or one for each; not the batch axis.
        normalize: whether both are divided by their length along it first, so that the result is the cosine.

    Raises:
        TypeError: axes is neither an integer nor a list. ValueError: not two integers, or sizes that differ.

    Example:
        >>> import kerasfront as keras
        >>> y = keras.layers.Dot(axes=1)([keras.ops.array([[1.0, 2.0]]), keras.ops.array([[3.0, 4.0]])])
        >>> keras.ops.convert_to_numpy(y).tolist()
        [[11.0]]
    """

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        several = isinstance(axes, (list, tuple))
        if not several and (isinstance(axes, bool) or not isinstance(axes, int)):
            raise TypeError(f"{self.name}: axes is {axes!r}. Expected an integer or two. Correct the argument.")
        if several and (len(axes) != 2 or not all(isinstance(one, int) for one in axes)):
            raise ValueError(f"{self.name}: axes is {axes!r}. Expected an integer or two. Correct the argument.")
        self.axes, self.normalize = axes, normalize

    def call(self, inputs: Any) -> Any:
        """Multiply and sum."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            count = len(inputs) if isinstance(inputs, (list, tuple)) else 1
            raise ValueError(f"{self.name}: expected exactly 2 inputs; got {count}. Pass [a, b].")
        shapes = [tuple(ops.shape(one)) for one in inputs]
        given = self.axes if isinstance(self.axes, (list, tuple)) else (self.axes, self.axes)
        first, second = (normalize_axis(axis, len(shape), self.name) for axis, shape in zip(given, shapes, strict=True))
        sizes = shapes[0][first], shapes[1][second]
        if first == 0 or second == 0 or (None not in sizes and sizes[0] != sizes[1]):
            raise ValueError(
                f"{self.name}: shapes {shapes[0]} and {shapes[1]} with axes {self.axes}. Expected equal sizes on the"
                f" axes, which are not the batch's. Choose others."
            )
        a, b = (
            ops.normalize(x, axis) if self.normalize else x for x, axis in zip(inputs, (first, second), strict=True)
        )
        letters = string.ascii_lowercase
        left = list(letters[: len(shapes[0])])
        right = [left[0], *letters[len(left) : len(left) + len(shapes[1]) - 1]]
        right[second] = left[first]
        kept = [one for one in left if one != left[first]] + [one for one in right[1:] if one != left[first]]
        result = ops.einsum(f"{''.join(left)},{''.join(right)}->{''.join(kept)}", a, b)
        return ops.expand_dims(result, -1) if len(kept) == 1 else result

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The axes of the masks are mixed, so there is none."""
        return None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """Return the products of two inputs summed over one axis of each; see `Dot`."""
    return Dot(axes, **kwargs)(inputs)


def add(inputs: Any, **kwargs: Any) -> Any:
    """Return the sum of a list of inputs."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """Return the first of two inputs less the second."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """Return the product of a list of inputs."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """Return the mean of a list of inputs."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """Return the largest of a list of inputs, element by element."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """Return the smallest of a list of inputs, element by element."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """Return a list of inputs joined along an axis."""
    return Concatenate(axis, **kwargs)(inputs)
