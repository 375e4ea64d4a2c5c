"""Complex numbers: their parts, angles and conjugates, and ways to read them as pairs of real numbers."""

from __future__ import annotations

from typing import Any

from kerasfront import dtypes
from kerasfront.backend.dispatch import Tensor, derived, dtype_of, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes
from kerasfront.ops import elementwise as e
from kerasfront.ops.indexing import get_item
from kerasfront.ops.movement import stack


@derived(dtype=_dtypes.promote_float)
def angle(x: Tensor) -> Tensor:
    """Return the angle in (-pi, pi] of complex numbers; 0 or pi, without gradient, for real ones."""
    if dtypes.is_complex(dtype_of(x)):
        return e.arctan2(e.imag(x), e.real(x))
    return e.stop_gradient(e.arctan2(e.imag(x), x))


@derived
def conjugate(x: Tensor) -> Tensor:
    """Return complex numbers with the opposite imaginary part; real numbers as they are."""
    if not dtypes.is_complex(dtype_of(x)):
        return x
    return e.complex_from_parts(e.real(x), e.negative(e.imag(x)))


@derived
def isreal(x: Tensor) -> Tensor:
    """Return where the imaginary part is 0; everywhere for real numbers."""
    return e.equal(e.imag(x), 0)


@derived
def polar(abs_: Tensor, angle: Tensor) -> Tensor:
    """Return the complex numbers of given absolute values and angles in radians.

    Dtypes: complex128 for float64, else complex64.
    """
    return e.complex_from_parts(e.multiply(abs_, e.cos(angle)), e.multiply(abs_, e.sin(angle)))


@derived
def view_as_complex(x: Tensor) -> Tensor:
    """Return the pairs in the last axis as complex numbers.

    Shapes: `x` (..., 2); the result (...).

    Raises:
        OpError: the last axis has another size than 2, or the numbers are complex.
    """
    shape = shape_of(x)
    if not shape or shape[-1] not in (2, None) or dtypes.is_complex(dtype_of(x)):
        raise OpError(
            f"view_as_complex: shape {shape} and dtype {dtype_of(x)}. Expected real numbers of shape (..., 2). Put real"
            f" and imaginary parts in the last axis."
        )
    return e.complex_from_parts(get_item(x, (Ellipsis, 0)), get_item(x, (Ellipsis, 1)))


@derived
def view_as_real(x: Tensor) -> Any:
    """Return real and imaginary parts in a new last axis of size 2."""
    return stack([e.real(x), e.imag(x)], -1)
