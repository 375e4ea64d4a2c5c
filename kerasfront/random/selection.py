"""Draws that choose among what is there: classes by their logits, elements to keep, an order."""

import functools
import numbers
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront import dtypes, errors, ops
from kerasfront.backend import dispatch, registry, symbolic
from kerasfront.backend.contract import Backend
from kerasfront.random.bits import from_quantiles, working_dtype
from kerasfront.random.generator import STREAM_PERMUTATION
from kerasfront.state.seed import draw_seed


def _recorded(infer: Callable) -> Callable:
    """Make a sampler of a tensor work on symbolic ones: a node of the graph, and no key is drawn for it.

    Args:
        infer: from the sampler's arguments to the (shape, dtype) of its result.
    """

    def decorate(sampler: Callable) -> Callable:
        @functools.wraps(sampler)
        def public(x: Any, *args: Any, **kwargs: Any) -> Any:
            if not isinstance(x, symbolic.KerasTensor):
                with registry.scope(_backend_of(x)):
                    return sampler(x, *args, **kwargs)
            make = lambda: symbolic.KerasTensor(*infer(x, *args, **kwargs))  # noqa: E731
            return symbolic.record(public, make, (x, *args), kwargs)

        return public

    return decorate


def _backend_of(x: Any) -> Backend:
    """The engine that draws for a value: its own, or the active one for host data."""
    owner = dispatch.owner_of(x)
    if owner is dispatch.VARIABLE:
        return x.backend
    return registry.active() if owner is dispatch.WEAK else owner


def _dropout_result(inputs: Any, rate: Any, noise_shape: Any = None, seed: Any = None) -> tuple:
    _checked_rate(rate)
    return inputs.shape, dtypes.float_type(inputs.dtype)


