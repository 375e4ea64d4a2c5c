"""Fourier transforms of pairs of real and imaginary parts, and of overlapping sequences."""

from __future__ import annotations

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import array, case, ints, normal
from kerasfront.testing.tolerance import EXACT, SUM

EVEN, OTHER = normal(2, 6), normal(2, 6, seed=1)
ODD, ODD_OTHER = normal(5), normal(5, seed=1)
PLANE, OTHER_PLANE = normal(2, 3, 4), normal(2, 3, 4, seed=1)
SIGNAL, SIGNALS = normal(11, seed=2), normal(2, 13, seed=3)
WINDOW = array([0.2, 1.0, 0.7])


def parts(x):
    return x.real, x.imag


def pair(function):
    """The reference of an op on a pair, from a function of complex numbers."""
    return lambda x, *rest, **options: parts(function(x[0] + 1j * x[1], *rest, **options))


def dft(x):
    n = x.shape[-1]
    return x @ np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n)


def window_of(window, length, points):
    if window is None:
        return np.ones(points)
    if isinstance(window, str):
        a = {"hann": 0.5, "hamming": 0.54}[window]
        window = a - (1 - a) * np.cos(2 * np.pi * np.arange(length) / length)
    before = (points - length) // 2
    return np.concatenate([np.zeros(before), window, np.zeros(points - length - before)])


def frames_of(x, length, stride):
    count = 1 + (x.shape[-1] - length) // stride
    return np.stack([x[..., i * stride : i * stride + length] for i in range(count)], -2)


