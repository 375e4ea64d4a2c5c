"""Fourier transforms along the last axis."""

from typing import Any

import jax.numpy as jnp

complex_fft = jnp.fft.fft
complex_ifft = jnp.fft.ifft
real_fft = jnp.fft.rfft


def real_ifft(x: Any, length: int) -> Any:
    return jnp.fft.irfft(x, length)
