"""Fourier transforms on pairs of real and imaginary parts, and of overlapping sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront.backend.dispatch import Tensor, Tensors, derived, dtype_of, shape_of
from kerasfront.backend.symbolic import KerasTensor
from kerasfront.errors import OpError
from kerasfront.ops import _dtypes
from kerasfront.ops.elementwise import add, cast, complex_from_parts, equal, if_else, imag, multiply, real, true_divide
from kerasfront.ops.indexing import getitem, take
from kerasfront.ops.movement import pad_constant, reshape_known, swapaxes
from kerasfront.ops.transforms import complex_fft, complex_ifft, real_fft, real_ifft


def _complex(name: str, x: Any, rank: int = 1) -> Any:
    """Return the complex tensor of a pair of parts."""
    shapes = [shape_of(part) for part in x]
    if len(shapes) != 2:
        raise OpError(f"{name}: {len(shapes)} tensors. Expected a pair, real and imaginary. Pass both.")
    same = len(shapes[0]) == len(shapes[1]) and all(
        a == b or None in (a, b) for a, b in zip(shapes[0], shapes[1], strict=True)
    )
    if not same or len(shapes[0]) < rank:
        raise OpError(
            f"{name}: real and imaginary parts of shapes {shapes[0]} and {shapes[1]}. Expected equal shapes of at least"
            f" {rank} axes."
        )
    return complex_from_parts(x[0], x[1])


def _parts(x: Any) -> tuple[Any, Any]:
    return real(x), imag(x)


def _along_rows(transform: Any, x: Any) -> Any:
    """Transform along the second to last axis."""
    return swapaxes(transform(swapaxes(x, -1, -2)), -1, -2)


@derived
def fft(x: Tensors) -> Any:
    """Return the discrete Fourier transform along the last axis.

    Shapes: two tensors (..., n), the real and the imaginary part; the results likewise.

    Example:
        >>> from kerasfront import ops
        >>> re, im = ops.fft((ops.array([1.0, 2.0]), ops.array([0.0, 1.0])))
        >>> ops.convert_to_numpy(re).tolist()
        [3.0, -1.0]
    """
    return _parts(complex_fft(_complex("fft", x)))


@derived
def fft2(x: Tensors) -> Any:
    """Return the discrete Fourier transform along the last two axes, as `fft` on real and imaginary parts."""
    return _parts(_along_rows(complex_fft, complex_fft(_complex("fft2", x, 2))))


@derived
def ifft2(x: Tensors) -> Any:
    """Return the inverse of `fft2`, divided by the number of elements of the last two axes."""
    return _parts(_along_rows(complex_ifft, complex_ifft(_complex("ifft2", x, 2))))


@derived
def rfft(x: Tensor, fft_length: int | None = None) -> Any:
    """Return real and imaginary part of the first terms of the Fourier transform of real values.

    Shapes: `x` (..., n), both results (..., fft_length // 2 + 1).

    Args:
        fft_length: the last axis is cut or filled with zeros to this length; None for n.
    """
    return _parts(real_fft(_fitted(x, _length("rfft", x, fft_length))))


def _length(name: str, x: Any, length: Any) -> int | None:
    if not shape_of(x):
        raise OpError(f"{name}: a scalar has no axis to transform. Expected at least one axis; got shape ().")
    if length is not None and length < 1:
        raise OpError(f"{name}: fft_length is {length}. Expected 1 or more.")
    return length


def _fitted(x: Any, length: int | None) -> Any:
    """Cut the last axis, or fill it with zeros, to a length."""
    *lead, size = shape_of(x)
    if length is None or size == length:
        return x
    if size is None:
        return KerasTensor((*lead, length), dtype_of(x))
    if size > length:
        return getitem(x, (Ellipsis, slice(None, length)))
    return pad_constant(x, ((0, 0),) * len(lead) + ((0, length - size),), 0)


@derived
def irfft(x: Tensors, fft_length: int | None = None) -> Tensor:
    """Return the real values whose first terms of the Fourier transform are given.

    Shapes: two tensors (..., m), the real and the imaginary part; the result (..., fft_length).

    Args:
        fft_length: 2 (m - 1) for None; terms are cut or filled with zeros to fft_length // 2 + 1.

    Notes: the imaginary parts of the first term, and of the last one for even lengths, have no part in real values.
    """
    terms = _complex("irfft", x)
    size = shape_of(terms)[-1]
    length = _length("irfft", x[0], fft_length) or (None if size is None else 2 * (size - 1))
    if length is None:
        return KerasTensor(shape_of(terms), dtype_of(real(terms)))
    if length < 1:
        raise OpError(f"irfft: {size} terms without fft_length. Expected 2 or more terms. Pass fft_length.")
    re, im = (_fitted(part, length // 2 + 1) for part in _parts(terms))
    return _inverse(re, im, length)


def _inverse(re: Any, im: Any, length: int) -> Any:
    """Return the real transform of a known length; engines differ in what they make of the parts without meaning."""
    counts = np.ones(length // 2 + 1)
    counts[0] = 0
    if length % 2 == 0:
        counts[-1] = 0
    return real_ifft(complex_from_parts(re, multiply(im, counts.astype(dtype_of(im)))), length)


# -- overlapping sequences -------------------------------------------------------------------------


@derived
def extract_sequences(x: Tensor, sequence_length: int, sequence_stride: int) -> Tensor:
    """Return overlapping sequences of the last axis.

    Shapes: `x` (..., n), the result (..., 1 + (n - sequence_length) // sequence_stride, sequence_length).

    Raises:
        OpError: a length or stride below 1, or a length beyond n.
    """
    *lead, size = shape_of(x) or (0,)
    _need_steps("extract_sequences", sequence_length, sequence_stride)
    if size is None:
        return KerasTensor((*lead, None, sequence_length), dtype_of(x))
    if size < sequence_length:
        raise OpError(
            f"extract_sequences: sequence_length {sequence_length} for shape {shape_of(x)}. Expected at most {size}."
            f" Pad x."
        )
    starts = np.arange(0, size - sequence_length + 1, sequence_stride, dtype="int32")
    return take(x, starts[:, None] + np.arange(sequence_length, dtype="int32"), -1)


def _need_steps(name: str, length: int, stride: int) -> None:
    if length < 1 or stride < 1:
        raise OpError(f"{name}: sequence_length {length} and sequence_stride {stride}. Expected 1 or more.")


def _window(name: str, window: Any, length: int, fft_length: int, dtype: str) -> Any:
    """Return the window, zeros on both sides of it up to `fft_length`."""
    if window is None:
        return np.ones(fft_length, dtype)
    before = (fft_length - length) // 2
    ends = (before, fft_length - length - before)
    if isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise OpError(f"{name}: window {window!r} is unknown. Expected 'hann', 'hamming', a tensor or None.")
        edge = 0.5 if window == "hann" else 0.54
        # Periodic: the period is the length, so that windows add up to a constant.
        values = edge - (1 - edge) * np.cos(2 * np.pi * np.arange(length) / length)
        return np.pad(values, ends).astype(dtype)
    if shape_of(window) != (length,):
        raise OpError(f"{name}: window of shape {shape_of(window)}. Expected ({length},), the sequence_length.")
    return pad_constant(cast(window, dtype), (ends,), 0)


def _spectrum_settings(name: str, length: int, stride: int, fft_length: int | None) -> int:
    _need_steps(name, length, stride)
    found = 1 << (length - 1).bit_length() if fft_length is None else fft_length
    if found < length:
        raise OpError(f"{name}: fft_length {found} is below sequence_length {length}. Expected at least as much.")
    return found


@derived(dtype=_dtypes.promote_float)
def stft(
    x: Tensor,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int | None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """Return real and imaginary part of the Fourier transforms of overlapping windows of the last axis.

    Shapes: `x` (..., n), both results (..., sequences, fft_length // 2 + 1).

    Args:
        sequence_length: length of the window, in the middle of `fft_length` values.
        sequence_stride: from one sequence to the next.
        fft_length: None for the smallest power of 2 that is not below `sequence_length`.
        window: "hann", "hamming" (both periodic), a tensor of `sequence_length` values, or None for no windowing.
        center: reflect fft_length // 2 values at both ends, so that sequence t has its middle at t * sequence_stride.

    Raises:
        OpError: an unknown window, lengths that do not fit, or fewer values than there are to reflect.
    """
    length = _spectrum_settings("stft", sequence_length, sequence_stride, fft_length)
    size = shape_of(x)[-1] if shape_of(x) else 0
    if center:
        x = _reflected(x, length // 2, size)
    elif size is not None and size < length:
        raise OpError(f"stft: fft_length {length} for shape {shape_of(x)}. Expected at most {size}. Pad x.")
    frames = extract_sequences(x, length, sequence_stride)
    return _parts(real_fft(multiply(frames, _window("stft", window, sequence_length, length, dtype_of(x)))))


def _reflected(x: Any, width: int, size: int | None) -> Any:
    if size is None:
        return x
    if size <= width:
        raise OpError(
            f"stft: {size} values of shape {shape_of(x)}. Expected more than {width} to reflect at the ends. Pass"
            f" center=False or a smaller fft_length."
        )
    return take(x, np.pad(np.arange(size, dtype="int32"), width, mode="reflect"), -1)


@derived
def istft(
    x: Tensors,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int | None,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Tensor:
    """Return the values whose `stft` with the same arguments is given: its inverse by overlap and add.

    Shapes: two tensors (..., sequences, fft_length // 2 + 1), the real and the imaginary part; the result (..., n).

    Args:
        fft_length: that of the transforms; other numbers of terms are cut or filled with zeros, as in `irfft`.
        window: None for plain sums: where k sequences overlap, the result is k times the values.
        length: n; the result is cut or filled with zeros. None for all values that the sequences hold, without the
            fft_length // 2 at each end that `center` added.

    Notes: each value is divided by the sum of the squared windows over it; where that is 0 (which the windows have
        erased) it is 0.

    Source: D. Griffin, J. Lim, "Signal estimation from modified short-time Fourier transform" (1984), equation 6.
    """
    points = _spectrum_settings("istft", sequence_length, sequence_stride, fft_length)
    terms = _complex("istft", x, 2)
    *lead, count, found = shape_of(terms)
    if count is None or found is None:
        return KerasTensor((*lead, length), dtype_of(x[0]))
    re, im = (_fitted(part, points // 2 + 1) for part in _parts(terms))
    weights = _window("istft", window, sequence_length, points, dtype_of(re))
    total = _overlapped(multiply(_inverse(re, im, points), weights), sequence_stride)
    values = total if window is None else _without_windows(total, weights, count, sequence_stride)
    cut = points // 2 if center else 0
    last = shape_of(values)[-1] - cut
    kept = getitem(values, (Ellipsis, slice(cut, last if length is None else None)))
    return _fitted(kept, length)


def _without_windows(total: Any, weights: Any, count: int, stride: int) -> Any:
    """Divide a sum of overlapping sequences by that of their squared windows."""
    dtype = dtype_of(total)
    norm = _overlapped(multiply(multiply(weights, weights), np.ones((count, 1), dtype)), stride)
    erased = equal(norm, 0)
    return if_else(erased, cast(0, dtype), true_divide(total, if_else(erased, cast(1, dtype), norm)))


def _overlapped(frames: Any, stride: int) -> Any:
    """Add up sequences (..., count, length) that begin `stride` apart."""
    *lead, count, length = shape_of(frames)
    pieces = -(-length // stride)
    frames = _fitted(frames, pieces * stride)
    total: Any = None
    for i in range(pieces):
        piece = getitem(frames, (Ellipsis, slice(i * stride, (i + 1) * stride)))
        moved = pad_constant(piece, ((0, 0),) * len(lead) + ((i, pieces - 1 - i), (0, 0)), 0)
        total = moved if total is None else add(total, moved)
    flat = reshape_known(total, [*lead, (count + pieces - 1) * stride])
    return getitem(flat, (Ellipsis, slice(None, (count - 1) * stride + length)))
