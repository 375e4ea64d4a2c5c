"""Checks of matrices before the engine sees them: singular ones raise on some engines and give infinities on others.

They are bound to the name of an op, for the message, by `functools.partial`. They look at concrete values only. In
compiled functions and under differentiation, where values are not known, the result of such a matrix is the engine's:
an error of its own, infinities or NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront.backend import dispatch
from kerasfront.errors import OpError


def _host(value: Any) -> np.ndarray | None:
    """Return square matrices of known values in float32 or float64; None for anything else."""
    if not dispatch.is_concrete(value):
        return None
    owner = dispatch.owner_of(value)
    found = np.asarray(value) if owner is dispatch.WEAK else owner.to_numpy(value)
    if found.ndim < 2 or found.shape[-1] != found.shape[-2]:
        return None
    return found if found.dtype in ("float64", "complex64", "complex128") else found.astype("float32")


def regular(name: str, a: Any, *_: Any) -> None:
    """Refuse matrices with a pivot of exactly 0."""
    found = _host(a)
    if found is not None and (np.linalg.slogdet(found)[0] == 0).any():
        raise OpError(
            f"{name}: a matrix of shape {found.shape} is singular. Expected matrices with an"
            f" inverse. Use pinv or lstsq for others."
        )


def regular_triangle(name: str, a: Any, *_: Any) -> None:
    """Refuse triangular matrices with 0 on the diagonal."""
    found = _host(a)
    if found is not None and (np.diagonal(found, axis1=-2, axis2=-1) == 0).any():
        raise OpError(
            f"{name}: a triangular matrix of shape {found.shape} has 0 on its diagonal. Expected other"
            f" numbers, else there is no solution. Use lstsq."
        )


def positive_definite(name: str, x: Any) -> None:
    """Refuse symmetric matrices that have no Cholesky factor."""
    found = _host(x)
    if found is None:
        return
    try:
        np.linalg.cholesky(found)
    except np.linalg.LinAlgError:
        raise OpError(
            f"{name}: a matrix of shape {found.shape} is not positive definite. Expected eigenvalues"
            f" above 0. Use eigh, or add a small multiple of the identity."
        ) from None
