"""Gamma, beta and binomial draws by rejection with a fixed number of rounds, so that compiled graphs can hold them.

All rounds are drawn at once, along a first axis; the first accepted proposal counts. An acceptance may hang on a last
bit, so all arithmetic is that of `exact`, which has the same bits on every engine.
"""

from typing import Any

import numpy as np

from kerasfront.random.arguments import carry_out, checked_shape, float_dtype, parameter
from kerasfront.random.bits import from_quantiles, rounded_to, unit_interval, working_dtype
from kerasfront.random.exact import Exact

# At least 95 of 100 gamma proposals are accepted, so all of these fail once in 10^10 draws.
_GAMMA_ROUNDS = 8
# About 7 of 10 binomial proposals are accepted at worst, so all of these fail once in 10^8 draws.
_BINOMIAL_ROUNDS = 16
# A binomial of mean below 10 exceeds this once in 10^11 draws.
_INVERSION_STEPS = 40
_INVERSION_MEAN = 10.0

_FIRST_STREAM = 2
_SECOND_GAMMA = 20  # the streams of the second gamma of a beta draw
# Shape parameters are taken to these bounds: beyond them a gamma draw is 0, or the parameter itself, but for rounding.
_LEAST, _MOST = 1e-30, 1e30


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Draw from the gamma distribution with scale 1.

    Args:
        shape: of the result.
        alpha: the shape parameter, positive: a number, or a tensor that broadcasts to the shape.
        dtype: a float type, the default for None.
        seed: an integer for the same draw each time, a `SeedGenerator` for the next of a series, or None.

    Returns:
        Non-negative numbers, the same bits on every engine.

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


def _gamma(xp: Any, words: Any, shape: tuple, dtype: str, alpha: Any) -> Any:
    exact = Exact(xp, working_dtype(dtype))
    body, boost = _gamma_parts(exact, words, shape, working_dtype(dtype), alpha, _FIRST_STREAM)
    return rounded_to(xp, exact.multiply(body, exact.exp(boost)), dtype)


def _first_accepted(xp: Any, proposals: Any, accepted: Any, otherwise: Any) -> Any:
    """Return the proposal of the first round, along axis 0, that was accepted."""
    chosen = otherwise
    for step in reversed(range(proposals.shape[0])):
        chosen = xp.where(accepted[step], proposals[step], chosen)
    return chosen


def _gamma_parts(xp: Exact, words: Any, shape: tuple, dtype: str, alpha: Any, stream: int) -> tuple[Any, Any]:
    """A gamma draw as `body * exp(boost)`: for alpha below 1 the second factor may underflow."""
    alpha = xp.minimum(xp.maximum(xp.convert_to_tensor(alpha, dtype), _LEAST), _MOST)
    below_one = xp.less(alpha, 1.0)
    d = xp.subtract(xp.where(below_one, xp.add(alpha, 1.0), alpha), 1.0 / 3.0)
    c = xp.reciprocal(xp.sqrt(xp.multiply(d, 9.0)))
    rounds = (_GAMMA_ROUNDS, *shape)
    x = from_quantiles(xp.plain, words, rounds, "normal", dtype, stream)
    minus_log_u = from_quantiles(xp.plain, words, rounds, "exponential", dtype, stream + 1)
    root = xp.add(xp.multiply(c, x), 1.0)
    v = xp.multiply(xp.multiply(root, root), root)
    positive = xp.greater(v, _LEAST)
    log_v = xp.log(xp.where(positive, v, 1.0))
    bound = xp.add(xp.multiply(xp.multiply(x, x), 0.5), xp.multiply(d, xp.add(xp.subtract(1.0, v), log_v)))
    accepted = xp.logical_and(positive, xp.greater(xp.add(bound, minus_log_u), 0.0))
    body = _first_accepted(xp, xp.multiply(d, v), accepted, xp.broadcast_to(d, shape))
    # Gamma(alpha) is Gamma(alpha + 1) * U^(1 / alpha).
    minus_log_u = from_quantiles(xp.plain, words, shape, "exponential", dtype, stream + 2)
    return body, xp.where(below_one, xp.negative(xp.divide(minus_log_u, alpha)), 0.0)


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Draw from the beta distribution.

    Args:
        shape: of the result.
        alpha: the first shape parameter, positive: a number, or a tensor that broadcasts to the shape.
        beta: the second one.
        dtype: a float type, the default for None.
        seed: an integer for the same draw each time, a `SeedGenerator` for the next of a series, or None.

    Returns:
        Numbers from 0 to 1, the same bits on every engine.

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


def _beta(xp: Any, words: Any, shape: tuple, dtype: str, alpha: Any, beta: Any) -> Any:
    working = working_dtype(dtype)
    exact = Exact(xp, working)
    x, x_boost = _gamma_parts(exact, words, shape, working, alpha, _FIRST_STREAM)
    y, y_boost = _gamma_parts(exact, words, shape, working, beta, _FIRST_STREAM + _SECOND_GAMMA)
    log_odds = exact.add(exact.subtract(exact.log(x), exact.log(y)), exact.subtract(x_boost, y_boost))
    return rounded_to(xp, exact.sigmoid(log_odds), dtype)


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
        Whole numbers from 0 to counts, the same on every engine.

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


