"""Linear algebra on matrices in the last two axes."""

from collections.abc import Callable
from typing import Any

import torch

from kerasfront_torch.names import HALVES

Tensor = torch.Tensor


def _factorization(function: Callable) -> Callable:
    """LAPACK has no half types: they compute in float32."""

    def run(x: Tensor, *arguments: Any) -> Any:
        if x.dtype not in HALVES:
            return function(x, *arguments)
        result = function(*(part.float() if isinstance(part, Tensor) else part for part in (x, *arguments)))
        if isinstance(result, Tensor):
            return result.to(x.dtype)
        return tuple(part.to(x.dtype) if part.dtype is torch.float32 else part for part in result)

    return run


cholesky_factor = _factorization(torch.linalg.cholesky)
inv = _factorization(torch.linalg.inv)
det = _factorization(torch.linalg.det)


@_factorization
def qr_factors(x: Tensor, complete: bool) -> tuple:
    return tuple(torch.linalg.qr(x, "complete" if complete else "reduced"))


@_factorization
def svd_factors(x: Tensor, full_matrices: bool) -> tuple:
    return tuple(torch.linalg.svd(x, full_matrices))


@_factorization
def eigh(x: Tensor) -> tuple:
    return tuple(torch.linalg.eigh(x))


@_factorization
def eig(x: Tensor) -> tuple:
    return tuple(torch.linalg.eig(x))


@_factorization
def solve_matrix(a: Tensor, b: Tensor) -> Tensor:
    # With fewer axes than a, b could be taken for a stack of vectors.
    return torch.linalg.solve(a, b[(None,) * (a.ndim - b.ndim)])


@_factorization
def solve_triangular_matrix(a: Tensor, b: Tensor, lower: bool) -> Tensor:
    return torch.linalg.solve_triangular(a, b, upper=not lower)


@_factorization
def lu_factor(x: Tensor) -> tuple:
    # Unlike `lu_factor` it takes singular matrices too.
    factors, pivots, _ = torch.linalg.lu_factor_ex(x)
    return factors, (pivots - 1).int()
