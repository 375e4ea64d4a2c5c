"""JAX as one writes it by hand: a jitted step over a tree of weights, Adam in five lines."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from workloads import sizes, timing

_source = np.random.RandomState(0)


def _weight(*shape: int) -> Any:
    scale = 1.0 / np.sqrt(np.prod(shape[:-1]))
    return jnp.asarray(_source.normal(size=shape, scale=scale), "float32")


def _dense(units_in: int, units_out: int) -> tuple:
    return _weight(units_in, units_out), jnp.zeros(units_out)


def _apply(dense: tuple, x: Any) -> Any:
    return x @ dense[0] + dense[1]


def _mlp(x: Any, weights: Any) -> Any:
    for dense in weights[:-1]:
        x = jax.nn.relu(_apply(dense, x))
    return _apply(weights[-1], x)


def _cnn(x: Any, weights: Any) -> Any:
    for kernel, bias in weights[:-1]:
        x = lax.conv_general_dilated(x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = lax.reduce_window(jax.nn.relu(x + bias), -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return _apply(weights[-1], x.reshape(len(x), -1))


def _lstm(x: Any, weights: Any) -> Any:
    (kernel, bias), recurrent, last = weights

    def step(state: tuple, gates: Any) -> tuple:
        h, c = state
        i, f, g, o = jnp.split(gates + h @ recurrent, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((len(x), sizes.WIDTH))
    (h, _), _ = lax.scan(step, (zeros, zeros), jnp.swapaxes(x @ kernel + bias, 0, 1))
    return _apply(last, h)


def _normalized(x: Any, gamma_beta: tuple) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    return centred * lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * gamma_beta[0] + gamma_beta[1]


def _transformer(x: Any, weights: Any) -> Any:
    size = sizes.WIDTH // sizes.HEADS
    for queries, out, first, wide, narrow, second in weights[:-1]:
        qkv = _apply(queries, x).reshape(*x.shape[:2], 3, sizes.HEADS, size)
        q, k, v = qkv[:, :, 0], qkv[:, :, 1], qkv[:, :, 2]
        scores = jax.nn.softmax(jnp.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(size))
        attended = jnp.einsum("bhqk,bkhd->bqhd", scores, v).reshape(x.shape)
        x = _normalized(x + _apply(out, attended), first)
        x = _normalized(x + _apply(narrow, jax.nn.relu(_apply(wide, x))), second)
    return _apply(weights[-1], x.mean(1))


def model_for(workload: sizes.Workload) -> tuple[Callable, Any]:
    """Return the forward pass of a workload and its first weights."""
    width = sizes.WIDTH
    if workload.name == "tiny":
        return _mlp, [_dense(8, 8)]
    if workload.name == "cnn":
        return _cnn, [
            (_weight(3, 3, 1, 32), jnp.zeros(32)),
            (_weight(3, 3, 32, 64), jnp.zeros(64)),
            _dense(1600, sizes.CLASSES),
        ]
    if workload.name == "lstm":
        return _lstm, [_dense(workload.shape[-1], 4 * width), _weight(width, 4 * width), _dense(width, sizes.CLASSES)]
    if workload.name == "transformer":
        block = lambda: (  # noqa: E731
            _dense(width, 3 * width),
            _dense(width, width),
            (jnp.ones(width), jnp.zeros(width)),
            _dense(width, sizes.WIDE),
            _dense(sizes.WIDE, width),
            (jnp.ones(width), jnp.zeros(width)),
        )
        return _transformer, [*(block() for _ in range(sizes.BLOCKS)), _dense(width, sizes.CLASSES)]
    widths = (workload.shape[-1], *workload.units, sizes.CLASSES)
    return _mlp, [_dense(*pair) for pair in itertools.pairwise(widths)]


# A convolution in a loop is five times slower than alone on XLA's CPU.
BEST_IN_A_SCAN = ("mlp", "lstm", "transformer", "tiny")


def prepare(workload: sizes.Workload, count: int, best: bool = False) -> Callable[[], timing.Sample]:
    """Return a function that takes one measurement; the best form of training is one scan over the epoch's steps."""
    if workload.kind == "add":
        ones = jnp.ones(workload.shape)
        return lambda: timing.repeated(lambda: jnp.add(ones, ones), count, jax.block_until_ready)
    forward, weights = model_for(workload)
    if workload.kind == "train":
        return _training(forward, weights, workload, count, best and workload.name in BEST_IN_A_SCAN)
    x, _ = workload.data(1)
    run = jax.jit(lambda weights, x: jax.nn.softmax(forward(x, weights)))
    if workload.kind == "predict_many":
        return timing.per_batch(timing.in_batches(lambda x: run(weights, x), count), workload.data(count)[0], count)
    tensor = jnp.asarray(x)
    call = (lambda: run(weights, tensor)) if workload.kind == "call" else (lambda: np.asarray(run(weights, x)))
    timing.repeated(call, 3)
    return lambda: timing.repeated(call, count, jax.block_until_ready)


def _training(
    forward: Callable, weights: Any, workload: sizes.Workload, count: int, scanned: bool
) -> Callable[[], timing.Sample]:
    def loss_of(weights: Any, x: Any, y: Any) -> Any:
        outputs = forward(x, weights)
        if workload.name == "tiny":
            return ((outputs - y) ** 2).mean()
        return -jnp.take_along_axis(jax.nn.log_softmax(outputs), y[:, None], 1).mean()

    def step(state: tuple, x: Any, y: Any) -> tuple:
        weights, m, v, t = state
        loss, gradients = jax.value_and_grad(loss_of)(weights, x, y)
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradients)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradients)
        rate = 0.001 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7), weights, m, v)
        return (weights, m, v, t), loss

    def epoch(state: tuple, x: Any, y: Any, order: Any) -> tuple:
        def on_rows(state: tuple, rows: Any) -> tuple:
            return step(state, x[rows], y[rows])

        state, losses = lax.scan(on_rows, state, order.reshape(-1, workload.batch))
        return state, losses[-1]

    compiled = jax.jit(epoch if scanned else step, donate_argnums=0)
    zeros = lambda: jax.tree.map(jnp.zeros_like, weights)  # noqa: E731
    state = (weights, zeros(), zeros(), jnp.zeros(()))
    x, y = workload.data(count)
    if scanned:
        x, y = jnp.asarray(x), jnp.asarray(y)

    def measure() -> timing.Sample:
        nonlocal state
        start = timing.now()
        order = np.random.permutation(len(x))
        if scanned:
            state, loss = compiled(state, x, y, order)
        else:
            for i in range(0, len(x), workload.batch):
                rows = order[i : i + workload.batch]
                state, loss = compiled(state, x[rows], y[rows])
        float(loss)
        return timing.between(start, timing.now(), count)

    measure()
    return measure
