"""Recurrent networks over whole sequences, step by step in float64; forwards, backwards and without biases."""

from __future__ import annotations

import numpy as np

from kerasfront.testing.case import case, normal
from kerasfront.testing.cases.activations import sigmoid
from kerasfront.testing.tolerance import ITERATED

BATCH, TIME, FEATURES, UNITS = 2, 3, 2, 2
INPUTS, H, C = normal(BATCH, TIME, FEATURES), normal(BATCH, UNITS, seed=1), normal(BATCH, UNITS, seed=2)


def weights(gates):
    return normal(FEATURES, gates * UNITS, seed=3), normal(UNITS, gates * UNITS, seed=4)


def bias(gates, seed=5):
    return normal(gates * UNITS, seed=seed)


def over_time(step, inputs, states, backwards):
    outputs = []
    for x in np.moveaxis(inputs[:, ::-1] if backwards else inputs, 1, 0):
        states = step(x, *states)
        outputs.append(states[0])
    return (np.stack(outputs, 1), *states)


def simple_rnn(inputs, h, kernel, recurrent, bias=0.0, go_backwards=False):
    return over_time(lambda x, h: (np.tanh(x @ kernel + h @ recurrent + bias),), inputs, (h,), go_backwards)


def lstm(inputs, h, c, kernel, recurrent, bias=0.0, go_backwards=False):
    def step(x, h, c):
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c

    return over_time(step, inputs, (h, c), go_backwards)


def gru(inputs, h, kernel, recurrent, input_bias=0.0, recurrent_bias=0.0, go_backwards=False):
    def step(x, h):
        z, r, n = np.split(x @ kernel + input_bias, 3, -1)
        z_h, r_h, n_h = np.split(h @ recurrent + recurrent_bias, 3, -1)
        update = sigmoid(z + z_h)
        return (update * h + (1 - update) * np.tanh(n + sigmoid(r + r_h) * n_h),)

    return over_time(step, inputs, (h,), go_backwards)


NETWORKS = {
    "simple_rnn": (simple_rnn, (INPUTS, H, *weights(1)), {"bias": bias(1)}),
    "lstm": (lstm, (INPUTS, H, C, *weights(4)), {"bias": bias(4)}),
    "gru": (gru, (INPUTS, H, *weights(3)), {"input_bias": bias(3), "recurrent_bias": bias(3, 6)}),
}

CASES = [
    *(case(name, *args, ref=f, tol=ITERATED, **biases) for name, (f, args, biases) in NETWORKS.items()),
    *(
        case(name, *args, ref=f, tol=ITERATED, note="backwards", go_backwards=True, **biases)
        for name, (f, args, biases) in NETWORKS.items()
    ),
    *(case(name, *args, ref=f, tol=ITERATED, note="no bias") for name, (f, args, _) in NETWORKS.items()),
    # The product of the inputs may have its place by this.
    case(
        "lstm",
        *(normal(BATCH, TIME, 9), H, C, normal(9, 4 * UNITS, seed=3), normal(UNITS, 4 * UNITS, seed=4)),
        ref=lstm,
        tol=ITERATED,
        note="more features than samples",
        bias=bias(4),
    ),
]
