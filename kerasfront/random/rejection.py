"""Gamma, beta and binomial draws by rejection with a fixed number of rounds, so that compiled graphs can hold them.

The uniform and normal numbers inside are the same bits on every engine; logarithms and exponentials are the engine's.
So results agree to rounding, except where an acceptance hangs on the last bit (about one draw in 10^6), which takes
another round's proposal.
"""

from typing import Any

import numpy as np

from kerasfront import ops
from kerasfront.random.arguments import carry_out, checked_shape, float_dtype, parameter
from kerasfront.random.bits import from_quantiles, rounded_to, unit_interval, working_dtype

# At least 95 of 100 gamma proposals are accepted, so all of these fail once in 10^10 draws.
_GAMMA_ROUNDS = 8
# About 7 of 10 binomial proposals are accepted at worst, so all of these fail once in 10^8 draws.
_BINOMIAL_ROUNDS = 16
# A binomial of mean below 10 exceeds this once in 10^11 draws.
_INVERSION_STEPS = 40
_INVERSION_MEAN = 10.0

_FIRST_STREAM = 2
_SECOND_GAMMA = 20  # the streams of the second gamma of a beta draw


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Draw from the gamma distribution with scale 1.

    Args:
        shape: of the result.
        alpha: the shape parameter, positive: a number, or a tensor that broadcasts to the shape.
        dtype: a float type, the default for None.
        seed: an integer for the same draw each time, a `SeedGenerator` for the next of a series, or None.

    Returns:
        Non-negative numbers, equal to rounding on every engine.

    Raises:
        ValueError: `alpha` not positive, a bad shape or dtype.

    Source: G. Marsaglia and W. W. Tsang, "A Simple Method for Generating Gamma Variables" (2000); 8 rounds at most.

    Example:
        >>> import kerasfront as keras
        >>> x = keras.ops.convert_to_numpy(keras.random.gamma((10000,), alpha=3.0, seed=7))
        >>> bool(abs(x.mean() - 3) < 0.1)
        True
    """
    shape, dtype = checked_shape("gamma", shape), float_dtype("gamma", dtype)
    alpha = _positive("gamma", "alpha", alpha, dtype)
    return carry_out(_gamma, shape, dtype, (alpha,), seed)


def _positive(name: str, label: str, value: Any, dtype: str) -> Any:
    return parameter(
        name, label, value, working_dtype(dtype), "positive finite numbers", lambda a: (a > 0) & np.isfinite(a)
    )


def _gamma(words: Any, shape: tuple, dtype: str, alpha: Any) -> Any:
    body, boost = _gamma_parts(words, shape, working_dtype(dtype), alpha, _FIRST_STREAM)
    return rounded_to(ops.multiply(body, ops.exp(boost)), dtype)


def _gamma_parts(words: Any, shape: tuple, dtype: str, alpha: Any, stream: int) -> tuple[Any, Any]:
    """A gamma draw as `body * exp(boost)`: for alpha below 1 the second factor may underflow."""
    alpha = ops.convert_to_tensor(alpha, dtype)
    below_one = ops.less(alpha, 1.0)
    d = ops.subtract(ops.where(below_one, ops.add(alpha, 1.0), alpha), 1.0 / 3.0)
    c = ops.divide(1.0, ops.sqrt(ops.multiply(d, 9.0)))
    body = ops.broadcast_to(d, shape)
    for step in reversed(range(_GAMMA_ROUNDS)):  # the first accepted proposal is written last
        x = from_quantiles(words, shape, "normal", dtype, stream + 2 * step)
        minus_log_u = from_quantiles(words, shape, "exponential", dtype, stream + 2 * step + 1)
        root = ops.add(ops.multiply(c, x), 1.0)
        v = ops.multiply(ops.multiply(root, root), root)
        safe = ops.where(ops.greater(v, 0.0), v, 1.0)
        bound = ops.add(
            ops.multiply(ops.multiply(x, x), 0.5), ops.multiply(d, ops.add(ops.subtract(1.0, v), ops.log(safe)))
        )
        accepted = ops.logical_and(ops.greater(v, 0.0), ops.greater(ops.add(bound, minus_log_u), 0.0))
        body = ops.where(accepted, ops.multiply(d, v), body)
    # Gamma(alpha) is Gamma(alpha + 1) * U^(1 / alpha).
    minus_log_u = from_quantiles(words, shape, "exponential", dtype, stream + 2 * _GAMMA_ROUNDS)
    return body, ops.where(below_one, ops.negative(ops.divide(minus_log_u, alpha)), 0.0)


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Draw from the beta distribution.

    Args:
        shape: of the result.
        alpha: the first shape parameter, positive: a number, or a tensor that broadcasts to the shape.
        beta: the second one.
        dtype: a float type, the default for None.
        seed: an integer for the same draw each time, a `SeedGenerator` for the next of a series, or None.

    Returns:
        Numbers from 0 to 1, equal to rounding on every engine.

    Raises:
        ValueError: a parameter not positive, a bad shape or dtype.

    Source: X / (X + Y) of two gamma draws, in logarithms, so that tiny parameters do not give 0 / 0.

    Example:
        >>> import kerasfront as keras
        >>> x = keras.ops.convert_to_numpy(keras.random.beta((10000,), 1.0, 3.0, seed=7))
        >>> bool(abs(x.mean() - 0.25) < 0.01)
        True
    """
    shape, dtype = checked_shape("beta", shape), float_dtype("beta", dtype)
    alpha, beta = _positive("beta", "alpha", alpha, dtype), _positive("beta", "beta", beta, dtype)
    return carry_out(_beta, shape, dtype, (alpha, beta), seed)


