"""Linear algebra on matrices in the last two axes."""

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.numpy.numpy_vjps import unbroadcast_f
from autograd.tracer import getval, isbox

from kerasfront_numpy.ops.contraction import matmul
from kerasfront_numpy.ops.indexing import gather_along_axis
from kerasfront_numpy.ops.kernel import COMPLEX, cast, differentiable, kernel
from kerasfront_numpy.ops.movement import concatenate

cholesky_factor = kernel(anp.linalg.cholesky)
det = kernel(anp.linalg.det)
inv = kernel(anp.linalg.inv)


def _transposed(x: Any) -> Any:
    return anp.swapaxes(x, -1, -2)


# autograd's own gradient of it does not broadcast.
_solve = differentiable(
    np.linalg.solve,
    lambda x, a, b: unbroadcast_f(a, lambda g: -matmul(_solve(_transposed(a), g), _transposed(x))),
    lambda x, a, b: unbroadcast_f(b, lambda g: _solve(_transposed(a), g)),
)
solve_matrix = kernel(_solve)
# NumPy has no triangular solver; the other triangle is set to zero.
solve_triangular_matrix = kernel(lambda a, b, lower: _solve(anp.tril(a) if lower else anp.triu(a), b))


@kernel
def eigh(x: Any) -> tuple[Any, Any]:
    found = anp.linalg.eigh(x)
    return found[0], found[1]


@kernel
def eig(x: Any) -> tuple[Any, Any]:
    found, dtype = anp.linalg.eig(x), np.result_type(x.dtype, np.complex64)
    return cast(found[0], dtype), cast(found[1], dtype)


def _inverse_or_zero(x: Any) -> Any:
    zero = getval(x) == 0
    return anp.where(zero, 0, 1 / anp.where(zero, 1, x))


def _svd_vjp(ans: Any, x: Any) -> Callable:
    """The gradient by reduced factors; how the vectors of equal singular values turn is not determined and left out.

    autograd's own is NaN at equal singular values, also for the values alone.

    Source: J. Townsend, "Differentiating the singular value decomposition" (2016).
    """

    def vjp(g: Any) -> Any:
        u, s, v = ans[0], ans[1], ans[2]
        across, down = s[..., None, :], s[..., :, None]
        spread = _inverse_or_zero(across * across - down * down)

        def turning(product: Any) -> Any:
            return spread * (product - _transposed(product))

        left, right = matmul(_transposed(u), g[0]), matmul(g[2], _transposed(v))
        values = g[1][..., None, :] * np.eye(s.shape[-1], dtype=s.dtype)
        # `right` is g_v^T v, so its turning has the opposite sign.
        core = turning(left) * across - down * turning(right) + values
        rows = (g[0] - matmul(u, left)) * _inverse_or_zero(across)
        columns = _inverse_or_zero(down) * (g[2] - matmul(right, v))
        return matmul(matmul(u, core) + rows, v) + matmul(u, columns)

    return vjp


_reduced_svd = differentiable(lambda x: tuple(np.linalg.svd(x, False)), _svd_vjp)


@kernel
def svd_factors(x: Any, full_matrices: bool) -> tuple[Any, Any, Any]:
    if not isbox(x):
        return tuple(np.linalg.svd(x, full_matrices))
    found = anp.linalg.svd(x, False) if x.dtype in COMPLEX else _reduced_svd(x)
    u, s, v = found[0], found[1], found[2]
    if full_matrices:
        # The vectors that complete the bases are not determined by x: constants.
        complete = np.linalg.svd(getval(x))
        u = concatenate([u, complete[0][..., :, s.shape[-1] :]], -1)
        v = concatenate([v, complete[2][..., s.shape[-1] :, :]], -2)
    return u, s, v


def _orthogonal_vjp(q: Any, x: Any) -> Callable:
    """The gradient by q, for x with at least as many rows as columns.

    Source: S. Walter, L. Lehmann, "Algorithmic differentiation of linear algebra functions", 2013, section 3.
    """

    def vjp(g: Any) -> Any:
        m = -matmul(_transposed(g), q)
        symmetric = anp.tril(m, -1) + _transposed(anp.tril(m, -1)) + m * np.eye(m.shape[-1], dtype=m.dtype)
        return _transposed(_solve(matmul(_transposed(q), x), _transposed(g + matmul(q, symmetric))))

    return vjp


_orthogonal = differentiable(lambda x: np.linalg.qr(x)[0], _orthogonal_vjp)


@kernel
def qr_factors(x: Any, complete: bool) -> tuple[Any, Any]:
    if not isbox(x):
        return tuple(np.linalg.qr(x, "complete" if complete else "reduced"))
    rows, columns = x.shape[-2:]
    # r follows from q. Of a wide matrix the leading square decides q; columns that complete q are constants.
    q = _orthogonal(x[..., :rows] if rows < columns else x)
    if complete and rows > columns:
        q = concatenate([q, np.linalg.qr(getval(x), "complete")[0][..., columns:]], -1)
    return q, anp.triu(matmul(_transposed(q), x))


def _eliminate(x: Any) -> tuple[Any, np.ndarray, list]:
    """Return the packed factors, the order of rows and the row exchanged at each step, by Gaussian elimination."""
    order = np.broadcast_to(np.arange(x.shape[-2])[:, None], (*x.shape[:-1], 1)).copy()
    if 0 in x.shape[-2:]:
        return x, order, []
    best = np.abs(getval(x)[..., :1]).argmax(-2, keepdims=True)
    np.put_along_axis(order, best, 0, -2)
    order[..., :1, :] = best
    x = gather_along_axis(x, order, x.ndim - 2)
    row, pivot = x[..., :1, :], x[..., :1, :1]
    # A column of zeros needs no multiples of the row above.
    column = x[..., 1:, :1] / anp.where(getval(pivot) == 0, pivot + 1, pivot)
    packed, later, pivots = _eliminate(x[..., 1:, 1:] - column * row[..., 1:])
    # Exchanges of later steps move the multipliers of this one too.
    lower = concatenate([gather_along_axis(column, later, x.ndim - 2), packed], -1)
    order[..., 1:, :] = np.take_along_axis(order[..., 1:, :], later, -2)
    return concatenate([row, lower], -2), order, [best[..., 0], *(pivot + 1 for pivot in pivots)]


@kernel
def lu_factor(x: Any) -> tuple[Any, Any]:
    packed, _, pivots = _eliminate(x)
    return packed, cast(np.concatenate(pivots, -1), "int32")
