"""Initializers without chance: constants, the identity, and the Fourier transform of short frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import dtypes, ops, registration
from kerasfront.initializers.initializer import Initializer, checked_shape


class Zeros(Initializer):
    """All zeros."""

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Return zeros."""
        return ops.zeros(checked_shape("Zeros", shape), dtype=dtypes.standardize_dtype(dtype))


class Ones(Initializer):
    """All ones."""

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Return ones."""
        return ops.ones(checked_shape("Ones", shape), dtype=dtypes.standardize_dtype(dtype))


class Constant(Initializer):
    """One number everywhere, or an array that broadcasts to the shape.

    Args:
        value: the number or array.

    Raises:
        ValueError: the array does not broadcast to the shape asked for.
    """

    def __init__(self, value: Any = 0.0):
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Return the value in the shape asked for."""
        value = ops.convert_to_tensor(self.value, dtype=dtypes.standardize_dtype(dtype))
        return ops.broadcast_to(value, checked_shape("Constant", shape))

    def get_config(self) -> dict[str, Any]:
        """Return the value."""
        return {"value": registration.serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constant:
        """Make one from what `get_config` gave."""
        return cls(registration.deserialize_keras_object(config["value"]))


class Identity(Initializer):
    """The identity matrix, times a factor; ones on the diagonal where it is not square.

    Args:
        gain: the factor.

    Raises:
        ValueError: the shape has not two axes.
    """

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Return the matrix."""
        shape = checked_shape("Identity", shape)
        if len(shape) != 2:
            raise ValueError(
                f"Identity: makes matrices only. Expected a shape of 2 axes; got {shape}. Choose another initializer."
            )
        return ops.multiply(ops.eye(*shape, dtype=dtypes.standardize_dtype(dtype)), self.gain)

    def get_config(self) -> dict[str, Any]:
        """Return the factor."""
        return {"gain": self.gain}


_WINDOWS = {
    "bartlett": np.bartlett,
    "blackman": np.blackman,
    "boxcar": np.ones,
    "hamming": np.hamming,
    "hann": np.hanning,
}
_SCALES: dict[str | None, Callable[[np.ndarray], Any]] = {
    None: lambda window: 1.0,
    "density": lambda window: 1 / np.sqrt(np.sum(window**2)),
    "spectrum": lambda window: 1 / np.sum(window),
}


class STFT(Initializer):
    """The kernel with which a convolution over frames is a short-time Fourier transform.

    Shapes: ``(frame, 1, bins)`` for a transform of length ``2 (bins - 1)``.

    Args:
        side: "real" for cosines, "imag" for negative sines.
        window: "hann", "hamming", "blackman", "bartlett", "boxcar", an array of the frame's length, or None.
        scaling: "density" (the squares of the window sum to 1), "spectrum" (the window sums to 1), or None.
        periodic: make the window one period, instead of symmetric.

    Raises:
        ValueError: an unknown name, or a shape that is no frame kernel.
    """

    def __init__(
        self, side: str = "real", window: Any = "hann", scaling: str | None = "density", periodic: bool = False
    ):
        if side not in ("real", "imag"):
            raise ValueError(f"STFT: unknown side {side!r}. Expected 'real' or 'imag'. Use one of those.")
        if isinstance(window, str) and window not in _WINDOWS:
            raise ValueError(
                f"STFT: unknown window {window!r}. Expected one of {sorted(_WINDOWS)}, an array or None. Pass an array."
            )
        if scaling not in _SCALES:
            raise ValueError(
                f"STFT: unknown scaling {scaling!r}. Expected 'density', 'spectrum' or None. Use one of those."
            )
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Return the kernel."""
        shape = checked_shape("STFT", shape)
        if len(shape) != 3 or shape[1] != 1 or shape[2] < 2:
            raise ValueError(
                f"STFT: the shape is no frame kernel. Expected (frame, 1, bins) with 2 bins or more; got {shape}. "
                "Correct it."
            )
        frame, _, bins = shape
        angle = 2 * np.pi * np.arange(frame).reshape(-1, 1, 1) * np.arange(bins) / (2 * (bins - 1))
        waves = np.cos(angle) if self.side == "real" else -np.sin(angle)
        kernel = waves * self._window(frame).reshape(-1, 1, 1)
        return ops.convert_to_tensor(kernel, dtype=dtypes.standardize_dtype(dtype))

    def _window(self, frame: int) -> np.ndarray:
        if self.window is None:
            return np.ones(frame)
        if isinstance(self.window, str):
            make = _WINDOWS[self.window]
            window = make(frame + 1)[:-1] if self.periodic else make(frame)
        else:
            window = np.asarray(ops.convert_to_numpy(self.window), "float64")
            if window.shape != (frame,):
                raise ValueError(
                    f"STFT: the window does not fit. Expected {frame} numbers; got shape {window.shape}. Make it as "
                    "long as the frame."
                )
        return window * _SCALES[self.scaling](window)

    def get_config(self) -> dict[str, Any]:
        """Return side, window, scaling and periodic."""
        window = self.window
        if window is not None and not isinstance(window, str):
            window = ops.convert_to_numpy(window).tolist()
        return {"side": self.side, "window": window, "periodic": self.periodic, "scaling": self.scaling}
