"""Fourier analysis along the last axis."""

from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.tracer import isbox

from kerasfront_numpy.ops.elementwise import real
from kerasfront_numpy.ops.kernel import cast, differentiable
from kerasfront_numpy.ops.movement import concatenate, reverse

complex_fft = differentiable(np.fft.fft, lambda ans, x: lambda g: complex_fft(g))
complex_ifft = differentiable(np.fft.ifft, lambda ans, x: lambda g: complex_ifft(g))


def real_fft(x: Any) -> Any:
    if not isbox(x):
        return np.fft.rfft(x)
    wide = cast(x, "complex128" if x.dtype == np.float64 else "complex64")
    return complex_fft(wide)[..., : x.shape[-1] // 2 + 1]


def real_ifft(x: Any, length: int) -> Any:
    if not isbox(x):
        return np.fft.irfft(x, length)
    # The other half of the spectrum of real values is the conjugate of the first.
    rest = reverse(anp.conj(x[..., 1 : (length + 1) // 2]), (len(x.shape) - 1,))
    return real(complex_ifft(concatenate([x[..., : length // 2 + 1], rest], -1)))
