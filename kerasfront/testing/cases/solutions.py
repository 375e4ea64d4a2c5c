"""What follows from factorizations: solutions, inverses, pseudoinverses, ranks, logarithms of determinants."""

from __future__ import annotations

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import array, case, ints, normal
from kerasfront.testing.tolerance import EXACT, SOLVED

EYE = np.eye(3)
MATRIX = normal(3, 3, seed=4) + 3 * EYE
BATCH = normal(2, 3, 3, seed=5) + 3 * EYE
POSITIVE = MATRIX @ MATRIX.T + EYE
POSITIVES = np.stack([POSITIVE, 4 * EYE + 1])
TALL, WIDE = normal(4, 2, seed=6), normal(2, 4, seed=7)
VECTOR, RIGHT = normal(3, seed=8), normal(3, 2, seed=9)
# Rank 1 and 2; the second is the first with one more direction.
RANK_ONE = np.outer([1.0, 2.0, -1.0], [2.0, 0.5])
RANK_TWO = np.outer([1.0, 2.0, -1.0], [2.0, 0.5, 1.0]) + np.outer([0.0, 1.0, 1.0], [1.0, -1.0, 2.0])
NOTHING = np.zeros((0, 2, 2))


def symmetrized(x):
    return 0.5 * (x + np.swapaxes(x, -1, -2))


def lower_factor(x, upper=False):
    factor = np.linalg.cholesky(symmetrized(x))
    return np.swapaxes(factor, -1, -2) if upper else factor


def inverse_of_factor(x, upper=False):
    t = np.triu(x) if upper else np.tril(x)
    return np.linalg.inv(np.swapaxes(t, -1, -2) @ t if upper else t @ np.swapaxes(t, -1, -2))


def solved(a, b):
    return np.linalg.solve(a, b[..., None])[..., 0]


def least_squares(a, b, rcond=None):
    return np.linalg.lstsq(a, b, rcond=rcond)[0]


def triangular(a, b, lower=False):
    return np.linalg.solve(np.tril(a) if lower else np.triu(a), b)


def line(op, *args, tol=SOLVED, **options):
    return case(op, *args, tol=tol, **options)


