"""Window functions of signal processing: weights that rise and fall along a piece of signal."""

from __future__ import annotations

import math as _math
from typing import Any

from kerasfront import dtypes
from kerasfront.backend.dispatch import SYMBOLIC, Tensor, derived, is_concrete, owner_of, shape_of
from kerasfront.errors import OpError
from kerasfront.ops import elementwise as e
from kerasfront.ops.creation import convert_to_numpy, count_up, filled
from kerasfront.ops.special_functions import i0


def _phase(x: Any, name: str) -> Any:
    """Return places from 0 to 1 along a window of length `x`; of unknown length where `x` is symbolic."""
    dtype = dtypes.standardize_dtype(None)
    if owner_of(x) is SYMBOLIC:
        return filled((None,), 0, dtype)
    found = float(convert_to_numpy(x).reshape(())) if is_concrete(x) and shape_of(x) in ((), (1,)) else 0.5
    if not found.is_integer():
        raise OpError(
            f"{name}: cannot take {x!r} for a length. Expected an integer, or a tensor with one whose value is known."
            f" Pass a Python integer."
        )
    length = int(found)
    if length == 1:
        # The middle of the window.
        return filled((1,), 0.5, dtype)
    return e.true_divide(e.cast(count_up(max(length, 0), "int32"), dtype), max(length - 1, 1))


def _cosines(phase: Any, *weights: float) -> Any:
    """Return the sum of the weights times cos(2 pi k phase)."""
    total: Any = weights[0]
    for k, weight in enumerate(weights[1:], 1):
        total = e.add(total, e.multiply(e.cos(e.multiply(phase, 2 * _math.pi * k)), weight))
    return total


@derived
def bartlett(x: Tensor) -> Tensor:
    """Return the triangular window of `x` places, 0 at both ends and 1 in the middle.

    Args:
        x: the length, an integer or a tensor with one integer whose value is known.

    Returns: a vector of the default float type.
    """
    return e.subtract(1, e.abs(e.subtract(e.multiply(_phase(x, "bartlett"), 2), 1)))


@derived
def hanning(x: Tensor) -> Tensor:
    """Return the window (1 - cos(2 pi t)) / 2 of `x` places, t from 0 to 1; see `bartlett`."""
    return _cosines(_phase(x, "hanning"), 0.5, -0.5)


@derived
def hamming(x: Tensor) -> Tensor:
    """Return the window 0.54 - 0.46 cos(2 pi t) of `x` places, t from 0 to 1; see `bartlett`."""
    return _cosines(_phase(x, "hamming"), 0.54, -0.46)


@derived
def blackman(x: Tensor) -> Tensor:
    """Return the window 0.42 - 0.5 cos(2 pi t) + 0.08 cos(4 pi t) of `x` places, t from 0 to 1; see `bartlett`."""
    return _cosines(_phase(x, "blackman"), 0.42, -0.5, 0.08)


@derived
def kaiser(x: Tensor, beta: Tensor) -> Tensor:
    """Return the window i0(beta sqrt(1 - (2 t - 1)^2)) / i0(beta) of `x` places, t from 0 to 1; see `bartlett`.

    Args:
        beta: shape; 0 is a rectangle, 5 resembles `hamming`, 8.6 `blackman`.
    """
    phase = _phase(x, "kaiser")
    # 1 - (2 t - 1)^2 in factors, which cannot become negative by rounding.
    height = e.multiply(e.multiply(phase, e.subtract(1, phase)), 4)
    beta = e.cast(beta, dtypes.standardize_dtype(None))
    return e.true_divide(i0(e.multiply(e.sqrt(height), beta)), i0(beta))
