"""Primitives of Fourier analysis along the last axis, on complex tensors or real ones."""

from __future__ import annotations

from kerasfront.backend.dispatch import Tensor, primitive
from kerasfront.ops import _dtypes, _shapes


@primitive(shape=_shapes.same, dtype=_dtypes.to_complex)
def complex_fft(x: Tensor) -> Tensor:
    """Return the discrete Fourier transform along the last axis: sum of x[n] exp(-2 pi i k n / N)."""


@primitive(shape=_shapes.same, dtype=_dtypes.to_complex)
def complex_ifft(x: Tensor) -> Tensor:
    """Return the inverse of `complex_fft`, divided by N."""


@primitive(shape=_shapes.rfft, dtype=_dtypes.real_to_complex)
def real_fft(x: Tensor) -> Tensor:
    """Return the first N // 2 + 1 terms of the transform of real values."""


@primitive(shape=_shapes.irfft, dtype=_dtypes.from_complex)
def real_ifft(x: Tensor, length: int) -> Tensor:
    """Return the real values of a given length from their first length // 2 + 1 terms."""
