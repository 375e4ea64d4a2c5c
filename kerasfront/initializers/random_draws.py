"""Initializers that draw: the bits depend on the seed alone, not on the engine."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasfront import ops, random, registration
from kerasfront.initializers.initializer import Initializer, checked_shape, float_dtype
from kerasfront.state import seed as seeds

# Standard deviation of a standard normal number that is drawn again where it is beyond 2.
TRUNCATED_STDDEV = 0.87962566103423978


class RandomInitializer(Initializer):
    """The base of initializers that draw.

    Args:
        seed: an integer (each call gives the same value), a `SeedGenerator` (each call draws anew), or None for an
            integer that `utils.set_random_seed` determines.

    Raises:
        ValueError: another kind of seed.
    """

    def __init__(self, seed: Any = None):
        if seed is not None and not isinstance(seed, seeds.SeedGenerator):
            if isinstance(seed, dict):
                seed = registration.deserialize_keras_object(seed)
            elif isinstance(seed, bool) or not hasattr(seed, "__index__"):
                raise ValueError(
                    f"{type(self).__name__}: the seed does not fit. Expected an integer, a SeedGenerator or None; got "
                    f"{seed!r}. "
                    "Pass an integer."
                )
        self._given_seed = seed
        self.seed = seeds.make_default_seed() if seed is None else seed

    def get_config(self) -> dict[str, Any]:
        """Return the seed as it was given, so that None stays None."""
        return {"seed": registration.serialize_keras_object(self._given_seed)}


def _check_stddev(name: str, stddev: Any) -> None:
    if not (math.isfinite(stddev) and stddev >= 0):
        raise ValueError(
            f"{name}: stddev is out of range. Expected a finite number of 0 or more; got {stddev!r}. Pass a positive "
            "one."
        )


class RandomNormal(RandomInitializer):
    """Normal numbers.

    Args:
        mean: of the distribution.
        stddev: its standard deviation.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None):
        _check_stddev("RandomNormal", stddev)
        self.mean, self.stddev = mean, stddev
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Return the draw."""
        shape, dtype = checked_shape("RandomNormal", shape), float_dtype("RandomNormal", dtype)
        return random.normal(shape, self.mean, self.stddev, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """Return seed, mean and standard deviation."""
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomInitializer):
    """Normal numbers within two standard deviations of the mean.

    Args:
        mean: of the distribution before the cut.
        stddev: its standard deviation before the cut.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None):
        _check_stddev("TruncatedNormal", stddev)
        self.mean, self.stddev = mean, stddev
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Return the draw."""
        shape, dtype = checked_shape("TruncatedNormal", shape), float_dtype("TruncatedNormal", dtype)
        return random.truncated_normal(shape, self.mean, self.stddev, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """Return seed, mean and standard deviation."""
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class RandomUniform(RandomInitializer):
    """Uniform numbers from [minval, maxval).

    Args:
        minval: the lower bound.
        maxval: the upper bound.
        seed: see `RandomInitializer`.

    Raises:
        ValueError: the lower bound is above the upper one.
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None):
        if not minval <= maxval:
            raise ValueError(
                f"RandomUniform: the bounds are in the wrong order. Expected minval <= maxval; got {minval!r} and "
                f"{maxval!r}. Exchange them."
            )
        self.minval, self.maxval = minval, maxval
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Return the draw."""
        shape, dtype = checked_shape("RandomUniform", shape), float_dtype("RandomUniform", dtype)
        return random.uniform(shape, self.minval, self.maxval, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """Return seed and bounds."""
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")


class VarianceScaling(RandomInitializer):
    """Draws of variance ``scale / n``, n the number of inputs or outputs of a unit.

    Args:
        scale: positive.
        mode: what n is: "fan_in", "fan_out", or "fan_avg" for their mean.
        distribution: "truncated_normal" (also "normal"), "untruncated_normal" or "uniform".
        seed: see `RandomInitializer`.
        input_axes: the axes of inputs; by default the next to last, and all before it as window.
        output_axes: the axes of outputs; by default the last. Both or neither are to be given.

    Raises:
        ValueError: an argument out of range.

    Source: He et al., "Delving Deep into Rectifiers", 2015, eq. 10 and 14; Glorot and Bengio, "Understanding the
    difficulty of training deep feedforward neural networks", 2010, eq. 12 and 16.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ):
        name = type(self).__name__
        if not (math.isfinite(scale) and scale > 0):
            raise ValueError(
                f"{name}: scale is out of range. Expected a positive number; got {scale!r}. Pass for example 1.0."
            )
        if mode not in MODES:
            raise ValueError(f"{name}: unknown mode {mode!r}. Expected one of {MODES}. Use one of those.")
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if distribution not in DISTRIBUTIONS:
            raise ValueError(
                f"{name}: unknown distribution {distribution!r}. Expected one of {DISTRIBUTIONS}. Use one of those."
            )
        if (input_axes is None) != (output_axes is None):
            raise ValueError(
                f"{name}: only one of input_axes and output_axes is given. Expected both or neither; got "
                f"{input_axes!r} and "
                f"{output_axes!r}. Give both."
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = _listed(input_axes), _listed(output_axes)
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Return the draw."""
        name = type(self).__name__
        shape, dtype = checked_shape(name, shape), float_dtype(name, dtype)
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return random.uniform(shape, -limit, limit, dtype=dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), dtype=dtype, seed=self.seed)
        return random.truncated_normal(shape, 0.0, math.sqrt(variance) / TRUNCATED_STDDEV, dtype=dtype, seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


def _listed(axes: Any) -> list[int] | None:
    """Return one axis or several as a list, which is the same before and after JSON."""
    return axes if axes is None else [axes] if isinstance(axes, int) else list(axes)


def compute_fans(shape: tuple[int, ...], input_axes: Any = None, output_axes: Any = None) -> tuple[int, int]:
    """Return how many inputs and how many outputs a unit of a weight has.

    Example:
        >>> compute_fans((3, 3, 16, 32))
        (144, 288)
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[i] for i in input_axes), math.prod(shape[i] for i in output_axes)
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