def _beta(words: Any, shape: tuple, dtype: str, alpha: Any, beta: Any) -> Any:
    working = working_dtype(dtype)
    x, x_boost = _gamma_parts(words, shape, working, alpha, _FIRST_STREAM)
    y, y_boost = _gamma_parts(words, shape, working, beta, _FIRST_STREAM + _SECOND_GAMMA)
    log_odds = ops.add(ops.log(ops.divide(x, y)), ops.subtract(x_boost, y_boost))
    return rounded_to(ops.sigmoid(log_odds), dtype)


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Draw the number of successes in so many independent trials.

    Args:
        shape: of the result.
        counts: the number of trials, whole and not negative: a number, or a tensor that broadcasts to the shape. Exact
            up to about 10^6 for float32.
        probabilities: of success, from 0 to 1.
        dtype: a float type, the default for None.
        seed: an integer for the same draw each time, a `SeedGenerator` for the next of a series, or None.

    Returns:
        Whole numbers from 0 to counts, equal on every engine but for draws that hang on a last bit.

    Raises:
        ValueError: negative `counts`, `probabilities` outside [0, 1], a bad shape or dtype.

    Source: W. Hörmann, "The generation of binomial random variates" (1993), algorithm BTRS, 16 rounds at most;
        inversion where the mean is below 10.

    Example:
        >>> import kerasfront as keras
        >>> x = keras.ops.convert_to_numpy(keras.random.binomial((10000,), 20, 0.5, seed=7))
        >>> bool(abs(x.mean() - 10) < 0.1)
        True
    """
    shape, dtype = checked_shape("binomial", shape), float_dtype("binomial", dtype)
    working = working_dtype(dtype)
    whole = parameter(
        "binomial", "counts", counts, working, "whole numbers >= 0", lambda a: (a >= 0) & (a == np.floor(a))
    )
    chance = parameter(
        "binomial", "probabilities", probabilities, working, "numbers from 0 to 1", lambda a: (a >= 0) & (a <= 1)
    )
    return carry_out(_binomial, shape, dtype, (whole, chance), seed)


def _binomial(words: Any, shape: tuple, dtype: str, counts: Any, probabilities: Any) -> Any:
    working = working_dtype(dtype)
    n = ops.broadcast_to(ops.convert_to_tensor(counts, working), shape)
    p = ops.broadcast_to(ops.convert_to_tensor(probabilities, working), shape)
    flipped = ops.greater(p, 0.5)
    q = ops.where(flipped, ops.subtract(1.0, p), p)
    few = ops.less(ops.multiply(n, q), _INVERSION_MEAN)
    # Each method runs on all elements, with harmless parameters where the other one's result is taken.
    by_inversion = _inversion(words, shape, working, ops.where(few, n, 0.0), q)
    by_rejection = _btrs(words, shape, working, ops.where(few, 40.0, n), ops.where(few, 0.5, q))
    successes = ops.where(few, by_inversion, by_rejection)
    return rounded_to(ops.where(flipped, ops.subtract(n, successes), successes), dtype)


def _inversion(words: Any, shape: tuple, dtype: str, n: Any, q: Any) -> Any:
    """Count the values of the distribution function below one uniform draw."""
    left = unit_interval(words, shape, dtype)
    odds = ops.divide(q, ops.subtract(1.0, q))
    chance = ops.exp(ops.multiply(n, ops.log1p(ops.negative(q))))
    successes = ops.zeros(shape, dtype=dtype)
    for k in range(_INVERSION_STEPS):
        left = ops.subtract(left, chance)
        successes = ops.add(successes, ops.cast(ops.greater_equal(left, 0.0), dtype))
        chance = ops.multiply(chance, ops.multiply(ops.divide(ops.maximum(ops.subtract(n, k), 0.0), k + 1.0), odds))
    return ops.minimum(successes, n)


def _btrs(words: Any, shape: tuple, dtype: str, n: Any, q: Any) -> Any:
    """Transformed rejection for n * q >= 10 and q <= 1/2."""
    spread = ops.sqrt(ops.multiply(ops.multiply(n, q), ops.subtract(1.0, q)))
    b = ops.add(ops.multiply(spread, 2.53), 1.15)
    a = ops.add(ops.add(ops.multiply(b, 0.0248), ops.multiply(q, 0.01)), -0.0873)
    center = ops.add(ops.multiply(n, q), 0.5)
    height = ops.multiply(ops.add(ops.divide(5.1, b), 2.83), spread)
    mode = ops.floor(ops.multiply(ops.add(n, 1.0), q))
    successes = mode
    for step in reversed(range(_BINOMIAL_ROUNDS)):  # the first accepted proposal is written last
        u = ops.subtract(unit_interval(words, shape, dtype, _FIRST_STREAM + 2 * step), 0.5)
        minus_log_v = from_quantiles(words, shape, "exponential", dtype, _FIRST_STREAM + 2 * step + 1)
        us = ops.maximum(ops.subtract(0.5, ops.abs(u)), 2.0**-25)
        k = ops.floor(ops.add(ops.multiply(ops.add(ops.divide(ops.multiply(a, 2.0), us), b), u), center))
        within = ops.logical_and(ops.greater_equal(k, 0.0), ops.less_equal(k, n))
        k = ops.where(within, k, mode)
        scale = ops.log(ops.divide(height, ops.add(ops.divide(a, ops.multiply(us, us)), b)))
        below = ops.less_equal(ops.subtract(scale, minus_log_v), _log_ratio(n, q, mode, k))
        successes = ops.where(ops.logical_and(within, below), k, successes)
    return successes


def _log_ratio(n: Any, q: Any, mode: Any, k: Any) -> Any:
    """log of P(k) / P(mode) for the binomial distribution, by Stirling's series."""
    odds = ops.divide(q, ops.subtract(1.0, q))
    mode_left = ops.add(ops.subtract(n, mode), 1.0)
    k_left = ops.add(ops.subtract(n, k), 1.0)
    at_mode = ops.multiply(ops.add(mode, 0.5), ops.log(ops.divide(ops.add(mode, 1.0), ops.multiply(odds, mode_left))))
    at_k = ops.multiply(ops.add(k, 0.5), ops.log(ops.divide(ops.multiply(odds, k_left), ops.add(k, 1.0))))
    between = ops.multiply(ops.add(n, 1.0), ops.log1p(ops.divide(ops.subtract(k, mode), k_left)))
    corrections = ops.add(_stirling_rest(mode), _stirling_rest(ops.subtract(n, mode)))
    corrections = ops.subtract(corrections, ops.add(_stirling_rest(k), _stirling_rest(ops.subtract(n, k))))
    return ops.add(ops.add(at_mode, at_k), ops.add(between, corrections))


def _stirling_rest(k: Any) -> Any:
    """log(k!) - log(sqrt(2 pi)) - (k + 1/2) log(k + 1) + (k + 1), to 3e-4 for k = 0 and 2e-6 above."""
    inverse = ops.divide(1.0, ops.add(k, 1.0))
    square = ops.multiply(inverse, inverse)
    series = ops.subtract(1.0 / 1260.0, ops.multiply(square, 1.0 / 1680.0))
    series = ops.subtract(1.0 / 360.0, ops.multiply(square, series))
    return ops.multiply(inverse, ops.subtract(1.0 / 12.0, ops.multiply(square, series)))
