"""Factorizations and solutions. Where signs or phases are free, a product that does not depend on them is judged."""

from __future__ import annotations

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import array, case, ints, normal
from kerasfront.testing.tolerance import EXACT, SOLVED

EYE = np.eye(3)
MATRIX = normal(3, 3, seed=4) + 3 * EYE
BATCH = normal(2, 3, 3, seed=5) + 3 * EYE
TALL, WIDE = normal(4, 2, seed=6), normal(2, 4, seed=7)
# Eigenvalues well apart, so that eigenvectors are well conditioned.
SYMMETRIC = 0.5 * (normal(3, 3, seed=8) + normal(3, 3, seed=8).T) + np.diag([0.0, 4.0, 8.0])
POSITIVE = MATRIX @ MATRIX.T + EYE
RIGHT = normal(3, 2, seed=9)


def transposed(x):
    return ops.swapaxes(x, -1, -2)


def symmetrized(x):
    return 0.5 * (x + np.swapaxes(x, -1, -2))


def from_lu(x):
    """L U of the packed factors."""
    packed, _ = ops.lu_factor(x)
    return ops.matmul(ops.tril(packed, -1) + ops.eye(3, dtype=ops.dtype(packed)), ops.triu(packed))


def pivoted(x):
    """The rows of x in the order that partial pivoting chooses."""
    rows, work = np.array(x), np.array(x)
    for step in range(len(x)):
        other = step + int(np.argmax(np.abs(work[step:, step])))
        work[[step, other]], rows[[step, other]] = work[[other, step]], rows[[other, step]]
        work[step + 1 :] -= np.outer(work[step + 1 :, step] / work[step, step], work[step])
    return rows


def solution(op, a, b, ref, **options):
    return case(op, a, b, ref=ref, tol=SOLVED, **options)


CASES = [
    case(
        "cholesky_factor",
        POSITIVE,
        ref=lambda x: np.linalg.cholesky(symmetrized(x)),
        tol=SOLVED,
        call=lambda x: ops.cholesky_factor(ops.multiply(ops.add(x, transposed(x)), 0.5)),
    ),
    case(
        "cholesky_factor",
        np.stack([POSITIVE, EYE * 4]),
        ref=np.linalg.cholesky,
        note="of a batch",
        tol=SOLVED,
        differentiable=False,
    ),
    case(
        "qr_factors", MATRIX, ref=lambda x: x, note="product", tol=SOLVED, call=lambda x: ops.matmul(*ops.qr_factors(x))
    ),
    case(
        "qr_factors",
        TALL,
        ref=lambda x: np.abs(np.linalg.qr(x)[1]),
        note="triangle of a tall matrix",
        tol=SOLVED,
        call=lambda x: ops.abs(ops.qr_factors(x)[1]),
    ),
    case(
        "qr_factors",
        TALL,
        True,
        ref=lambda x, complete: np.eye(4),
        note="complete",
        tol=SOLVED,
        differentiable=False,
        call=lambda x, complete: ops.matmul(transposed(ops.qr_factors(x, complete)[0]), ops.qr_factors(x, complete)[0]),
    ),
    case(
        "svd_factors",
        TALL,
        ref=lambda x: np.linalg.svd(x, compute_uv=False),
        note="values",
        tol=SOLVED,
        call=lambda x: ops.svd_factors(x, False)[1],
    ),
    case(
        "svd_factors",
        TALL,
        False,
        ref=lambda x, full: x,
        note="product",
        tol=SOLVED,
        call=lambda x, full: (lambda u, s, v: ops.matmul(u * s, v))(*ops.svd_factors(x, full)),
    ),
    case(
        "svd_factors",
        WIDE,
        ref=lambda x: np.eye(4),
        note="full",
        tol=SOLVED,
        differentiable=False,
        call=lambda x: ops.matmul(transposed(ops.svd_factors(x)[2]), ops.svd_factors(x)[2]),
    ),
    case(
        "eigh",
        SYMMETRIC,
        ref=lambda x: np.linalg.eigvalsh(symmetrized(x)),
        note="values",
        tol=SOLVED,
        call=lambda x: ops.eigh(ops.multiply(ops.add(x, transposed(x)), 0.5))[0],
    ),
    case(
        "eigh",
        SYMMETRIC,
        ref=lambda x: np.abs(np.linalg.eigh(symmetrized(x))[1]),
        note="vectors",
        tol=SOLVED,
        call=lambda x: ops.abs(ops.eigh(ops.multiply(ops.add(x, transposed(x)), 0.5))[1]),
    ),
    case(
        "eigh",
        np.tril(SYMMETRIC) + np.triu(np.ones((3, 3)), 1),
        ref=lambda x: np.linalg.eigvalsh(x),
        note="reads the lower triangle",
        tol=SOLVED,
        differentiable=False,
        call=lambda x: ops.eigh(x)[0],
    ),
    case(
        "eig",
        array([[0.0, -1.0], [1.0, 0.0]]),
        ref=array([-1.0, 1.0]),
        note="complex values",
        tol=SOLVED,
        differentiable=False,
        call=lambda x: ops.sort(ops.imag(ops.eig(x)[0])),
    ),
    case(
        "eig",
        MATRIX,
        ref=lambda x: np.zeros((3, 3)),
        note="equation",
        tol=SOLVED,
        differentiable=False,
        call=lambda x: _residual(x, *ops.eig(x)),
    ),
    case("inv", BATCH, ref=np.linalg.inv, tol=SOLVED),
    case("det", BATCH, ref=np.linalg.det, tol=SOLVED),
    case("inv", ints([[2, 0], [1, 4]]), ref=lambda x: np.linalg.inv(x), note="of integers", tol=SOLVED),
    solution("solve_matrix", BATCH, np.stack([RIGHT, RIGHT + 1]), np.linalg.solve),
    solution("solve_matrix", MATRIX, RIGHT, np.linalg.solve, note="no batch"),
    solution("solve_triangular_matrix", MATRIX, RIGHT, lambda a, b: np.linalg.solve(np.triu(a), b)),
    case(
        "solve_triangular_matrix",
        BATCH,
        np.stack([RIGHT, RIGHT + 1]),
        True,
        ref=lambda a, b, lower: np.linalg.solve(np.tril(a), b),
        note="lower",
        tol=SOLVED,
    ),
    case("lu_factor", MATRIX[[1, 2, 0]], ref=pivoted, note="product", tol=SOLVED, call=from_lu, known={0: (0, 1)}),
    case(
        "lu_factor",
        array([[1.0, 2.0, 0.0], [4.0, 1.0, 1.0], [2.0, 8.0, 3.0]]),
        ref=ints([1, 2, 2]),
        note="exchanges",
        tol=EXACT,
        call=lambda x: ops.lu_factor(x)[1],
        differentiable=False,
    ),
]


def _residual(x, values, vectors):
    """A v - v lambda, with an absolute scale of 1 beside it so that rounding is measured against the matrix."""
    left = ops.matmul(ops.cast(x, ops.dtype(vectors)), vectors)
    error = ops.subtract(left, vectors * ops.expand_dims(values, -2))
    return ops.cast(ops.round(ops.abs(error), 4), ops.dtype(x))
