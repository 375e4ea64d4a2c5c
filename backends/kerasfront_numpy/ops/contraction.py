"""Products that sum over axes, brought to matrix products, which is what NumPy is fast at."""

import math
from typing import Any

import autograd.numpy as anp
import numpy as np

from kerasfront_numpy.ops.indexing import pick, positions
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
    left, _, out = subscripts.partition("->")
    letters = left.split(",")
    sizes: dict[str, int] = {}
    for x, own in zip(operands, letters, strict=True):
        sizes.update((letter, size) for letter, size in zip(own, x.shape, strict=True) if sizes.get(letter, 1) == 1)
    terms = [_plain(x, own, sizes) for x, own in zip(operands, letters, strict=True)]
    x, own = terms[0]
    for place, (y, other) in enumerate(terms[1:], 2):
        x, own = _pair(x, own, y, other, out + "".join(letters[place:]), sizes)
    x, own = _without(x, own, out)
    return permute_axes(x, tuple(own.index(letter) for letter in out))


def _plain(x: Any, own: str, sizes: dict[str, int]) -> tuple[Any, str]:
    """Take the diagonal of a letter that occurs twice, and drop axes of size 1 that stand for a longer one."""
    distinct = "".join(dict.fromkeys(own))
    if distinct != own:
        x, own = pick(x, np.einsum(f"{own}->{distinct}", positions(x))), distinct
    kept = [i for i, letter in enumerate(own) if x.shape[i] == sizes[letter]]
    return reshape(x, tuple(x.shape[i] for i in kept)), "".join(own[i] for i in kept)


def _without(x: Any, own: str, needed: str) -> tuple[Any, str]:
    """Sum over the letters that nobody needs."""
    lone = tuple(i for i, letter in enumerate(own) if letter not in needed)
    return (sum(x, lone, False) if lone else x), "".join(letter for letter in own if letter in needed)


def _pair(x: Any, a: str, y: Any, b: str, needed: str, sizes: dict[str, int]) -> tuple[Any, str]:
    """Contract two operands by one matrix product for each combination of the letters that stay in both."""
    x, a = _without(x, a, b + needed)
    y, b = _without(y, b, a + needed)
    batch = [letter for letter in a if letter in b and letter in needed]
    inner = [letter for letter in a if letter in b and letter not in needed]
    rows, columns = [letter for letter in a if letter not in b], [letter for letter in b if letter not in a]

    def matrices(z: Any, own: str, first: list[str], second: list[str]) -> Any:
        z = permute_axes(z, tuple(own.index(letter) for letter in batch + first + second))
        lengths = (math.prod(sizes[letter] for letter in group) for group in (first, second))
        return reshape(z, (*(sizes[letter] for letter in batch), *lengths))

    product = matmul(matrices(x, a, rows, inner), matrices(y, b, inner, columns))
    order = batch + rows + columns
    return reshape(product, tuple(sizes[letter] for letter in order)), "".join(order)
