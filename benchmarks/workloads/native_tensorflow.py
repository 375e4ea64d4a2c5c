"""TensorFlow as one writes it by hand: a `tf.function` step over variables, with the engine's fused Adam update."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from workloads import sizes, timing

_source = np.random.RandomState(0)


def _weight(*shape: int) -> Any:
    scale = 1.0 / np.sqrt(np.prod(shape[:-1]))
    return tf.Variable(_source.normal(size=shape, scale=scale).astype("float32"))


def _vector(size: int, value: float = 0.0) -> Any:
    return tf.Variable(tf.fill((size,), value))


def _dense(units_in: int, units_out: int) -> tuple:
    return _weight(units_in, units_out), _vector(units_out)


def _apply(dense: tuple, x: Any) -> Any:
    return tf.matmul(x, dense[0]) + dense[1]


def _mlp(x: Any, weights: Any) -> Any:
    for dense in weights[:-1]:
        x = tf.nn.relu(_apply(dense, x))
    return _apply(weights[-1], x)


def _cnn(x: Any, weights: Any) -> Any:
    for kernel, bias in weights[:-1]:
        x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "VALID"), bias))
        x = tf.nn.max_pool2d(x, 2, 2, "VALID")
    return _apply(weights[-1], tf.reshape(x, (-1, 1600)))


def _lstm(x: Any, weights: Any) -> Any:
    (kernel, bias), recurrent, last = weights
    inputs = tf.transpose(tf.matmul(x, kernel) + bias, (1, 0, 2))
    # Slicing a tensor in the loop would make a gradient of its whole size at each step.
    gates_of = tf.TensorArray("float32", size=x.shape[1]).unstack(inputs)
    zeros = tf.zeros((x.shape[0], sizes.WIDTH))

    def step(t: Any, h: Any, c: Any) -> tuple:
        i, f, g, o = tf.split(gates_of.read(t) + tf.matmul(h, recurrent), 4, axis=-1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return t + 1, tf.sigmoid(o) * tf.tanh(c), c

    _, h, _ = tf.while_loop(lambda t, h, c: t < x.shape[1], step, (0, zeros, zeros))
    return _apply(last, h)


def _normalized(x: Any, gamma_beta: tuple) -> Any:
    mean, variance = tf.nn.moments(x, -1, keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, gamma_beta[1], gamma_beta[0], 1e-5)


def _transformer(x: Any, weights: Any) -> Any:
    size = sizes.WIDTH // sizes.HEADS
    for queries, out, first, wide, narrow, second in weights[:-1]:
        qkv = tf.reshape(_apply(queries, x), (-1, x.shape[1], 3, sizes.HEADS, size))
        q, k, v = tf.unstack(tf.transpose(qkv, (2, 0, 3, 1, 4)))
        scores = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) / np.float32(np.sqrt(size)))
        attended = tf.reshape(tf.transpose(tf.matmul(scores, v), (0, 2, 1, 3)), tf.shape(x))
        x = _normalized(x + _apply(out, attended), first)
        x = _normalized(x + _apply(narrow, tf.nn.relu(_apply(wide, x))), second)
    return _apply(weights[-1], tf.reduce_mean(x, 1))


def model_for(workload: sizes.Workload) -> tuple[Callable, Any]:
    """Return the forward pass of a workload and its first weights."""
    width = sizes.WIDTH
    if workload.name == "tiny":
        return _mlp, [_dense(8, 8)]
    if workload.name == "cnn":
        first, second = (_weight(3, 3, 1, 32), _vector(32)), (_weight(3, 3, 32, 64), _vector(64))
        return _cnn, [first, second, _dense(1600, sizes.CLASSES)]
    if workload.name == "lstm":
        return _lstm, [_dense(workload.shape[-1], 4 * width), _weight(width, 4 * width), _dense(width, sizes.CLASSES)]
    if workload.name == "transformer":
        block = lambda: (  # noqa: E731
            _dense(width, 3 * width),
            _dense(width, width),
            (_vector(width, 1.0), _vector(width)),
            _dense(width, sizes.WIDE),
            _dense(sizes.WIDE, width),
            (_vector(width, 1.0), _vector(width)),
        )
        return _transformer, [*(block() for _ in range(sizes.BLOCKS)), _dense(width, sizes.CLASSES)]
    widths = (workload.shape[-1], *workload.units, sizes.CLASSES)
    return _mlp, [_dense(*pair) for pair in itertools.pairwise(widths)]


# Where XLA is the faster one; convolutions take it three times as long, and it cannot compile the LSTM here.
BEST_WITH_XLA = ("mlp", "tiny")


def prepare(workload: sizes.Workload, count: int, best: bool = False) -> Callable[[], timing.Sample]:
    """Return a function that takes one measurement; the best form of training is one function for all steps."""
    if workload.kind == "add":
        ones = tf.ones(workload.shape)
        return lambda: timing.repeated(lambda: tf.add(ones, ones), count)
    forward, weights = model_for(workload)
    if workload.kind == "train":
        return _training(forward, weights, workload, count, best)
    x, _ = workload.data(1)
    run = tf.function(lambda x: tf.nn.softmax(forward(x, weights)), autograph=False)
    tensor = tf.constant(x)
    compiled = run.get_concrete_function(tensor)
    if workload.kind == "predict_many":
        return timing.per_batch(
            timing.in_batches(lambda x: compiled(tf.constant(x)), count), workload.data(count)[0], count
        )
    eager = lambda: tf.nn.softmax(forward(tensor, weights))  # noqa: E731
    call = eager if workload.kind == "call" else (lambda: compiled(tf.constant(x)).numpy())
    timing.repeated(call, 3)
    return lambda: timing.repeated(call, count)


def _training(
    forward: Callable, weights: Any, workload: sizes.Workload, count: int, looped: bool
) -> Callable[[], timing.Sample]:
    variables = tf.nest.flatten(weights)
    slots = [(tf.Variable(tf.zeros_like(one)), tf.Variable(tf.zeros_like(one))) for one in variables]
    power_1, power_2 = tf.Variable(0.9), tf.Variable(0.999)

    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            outputs = forward(x, weights)
            if workload.name == "tiny":
                loss = tf.reduce_mean((outputs - y) ** 2)
            else:
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=outputs))
        for variable, gradient, (m, v) in zip(variables, tape.gradient(loss, variables), slots):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=m.handle, v=v.handle, beta1_power=power_1, beta2_power=power_2,
                lr=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7, grad=gradient,
            )  # fmt: skip
        power_1.assign(power_1 * 0.9)
        power_2.assign(power_2 * 0.999)
        return loss

    def epoch(x: Any, y: Any, order: Any) -> Any:
        order = tf.reshape(order, (-1, workload.batch))

        def on_rows(i: Any, loss: Any) -> tuple:
            return i + 1, step(tf.gather(x, order[i]), tf.gather(y, order[i]))

        return tf.while_loop(lambda i, loss: i < tf.shape(order)[0], on_rows, (0, 0.0))[1]

    x, y = map(tf.constant, workload.data(count)) if looped else workload.data(count)
    xla = looped and workload.name in BEST_WITH_XLA
    first = (x, y, tf.range(len(x))) if looped else [tf.constant(array[: workload.batch]) for array in (x, y)]
    compiled = tf.function(epoch if looped else step, autograph=False, jit_compile=xla).get_concrete_function(*first)

    def measure() -> timing.Sample:
        start = timing.now()
        order = np.random.permutation(len(x))
        if looped:
            loss = compiled(x, y, tf.constant(order, "int32"))
        else:
            for i in range(0, len(x), workload.batch):
                rows = order[i : i + workload.batch]
                loss = compiled(tf.constant(x[rows]), tf.constant(y[rows]))
        loss.numpy()
        return timing.between(start, timing.now(), count)

    measure()
    return measure
