"""Updates of optimizers, one step by their formulas on two weights; and the portable random bits."""

from __future__ import annotations

import functools

import numpy as np

from kerasfront import ops
from kerasfront.random.generator import host_bits
from kerasfront.testing.case import Case, array, case, ints, normal
from kerasfront.testing.tolerance import EXACT, ITERATED

RATE, STEP = array(0.1), ints(3)
SHAPES = ((3, 2), (2,))
WEIGHTS, SLOPES = [normal(*s, seed=1) for s in SHAPES], [normal(*s, seed=2) for s in SHAPES]
FIRST, SECOND = [normal(*s, seed=3) for s in SHAPES], [normal(*s, seed=4) ** 2 for s in SHAPES]
THIRD = [normal(*s, seed=5) ** 2 + 1 for s in SHAPES]


def each(formula, lists: int):
    """Apply a formula to aligned items of the first lists, giving one list for each result."""

    @functools.wraps(formula)
    def update(*args):
        results = [formula(*items, *args[lists:]) for items in zip(*args[:lists], strict=True)]
        return (
            tuple(list(column) for column in zip(*results, strict=True)) if isinstance(results[0], tuple) else results
        )

    return update


def momentum(w, g, m, rate, mu, nesterov):
    m = mu * m - rate * g
    return (w + mu * m - rate * g if nesterov else w + m), m


def adam(w, g, m, v, rate, step, b1, b2, epsilon):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
    return w - rate * np.sqrt(1 - b2**step) / (1 - b1**step) * m / (np.sqrt(v) + epsilon), m, v


def amsgrad(w, g, m, v, top, rate, step, b1, b2, epsilon):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
    top = np.maximum(top, v)
    return w - rate * np.sqrt(1 - b2**step) / (1 - b1**step) * m / (np.sqrt(top) + epsilon), m, v, top


def adagrad(w, g, a, rate, epsilon):
    return w - rate * g / np.sqrt(a + g * g + epsilon), a + g * g


def adadelta(w, g, slopes, changes, rate, rho, epsilon):
    slopes = rho * slopes + (1 - rho) * g * g
    change = np.sqrt(changes + epsilon) / np.sqrt(slopes + epsilon) * g
    return w - rate * change, slopes, rho * changes + (1 - rho) * change * change


def adamax(w, g, m, u, rate, step, b1, b2, epsilon):
    m, u = b1 * m + (1 - b1) * g, np.maximum(b2 * u, np.abs(g))
    return w - rate / (1 - b1**step) * m / (u + epsilon), m, u


def lion(w, g, m, rate, b1, b2):
    return w - rate * np.sign(b1 * m + (1 - b1) * g), b2 * m + (1 - b2) * g


def rmsprop(w, g, v, rate, rho, epsilon):
    v = rho * v + (1 - rho) * g * g
    return w - rate * g / np.sqrt(v + epsilon), v


def centred(w, g, v, m, a, rate, rho, mu, epsilon):
    v, a = rho * v + (1 - rho) * g * g, rho * a + (1 - rho) * g
    m = mu * m + rate * g / np.sqrt(v - a * a + epsilon)
    return w - m, v, m, a


def plain_rmsprop(weights, slopes, velocities, momentums, averages, rate, rho, mu, epsilon):
    w, v = each(rmsprop, 3)(weights, slopes, velocities, rate, rho, epsilon)
    return w, v, [], []


def global_norm(slopes, limit):
    total = np.sqrt(sum((g * g).sum() for g in slopes))
    return [g * (limit / max(total, limit)) for g in slopes]


# Powers with the step, and norms over all weights, are taken in float32 whatever the weights are.
NARROW = ("float32",)


def step_of(op: str, *args: object, ref: object, **options: object) -> Case:
    """A case whose gradient nobody takes."""
    return case(op, *args, ref=ref, tol=ITERATED, differentiable=False, **options)


BETAS = (0.9, 0.99, 1e-6)
CASES = [
    step_of("sgd_update", WEIGHTS, SLOPES, RATE, ref=each(lambda w, g, rate: w - rate * g, 2)),
    *(
        step_of(
            "momentum_update", WEIGHTS, SLOPES, FIRST, RATE, 0.9, flag, ref=each(momentum, 3), note="nesterov" * flag
        )
        for flag in (False, True)
    ),
    step_of("rmsprop_update", WEIGHTS, SLOPES, SECOND, [], [], RATE, 0.9, 0.0, 1e-6, ref=plain_rmsprop),
    step_of(
        "rmsprop_update",
        WEIGHTS,
        SLOPES,
        THIRD,
        FIRST,
        [0.1 * g for g in SLOPES],
        RATE,
        0.9,
        0.8,
        1e-3,
        ref=each(centred, 5),
        note="momentum, centred",
    ),
    step_of("adam_update", WEIGHTS, SLOPES, FIRST, SECOND, RATE, STEP, *BETAS, dtypes=NARROW, ref=each(adam, 4)),
    step_of(
        "adam_update",
        WEIGHTS,
        SLOPES,
        [0 * w for w in WEIGHTS],
        [0 * w for w in WEIGHTS],
        RATE,
        ints(1),
        *BETAS,
        dtypes=NARROW,
        ref=each(adam, 4),
        note="first step",
    ),
    step_of(
        "amsgrad_update",
        WEIGHTS,
        SLOPES,
        FIRST,
        SECOND,
        SECOND,
        RATE,
        STEP,
        *BETAS,
        dtypes=NARROW,
        ref=each(amsgrad, 5),
    ),
    step_of("adagrad_update", WEIGHTS, SLOPES, SECOND, RATE, 1e-6, ref=each(adagrad, 3)),
    step_of("adadelta_update", WEIGHTS, SLOPES, SECOND, SECOND, RATE, 0.9, 1e-6, ref=each(adadelta, 4)),
    step_of("adamax_update", WEIGHTS, SLOPES, FIRST, SECOND, RATE, STEP, *BETAS, dtypes=NARROW, ref=each(adamax, 4)),
    step_of("lion_update", WEIGHTS, SLOPES, FIRST, RATE, 0.9, 0.99, ref=each(lion, 3)),
    step_of("weight_decay_update", WEIGHTS, RATE, 0.01, ref=lambda ws, rate, decay: [w - rate * decay * w for w in ws]),
    step_of("moving_average_update", FIRST, WEIGHTS, array(0.9), ref=each(lambda a, v, mu: mu * a + (1 - mu) * v, 2)),
    *(
        step_of(
            "clip_each_by_norm",
            SLOPES,
            limit,
            note=f"to {limit}",
            ref=lambda gs, limit: [g * (limit / max(np.linalg.norm(g), limit)) for g in gs],
        )
        for limit in (0.5, 50.0)
    ),
    *(
        step_of("clip_by_global_norm", SLOPES, limit, dtypes=NARROW, ref=global_norm, note=f"to {limit}")
        for limit in (0.5, 50.0)
    ),
    case(
        "random_bits",
        (3, 7),
        (2, 5),
        1,
        ref=lambda words, shape, stream: host_bits(*words, shape, stream).astype("int32"),
        tol=EXACT,
    ),
    case(
        "random_bits",
        (2, 5),
        1,
        ref=lambda shape, stream: host_bits(3, 7, shape, stream).astype("int32"),
        note="words on the engine",
        tol=EXACT,
        call=lambda shape, stream: ops.random_bits(ops.convert_to_tensor(ints([3, 7])), shape, stream),
    ),
]
