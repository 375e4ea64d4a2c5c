"""Linear algebra on the last two axes."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

_HALVES = (jnp.float16, jnp.bfloat16)


def _factorization(function: Callable) -> Callable:
    """LAPACK has no half types: they compute in float32."""

    def run(x: Any, *arguments: Any) -> Any:
        if x.dtype not in _HALVES:
            return function(x, *arguments)
        wide = (part.astype("float32") if hasattr(part, "dtype") else part for part in (x, *arguments))
        narrow = [
            part.astype(x.dtype) if part.dtype == "float32" else part for part in jax.tree.leaves(function(*wide))
        ]
        return narrow[0] if len(narrow) == 1 else tuple(narrow)

    return run


inv = _factorization(jnp.linalg.inv)
det = _factorization(jnp.linalg.det)
solve_matrix = _factorization(jnp.linalg.solve)
cholesky_factor = _factorization(jnp.linalg.cholesky)


@_factorization
def eig(x: Any) -> Any:
    return tuple(jnp.linalg.eig(x))


@_factorization
def qr_factors(x: Any, complete: bool) -> Any:
    return tuple(jnp.linalg.qr(x, mode="complete" if complete else "reduced"))


@_factorization
def svd_factors(x: Any, full_matrices: bool) -> Any:
    return tuple(jnp.linalg.svd(x, full_matrices=full_matrices))


@_factorization
def eigh(x: Any) -> Any:
    lower = jnp.tril(x)
    return tuple(jnp.linalg.eigh(lower + jnp.swapaxes(jnp.tril(x, -1), -1, -2), symmetrize_input=False))


@_factorization
def solve_triangular_matrix(a: Any, b: Any, lower: bool) -> Any:
    lead = jnp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = jnp.broadcast_to(a, lead + a.shape[-2:]), jnp.broadcast_to(b, lead + b.shape[-2:])
    return jax.lax.linalg.triangular_solve(a, b, left_side=True, lower=lower)


@_factorization
def lu_factor(x: Any) -> Any:
    factors, pivots, _ = jax.lax.linalg.lu(x)
    return factors, pivots
