"""Products that sum over axes, brought to one matrix product, which is what NumPy is fast at."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as anp

from kerasfront_numpy.ops.kernel import HALVES, cast, kernel
from kerasfront_numpy.ops.movement import permute_axes, reshape
from kerasfront_numpy.ops.reductions import sum


@kernel
def matmul(x1: Any, x2: Any) -> Any:
    if len(x1.shape) > 2 and len(x2.shape) == 2:
        # One large product instead of one for each leading index.
        return reshape(anp.matmul(reshape(x1, (-1, x1.shape[-1])), x2), (*x1.shape[:-1], x2.shape[-1]))
    return anp.matmul(x1, x2)


def contract(operands: list, subscripts: str) -> Any:
    if operands[0].dtype in HALVES:
        return cast(contract([cast(x, "float32") for x in operands], subscripts), operands[0].dtype)
    left, _, right = subscripts.partition("->")
    letters = left.split(",")
    plain = all(len(set(part)) == len(part) for part in letters)
    if len(operands) == 2 and plain and not _stretches(operands, letters):
        return _pair(*operands, *letters, right)
    return anp.einsum(subscripts, *operands)


def _stretches(operands: list, letters: list[str]) -> bool:
    """Whether an axis of size 1 meets a longer one of the same letter."""
    sizes = dict(zip(letters[0], operands[0].shape, strict=True))
    return any(sizes.get(letter, size) != size for letter, size in zip(letters[1], operands[1].shape, strict=True))


def _without(x: Any, own: str, needed: str) -> tuple[Any, str]:
    lone = tuple(i for i, letter in enumerate(own) if letter not in needed)
    return (sum(x, lone, False) if lone else x), "".join(letter for letter in own if letter in needed)


def _pair(x: Any, y: Any, a: str, b: str, out: str) -> Any:
    x, a = _without(x, a, b + out)
    y, b = _without(y, b, a + out)
    batch = [letter for letter in a if letter in b and letter in out]
    inner = [letter for letter in a if letter in b and letter not in out]
    rows, columns = [letter for letter in a if letter not in b], [letter for letter in b if letter not in a]
    sizes = dict(zip(a + b, x.shape + y.shape, strict=True))

    def matrices(z: Any, own: str, groups: list[list[str]]) -> Any:
        z = permute_axes(z, tuple(own.index(letter) for group in groups for letter in group))
        return reshape(z, (*(sizes[letter] for letter in batch), *(math.prod(sizes[i] for i in group) for group in groups[1:])))

    product = matmul(matrices(x, a, [batch, rows, inner]), matrices(y, b, [batch, inner, columns]))
    order = [*batch, *rows, *columns]
    return permute_axes(reshape(product, tuple(sizes[i] for i in order)), tuple(order.index(letter) for letter in out))
