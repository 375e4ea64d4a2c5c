"""Linear algebra that follows from the factorizations: solutions, inverses, ranks, determinants."""

from __future__ import annotations

import builtins
from typing import Any

import ml_dtypes

from kerasfront.backend.dispatch import Tensor, derived, dtype_of, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes
from kerasfront.ops.arithmetic import not_equal
from kerasfront.ops.contraction import matmul
from kerasfront.ops.creation import arange, eye
from kerasfront.ops.elementwise import (
    abs,
    add,
    cast,
    if_else,
    less,
    log,
    mod,
    multiply,
    sign,
    stop_gradient,
    subtract,
    true_divide,
)
from kerasfront.ops.factorization import (
    cholesky_factor,
    lu_factor,
    qr_factors,
    solve_matrix,
    solve_triangular_matrix,
    svd_factors,
)
from kerasfront.ops.indexing import getitem
from kerasfront.ops.movement import expand_dims, squeeze, swapaxes
from kerasfront.ops.reductions import product, sum


def _transposed(x: Any) -> Any:
    return swapaxes(x, -1, -2)


def _need_square(name: str, x: Any) -> int | None:
    """Return the size of square matrices, None if unknown."""
    shape = shape_of(x)
    if len(shape) < 2 or (None not in shape[-2:] and shape[-1] != shape[-2]):
        raise OpError(f"{name}: shape {shape} holds no square matrices. Expected (..., n, n). Pass square matrices.")
    return shape[-1] if shape[-2] is None else shape[-2]


def _need_matrices(name: str, x: Any) -> tuple[int | None, int | None]:
    shape = shape_of(x)
    if len(shape) < 2:
        raise OpError(f"{name}: shape {shape} holds no matrices. Expected (..., rows, columns). Add an axis.")
    return shape[-2], shape[-1]


@derived(dtype=_dtypes.promote_float)
def cholesky(x: Tensor, upper: bool = False) -> Tensor:
    """Return the Cholesky factor of symmetric positive definite matrices.

    Shapes: `x` (..., n, n), the result likewise.

    Args:
        upper: the upper triangular U with x = U^T U, else the lower triangular L with x = L L^T.

    Raises:
        OpError: a matrix is not square, or not positive definite (values that are known only).

    Notes: of a matrix that is not symmetric, the symmetric part (x + x^T) / 2 is meant.
    """
    _need_square("cholesky", x)
    factor = cholesky_factor(multiply(add(x, _transposed(x)), 0.5))
    return _transposed(factor) if upper else factor


@derived(dtype=_dtypes.promote_float)
def cholesky_inverse(x: Tensor, upper: bool = False) -> Tensor:
    """Return the inverse of the symmetric positive definite matrices whose Cholesky factors are given.

    Shapes: `x` (..., n, n), the result likewise.

    Args:
        x: L with the inverse of L L^T as the result, or U (`upper`) with the inverse of U^T U; only that triangle is
            read.

    Notes: the documentation of Keras speaks of the matrix itself; its engines all take the factor.
    """
    size = _need_square("cholesky_inverse", x)
    if size is None:
        return x
    inverse = solve_triangular_matrix(x, eye(size, dtype=dtype_of(x)), not upper)
    return matmul(inverse, _transposed(inverse)) if upper else matmul(_transposed(inverse), inverse)


@derived(dtype=_dtypes.promote_float)
def qr(x: Tensor, mode: str = "reduced") -> Any:
    """Return orthogonal q and upper triangular r with x = q r.

    Shapes: `x` (..., m, n), q (..., m, k), r (..., k, n) with k = min(m, n), or k = m for mode "complete".

    Args:
        mode: "reduced" or "complete".
    """
    if mode not in ("reduced", "complete"):
        raise OpError(f"qr: mode {mode!r} is unknown. Expected 'reduced' or 'complete'.")
    return qr_factors(x, mode == "complete")


