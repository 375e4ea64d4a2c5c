"""Primitives of linear algebra on matrices in the last two axes."""

from __future__ import annotations

from functools import partial
from typing import Any

from kerasfront.backend.dispatch import Tensor, primitive
from kerasfront.ops import _checks_matrices, _dtypes, _shapes


@primitive(
    shape=_shapes.square, dtype=_dtypes.promote_float, check=partial(_checks_matrices.positive_definite, "cholesky")
)
def cholesky_factor(x: Tensor) -> Tensor:
    """Return the lower triangular L with x = L L^T, for symmetric positive definite x."""


@primitive(shape=_shapes.qr, dtype=_dtypes.pair)
def qr_factors(x: Tensor, complete: bool = False) -> Any:
    """Return orthogonal q and upper triangular r with x = q r."""


@primitive(shape=_shapes.svd, dtype=_dtypes.triple)
def svd_factors(x: Tensor, full_matrices: bool = True) -> Any:
    """Return u, descending singular values s, and v^H with x = u diag(s) v^H."""


@primitive(shape=_shapes.eigh, dtype=_dtypes.pair)
def eigh(x: Tensor) -> Any:
    """Return ascending eigenvalues and eigenvectors (columns) of symmetric matrices, read from the lower triangle."""


@primitive(shape=_shapes.eigh, dtype=_dtypes.complex_pair_of_results)
def eig(x: Tensor) -> Any:
    """Return complex eigenvalues and eigenvectors (columns) of square matrices."""


@primitive(shape=_shapes.square, dtype=_dtypes.promote_float, check=partial(_checks_matrices.regular, "inv"))
def inv(x: Tensor) -> Tensor:
    """Return the inverse matrices.

    Raises:
        OpError: a matrix is singular (values that are known only; see `_checks_matrices`).
    """


@primitive(shape=_shapes.square_to_scalar, dtype=_dtypes.promote_float)
def det(x: Tensor) -> Tensor:
    """Return the determinants."""


@primitive(shape=_shapes.solve, dtype=_dtypes.promote_float, check=partial(_checks_matrices.regular, "solve"))
def solve_matrix(a: Tensor, b: Tensor) -> Tensor:
    """Return x with a x = b. Shapes: `a` (..., n, n), `b` (..., n, k)."""


@primitive(
    shape=_shapes.solve,
    dtype=_dtypes.promote_float,
    check=partial(_checks_matrices.regular_triangle, "solve_triangular"),
)
def solve_triangular_matrix(a: Tensor, b: Tensor, lower: bool = False) -> Tensor:
    """Return x with a x = b, reading one triangle of a. Shapes: `a` (..., n, n), `b` (..., n, k)."""


@primitive(shape=_shapes.lu, dtype=_dtypes.factor_and_pivots)
def lu_factor(x: Tensor) -> Any:
    """Return L (below the unit diagonal) and U packed into one matrix, and the int32 row exchanges, counted from 0."""
