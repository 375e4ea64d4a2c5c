"""Control flow: both branches, loops with and without an end, scans over structures, backwards, and their gradients."""

from __future__ import annotations

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import array, bools, case, ints, normal
from kerasfront.testing.tolerance import EXACT, FORMULA, ITERATED

ROWS = normal(4, 3)
START = normal(3, seed=1)


def chosen(pred, x):
    return ops.cond(pred, lambda: x * 2.0, lambda: ops.exp(x))


def doubled_until(x, limit):
    """Doublings of x until its sum of magnitudes reaches the limit, and how many there were."""
    return ops.while_loop(
        lambda n, v: ops.less(ops.sum(ops.abs(v)), limit), lambda n, v: (n + 1, v * 2.0), (ops.zeros((), "int32"), x)
    )


def doubled_reference(x, limit):
    count = 0
    while np.abs(x).sum() < limit:
        x, count = x * 2, count + 1
    return np.int32(count), x


def limited(x):
    return ops.while_loop(lambda v: ops.less(-1.0, ops.sum(v * v)), lambda v: (v + 1.0,), (x,), maximum_iterations=3)


def recurrence(init, xs, reverse=False):
    return ops.scan(lambda h, x: (ops.tanh(h * 0.5 + x), h * x), init, xs, reverse=reverse)


def recurrence_reference(h, xs, reverse=False):
    outputs = np.zeros_like(xs)
    for i in reversed(range(len(xs))) if reverse else range(len(xs)):
        outputs[i] = h * xs[i]
        h = np.tanh(h * 0.5 + xs[i])
    return h, outputs


def structured(a, b):
    def step(carry, x):
        total, count = carry["total"], carry["count"]
        return {"total": total + x[0] * x[1], "count": count + 1}, (total, count)

    return ops.scan(step, {"total": ops.zeros_like(a[0]), "count": ops.zeros((), "int32")}, (a, b))


def structured_reference(a, b):
    sums = np.cumsum(a * b, 0)
    counts = np.arange(len(a), dtype="int32")
    return {"total": sums[-1], "count": np.int32(len(a))}, (np.concatenate([sums[:1] * 0, sums[:-1]]), counts)


CASES = [
    case("cond", bools(True), START, ref=lambda p, x: x * 2, note="true", call=chosen, tol=FORMULA),
    case("cond", bools(False), START, ref=lambda p, x: np.exp(x), note="false", call=chosen, tol=FORMULA),
    case(
        "while_loop", START, array(20.0), ref=doubled_reference, call=doubled_until, tol=FORMULA, differentiable=False
    ),
    case(
        "while_loop",
        START,
        ref=lambda x: (x + 3.0,),
        note="at most 3 times",
        call=limited,
        tol=FORMULA,
        differentiable=False,
    ),
    case("scan", START, ROWS, ref=recurrence_reference, call=recurrence, tol=ITERATED),
    case("scan", START, ROWS, reverse=True, ref=recurrence_reference, note="backwards", call=recurrence, tol=ITERATED),
    case("scan", ROWS, ROWS + 1, ref=structured_reference, note="structures", call=structured, tol=ITERATED),
    case(
        "scan",
        START,
        ref=lambda x: x + 5.0,
        note="length alone, no outputs",
        tol=FORMULA,
        call=lambda x: ops.scan(lambda c, _: (c + 1.0, None), x, None, length=5)[0],
    ),
    case(
        "vectorized_map",
        ROWS,
        ref=lambda x: np.exp(x).sum(1),
        call=lambda x: ops.vectorized_map(lambda row: ops.sum(ops.exp(row)), x),
        tol=ITERATED,
    ),
    case(
        "vectorized_map",
        ROWS,
        normal(4, 3, 2),
        ref=lambda a, b: np.einsum("ij,ijk->ik", a, b),
        note="structures",
        tol=ITERATED,
        call=lambda a, b: ops.vectorized_map(lambda pair: ops.matmul(pair[0], pair[1]), (a, b)),
    ),
    case(
        "fori_loop",
        ints(3),
        ref=ints(3 + 0 + 1 + 2 + 3),
        tol=EXACT,
        call=lambda x: ops.fori_loop(0, 4, lambda i, v: v + i, x),
    ),
    case("map", ROWS, ref=lambda x: x.max(1), tol=EXACT, call=lambda x: ops.map(lambda row: ops.max(row), x)),
]
