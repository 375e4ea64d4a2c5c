"""Products that sum over axes: matrix products and their relatives."""

from __future__ import annotations

import builtins
import string
from typing import Any

from kerasfront.backend.dispatch import Tensor, Tensors, derived, dtype_of, normalize_axis, primitive, shape_of
from kerasfront.dtypes import is_complex
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes, _shapes
from kerasfront.ops.elementwise import cast, complex_from_parts, imag, multiply, negative, real
from kerasfront.ops.movement import permute_axes, reshape, reshape_known
from kerasfront.ops.reductions import sum


@primitive(shape=_shapes.matmul, dtype=_dtypes.product)
def matmul(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the matrix product; leading axes broadcast, vectors are rows or columns.

    Shapes: `x1` (..., n, k), `x2` (..., k, m); the result is (..., n, m).

    Dtypes: the common one; bool and int8 give int32.

    Example:
        >>> from kerasfront import ops
        >>> ops.matmul(ops.ones((2, 3)), ops.ones((3, 4))).shape
        (2, 4)
    """


@primitive(shape=_shapes.einsum, dtype=_dtypes.product)
def contract(operands: Tensors, subscripts: str) -> Tensor:
    """Return the sum of products by explicit subscripts such as "ij,jk->ik" (no ellipsis, no spaces)."""


def einsum(subscripts: Any, *operands: Any, **kwargs: Any) -> Any:
    """Return the sum of products by subscripts.

    Args:
        subscripts: such as "ij,jk->ik"; a letter that an operand has twice stands for its diagonal, "..." for any
            further axes, which broadcast; without "->" the indices that appear once, in alphabetical order. Also the
            form `einsum(x, [0, 1], y, [1, 2], [0, 2])` with numbers for letters.
        operands: tensors.
        kwargs: `optimize` is accepted and means nothing; the engine chooses the order of products.

    Raises:
        OpError: subscripts and operands do not fit.

    Example:
        >>> from kerasfront import ops
        >>> ops.einsum("...ij->...ji", ops.ones((2, 3, 4))).shape
        (2, 4, 3)
    """
    if set(kwargs) - {"optimize"}:
        raise OpError(f"einsum: unknown arguments {builtins.sorted(kwargs)}. Expected optimize at most.")
    if not isinstance(subscripts, str):
        subscripts, operands = _lettered((subscripts, *operands))
    return contract(list(operands), explicit_subscripts(subscripts, [len(shape_of(x)) for x in operands]))


def _lettered(arguments: tuple) -> tuple[str, tuple]:
    """Return subscripts as text and the operands, from `x, [0, 1], y, [1, 2], [0, 2]`."""

    def text(numbers: Any) -> str:
        return "".join("..." if one is Ellipsis else string.ascii_letters[one] for one in numbers)

    count = len(arguments) // 2
    left = ",".join(text(numbers) for numbers in arguments[1 : 2 * count : 2])
    right = "->" + text(arguments[-1]) if len(arguments) % 2 else ""
    return left + right, arguments[: 2 * count : 2]


def explicit_subscripts(subscripts: str, ranks: list[int]) -> str:
    """Return subscripts without spaces and ellipsis and with an output."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(ranks):
        raise OpError(f"einsum: {subscripts!r} names {len(parts)} operands. Expected {len(ranks)}, as many as tensors.")
    named = text.replace("...", "").replace("->", "").replace(",", "")
    if builtins.any(letter not in string.ascii_letters for letter in named) or "," in right:
        raise OpError(f"einsum: {subscripts!r} cannot be read. Expected letters, commas, '...' and one '->'.")
    extra = [_further_axes(subscripts, part, rank) for part, rank in zip(parts, ranks, strict=True)]
    widest = max(extra, default=0)
    ellipsis = "".join([letter for letter in string.ascii_letters if letter not in text][:widest])
    spelled = [part.replace("...", ellipsis[widest - count :]) for part, count in zip(parts, extra, strict=True)]
    letters = "".join(spelled)
    if not arrow:
        once = [letter for letter in set(letters) if letters.count(letter) == 1 and letter not in ellipsis]
        return ",".join(spelled) + "->" + ellipsis + "".join(builtins.sorted(once))
    output = right.replace("...", ellipsis)
    if len(set(output)) != len(output):
        raise OpError(f"einsum: the output of {subscripts!r} names an index twice. Expected distinct indices.")
    return ",".join(spelled) + "->" + output


def _further_axes(subscripts: str, part: str, rank: int) -> int:
    """Return how many axes the ellipsis of an operand stands for."""
    count = rank - len(part.replace("...", ""))
    if count < 0 or (count and "..." not in part) or part.count("...") > 1:
        raise OpError(
            f"einsum: {part!r} in {subscripts!r} stands for a tensor of {rank} axes. Expected one letter for each axis."
        )
    return count


@derived
def dot(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the product summed over the last axis of x1 and the second to last of x2 (its only one for a vector)."""
    a, b = shape_of(x1), shape_of(x2)
    if not a or not b:
        return multiply(x1, x2)
    if len(b) <= 2:
        return _same_width(matmul(x1, x2), x1, x2)
    return tensordot(x1, x2, ((len(a) - 1,), (len(b) - 2,)))


@derived
def tensordot(x1: Tensor, x2: Tensor, axes: Any = 2) -> Tensor:
    """Return the product summed over pairs of axes: the last n of x1 with the first n of x2, or two lists."""
    shape1, shape2 = shape_of(x1), shape_of(x2)
    left, right = _summed_axes(axes, shape1, shape2)
    free1 = [axis for axis in range(len(shape1)) if axis not in left]
    free2 = [axis for axis in range(len(shape2)) if axis not in right]
    outer1, outer2 = [shape1[axis] for axis in free1], [shape2[axis] for axis in free2]
    inner = _shapes.times(
        *_shapes.merge_dims([tuple(shape1[axis] for axis in left), tuple(shape2[axis] for axis in right)])
    )
    rows = permute_axes(x1, (*free1, *left)) if (*free1, *left) != tuple(range(len(shape1))) else x1
    columns = permute_axes(x2, (*right, *free2)) if (*right, *free2) != tuple(range(len(shape2))) else x2
    product = matmul(
        reshape_known(rows, [_shapes.times(*outer1), inner]), reshape_known(columns, [inner, _shapes.times(*outer2)])
    )
    return reshape_known(_same_width(product, x1, x2), [*outer1, *outer2])


def _same_width(product: Any, x1: Any, x2: Any) -> Any:
    """Return a product in int8 again if both factors were."""
    return cast(product, "int8") if dtype_of(x1) == dtype_of(x2) == "int8" else product


def _summed_axes(axes: Any, shape1: tuple, shape2: tuple) -> tuple[list[int], list[int]]:
    """Return the axes of both tensors that `tensordot` sums over, in pairs of equal size."""
    if isinstance(axes, int):
        if not 0 <= axes <= builtins.min(len(shape1), len(shape2)):
            raise OpError(
                f"tensordot: {axes} axes of shapes {shape1} and {shape2}. Expected 0 to"
                f" {builtins.min(len(shape1), len(shape2))}."
            )
        left, right = list(range(len(shape1) - axes, len(shape1))), list(range(axes))
    else:
        left, right = (
            [
                normalize_axis(axis, len(shape), "tensordot")
                for axis in (side if isinstance(side, (list, tuple)) else [side])
            ]
            for side, shape in zip(axes, (shape1, shape2), strict=True)
        )
    pairs = [(shape1[a], shape2[b]) for a, b in zip(left, right, strict=False)]
    if len(left) != len(right) or builtins.any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise OpError(
            f"tensordot: axes {left} of shape {shape1} and {right} of shape {shape2} do not fit. Expected pairs of"
            f" equal sizes."
        )
    return left, right


@derived
def vdot(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the sum of products of two flattened tensors, a complex first one conjugated."""
    if is_complex(dtype_of(x1)):
        x1 = complex_from_parts(real(x1), negative(imag(x1)))
    return _same_width(matmul(reshape(x1, (-1,)), reshape(x2, (-1,))), x1, x2)


@derived
def inner(x1: Tensor, x2: Tensor) -> Tensor:
    """Return the product summed over the last axes of both."""
    if not shape_of(x1) or not shape_of(x2):
        return multiply(x1, x2)
    return tensordot(x1, x2, ((len(shape_of(x1)) - 1,), (len(shape_of(x2)) - 1,)))


@derived
def outer(x1: Tensor, x2: Tensor) -> Tensor:
    """Return all products of the elements of two flattened tensors, as a matrix."""
    return multiply(reshape(x1, (-1, 1)), reshape(x2, (1, -1)))


@derived
def trace(x: Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Return the sum of the diagonal of matrices in two axes."""
    from kerasfront.ops.creation import eye
    from kerasfront.ops.movement import moveaxis

    moved = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = shape_of(moved)[-2:]
    if rows is None or columns is None:
        return sum(moved, (-2, -1))
    return sum(multiply(moved, eye(rows, columns, offset, "bool")), (-2, -1))