def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
    points = fft_length or 4
    if center:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(points // 2, points // 2)], mode="reflect")
    frames = frames_of(x, points, sequence_stride) * window_of(window, sequence_length, points)
    return parts(dft(frames)[..., : points // 2 + 1])


def istft(x, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    weights = window_of(window, sequence_length, fft_length)
    frames = np.fft.irfft(x[0] + 1j * x[1], fft_length) * weights
    size = fft_length + (frames.shape[-2] - 1) * sequence_stride
    total, norm = np.zeros((*frames.shape[:-2], size)), np.zeros(size)
    for i in range(frames.shape[-2]):
        place = slice(i * sequence_stride, i * sequence_stride + fft_length)
        total[..., place] += frames[..., i, :]
        norm[place] += weights**2
    values = total if window is None else np.where(norm == 0, 0, total / np.where(norm == 0, 1, norm))
    cut = fft_length // 2 if center else 0
    values = values[..., cut : size - cut if length is None else None]
    if length is None:
        return values
    values = values[..., :length]
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, length - values.shape[-1])])


def kept(x, *settings, **options):
    return x


SPECTRUM = (normal(3, 5, seed=4), normal(3, 5, seed=5))

CASES = [
    case("fft", (EVEN, OTHER), ref=pair(dft), tol=SUM),
    case("fft", (ODD, ODD_OTHER), ref=pair(dft), note="odd length", tol=SUM),
    case("fft", (np.zeros((0, 4)), np.zeros((0, 4))), ref=pair(np.fft.fft), note="of no rows", tol=EXACT),
    case("fft", (array([[2.0]]), array([[-1.0]])), ref=pair(dft), note="of one value", tol=EXACT),
    case("fft2", (PLANE, OTHER_PLANE), ref=pair(np.fft.fft2), tol=SUM),
    case("ifft2", (PLANE, OTHER_PLANE), ref=pair(np.fft.ifft2), tol=SUM),
    case(
        "ifft2",
        (PLANE, OTHER_PLANE),
        ref=lambda x: x,
        note="after fft2",
        tol=SUM,
        call=lambda x: ops.ifft2(ops.fft2(x)),
        differentiable=False,
    ),
    case("rfft", EVEN, ref=lambda x: parts(np.fft.rfft(x)), tol=SUM),
    case("rfft", ODD, ref=lambda x: parts(np.fft.rfft(x)), note="odd length", tol=SUM),
    case("rfft", EVEN, 4, ref=lambda x, n: parts(np.fft.rfft(x, n)), note="cut", tol=SUM),
    case("rfft", EVEN, fft_length=9, ref=lambda x, fft_length: parts(np.fft.rfft(x, 9)), note="filled", tol=SUM),
    case("rfft", ints([1, 2, -1, 4]), ref=lambda x: parts(np.fft.rfft(x)), note="of integers", tol=SUM),
    case("irfft", (EVEN, OTHER), ref=lambda x: np.fft.irfft(x[0] + 1j * x[1]), tol=SUM),
    case("irfft", (EVEN, OTHER), 11, ref=lambda x, n: np.fft.irfft(x[0] + 1j * x[1], n), note="odd length", tol=SUM),
    case("irfft", (EVEN, OTHER), 6, ref=lambda x, n: np.fft.irfft(x[0] + 1j * x[1], n), note="cut", tol=SUM),
    case("irfft", (EVEN, OTHER), 14, ref=lambda x, n: np.fft.irfft(x[0] + 1j * x[1], n), note="filled", tol=SUM),
    case("irfft", EVEN, ref=lambda x: x, note="after rfft", tol=SUM, call=lambda x: ops.irfft(ops.rfft(x))),
    case("extract_sequences", SIGNALS, 4, 3, ref=frames_of, tol=EXACT),
    case("extract_sequences", ints(np.arange(7)), 3, 2, ref=frames_of, note="of integers", tol=EXACT),
    case("extract_sequences", SIGNAL, 11, 5, ref=frames_of, note="one", tol=EXACT),
    case("extract_sequences", SIGNAL, 1, 4, ref=frames_of, note="with gaps", tol=SUM),
    case("stft", SIGNALS, 4, 2, 8, ref=stft, tol=SUM),
    case("stft", SIGNAL, 3, 2, 5, ref=stft, note="odd lengths", tol=SUM),
    case("stft", SIGNAL, 4, 3, 4, "hamming", ref=stft, note="hamming", tol=SUM),
    case("stft", SIGNAL, 4, 2, 6, window=None, ref=stft, note="no window", tol=SUM),
    case("stft", SIGNAL, 3, 1, None, center=False, ref=stft, note="not centred, chosen length", tol=SUM),
    case("stft", SIGNAL, 3, 2, 4, WINDOW, ref=stft, note="a window of one's own", tol=SUM),
    case("istft", SPECTRUM, 4, 2, 8, ref=istft, tol=SUM),
    case("istft", SPECTRUM, 4, 2, 8, 5, ref=istft, note="cut", tol=SUM),
    case("istft", SPECTRUM, 4, 2, 8, 15, ref=istft, note="filled", tol=SUM),
    case("istft", SPECTRUM, 4, 3, 8, center=False, ref=istft, note="not centred", tol=SUM, differentiable=False),
    case("istft", SPECTRUM, 7, 2, 9, ref=istft, note="odd lengths", tol=SUM),
    case("istft", SPECTRUM, 8, 3, 8, window=None, ref=istft, note="no window", tol=SUM),
    case("istft", SIGNAL, 4, 2, 8, ref=kept, note="after stft", tol=SUM, call=lambda x, *s: _whole(x, *s)),
    case("istft", SPECTRUM, 4, 2, 6, ref=istft, note="terms cut", tol=SUM),
    case("istft", SPECTRUM, 4, 2, 12, ref=istft, note="terms filled", tol=SUM),
    case(
        "istft", SIGNALS, 5, 2, 5, "hamming", ref=kept, note="after stft, odd", tol=SUM, call=lambda x, *s: _odd(x, *s)
    ),
]


def _whole(x, length, stride, points):
    settings = (length, stride, points)
    return ops.istft(ops.stft(x, *settings), *settings, length=11)


def _odd(x, length, stride, points, window):
    settings = (length, stride, points)
    return ops.istft(ops.stft(x, *settings, window=window), *settings, length=13, window=window)
