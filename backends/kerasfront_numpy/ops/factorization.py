"""Linear algebra on matrices in the last two axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.numpy.numpy_vjps import unbroadcast_f
from autograd.tracer import getval, isbox

from kerasfront_numpy.ops.contraction import matmul
from kerasfront_numpy.ops.kernel import cast, differentiable, kernel
from kerasfront_numpy.ops.movement import concatenate

cholesky_factor = kernel(anp.linalg.cholesky)
det = kernel(anp.linalg.det)


def _transposed(x: Any) -> Any:
    return anp.swapaxes(x, -1, -2)


def _solve_slope(x: Any, a: Any, b: Any) -> Callable:
    return lambda g: -matmul(_solve(_transposed(a), g), _transposed(x))


# autograd's own gradients of these two go through slow einsum or do not broadcast.
_inv = differentiable(np.linalg.inv, lambda y, x: lambda g: -matmul(matmul(_transposed(y), g), _transposed(y)))
_solve = differentiable(
    np.linalg.solve,
    lambda x, a, b: unbroadcast_f(a, _solve_slope(x, a, b)),
    lambda x, a, b: unbroadcast_f(b, lambda g: _solve(_transposed(a), g)),
)
inv = kernel(_inv)
solve_matrix = kernel(_solve)
# NumPy has no triangular solver; the other triangle is set to zero.
solve_triangular_matrix = kernel(lambda a, b, lower: _solve(anp.tril(a) if lower else anp.triu(a), b))


@kernel
def eigh(x: Any) -> tuple[Any, Any]:
    found = anp.linalg.eigh(x)
    return found[0], found[1]


@kernel
def eig(x: Any) -> tuple[Any, Any]:
    found = anp.linalg.eig(x)
    dtype = np.result_type(x.dtype, np.complex64)
    return cast(found[0], dtype), cast(found[1], dtype)


@kernel
def svd_factors(x: Any, full_matrices: bool) -> tuple[Any, Any, Any]:
    if not isbox(x):
        return tuple(np.linalg.svd(x, full_matrices))
    found = anp.linalg.svd(x, False)
    u, s, v = found[0], found[1], found[2]
    if full_matrices:
        # The vectors that complete the bases are not determined by x: constants.
        complete = np.linalg.svd(getval(x))
        u = concatenate([u, complete[0][..., :, s.shape[-1] :]], -1)
        v = concatenate([v, complete[2][..., s.shape[-1] :, :]], -2)
    return u, s, v


def _orthogonal(x: Any) -> Any:
    return np.linalg.qr(x)[0]


def _qr_vjp(q: Any, x: Any) -> Callable:
    """The gradient by q, for x with at least as many rows as columns.

    Source: S. Walter, L. Lehmann, "Algorithmic differentiation of linear algebra functions", 2013, section 3.
    """
    r = matmul(_transposed(q), x)

    def vjp(g: Any) -> Any:
        m = -matmul(_transposed(g), q)
        symmetric = anp.tril(m, -1) + _transposed(anp.tril(m, -1)) + m * np.eye(r.shape[-1], dtype=m.dtype)
        return _transposed(_solve(r, _transposed(g + matmul(q, symmetric))))

    return vjp


_q = differentiable(_orthogonal, _qr_vjp)


@kernel
def qr_factors(x: Any, complete: bool) -> tuple[Any, Any]:
    if not isbox(x):
        return tuple(np.linalg.qr(x, "complete" if complete else "reduced"))
    rows, columns = x.shape[-2:]
    # r follows from q. Of a wide matrix the leading square decides q; columns that complete q are constants.
    q = _q(x[..., :rows] if rows < columns else x)
    if complete and rows > columns:
        q = concatenate([q, np.linalg.qr(getval(x), "complete")[0][..., columns:]], -1)
    return q, anp.triu(matmul(_transposed(q), x))


def _eliminate(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian elimination with row exchanges on all matrices at once: packed factors and the row exchanged at each step."""
    packed = np.array(x)
    steps = min(x.shape[-2:])
    pivots = np.empty((*x.shape[:-2], steps), np.int32)
    for k in range(steps):
        best = k + np.argmax(np.abs(packed[..., k:, k]), -1)
        pivots[..., k] = best
        order = np.broadcast_to(np.arange(x.shape[-2]), x.shape[:-1]).copy()
        np.put_along_axis(order, best[..., None], k, -1)
        order[..., k] = best
        packed = np.take_along_axis(packed, order[..., None], -2)
        packed[..., k + 1 :, k] /= packed[..., k : k + 1, k]
        packed[..., k + 1 :, k + 1 :] -= packed[..., k + 1 :, k : k + 1] * packed[..., k : k + 1, k + 1 :]
    return packed, pivots


def _lu_vjp(packed: Any, x: Any, pivots: np.ndarray) -> Callable:
    """The gradient of the packed factors of square matrices, from d(P x) = dL U + L dU."""
    unit = np.eye(x.shape[-1], dtype=packed.dtype)
    lower, upper = anp.tril(packed, -1) + unit, anp.triu(packed)

    def vjp(g: Any) -> Any:
        inner = anp.tril(matmul(_transposed(lower), anp.tril(g, -1)), -1) + anp.triu(matmul(anp.triu(g), _transposed(upper)))
        outer = _solve(_transposed(lower), _transposed(_solve(upper, _transposed(inner))))
        return matmul(_exchanges(pivots, unit), outer)

    return vjp


def _exchanges(pivots: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return the matrices that undo the row exchanges."""
    order = np.broadcast_to(np.arange(unit.shape[-1]), (*pivots.shape[:-1], unit.shape[-1])).copy()
    for k in range(pivots.shape[-1]):
        other = np.take_along_axis(order, pivots[..., k : k + 1], -1)
        np.put_along_axis(order, pivots[..., k : k + 1], order[..., k : k + 1], -1)
        order[..., k : k + 1] = other
    return _transposed(unit[order])


_packed = differentiable(lambda x, pivots: _eliminate(x)[0], _lu_vjp)


@kernel
def lu_factor(x: Any) -> tuple[Any, Any]:
    packed, pivots = _eliminate(getval(x))
    return (_packed(x, pivots) if isbox(x) else packed), pivots
