"""The updates of optimizers, each one op over the lists of all weights, gradients and slots.

An engine may override an op with its fused kernel and change the tensors in place, returning the same tensors; the
bodies here are pure. In all of them `parameters`, `gradients` and each list of slots are aligned and of equal
length; `learning_rate` and `step` are scalar tensors (step 1 is the first); the other arguments are Python numbers.
A body computes in the dtype of each parameter; powers with the step are taken in float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kerasfront import ops
from kerasfront.backend.dispatch import Tensor, Tensors, derived, dtype_of, shape_of


class _Scalars:
    """Scalar tensors in the dtype of whichever parameter they meet, each cast made once."""

    def __init__(self, *values: Any):
        self.values = values
        self.by_dtype: dict[str, tuple] = {}

    def like(self, parameter: Any) -> Any:
        """Return the scalars in the dtype of a parameter: one alone, several as a tuple."""
        dtype = dtype_of(parameter)
        found = self.by_dtype.get(dtype)
        if found is None:
            found = self.by_dtype[dtype] = tuple(ops.cast(value, dtype) for value in self.values)
        return found if len(found) > 1 else found[0]


def _each(update: Callable, *lists: Any) -> tuple[list, ...]:
    """Apply `update` to aligned items; return one list for each of its results."""
    results = [update(*items) for items in zip(*lists, strict=True)]
    return tuple(list(column) for column in zip(*results, strict=True))


def _float(step: Any) -> Any:
    return ops.cast(step, "float32")


def _bias(step: Any, base: float) -> Any:
    """Return ``1 - base ** step``, exact in float32 where the power is near 1: there the difference would cancel."""
    step = _float(step)
    return -ops.expm1(step * math.log(base)) if base > 0 else ops.ones_like(step)


@derived
def sgd_update(parameters: Tensors, gradients: Tensors, learning_rate: Tensor) -> Any:
    """Gradient descent, ``w - lr g``. Returns the new parameters."""
    rate = _Scalars(learning_rate)
    return [w - rate.like(w) * g for w, g in zip(parameters, gradients, strict=True)]


@derived
def momentum_update(
    parameters: Tensors, gradients: Tensors, momentums: Tensors, learning_rate: Tensor, momentum: float, nesterov: bool
) -> Any:
    """Gradient descent with momentum, ``m = mu m - lr g``. Returns (parameters, momentums), both new.

    Notes: the learning rate goes into the momentum with the gradient, as in Keras; engines' kernels apply it later.
    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, eq. 1 to 4,
    with Nesterov's step taken from the moved point as in Bengio et al., 2012, eq. 7.
    """
    rate = _Scalars(learning_rate)

    def update(w: Any, g: Any, m: Any) -> tuple:
        change = rate.like(w) * g
        m = momentum * m - change
        return (w + (momentum * m - change) if nesterov else w + m), m

    return _each(update, parameters, gradients, momentums)


@derived
def rmsprop_update(
    parameters: Tensors,
    gradients: Tensors,
    velocities: Tensors,
    momentums: Tensors,
    averages: Tensors,
    learning_rate: Tensor,
    rho: float,
    momentum: float,
    epsilon: float,
) -> Any:
    """Divide gradients by a running root mean square. Returns (parameters, velocities, momentums, averages), all new.

    Args:
        momentums: empty where `momentum` is 0.
        averages: running means of the gradients for the centred form, else empty.

    Notes: epsilon is inside the root, ``g / sqrt(v + eps)``, as in Keras.
    Source: Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012; centred: Graves,
    "Generating Sequences With Recurrent Neural Networks", 2013, eq. 38 to 45.
    """
    rate = _Scalars(learning_rate)
    new: tuple[list, list, list, list] = ([], [], [], [])
    for i, (w, g, v) in enumerate(zip(parameters, gradients, velocities, strict=True)):
        v = rho * v + (1 - rho) * ops.square(g)
        variance = v
        if averages:
            mean = rho * averages[i] + (1 - rho) * g
            variance = v - ops.square(mean)
            new[3].append(mean)
        change = rate.like(w) * g / ops.sqrt(variance + epsilon)
        if momentums:
            change = momentum * momentums[i] + change
            new[2].append(change)
        new[0].append(w - change)
        new[1].append(v)
    return new


@derived
def adam_update(
    parameters: Tensors,
    gradients: Tensors,
    first_moments: Tensors,
    second_moments: Tensors,
    learning_rate: Tensor,
    step: Tensor,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Any:
    """Adam. Returns (parameters, first_moments, second_moments), all new.

    ``w - lr sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)``

    Notes: epsilon is added to the root before the bias is taken out, the paper's "epsilon hat", as in Keras; algorithm
    1 adds it after, which is the same as ``eps / sqrt(1 - b2^t)`` here.
    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1 and section 2.
    """
    rate = _Scalars(adam_rate(learning_rate, step, beta_1, beta_2))

    def update(w: Any, g: Any, m: Any, v: Any) -> tuple:
        m, v = _moments(g, m, v, beta_1, beta_2)
        return w - rate.like(w) * m / (ops.sqrt(v) + epsilon), m, v

    return _each(update, parameters, gradients, first_moments, second_moments)


@derived
def amsgrad_update(
    parameters: Tensors,
    gradients: Tensors,
    first_moments: Tensors,
    second_moments: Tensors,
    largest_moments: Tensors,
    learning_rate: Tensor,
    step: Tensor,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Any:
    """Adam with the largest second moment so far. Returns (parameters, first, second, largest moments), all new.

    Notes: the bias is taken out of the learning rate as in `adam_update`; the paper has no correction.
    Source: Reddi et al., "On the Convergence of Adam and Beyond", 2018, algorithm 2.
    """
    rate = _Scalars(adam_rate(learning_rate, step, beta_1, beta_2))

    def update(w: Any, g: Any, m: Any, v: Any, largest: Any) -> tuple:
        m, v = _moments(g, m, v, beta_1, beta_2)
        largest = ops.maximum(largest, v)
        return w - rate.like(w) * m / (ops.sqrt(largest) + epsilon), m, v, largest

    return _each(update, parameters, gradients, first_moments, second_moments, largest_moments)


def adam_rate(learning_rate: Any, step: Any, beta_1: float, beta_2: float) -> Any:
    # By ops: the learning rate may have another dtype than the step, which not all engines' operators allow.
    return ops.true_divide(ops.multiply(learning_rate, ops.sqrt(_bias(step, beta_2))), _bias(step, beta_1))


def _moments(g: Any, m: Any, v: Any, beta_1: float, beta_2: float) -> tuple:
    return m + (g - m) * (1 - beta_1), v + (ops.square(g) - v) * (1 - beta_2)


@derived
def adagrad_update(
    parameters: Tensors, gradients: Tensors, accumulators: Tensors, learning_rate: Tensor, epsilon: float
) -> Any:
    """Divide gradients by the root of the sum of their squares. Returns (parameters, accumulators), both new.

    Notes: epsilon is inside the root, as in Keras.
    Source: Duchi et al., "Adaptive Subgradient Methods", 2011, figure 1.
    """
    rate = _Scalars(learning_rate)

    def update(w: Any, g: Any, a: Any) -> tuple:
        a = a + ops.square(g)
        return w - rate.like(w) * g / ops.sqrt(a + epsilon), a

    return _each(update, parameters, gradients, accumulators)


@derived
def adadelta_update(
    parameters: Tensors,
    gradients: Tensors,
    squared_gradients: Tensors,
    squared_changes: Tensors,
    learning_rate: Tensor,
    rho: float,
    epsilon: float,
) -> Any:
    """Step in the proportion of past changes to past gradients. Returns (parameters, gradients' and changes' squares).

    Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012, algorithm 1; with a learning rate in addition.
    """
    rate = _Scalars(learning_rate)

    def update(w: Any, g: Any, gradient_square: Any, change_square: Any) -> tuple:
        gradient_square = rho * gradient_square + (1 - rho) * ops.square(g)
        change = -ops.sqrt(change_square + epsilon) * g / ops.sqrt(gradient_square + epsilon)
        return w + rate.like(w) * change, gradient_square, rho * change_square + (1 - rho) * ops.square(change)

    return _each(update, parameters, gradients, squared_gradients, squared_changes)


@derived
def adamax_update(
    parameters: Tensors,
    gradients: Tensors,
    first_moments: Tensors,
    norms: Tensors,
    learning_rate: Tensor,
    step: Tensor,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Any:
    """Adam with the largest gradient in place of the mean square. Returns (parameters, first_moments, norms), all new.

    Source: Kingma and Ba, "Adam", 2015, algorithm 2; epsilon keeps the division finite.
    """
    rate = _Scalars(ops.true_divide(learning_rate, _bias(step, beta_1)))

    def update(w: Any, g: Any, m: Any, u: Any) -> tuple:
        m = m + (g - m) * (1 - beta_1)
        u = ops.maximum(beta_2 * u, ops.abs(g))
        return w - rate.like(w) * m / (u + epsilon), m, u

    return _each(update, parameters, gradients, first_moments, norms)


@derived
def nadam_update(
    parameters: Tensors,
    gradients: Tensors,
    first_moments: Tensors,
    second_moments: Tensors,
    decay_product: Tensor,
    learning_rate: Tensor,
    step: Tensor,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Any:
    """Adam with Nesterov momentum. Returns (parameters, first_moments, second_moments, decay_product), all new.

    Args:
        decay_product: the product of the momentum schedule up to the step before, ``mu_1 ... mu_(t-1)``.

    Source: Dozat, "Incorporating Nesterov Momentum into Adam", 2016, algorithm 2, with the schedule
    ``mu_t = b1 (1 - 0.96^t / 2)`` of section 2.
    """
    now, after = (beta_1 * (0.5 + 0.5 * _bias(_float(step) + ahead, 0.96)) for ahead in (0, 1))
    product = decay_product * now
    scalars = _Scalars(
        learning_rate * after / (1 - product * after),
        learning_rate * (1 - now) / (1 - product),
        _bias(step, beta_2),
    )

    def update(w: Any, g: Any, m: Any, v: Any) -> tuple:
        m, v = _moments(g, m, v, beta_1, beta_2)
        by_moment, by_gradient, correction = scalars.like(w)
        return w - (by_moment * m + by_gradient * g) / (ops.sqrt(v / correction) + epsilon), m, v

    return (*_each(update, parameters, gradients, first_moments, second_moments), product)


@derived
def lion_update(
    parameters: Tensors, gradients: Tensors, momentums: Tensors, learning_rate: Tensor, beta_1: float, beta_2: float
) -> Any:
    """Step by the sign of an interpolated momentum. Returns (parameters, momentums), both new.

    Source: Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2.
    """
    rate = _Scalars(learning_rate)

    def update(w: Any, g: Any, m: Any) -> tuple:
        return w - rate.like(w) * ops.sign(beta_1 * m + (1 - beta_1) * g), beta_2 * m + (1 - beta_2) * g

    return _each(update, parameters, gradients, momentums)


@derived
def lamb_update(
    parameters: Tensors,
    gradients: Tensors,
    first_moments: Tensors,
    second_moments: Tensors,
    learning_rate: Tensor,
    step: Tensor,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Any:
    """Adam with one trust ratio for each weight. Returns (parameters, first_moments, second_moments), all new.

    Source: You et al., "Large Batch Optimization for Deep Learning", 2020, algorithm 2, with phi(z) = z.
    """
    scalars = _Scalars(learning_rate, _bias(step, beta_1), _bias(step, beta_2))

    def update(w: Any, g: Any, m: Any, v: Any) -> tuple:
        rate, correction_1, correction_2 = scalars.like(w)
        m, v = _moments(g, m, v, beta_1, beta_2)
        change = m / correction_1 / (ops.sqrt(v / correction_2) + epsilon)
        return w - rate * _trust_ratio(w, change) * change, m, v

    return _each(update, parameters, gradients, first_moments, second_moments)


def _trust_ratio(w: Any, change: Any) -> Any:
    """``|w| / |change|``, and 1 where either is 0."""
    length, step_length = ops.sqrt(ops.sum(ops.square(w))), ops.sqrt(ops.sum(ops.square(change)))
    one = ops.ones_like(length)
    defined = ops.logical_and(length > 0, step_length > 0)
    return ops.where(defined, length / ops.where(defined, step_length, one), one)


@derived
def ftrl_update(
    parameters: Tensors,
    gradients: Tensors,
    accumulators: Tensors,
    linears: Tensors,
    learning_rate: Tensor,
    learning_rate_power: float,
    l1: float,
    l2: float,
    l2_shrinkage: float,
    beta: float,
) -> Any:
    """Follow the regularized leader. Returns (parameters, accumulators, linears), all new.

    Source: McMahan et al., "Ad Click Prediction", 2013, algorithm 1; shrinkage adds ``2 s w`` to the
    gradient in the linear part only.
    """
    rates = _Scalars(learning_rate)

    def update(w: Any, g: Any, n: Any, z: Any) -> tuple:
        rate = rates.like(w)
        grown = n + ops.square(g)
        root, grown_root = (ops.power(each, -learning_rate_power) for each in (n, grown))
        z = z + (g + 2 * l2_shrinkage * w) - (grown_root - root) / rate * w
        quadratic = grown_root / rate + 2 * (l2 + beta / (2 * rate))
        return (ops.clip(z, -l1, l1) - z) / quadratic, grown, z

    return _each(update, parameters, gradients, accumulators, linears)


@derived
def adafactor_update(
    parameters: Tensors,
    gradients: Tensors,
    rows: Tensors,
    columns: Tensors,
    velocities: Tensors,
    learning_rate: Tensor,
    step: Tensor,
    beta_2_decay: float,
    epsilon_1: float,
    epsilon_2: float,
    clip_threshold: float,
) -> Any:
    """Second moments factored into row and column means. Returns (parameters, rows, columns, velocities), all new.

    A weight with two or more axes gets its velocity from its row and column; another one keeps them as they are.

    Source: Shazeer and Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018, algorithms 4 to 6.
    """
    step = _float(step)
    bound = ops.minimum(learning_rate, 1 / ops.sqrt(step))
    scalars = _Scalars(bound, 1 - ops.power(step, ops.full_like(step, beta_2_decay)))

    def update(w: Any, g: Any, row: Any, column: Any, velocity: Any) -> tuple:
        rho, decay = scalars.like(w)
        squares = ops.square(g) + epsilon_1
        if len(shape_of(w)) >= 2:
            row = decay * row + (1 - decay) * ops.mean(squares, axis=-1)
            column = decay * column + (1 - decay) * ops.mean(squares, axis=-2)
            share = ops.expand_dims(row / ops.mean(row, axis=-1, keepdims=True), -1)
            velocity = share * ops.expand_dims(column, -2)
        else:
            velocity = decay * velocity + (1 - decay) * squares
        change = g / ops.sqrt(velocity)
        change = change / ops.maximum(1, _root_mean_square(change) / clip_threshold)
        scale = ops.maximum(epsilon_2, _root_mean_square(w))
        return w - rho * scale * change, row, column, velocity

    return _each(update, parameters, gradients, rows, columns, velocities)


def _root_mean_square(x: Any) -> Any:
    return ops.sqrt(ops.mean(ops.square(x)))


@derived
def weight_decay_update(parameters: Tensors, learning_rate: Tensor, weight_decay: float) -> Any:
    """Decoupled weight decay, ``w - lr wd w``. Returns the new parameters.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2.
    """
    rate = _Scalars(learning_rate)
    return [w - w * (rate.like(w) * weight_decay) for w in parameters]


@derived
def moving_average_update(averages: Tensors, values: Tensors, momentum: Tensor) -> Any:
    """Exponential moving average, ``mu a + (1 - mu) v``. Returns the new averages."""
    momentums = _Scalars(momentum)
    return [momentums.like(a) * a + (1 - momentums.like(a)) * v for a, v in zip(averages, values, strict=True)]


@derived
def clip_each_by_norm(gradients: Tensors, clipnorm: float) -> Any:
    """Scale each gradient whose Euclidean norm is above `clipnorm` down to it."""
    return [g * (clipnorm / ops.maximum(ops.sqrt(ops.sum(ops.square(g))), clipnorm)) for g in gradients]


@derived
def clip_by_global_norm(gradients: Tensors, clipnorm: float) -> Any:
    """Scale all gradients so that the Euclidean norm of all of them together is at most `clipnorm`.

    Source: Pascanu et al., "On the difficulty of training recurrent neural networks", 2013, algorithm 1.
    """
    total = sum(ops.cast(ops.sum(ops.square(g)), "float32") for g in gradients)
    scale = _Scalars(clipnorm / ops.maximum(ops.sqrt(total), clipnorm))
    return [g * scale.like(g) for g in gradients]
