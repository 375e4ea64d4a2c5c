"""Sums of products: matrix products in all their shapes, and einsum."""

from __future__ import annotations

import numpy as np

from kerasfront.testing.case import HALVES, case, ints, normal
from kerasfront.testing.tolerance import EXACT, SUM

A, B = normal(2, 3), normal(3, 4, seed=1)
BATCH = normal(2, 3, 3)
VECTOR = normal(3, seed=2)
CUBE = normal(2, 3, 2, seed=3)


def contract(operands, subscripts):
    return np.einsum(subscripts, *operands)


EINSUMS = {
    "ij,jk->ik": (A, B),
    "bij,bjk->bik": (BATCH, BATCH),
    "ij,j->i": (A, VECTOR),
    "i,j->ij": (VECTOR, VECTOR),
    "ij->ji": (A,),
    "ij->": (A,),
    "bij,bkj->bik": (BATCH, CUBE.transpose(0, 2, 1)),
    "ii->i": (BATCH[0],),
    "bij,jk,k->bi": (BATCH, BATCH[0], VECTOR),
    "abc,bcd->ad": (CUBE, normal(3, 2, 2)),
}

CASES = [
    case("matmul", A, B, ref=np.matmul, tol=SUM),
    case("matmul", BATCH, B, ref=np.matmul, note="a batch and a matrix", tol=SUM),
    case("matmul", A, BATCH, ref=np.matmul, note="a matrix and a batch", tol=SUM),
    case("matmul", normal(2, 1, 2, 3), normal(3, 3, 2), ref=np.matmul, note="axes that broadcast", tol=SUM),
    case("matmul", VECTOR, B, ref=np.matmul, note="a row", tol=SUM),
    case("matmul", A, VECTOR, ref=np.matmul, note="a column", tol=SUM),
    case("matmul", VECTOR, VECTOR, ref=np.matmul, note="two vectors", tol=SUM),
    case("matmul", BATCH, VECTOR, ref=np.matmul, note="a batch and a column", tol=SUM),
    case("matmul", A, B, ref=np.matmul, note="half types", dtypes=HALVES, tol=SUM),
    case("matmul", ints([[1, 2], [3, 4]]), ints([[5, -6], [7, 8]]), ref=np.matmul, note="of integers", tol=EXACT),
    case("matmul", np.zeros((2, 0)), np.zeros((0, 3)), ref=np.matmul, note="of nothing", tol=EXACT),
    *(case("contract", list(arrays), text, ref=contract, note=text, tol=SUM) for text, arrays in EINSUMS.items()),
    case(
        "contract",
        [A, normal(1, 4)],
        "ij,jk->ik",
        ref=lambda xs, text: np.matmul(xs[0], np.broadcast_to(xs[1], (3, 4))),
        note="an axis of size 1 stretches",
        tol=SUM,
    ),
    case("einsum", "...ij,jk", BATCH, B, ref=np.einsum, note="ellipsis", tol=SUM),
    case("dot", BATCH, normal(2, 3, 2), ref=np.dot, tol=SUM),
    case("tensordot", CUBE, normal(3, 2, 2), ref=np.tensordot, tol=SUM),
    case("tensordot", CUBE, B, axes=((1,), (0,)), ref=np.tensordot, note="pairs of axes", tol=SUM),
    case("vdot", A, A, ref=np.vdot, tol=SUM),
    case("inner", A, BATCH[0], ref=np.inner, tol=SUM),
    case("outer", VECTOR, A, ref=np.outer, tol=SUM),
    case("trace", BATCH, 1, 1, 2, ref=np.trace, tol=SUM),
]