class _Scaled(VarianceScaling):
    """A `VarianceScaling` with a name of its own, whose scale, mode and distribution are fixed."""

    kind: tuple[float, str, str]

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None):
        scale, mode, distribution = self.kind
        super().__init__(scale, mode, distribution, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        """Return seed and axes."""
        return {**RandomInitializer.get_config(self), "input_axes": self.input_axes, "output_axes": self.output_axes}


class GlorotUniform(_Scaled):
    """Uniform numbers of variance ``2 / (inputs + outputs)``, also called Xavier."""

    kind = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Truncated normal numbers of variance ``2 / (inputs + outputs)``, also called Xavier."""

    kind = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform numbers of variance ``2 / inputs``, made for rectifiers."""

    kind = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Truncated normal numbers of variance ``2 / inputs``, made for rectifiers."""

    kind = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform numbers of variance ``1 / inputs``."""

    kind = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Truncated normal numbers of variance ``1 / inputs``; the one for `selu`."""

    kind = (1.0, "fan_in", "truncated_normal")


class Orthogonal(RandomInitializer):
    """A random matrix with orthonormal rows or columns, whichever are fewer, times a factor.

    More than two axes are taken as a matrix of shape ``(product of all but the last, last)``.

    Args:
        gain: the factor.
        seed: see `RandomInitializer`.

    Raises:
        ValueError: the shape has fewer than two axes.

    Notes: the factorization runs on the host, so that all engines get the same bits.
    Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2014;
    with signs as in Mezzadri, "How to generate random matrices from the classical compact groups", 2007, section 5.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None):
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        """Return the matrix in the shape asked for."""
        shape, dtype = checked_shape("Orthogonal", shape), float_dtype("Orthogonal", dtype)
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal: makes matrices only. Expected a shape of 2 axes or more; got {shape}. Choose another "
                "initializer."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        draw = random.normal((max(rows, columns), min(rows, columns)), dtype="float32", seed=self.seed)
        q, r = np.linalg.qr(ops.convert_to_numpy(draw).astype("float64"))
        q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
        q = q.T if rows < columns else q
        return ops.convert_to_tensor((self.gain * q).reshape(shape), dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """Return seed and factor."""
        return {**super().get_config(), "gain": self.gain}
