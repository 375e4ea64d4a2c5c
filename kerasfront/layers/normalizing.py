"""Layers that normalize by mean and variance."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasfront import initializers, ops
from kerasfront.backend.dispatch import normalize_axes, normalize_axis
from kerasfront.layers.arguments import fraction, known_size
from kerasfront.layers.input_spec import InputSpec
from kerasfront.layers.layer import Layer
from kerasfront.layers.parameterized import Parameterized


class BatchNormalization(Parameterized, Layer):
    """Normalize each channel: by the batch in training, by running averages otherwise.

    Args:
        axis: the channel axis. momentum: how much of the running averages stays at each step.
        epsilon: added to the variance. center, scale: whether beta is added and gamma multiplied.
        renorm: correct the batch's statistics towards slower running ones in training (batch renormalization).
        renorm_clipping: bounds "rmin", "rmax" of the factor and "dmax" of the shift of that correction; none if left
        out.
        renorm_momentum: how much of the slower running statistics stays at each step.
        synchronized: must be False.

    Weights: `gamma`, `beta`, `moving_mean`, `moving_variance`, each (channels,); float32 in half-precision policies;
    with `renorm` also `moving_stddev`, `renorm_mean`, `renorm_stddev`.

    Notes:
        A frozen layer (trainable=False) normalizes by the running averages in training too. Masked steps do not count.

    Raises:
        ValueError: momentum is not from 0 to 1, `renorm_clipping` has other keys or bounds that exclude each other, or
            `synchronized` is True.

    Source: Ioffe and Szegedy, "Batch Normalization" (2015); Ioffe, "Batch Renormalization" (2017).
    """

    _parameters = ("beta", "gamma")

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._take(locals())
        if synchronized:
            raise ValueError(f"{self.name}: synchronized=True needs several replicas. Expected False.")
        self.axis, self.epsilon, self.center, self.scale = axis, float(epsilon), center, scale
        self.momentum = fraction(self.name, "momentum", momentum)
        self.renorm, self.renorm_clipping = bool(renorm), self._clipping(renorm_clipping) if renorm else renorm_clipping
        self.renorm_momentum = fraction(self.name, "renorm_momentum", renorm_momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.supports_masking = True

    def _clipping(self, given: dict[str, float] | None) -> dict[str, float]:
        bounds = dict(given or {})
        unknown = [key for key in bounds if key not in ("rmin", "rmax", "dmax")]
        if unknown:
            raise ValueError(
                f"{self.name}: renorm_clipping has the key {unknown[0]!r}. Expected 'rmin', 'rmax' or"
                f" 'dmax'. Remove it."
            )
        if bounds.get("dmax", 0) < 0 or bounds.get("rmin", 0) > bounds.get("rmax", float("inf")):
            raise ValueError(
                f"{self.name}: renorm_clipping is {bounds}. Expected rmin <= rmax and dmax >= 0. Correct the bounds."
            )
        return bounds

    def build(self, input_shape: Any) -> None:
        """Make the vectors for the number of channels."""
        channels = known_size(self.name, input_shape, self.axis)
        shape = (channels,)
        self.gamma = (
            self.add_weight(shape, name="gamma", autocast=False, **self._options("gamma")) if self.scale else None
        )
        self.beta = (
            self.add_weight(shape, name="beta", autocast=False, **self._options("beta")) if self.center else None
        )
        self.moving_mean = self.add_weight(
            shape, self.moving_mean_initializer, trainable=False, autocast=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, trainable=False, autocast=False, name="moving_variance"
        )
        if self.renorm:
            still = {"shape": shape, "trainable": False, "autocast": False}
            self.moving_stddev = self.add_weight(initializer=self._initial_stddev, name="moving_stddev", **still)
            self.renorm_mean = self.add_weight(initializer=self.moving_mean_initializer, name="renorm_mean", **still)
            self.renorm_stddev = self.add_weight(initializer=self._initial_stddev, name="renorm_stddev", **still)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalize."""
        rank = len(ops.shape(inputs))
        axis = normalize_axis(self.axis, rank, self.name)
        compute = ops.dtype(inputs)
        wide = ops.cast(inputs, "float32") if compute in ("float16", "bfloat16") else inputs
        if training and self.trainable:
            mean, variance = self._statistics(wide, axis, mask)
            if self.renorm:
                return ops.cast(self._renormalized(wide, mean, variance, axis), compute)
            self._move(self.moving_mean, mean, self.momentum)
            self._move(self.moving_variance, variance, self.momentum)
        else:
            mean, variance = (ops.cast(value, ops.dtype(wide)) for value in (self.moving_mean, self.moving_variance))
        outputs = ops.batch_normalization(wide, mean, variance, axis, self.beta, self.gamma, self.epsilon)
        return outputs if ops.dtype(outputs) == compute else ops.cast(outputs, compute)

    def _initial_stddev(self, shape: Any, dtype: Any = None) -> Any:
        return ops.sqrt(self.moving_variance_initializer(shape, dtype=dtype))

    def _renormalized(self, x: Any, mean: Any, variance: Any, axis: int) -> Any:
        """Return gamma * (normalized * r + d) + beta, r and d leading from the batch to the slower statistics."""
        name, bounds = ops.dtype(x), self.renorm_clipping
        deviation = ops.sqrt(ops.add(variance, self.epsilon))
        slow_mean = ops.cast(self.renorm_mean, name)
        slow = ops.maximum(ops.cast(self.renorm_stddev, name), ops.cast(self.epsilon**0.5, name))
        r, d = ops.true_divide(deviation, slow), ops.true_divide(ops.subtract(mean, slow_mean), slow)
        r = r if "rmin" not in bounds else ops.maximum(r, bounds["rmin"])
        r = r if "rmax" not in bounds else ops.minimum(r, bounds["rmax"])
        d = d if "dmax" not in bounds else ops.clip(d, -bounds["dmax"], bounds["dmax"])
        factor, shift = ops.stop_gradient(r), ops.stop_gradient(d)
        if self.gamma is not None:
            gamma = ops.cast(self.gamma, name)
            factor, shift = ops.multiply(factor, gamma), ops.multiply(shift, gamma)
        if self.beta is not None:
            shift = ops.add(shift, ops.cast(self.beta, name))
        for average, value, keep in (
            (self.renorm_mean, mean, self.renorm_momentum),
            (self.renorm_stddev, deviation, self.renorm_momentum),
            (self.moving_mean, mean, self.momentum),
            (self.moving_stddev, deviation, self.momentum),
        ):
            self._move(average, value, keep)
        squared = ops.subtract(ops.square(self.moving_stddev), self.epsilon)
        self.moving_variance.assign(ops.maximum(squared, 0.0))
        return ops.batch_normalization(x, mean, variance, axis, shift, factor, self.epsilon)

    def _move(self, average: Any, value: Any, keep: float) -> None:
        value = ops.stop_gradient(value)
        average.assign(ops.add(ops.multiply(average, keep), ops.multiply(ops.cast(value, average.dtype), 1.0 - keep)))

    def _statistics(self, x: Any, axis: int, mask: Any) -> tuple[Any, Any]:
        axes = tuple(i for i in range(len(ops.shape(x))) if i != axis)
        if mask is None:
            return ops.moments(x, axes)
        # Leading axes of the mask stand for samples and steps; a step that is masked has weight 0.
        rank = len(ops.shape(x))
        mask = ops.cast(mask, ops.dtype(x))
        weights = ops.reshape(mask, (*ops.shape(mask), *(1,) * (rank - len(ops.shape(mask)))))
        if len(ops.shape(mask)) <= axis:
            # Each channel counts the same.
            weights = ops.broadcast_to(weights, tuple(1 if i == axis else size for i, size in enumerate(ops.shape(x))))
        else:
            weights = ops.broadcast_to(weights, ops.shape(x))
        count = ops.sum(weights, axes, keepdims=True)
        mean = ops.divide_no_nan(ops.sum(ops.multiply(x, weights), axes, keepdims=True), count)
        centred = ops.subtract(x, mean)
        squares = ops.sum(ops.multiply(ops.multiply(centred, centred), weights), axes, keepdims=True)
        return ops.reshape(mean, (-1,)), ops.reshape(ops.divide_no_nan(squares, count), (-1,))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = {name: getattr(self, name) for name in ("axis", "momentum", "epsilon", "center", "scale")}
        moving = {
            f"moving_{name}_initializer": initializers.serialize(getattr(self, f"moving_{name}_initializer"))
            for name in ("mean", "variance")
        }
        renorm = {name: getattr(self, name) for name in ("renorm", "renorm_clipping", "renorm_momentum")}
        own = {**own, **moving, **self._parameter_config(), "synchronized": False, **renorm}
        return {**super().get_config(), **own}


