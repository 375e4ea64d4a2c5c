"""Fourier transforms along the last axis."""

from typing import Any

import tensorflow as tf

complex_fft = tf.signal.fft
complex_ifft = tf.signal.ifft
real_fft = tf.signal.rfft


def real_ifft(x: Any, length: int) -> Any:
    return tf.signal.irfft(x, (length,))