CASES = [
    line("cholesky", POSITIVE, ref=lower_factor),
    line("cholesky", POSITIVE, upper=True, ref=lower_factor, note="upper"),
    line("cholesky", POSITIVES, ref=lower_factor, note="of a batch"),
    line("cholesky", ints([[4, 2], [2, 5]]), ref=lambda x: np.linalg.cholesky(x), note="of integers"),
    line("cholesky", NOTHING, ref=lambda x: x, note="of no matrices", tol=EXACT),
    line("cholesky_inverse", MATRIX, ref=inverse_of_factor),
    line("cholesky_inverse", MATRIX, upper=True, ref=inverse_of_factor, note="upper"),
    line("cholesky_inverse", BATCH, ref=inverse_of_factor, note="of a batch"),
    line("det", MATRIX, ref=np.linalg.det, note="of one matrix"),
    line("det", array([[1.0, 2.0], [2.0, 4.0]]), ref=array(0.0), note="of a singular matrix", differentiable=False),
    line("det", ints([[2, 1], [1, 3]]), ref=np.linalg.det, note="of integers"),
    line("det", NOTHING, ref=np.linalg.det, note="of no matrices", tol=EXACT),
    line("inv", NOTHING, ref=np.linalg.inv, note="of no matrices", tol=EXACT),
    line("inv", array([[4.0]]), ref=np.linalg.inv, note="of a number"),
    line("solve", MATRIX, VECTOR, ref=np.linalg.solve, note="a vector"),
    line("solve", MATRIX, RIGHT, ref=np.linalg.solve, note="columns"),
    line("solve", BATCH, np.stack([VECTOR, VECTOR + 1]), ref=solved, note="a vector for each matrix"),
    line("solve", BATCH, np.stack([RIGHT, RIGHT + 1]), ref=np.linalg.solve, note="columns for each matrix"),
    line("solve", BATCH, RIGHT[None], ref=np.linalg.solve, note="columns for all matrices"),
    line("solve", ints([[2, 0], [1, 4]]), ints([2, 9]), ref=np.linalg.solve, note="of integers"),
    line("solve_triangular", MATRIX, VECTOR, ref=triangular, note="a vector"),
    line("solve_triangular", MATRIX, RIGHT, lower=True, ref=triangular, note="lower"),
    line(
        "solve_triangular",
        BATCH,
        np.stack([VECTOR, VECTOR + 1]),
        ref=lambda a, b: solved(np.triu(a), b),
        note="a vector for each matrix",
    ),
    line("lstsq", TALL, normal(4, seed=10), ref=least_squares, note="more equations than unknowns"),
    line("lstsq", TALL, normal(4, 3, seed=10), ref=least_squares, note="columns"),
    line("lstsq", WIDE, normal(2, seed=11), ref=least_squares, note="more unknowns than equations"),
    line("lstsq", MATRIX, VECTOR, ref=least_squares, note="as many of both"),
    line("lstsq", RANK_TWO, VECTOR, ref=least_squares, note="of less than full rank", differentiable=False),
    line(
        "lstsq",
        np.diag([4.0, 1.0, 0.1]),
        VECTOR,
        rcond=0.1,
        ref=least_squares,
        note="with a cut-off",
        differentiable=False,
    ),
    line("pinv", TALL, ref=np.linalg.pinv, note="of a tall matrix"),
    line("pinv", WIDE, ref=np.linalg.pinv, note="of a wide matrix"),
    line("pinv", BATCH, ref=np.linalg.pinv, note="of a batch"),
    line("pinv", 2 * EYE, ref=np.linalg.pinv, note="of equal singular values"),
    line("pinv", RANK_ONE, ref=lambda x: np.linalg.pinv(x, 1e-6), note="of rank 1", differentiable=False),
    line("pinv", RANK_TWO, ref=lambda x: np.linalg.pinv(x, 1e-6), note="of rank 2", differentiable=False),
    line("pinv", np.zeros((2, 3)), ref=np.linalg.pinv, note="of zeros", differentiable=False, tol=EXACT),
    line("pinv", np.diag([4.0, 1.0, 0.1]), rcond=0.05, ref=np.linalg.pinv, note="with a cut-off", differentiable=False),
    line("pinv", np.zeros((2, 0)), ref=lambda x: np.zeros((0, 2)), note="of nothing", tol=EXACT),
    line("matrix_rank", RANK_ONE, ref=ints(1), note="1", tol=EXACT),
    line("matrix_rank", np.stack([RANK_TWO, EYE, 0 * EYE]), ref=ints([2, 3, 0]), note="of a batch", tol=EXACT),
    line("matrix_rank", TALL, ref=ints(2), note="of a tall matrix", tol=EXACT),
    line("matrix_rank", np.diag([4.0, 1.0, 0.1]), ref=ints(3), note="of a diagonal", tol=EXACT),
    line("slogdet", MATRIX, ref=lambda x: tuple(np.linalg.slogdet(x))),
    line("slogdet", np.stack([EYE[[1, 0, 2]] @ MATRIX, -EYE]), ref=lambda x: tuple(np.linalg.slogdet(x)), note="batch"),
    line("slogdet", np.diag([1e30, 1e30]), ref=lambda x: tuple(np.linalg.slogdet(x)), note="beyond range"),
    line(
        "slogdet",
        array([[1.0, 2.0], [2.0, 4.0]]),
        ref=(array(0.0), array(-np.inf)),
        note="of a singular matrix",
        differentiable=False,
    ),
    line("logdet", POSITIVE, ref=lambda x: np.linalg.slogdet(x)[1]),
    line("logdet", POSITIVES, ref=lambda x: np.linalg.slogdet(x)[1], note="of a batch"),
    line("logdet", -EYE, ref=array(np.nan), note="of a negative determinant", differentiable=False),
    line("qr", TALL, ref=lambda x: x, note="product", call=lambda x: ops.matmul(*ops.qr(x))),
    line(
        "qr",
        TALL,
        mode="complete",
        ref=lambda x, mode: x,
        note="complete",
        call=lambda x, mode: ops.matmul(*ops.qr(x, mode)),
        differentiable=False,
    ),
    line("qr", WIDE, ref=lambda x: x, note="of a wide matrix", call=lambda x: ops.matmul(*ops.qr(x))),
    line("qr", BATCH, ref=lambda x: np.abs(np.linalg.qr(x)[1]), note="batch", call=lambda x: ops.abs(ops.qr(x)[1])),
    line("svd", WIDE, compute_uv=False, ref=lambda x, compute_uv: np.linalg.svd(x, compute_uv=False), note="values"),
    line(
        "svd",
        BATCH,
        full_matrices=False,
        ref=lambda x, full_matrices: x,
        note="product",
        call=lambda x, full_matrices: (lambda u, s, v: ops.matmul(u * ops.expand_dims(s, -2), v))(
            *ops.svd(x, full_matrices)
        ),
    ),
    line(
        "svd",
        TALL,
        ref=lambda x: np.eye(4),
        note="full",
        call=lambda x: ops.matmul(ops.svd(x)[0], ops.transpose(ops.svd(x)[0])),
        differentiable=False,
    ),
    line(
        "eigh",
        np.diag([2.0, 2.0, 5.0]),
        ref=lambda x: np.sum(np.linalg.eigvalsh(symmetrized(x)) ** 2, keepdims=True),
        note="sum of squares at equal values",
        call=lambda x: ops.sum(ops.square(ops.eigh((x + ops.transpose(x)) * 0.5)[0]), keepdims=True),
        differentiable=False,
    ),
    line(
        "eig",
        array([[2.0, 1.0], [0.5, 4.0]]),
        ref=lambda x: np.sort(np.linalg.eigvals(x).real),
        note="real values",
        call=lambda x: ops.sort(ops.real(ops.eig(x)[0])),
        # An engine may refuse derivatives of the vectors, which one op with both results would need.
        differentiable=False,
    ),
]