class LayerNormalization(Parameterized, Layer):
    """Normalize each sample over some axes.

    Args:
        axis: one or several axes. epsilon: added to the variance.
        center, scale: whether beta is added and gamma multiplied.
        rms_scaling: divide by the root of the mean square, with gamma alone, as in RMS normalization.

    Raises:
        TypeError: axis is no integer or list of them.

    Weights: `gamma`, `beta` with the sizes of the axes.

    Source: Ba, Kiros and Hinton, "Layer Normalization" (2016).
    """

    _parameters = ("beta", "gamma")

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        rms_scaling: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._take(locals())
        axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
        if not axes or any(isinstance(one, bool) or not isinstance(one, (int, np.integer)) for one in axes):
            raise TypeError(
                f"{self.name}: axis is {axis!r}. Expected an integer or a list of them. Pass for example -1."
            )
        self.axis = axes if isinstance(axis, (list, tuple)) else axis
        self.epsilon, self.center, self.scale, self.rms_scaling = float(epsilon), center, scale, rms_scaling
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta for the sizes of the axes."""
        axes = normalize_axes(self.axis, len(input_shape), self.name)
        shape = tuple(known_size(self.name, input_shape, axis) for axis in axes)
        self.gamma = (
            self.add_weight(shape, name="gamma", autocast=False, **self._options("gamma"))
            if self.scale or self.rms_scaling
            else None
        )
        self.beta = (
            self.add_weight(shape, name="beta", autocast=False, **self._options("beta"))
            if self.center and not self.rms_scaling
            else None
        )

    def call(self, inputs: Any) -> Any:
        """Normalize."""
        compute = ops.dtype(inputs)
        outputs = ops.layer_normalization(inputs, self.gamma, self.beta, self.axis, self.epsilon, self.rms_scaling)
        return outputs if ops.dtype(outputs) == compute else ops.cast(outputs, compute)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = {name: getattr(self, name) for name in ("axis", "epsilon", "center", "scale", "rms_scaling")}
        return {**super().get_config(), **own, **self._parameter_config()}