@derived(dtype=_dtypes.promote_float)
def svd(x: Tensor, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Return u, the singular values s in descending order, and v^H, with x = u diag(s) v^H; s alone if not
    `compute_uv`.

    Shapes: `x` (..., m, n), u (..., m, m), s (..., k), v^H (..., n, n) with k = min(m, n); without `full_matrices`
        u (..., m, k) and v^H (..., k, n).
    """
    return svd_factors(x, full_matrices) if compute_uv else svd_factors(x, False)[1]


@derived(dtype=_dtypes.promote_float)
def solve(a: Tensor, b: Tensor) -> Tensor:
    """Return x with a x = b.

    Shapes: `a` (..., n, n), `b` (..., n) if it has one axis or one less than `a`, else (..., n, k); leading axes
        broadcast.

    Raises:
        OpError: shapes that do not fit; a singular matrix (values that are known only).
    """
    return _solution("solve", solve_matrix, a, b)


@derived(dtype=_dtypes.promote_float)
def solve_triangular(a: Tensor, b: Tensor, lower: bool = False) -> Tensor:
    """Return x with a x = b, reading one triangle of a.

    Shapes: as `solve`.

    Args:
        lower: whether the lower triangle is read.

    Raises:
        OpError: shapes that do not fit; 0 on the diagonal (values that are known only).
    """
    return _solution("solve_triangular", lambda a, b: solve_triangular_matrix(a, b, lower), a, b)


def _solution(name: str, solver: Any, a: Any, b: Any) -> Any:
    size = _need_square(name, a)
    vector = _is_vector(name, a, b, size)
    return squeeze(solver(a, expand_dims(b, -1)), -1) if vector else solver(a, b)


def _is_vector(name: str, a: Any, b: Any, rows: int | None) -> bool:
    """Return whether right-hand sides are vectors, and check that they fit."""
    left, right = shape_of(a), shape_of(b)
    vector = len(right) == 1 or len(right) == len(left) - 1
    found = (right[-1] if vector else right[-2]) if right else 0
    if not right or (None not in (rows, found) and rows != found):
        raise OpError(
            f"{name}: a of shape {left} and b of shape {right} do not fit. Expected b as (..., {rows}) or"
            f" (..., {rows}, columns)."
        )
    return vector


@derived(dtype=_dtypes.promote_float)
def pinv(x: Tensor, rcond: Any = None) -> Tensor:
    """Return the pseudoinverse of matrices.

    Shapes: `x` (..., m, n), the result (..., n, m).

    Args:
        rcond: singular values up to `rcond` times the largest count as 0; None for max(m, n) times the dtype's epsilon.

    Notes: first and second derivatives are exact where small changes keep the rank (and `rcond` cuts off nothing but
        rounding), also at equal singular values, through which one cannot differentiate the decomposition.

    Source: G. Golub, V. Pereyra, "The differentiation of pseudo-inverses" (1973), equation 4.12, in a midpoint rule.
    """
    rows, columns = _need_matrices("pinv", x)
    if rcond is None:
        rcond = _epsilon(x) * builtins.max(rows or 0, columns or 0)
    start = stop_gradient(x)
    u, s, v = svd_factors(start, False)
    kept = less(multiply(getitem(s, (Ellipsis, slice(None, 1))), rcond), s)
    zero = cast(0, dtype_of(s))
    inverse = if_else(kept, true_divide(1, if_else(kept, s, cast(1, dtype_of(s)))), zero)
    found = stop_gradient(matmul(multiply(_transposed(v), expand_dims(inverse, -2)), _transposed(u)))
    change = subtract(x, start)
    half = multiply(change, 0.5)
    middle = add(found, _change_of_pinv(start, found, half))
    return add(found, _change_of_pinv(add(start, half), middle, change))


def _change_of_pinv(x: Any, inverse: Any, change: Any) -> Any:
    """Return the differential of the pseudoinverse of x."""
    turned, adjoint = _transposed(change), _transposed(inverse)
    rows = matmul(matmul(inverse, adjoint), subtract(turned, matmul(turned, matmul(x, inverse))))
    outer = matmul(turned, matmul(adjoint, inverse))
    columns = subtract(outer, matmul(matmul(inverse, x), outer))
    return subtract(add(rows, columns), matmul(inverse, matmul(change, inverse)))


def _epsilon(x: Any) -> float:
    return float(ml_dtypes.finfo(dtype_of(x)).eps)


@derived(dtype=_dtypes.promote_float)
def lstsq(a: Tensor, b: Tensor, rcond: Any = None) -> Tensor:
    """Return the x of least norm among those that minimize the norm of b - a x.

    Shapes: `a` (m, n), `b` (m,) or (m, k), the result (n,) or (n, k); also with leading axes that broadcast.

    Args:
        rcond: as in `pinv`.
    """
    rows, _ = _need_matrices("lstsq", a)
    vector = _is_vector("lstsq", a, b, rows)
    inverse = pinv(a, rcond)
    return squeeze(matmul(inverse, expand_dims(b, -1)), -1) if vector else matmul(inverse, b)


@derived(dtype=_dtypes.promote_float)
def matrix_rank(x: Tensor, tol: Any = None) -> Tensor:
    """Return how many singular values are above `tol`, as int32.

    Shapes: `x` (..., m, n), the result (...).

    Args:
        tol: None for the largest singular value times max(m, n) times the dtype's epsilon.
    """
    rows, columns = _need_matrices("matrix_rank", x)
    s = svd_factors(x, False)[1]
    if tol is None:
        largest = getitem(s, (Ellipsis, slice(None, 1)))
        tol = multiply(largest, _epsilon(x) * builtins.max(rows or 0, columns or 0))
    return sum(cast(less(tol, s), "int32"), -1)


@derived(dtype=_dtypes.promote_float)
def slogdet(x: Tensor) -> Any:
    """Return the sign of the determinants (0 for singular matrices) and the logarithm of their absolute values.

    Shapes: `x` (..., n, n), both results (...).
    """
    size = _need_square("slogdet", x)
    factors, pivots = lu_factor(x)
    diagonal = sum(multiply(factors, eye(size or 1, dtype=dtype_of(factors))), -1)
    exchanges = sum(cast(not_equal(pivots, arange(size or 1, dtype="int32")), "int32"), -1)
    parity = subtract(1, multiply(2, mod(exchanges, 2)))
    return multiply(product(sign(diagonal), -1), cast(parity, dtype_of(x))), sum(log(abs(diagonal)), -1)


@derived(dtype=_dtypes.promote_float)
def logdet(x: Tensor) -> Tensor:
    """Return the logarithm of the determinants, for hermitian positive definite matrices.

    Shapes: `x` (..., n, n), the result (...).

    Notes: -infinity for a singular matrix, NaN where the determinant is negative.
    """
    _need_square("logdet", x)
    direction, size = slogdet(x)
    return if_else(less(direction, 0), cast(float("nan"), dtype_of(size)), size)
