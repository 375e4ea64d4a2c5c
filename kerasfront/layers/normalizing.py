"""Layers that normalize by mean and variance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kerasfront import ops
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
        renorm: normalize in training, too, as by running averages: what the batch differs from them is corrected by
        factors r and offsets d, through which no gradient flows.
        renorm_clipping: bounds of the correction, a dict with any of "rmin", "rmax" and "dmax"; none for None.
        renorm_momentum: that of the running averages of the correction.
        synchronized: must be False.

    Weights: `gamma`, `beta`, `moving_mean`, `moving_variance`, each (channels,), with renorm also `moving_stddev`,
    `renorm_mean` and `renorm_stddev`; float32 in half-precision policies.

    Raises:
        ValueError: momentum is not from 0 to 1, an unknown key or bounds that contradict in renorm_clipping,
        synchronized=True.

    Notes:
        A frozen layer (trainable=False) normalizes by the running averages in training too. Masked steps do not count.

    Source: Ioffe and Szegedy, "Batch Normalization" (2015); renorm: Ioffe, "Batch Renormalization" (2017), alg. 1.
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
        from kerasfront import initializers

        super().__init__(**kwargs)
        self._take(locals())
        self.renorm = bool(renorm)
        self.renorm_clipping = _checked_clipping(self.name, renorm_clipping) if renorm else renorm_clipping
        self.renorm_momentum = fraction(self.name, "renorm_momentum", renorm_momentum)
        if synchronized:
            raise ValueError(f"{self.name}: synchronized=True needs several replicas. Expected False.")
        self.axis, self.epsilon, self.center, self.scale = axis, float(epsilon), center, scale
        self.momentum = fraction(self.name, "momentum", momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the four vectors for the number of channels."""
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
            for name, initializer in (
                ("moving_stddev", self._initial_stddev),
                ("renorm_mean", self.moving_mean_initializer),
                ("renorm_stddev", self._initial_stddev),
            ):
                weight = self.add_weight(shape, initializer, trainable=False, autocast=False, name=name)
                setattr(self, name, weight)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def _initial_stddev(self, shape: Any, dtype: Any = None) -> Any:
        return ops.sqrt(self.moving_variance_initializer(shape, dtype=dtype))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalize."""
        rank = len(ops.shape(inputs))
        axis = normalize_axis(self.axis, rank, self.name)
        compute = ops.dtype(inputs)
        wide = ops.cast(inputs, "float32") if compute in ("float16", "bfloat16") else inputs
        gamma, beta = self.gamma, self.beta
        if training and self.trainable:
            mean, variance = self._statistics(wide, axis, mask)
            if self.renorm:
                gamma, beta = self._renormalize(mean, variance)
            else:
                self._move(self.moving_mean, mean)
                self._move(self.moving_variance, variance)
        else:
            mean, variance = (ops.cast(value, ops.dtype(wide)) for value in (self.moving_mean, self.moving_variance))
        outputs = ops.batch_normalization(wide, mean, variance, axis, beta, gamma, self.epsilon)
        return outputs if ops.dtype(outputs) == compute else ops.cast(outputs, compute)

    def _renormalize(self, mean: Any, variance: Any) -> tuple[Any, Any]:
        """Return gamma and beta with the correction in them, and move all averages."""
        mean, variance = ops.stop_gradient(mean), ops.stop_gradient(variance)
        stddev = ops.sqrt(ops.add(variance, self.epsilon))
        usual = ops.maximum(ops.cast(self.renorm_stddev, ops.dtype(mean)), math.sqrt(self.epsilon))
        r = ops.true_divide(stddev, usual)
        d = ops.true_divide(ops.subtract(mean, ops.cast(self.renorm_mean, ops.dtype(mean))), usual)
        bounds = self.renorm_clipping or {}
        if bounds.get("rmin") is not None:
            r = ops.maximum(r, bounds["rmin"])
        if bounds.get("rmax") is not None:
            r = ops.minimum(r, bounds["rmax"])
        if bounds.get("dmax") is not None:
            d = ops.clip(d, -bounds["dmax"], bounds["dmax"])
        self._move(self.renorm_mean, mean, self.renorm_momentum)
        self._move(self.renorm_stddev, stddev, self.renorm_momentum)
        self._move(self.moving_mean, mean)
        self._move(self.moving_stddev, stddev)
        self.moving_variance.assign(ops.relu(ops.subtract(ops.square(self.moving_stddev), self.epsilon)))
        if self.gamma is not None:
            gamma = ops.cast(self.gamma, ops.dtype(r))
            r, d = ops.multiply(r, gamma), ops.multiply(d, gamma)
        return r, d if self.beta is None else ops.add(d, ops.cast(self.beta, ops.dtype(d)))

    def _move(self, average: Any, value: Any, keep: float | None = None) -> None:
        keep = self.momentum if keep is None else keep
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
        from kerasfront import initializers

        names = (
            "axis", "momentum", "epsilon", "center", "scale", "renorm", "renorm_clipping", "renorm_momentum",
        )  # fmt: skip
        own = {name: getattr(self, name) for name in names}
        moving = {
            f"moving_{name}_initializer": initializers.serialize(getattr(self, f"moving_{name}_initializer"))
            for name in ("mean", "variance")
        }
        return {**super().get_config(), **own, **moving, **self._parameter_config(), "synchronized": False}


def _checked_clipping(layer: str, clipping: Any) -> dict[str, float]:
    clipping = dict(clipping or {})
    given = {name: value for name, value in clipping.items() if value is not None}
    if set(clipping) - {"rmin", "rmax", "dmax"}:
        raise ValueError(
            f"{layer}: renorm_clipping is {clipping}. Expected keys among 'rmin', 'rmax' and 'dmax'. Remove the others."
        )
    if given.get("rmin", 0) > given.get("rmax", math.inf) or given.get("dmax", 0) < 0:
        raise ValueError(
            f"{layer}: renorm_clipping is {clipping}. Expected rmin up to rmax, and a dmax of 0 or more. Correct it."
        )
    return clipping


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
