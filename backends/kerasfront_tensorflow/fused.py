"""Native versions of derived ops, where TensorFlow has one kernel for what would be several small ops."""

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from kerasfront.ops import activations, indexing, linear_algebra, movement, optimizer_updates, recurrent
from kerasfront_tensorflow.ops.indexing import sort_key
from kerasfront_tensorflow.ops.kernel import BOOL, HALVES, INTEGERS, widened
from kerasfront_tensorflow.ops.relu import relu as relu
from kerasfront_tensorflow.variables import handles_of, read

greater = widened(tf.greater, BOOL)
greater_equal = widened(tf.greater_equal, BOOL)
not_equal = tf.not_equal
logical_xor = tf.math.logical_xor
rsqrt = tf.math.rsqrt
reciprocal = tf.math.reciprocal
isinf = tf.math.is_inf
sigmoid = tf.sigmoid
silu = tf.nn.silu
softplus = tf.nn.softplus
divide_no_nan = tf.math.divide_no_nan


def softmax(x: Any, axis: Any = -1) -> Any:
    return tf.nn.softmax(x, axis) if isinstance(axis, int) else activations.softmax.op.body(x, axis)


def log_softmax(x: Any, axis: Any = -1) -> Any:
    return tf.nn.log_softmax(x, axis) if isinstance(axis, int) else activations.log_softmax.op.body(x, axis)


def square(x: Any) -> Any:
    return widened(tf.square, INTEGERS)(tf.cast(x, tf.int32) if x.dtype == tf.bool else x)


def mean(x: Any, axis: tuple, keepdims: bool = False) -> Any:
    if x.dtype in (tf.float16, tf.bfloat16):
        return tf.cast(tf.reduce_mean(tf.cast(x, tf.float32), axis, keepdims), x.dtype)
    return tf.reduce_mean(x, axis, keepdims)


def expand_dims(x: Any, axis: Any) -> Any:
    if isinstance(axis, int) and -len(x.shape) - 1 <= axis <= len(x.shape):
        return tf.expand_dims(x, axis)
    return movement.expand_dims.op.body(x, axis)


def stack(x: list, axis: Any = 0) -> Any:
    return tf.stack(x, axis) if len({one.dtype for one in x}) == 1 else movement.stack.op.body(x, axis)


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    # Parts by slicing have gradients of the size of the whole, which are added up.
    size, parts = x.shape[axis], indices_or_sections
    if type(parts) is int and size and parts > 0 and size % parts == 0:
        return tf.split(x, parts, axis)
    return movement.split.op.body(x, parts, axis)


def unstack(x: Any, num: int | None = None, axis: int = 0) -> Any:
    return tf.unstack(x, num, axis) if num or x.shape[axis] else movement.unstack.op.body(x, num, axis)


def top_k(x: Any, k: int, sorted: bool = True) -> Any:
    if not x.shape or not 0 < k <= x.shape[-1]:
        return indexing.top_k.op.body(x, k, sorted)
    places = tf.math.top_k(sort_key(x), k).indices
    return tf.gather(x, places, batch_dims=len(x.shape) - 1), places


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    if sparse or not -len(x.shape) - 1 <= axis <= len(x.shape):
        return indexing.one_hot.op.body(x, num_classes, axis, dtype, sparse)
    on, off = tf.cast(1, dtype or "float32"), tf.cast(0, dtype or "float32")
    return tf.one_hot(tf.cast(x, tf.int32), num_classes, on, off, axis % (len(x.shape) + 1))


def slogdet(x: Any) -> Any:
    # The body's factors take one step for each row. A traced call may go to XLA, which has no kernel for determinants.
    if not tf.executing_eagerly():
        return linear_algebra.slogdet.op.body(x)
    return widened(lambda x: tuple(tf.linalg.slogdet(x)), HALVES)(x)


def _product_inside(inputs: Any) -> bool:
    # Inside the loop of a graph the product of the inputs saves memory, and costs a gradient of the kernel for each
    # step. Measured with TensorFlow 2.21, forward and backward, outside and inside, in ms, for (batch, time, features,
    # units): (64, 80, 32, 128) 34 and 26, (256, 20, 32, 128) 21 and 18, (32, 200, 64, 64) 25 and 24,
    # (64, 40, 256, 256) 50 and 53, (8, 80, 256, 256) 20 and 26.
    size, _, features = inputs.shape
    return not tf.executing_eagerly() and size is not None and features <= size


lstm = functools.partial(recurrent.lstm_by, inside=_product_inside)


def adam_update(
    parameters: list,
    gradients: list,
    first_moments: list,
    second_moments: list,
    learning_rate: Any,
    step: Any,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Any:
    handles = handles_of((parameters, first_moments, second_moments))
    if not handles or not (_rounds_well(beta_1) and _rounds_well(beta_2)):
        return optimizer_updates.adam_update.op.body(
            parameters, gradients, first_moments, second_moments, learning_rate, step, beta_1, beta_2, epsilon
        )
    numbers: dict = {}
    new = []
    for w, g, (var, m, v) in zip(parameters, gradients, handles, strict=True):
        if w.dtype not in numbers:
            numbers[w.dtype] = _adam_numbers(w.dtype, learning_rate, step, beta_1, beta_2, epsilon)
        # What was read before keeps its numbers.
        with tf.control_dependencies(
            [tf.raw_ops.ResourceApplyAdam(var=var, m=m, v=v, grad=tf.cast(g, w.dtype), **numbers[w.dtype])]
        ):
            new.append([read(one, w.dtype, w.shape) for one in (var, m, v)])
    return tuple(list(column) for column in zip(*new, strict=True))


def _rounds_well(beta: float) -> bool:
    """Return whether TensorFlow's kernel for Adam, which takes 1 - beta in float32, can work with a beta."""
    return abs(1 - float(np.float32(beta)) - (1 - beta)) <= 1e-4 * (1 - beta)


def _adam_numbers(dtype: Any, learning_rate: Any, step: Any, beta_1: float, beta_2: float, epsilon: float) -> dict:
    """Return the scalars of TensorFlow's kernel for Adam, the powers of both betas in the rate already."""
    # The kernel takes 1 - beta of the rounded numbers; by the same ones the rate takes the bias out again.
    rounded = [float(dtype.as_numpy_dtype(beta)) for beta in (beta_1, beta_2)]
    rate = optimizer_updates.adam_rate(learning_rate, step, *rounded)
    names = ("beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon")
    return {name: tf.cast(one, dtype) for name, one in zip(names, (0, 0, rate, *rounded, epsilon), strict=True)}
