"""Fourier transforms along the last axis, of real and complex numbers, of even and odd length."""

from __future__ import annotations

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import case, normal
from kerasfront.testing.tolerance import SUM

EVEN, ODD = normal(2, 6), normal(5)
OTHER = normal(2, 6, seed=1)
HALF, HALF_IMAGINARY = normal(2, 4, seed=2), normal(2, 4, seed=3) * [0, 1, 1, 0]


def real_inverse(re, im, length):
    return np.fft.irfft(re + 1j * im, length)


CASES = [
    case(
        "complex_fft",
        EVEN,
        OTHER,
        ref=lambda a, b: np.fft.fft(a + 1j * b),
        tol=SUM,
        call=lambda a, b: ops.complex_fft(ops.complex_from_parts(a, b)),
    ),
    case(
        "complex_ifft",
        EVEN,
        OTHER,
        ref=lambda a, b: np.fft.ifft(a + 1j * b),
        tol=SUM,
        call=lambda a, b: ops.complex_ifft(ops.complex_from_parts(a, b)),
    ),
    case("complex_fft", ODD, ref=np.fft.fft, note="of real numbers", tol=SUM),
    case("real_fft", EVEN, ref=np.fft.rfft, tol=SUM),
    case("real_fft", ODD, ref=np.fft.rfft, note="odd length", tol=SUM),
    case(
        "real_ifft",
        HALF,
        HALF_IMAGINARY,
        6,
        ref=real_inverse,
        tol=SUM,
        call=lambda a, b, n: ops.real_ifft(ops.complex_from_parts(a, b), n),
    ),
    case(
        "real_ifft",
        HALF,
        HALF_IMAGINARY,
        7,
        ref=real_inverse,
        note="odd length",
        tol=SUM,
        call=lambda a, b, n: ops.real_ifft(ops.complex_from_parts(a, b), n),
    ),
]