def _binomial(xp: Any, words: Any, shape: tuple, dtype: str, counts: Any, probabilities: Any) -> Any:
    working = working_dtype(dtype)
    exact = Exact(xp, working)
    n = xp.broadcast_to(xp.convert_to_tensor(counts, working), shape)
    p = xp.broadcast_to(xp.convert_to_tensor(probabilities, working), shape)
    flipped = xp.greater(p, 0.5)
    q = xp.where(flipped, exact.subtract(1.0, p), p)
    few = xp.less(exact.multiply(n, q), _INVERSION_MEAN)
    # Each method runs on all elements, with harmless parameters where the other one's result is taken.
    by_inversion = _inversion(exact, words, shape, working, xp.where(few, n, 0.0), q)
    by_rejection = _btrs(exact, words, shape, working, xp.where(few, 40.0, n), xp.where(few, 0.5, q))
    successes = xp.where(few, by_inversion, by_rejection)
    return rounded_to(xp, xp.where(flipped, exact.subtract(n, successes), successes), dtype)


def _inversion(xp: Exact, words: Any, shape: tuple, dtype: str, n: Any, q: Any) -> Any:
    """Count the values of the distribution function below one uniform draw."""
    left = unit_interval(xp.plain, words, shape, dtype)
    odds = xp.divide(q, xp.subtract(1.0, q))
    chance = xp.exp(xp.multiply(n, xp.log1p(xp.negative(q))))
    successes = xp.zeros(shape, dtype=dtype)
    for k in range(_INVERSION_STEPS):
        left = xp.subtract(left, chance)
        successes = xp.add(successes, xp.cast(xp.greater_equal(left, 0.0), dtype))
        more = xp.multiply(xp.multiply(xp.maximum(xp.subtract(n, k), 0.0), 1.0 / (k + 1.0)), odds)
        chance = _normal_or_zero(xp, xp.multiply(chance, more))
    return xp.minimum(successes, n)


def _normal_or_zero(xp: Exact, x: Any) -> Any:
    """Zero in place of numbers so small that some engines round them to zero."""
    return xp.where(xp.less(x, _LEAST), 0.0, x)


def _btrs(xp: Exact, words: Any, shape: tuple, dtype: str, n: Any, q: Any) -> Any:
    """Transformed rejection for n * q >= 10 and q <= 1/2."""
    spread = xp.sqrt(xp.multiply(xp.multiply(n, q), xp.subtract(1.0, q)))
    b = xp.add(xp.multiply(spread, 2.53), 1.15)
    a = xp.add(xp.add(xp.multiply(b, 0.0248), xp.multiply(q, 0.01)), -0.0873)
    center = xp.add(xp.multiply(n, q), 0.5)
    height = xp.multiply(xp.add(xp.multiply(xp.reciprocal(b), 5.1), 2.83), spread)
    mode = xp.floor(xp.multiply(xp.add(n, 1.0), q))
    rounds = (_BINOMIAL_ROUNDS, *shape)
    u = xp.subtract(unit_interval(xp.plain, words, rounds, dtype, _FIRST_STREAM), 0.5)
    minus_log_v = from_quantiles(xp.plain, words, rounds, "exponential", dtype, _FIRST_STREAM + 1)
    us = xp.maximum(xp.subtract(0.5, xp.abs(u)), 2.0**-25)
    k = xp.floor(xp.add(xp.multiply(xp.add(xp.divide(xp.multiply(a, 2.0), us), b), u), center))
    within = xp.logical_and(xp.greater_equal(k, 0.0), xp.less_equal(k, n))
    k = xp.where(within, k, mode)
    scale = xp.log(xp.divide(height, xp.add(xp.divide(a, xp.multiply(us, us)), b)))
    below = xp.less_equal(xp.subtract(scale, minus_log_v), _log_ratio(xp, n, q, mode, k))
    return _first_accepted(xp, k, xp.logical_and(within, below), mode)


def _log_ratio(xp: Exact, n: Any, q: Any, mode: Any, k: Any) -> Any:
    """log of P(k) / P(mode) for the binomial distribution, by Stirling's series."""
    odds = xp.divide(q, xp.subtract(1.0, q))
    mode_left = xp.add(xp.subtract(n, mode), 1.0)
    k_left = xp.add(xp.subtract(n, k), 1.0)
    at_mode = xp.multiply(xp.add(mode, 0.5), xp.log(xp.divide(xp.add(mode, 1.0), xp.multiply(odds, mode_left))))
    at_k = xp.multiply(xp.add(k, 0.5), xp.log(xp.divide(xp.multiply(odds, k_left), xp.add(k, 1.0))))
    between = xp.multiply(xp.add(n, 1.0), xp.log1p(xp.divide(xp.subtract(k, mode), k_left)))
    corrections = xp.add(_stirling_rest(xp, mode), _stirling_rest(xp, xp.subtract(n, mode)))
    corrections = xp.subtract(corrections, xp.add(_stirling_rest(xp, k), _stirling_rest(xp, xp.subtract(n, k))))
    return xp.add(xp.add(at_mode, at_k), xp.add(between, corrections))


def _stirling_rest(xp: Exact, k: Any) -> Any:
    """log(k!) - log(sqrt(2 pi)) - (k + 1/2) log(k + 1) + (k + 1), to 3e-4 for k = 0 and 2e-6 above."""
    inverse = xp.reciprocal(xp.add(k, 1.0))
    square = xp.multiply(inverse, inverse)
    series = xp.subtract(1.0 / 1260.0, xp.multiply(square, 1.0 / 1680.0))
    series = xp.subtract(1.0 / 360.0, xp.multiply(square, series))
    return xp.multiply(inverse, xp.subtract(1.0 / 12.0, xp.multiply(square, series)))
