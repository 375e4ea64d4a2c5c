"""Sums of products: matrix products in all their shapes, and einsum."""

from __future__ import annotations

import numpy as np

from kerasfront import ops
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

# Implicit outputs, ellipses, diagonals and scalars.
SPELLED = {
    "ij,jk": (A, B),
    "ji": (A,),
    "ba,b": (A, normal(2)),
    "i,i": (VECTOR, VECTOR),
    ",i->i": (np.asarray(2.5), VECTOR),
    "ii": (BATCH[0],),
    "bii->b": (BATCH,),
    "iij->ij": (normal(2, 2, 3),),
    "...j->...": (BATCH,),
    "...ii->...i": (BATCH,),
    "...ij,jk": (BATCH, B),
    "i...,i...->...": (CUBE, normal(2, 3, 2, seed=5)),
    "b...d,de->b...e": (CUBE, normal(2, 4)),
    " ij , jk -> ki ": (A, B),
    "ij,jk,kl,lm->im": (A, B, normal(4, 2), normal(2, 2)),
    "ij,ij,ij->": (A, A + 1, A - 1),
    "ab,cd->": (A, B),
    "ab,cd->abcd": (A, normal(2, 2)),
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
    *(
        case("einsum", text, *arrays, ref=np.einsum, note=text.replace(" ", "_"), tol=SUM)
        for text, arrays in SPELLED.items()
    ),
    case("einsum", A, [0, 1], B, [1, 2], ref=np.einsum, note="numbers for letters", tol=SUM),
    case("einsum", A, [1, 0], [0, 1], ref=np.einsum, note="numbers with an output", tol=SUM),
    case("einsum", BATCH, [..., 1], [...], ref=np.einsum, note="numbers with an ellipsis", tol=SUM),
    case(
        "einsum",
        "...ij,...jk->...ik",
        normal(2, 1, 2, 3),
        normal(3, 3, 2),
        ref=lambda text, a, b: np.matmul(a, b),
        note="axes that broadcast",
        tol=SUM,
    ),
    case("einsum", "ij,j", ints([[1, 2], [3, 4]]), ints([5, -6]), ref=np.einsum, note="of integers", tol=EXACT),
    case("einsum", "ij,jk", np.zeros((2, 0)), np.zeros((0, 3)), ref=np.einsum, note="of nothing", tol=EXACT),
    case("dot", BATCH, normal(2, 3, 2), ref=np.dot, tol=SUM),
    case("dot", VECTOR, VECTOR, ref=np.dot, note="two vectors", tol=SUM),
    case("dot", BATCH, VECTOR, ref=np.dot, note="a vector behind", tol=SUM),
    case("dot", np.asarray(2.5), A, ref=np.dot, note="a scalar", tol=SUM),
    case("dot", A, B, ref=np.dot, note="two matrices", tol=SUM),
    case("tensordot", CUBE, normal(3, 2, 2), ref=np.tensordot, tol=SUM),
    case("tensordot", A, VECTOR, axes=0, ref=np.tensordot, note="no axes", tol=SUM),
    case("tensordot", A, A, axes=2, ref=np.tensordot, note="all axes", tol=SUM),
    case("tensordot", CUBE, B, axes=(-2, 0), ref=np.tensordot, note="a pair of axes", tol=SUM),
    case("tensordot", CUBE, CUBE, axes=((2, 0), (0, 2)), ref=np.tensordot, note="axes in other order", tol=SUM),
    case("tensordot", np.zeros((2, 0)), np.zeros((0, 3)), axes=1, ref=np.tensordot, note="of nothing", tol=EXACT),
    case("tensordot", CUBE, B, axes=((1,), (0,)), ref=np.tensordot, note="pairs of axes", tol=SUM),
    case("vdot", A, A, ref=np.vdot, tol=SUM),
    case("inner", A, BATCH[0], ref=np.inner, tol=SUM),
    case("inner", VECTOR, np.asarray(3.0), ref=np.inner, note="a scalar", tol=SUM),
    case("inner", CUBE, normal(4, 2), ref=np.inner, note="a cube and a matrix", tol=SUM),
    case("outer", VECTOR, A, ref=np.outer, tol=SUM),
    case("trace", BATCH, 1, 1, 2, ref=np.trace, tol=SUM),
    case("trace", CUBE, -1, -1, 0, ref=np.trace, note="below the diagonal", tol=SUM),
    case("trace", ints([[1, 2], [3, 4]], "int8"), ref=np.trace, note="of integers", tol=EXACT),
    case(
        "vdot",
        A,
        A + 1,
        ref=lambda a, b: np.vdot(a + 1j * b, b - 2j * a),
        note="complex",
        tol=SUM,
        call=lambda a, b: ops.vdot(ops.complex_from_parts(a, b), ops.complex_from_parts(b, -2 * a)),
    ),
]
