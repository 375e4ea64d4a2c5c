"""Linear algebra on the last two axes."""

from typing import Any

import jax
import jax.numpy as jnp

eig = jnp.linalg.eig
inv = jnp.linalg.inv
det = jnp.linalg.det
solve_matrix = jnp.linalg.solve


def cholesky_factor(x: Any) -> Any:
    return jnp.linalg.cholesky(x)


def qr_factors(x: Any, complete: bool) -> Any:
    return tuple(jnp.linalg.qr(x, mode="complete" if complete else "reduced"))


def svd_factors(x: Any, full_matrices: bool) -> Any:
    return tuple(jnp.linalg.svd(x, full_matrices=full_matrices))


def eigh(x: Any) -> Any:
    lower = jnp.tril(x)
    return tuple(jnp.linalg.eigh(lower + jnp.swapaxes(jnp.tril(x, -1), -1, -2), symmetrize_input=False))


def solve_triangular_matrix(a: Any, b: Any, lower: bool) -> Any:
    lead = jnp.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = jnp.broadcast_to(a, lead + a.shape[-2:]), jnp.broadcast_to(b, lead + b.shape[-2:])
    return jax.lax.linalg.triangular_solve(a, b, left_side=True, lower=lower)


def lu_factor(x: Any) -> Any:
    factors, pivots, _ = jax.lax.linalg.lu(x)
    return factors, pivots