@_recorded(_dropout_result)
def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Set elements to zero at random, and scale the others by 1 / (1 - rate).

    Shapes: inputs (...) -> (...).
    Dtypes: floats keep theirs; integers become the default float type.

    Args:
        inputs: the tensor.
        rate: the probability to be dropped, from 0 to 1.
        noise_shape: the shape of the mask, which broadcasts to that of the inputs; None stands for an axis as long as
            the inputs'. A size of 1 drops or keeps the whole axis together.
        seed: an integer for the same mask each time, a `SeedGenerator` for the next of a series, or None.

    Returns:
        The inputs with zeros; the mask is the same on every engine. Dropped elements are zero even where the input
        is infinite or NaN.

    Raises:
        ValueError: `rate` outside [0, 1], a `noise_shape` that does not broadcast.

    Source: N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting" (2014).

    Example:
        >>> import kerasfront as keras
        >>> x = keras.ops.convert_to_numpy(keras.random.dropout(keras.ops.ones((1000,)), 0.25, seed=7))
        >>> bool(abs((x == 0).mean() - 0.25) < 0.05)
        True
    """
    rate = _checked_rate(rate)
    dtype = dtypes.float_type(dispatch.dtype_of(inputs))
    inputs = ops.cast(inputs, dtype)
    if rate == 0.0:
        return inputs
    shape = mask_shape(tuple(ops.shape(inputs)), noise_shape, "random.dropout")
    if rate == 1.0:
        return ops.zeros_like(inputs)
    # The bits are an int32 whose values are equally likely, so a comparison keeps the fraction 1 - rate of them.
    keep = ops.greater_equal(ops.random_bits(draw_seed(seed), shape), min(round(rate * 2**32), 2**32 - 1) - 2**31)
    return ops.where(keep, ops.multiply(inputs, 1.0 / (1.0 - rate)), 0.0)


def _checked_rate(rate: Any) -> float:
    if isinstance(rate, bool) or not isinstance(rate, (int, float, np.number)) or not 0 <= rate <= 1:
        raise errors.OpError(
            f"random.dropout: rate is out of range. Expected a number from 0 to 1; got {rate!r}. Correct rate."
        )
    return float(rate)


def mask_shape(shape: tuple, noise_shape: Any, where: str) -> tuple:
    """Return the shape of a mask for inputs of a shape: `noise_shape` with the own sizes where it has None.

    Args:
        where: who asks, for the error.

    Raises:
        OpError: `noise_shape` does not broadcast to the inputs.
    """
    if noise_shape is None:
        return shape
    given = tuple(noise_shape)
    mask = tuple(size if given_size is None else given_size for size, given_size in zip(shape, given, strict=False))
    if len(given) != len(shape) or any(size not in (1, whole) for size, whole in zip(mask, shape, strict=True)):
        raise errors.OpError(
            f"{where}: noise_shape {given} does not broadcast to the inputs. "
            "Expected for each axis 1, None or the "
            f"size of the inputs, whose shape is {shape}. Correct noise_shape."
        )
    return mask


def _categorical_result(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> tuple:
    _check_categorical(logits.shape, num_samples)
    return (logits.shape[0], num_samples), dtypes.standardize_dtype(dtype)


def _check_categorical(shape: tuple, num_samples: Any) -> None:
    if len(shape) != 2 or shape[1] == 0:
        raise errors.OpError(
            f"random.categorical: logits have the wrong shape. Expected (batch, classes); got {tuple(shape)}. "
            "Reshape the logits."
        )
    if isinstance(num_samples, bool) or not isinstance(num_samples, numbers.Integral) or num_samples < 0:
        raise errors.OpError(
            f"random.categorical: num_samples is {num_samples!r}. Expected a non-negative integer. Correct num_samples."
        )


@_recorded(_categorical_result)
def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Draw classes with probabilities softmax(logits).

    Shapes: logits (batch, classes) -> (batch, num_samples).
    Dtypes: floats -> `dtype`.

    Args:
        logits: unnormalized log-probabilities; -inf for a class that never comes.
        num_samples: how many to draw for each row.
        dtype: an integer type.
        seed: an integer for the same draw each time, a `SeedGenerator` for the next of a series, or None.

    Returns:
        Class numbers. Engines that hold the same logits draw the same classes: the noise has equal bits, and one sum
        and a comparison follow. Logits that differ in rounding draw another class with about that probability.

    Raises:
        ValueError: logits that are no matrix, or have no class.

    Source: the Gumbel-max trick, E. J. Gumbel, "Statistical Theory of Extreme Values" (1954).

    Example:
        >>> import kerasfront as keras
        >>> keras.ops.convert_to_numpy(keras.random.categorical([[0.0, 100.0]], 3, seed=7)).tolist()
        [[1, 1, 1]]
    """
    dtype = dtypes.standardize_dtype(dtype)
    shape = tuple(ops.shape(logits))
    _check_categorical(shape, num_samples)
    working = working_dtype(dispatch.dtype_of(logits))
    noise = from_quantiles(ops, draw_seed(seed), (shape[0], int(num_samples), shape[1]), "gumbel", working)
    chosen = ops.argmax(ops.add(ops.expand_dims(ops.cast(logits, working), 1), noise), axis=-1)
    return ops.cast(chosen, dtype)


def _shuffle_result(x: Any, axis: int = 0, seed: Any = None) -> tuple:
    dispatch.normalize_axis(axis, len(x.shape), "random.shuffle")
    return x.shape, x.dtype


@_recorded(_shuffle_result)
def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """Put the slices along an axis into a random order.

    Shapes: x (...) -> (...).

    Args:
        x: the tensor.
        axis: along which to shuffle.
        seed: an integer for the same order each time, a `SeedGenerator` for the next of a series, or None.

    Returns:
        The slices in an order that is the same on every engine, and that of `generator.host_permutation`.

    Raises:
        ValueError: no such axis.

    Example:
        >>> import kerasfront as keras
        >>> sorted(keras.ops.convert_to_numpy(keras.random.shuffle([1, 2, 3, 4], seed=7)).tolist())
        [1, 2, 3, 4]
    """
    shape = tuple(ops.shape(x))
    axis = dispatch.normalize_axis(axis, len(shape), "random.shuffle")
    bits = ops.random_bits(draw_seed(seed), (shape[axis],), STREAM_PERMUTATION)
    return ops.take(x, ops.argsort(bits, axis=0), axis=axis)
