"""Control flow: both branches, loops with and without an end, scans over structures, backwards, and their gradients."""

from __future__ import annotations

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import array, bools, case, ints, normal
from kerasfront.testing.tolerance import EXACT, FORMULA, ITERATED, SUM

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


def grown(x, w):
    """A while loop whose body reads w, which is not among its variables."""
    return ops.while_loop(
        lambda n, v: ops.less(n, 4), lambda n, v: (n + 1, ops.sin(v * w) + v), (ops.zeros((), "int32"), x)
    )[1]


def grown_reference(x, w):
    for _ in range(4):
        x = np.sin(x * w) + x
    return x


def grown_reference_of_rounds(x):
    for i in range(1, 4):
        x = np.sin(x) * i
    return x


BRANCHES = [lambda x, y: x + y["b"], lambda x, y: x * y["b"], lambda x, y: ops.exp(x) - y["b"]]
BRANCHES_IN_NUMPY = [lambda x, y: x + y, lambda x, y: x * y, lambda x, y: np.exp(x) - y]


def switched(index, x, y):
    return ops.switch(index, BRANCHES, x, {"b": y})


def switched_reference(index, x, y):
    return BRANCHES_IN_NUMPY[min(max(int(index), 0), 2)](x, y)


def linear(a, b):
    """One step of h = a h + b after another, put together: associative, not commutative."""
    return a[0] * b[0], a[1] * b[0] + b[1]


def linear_reference(factors, offsets, axis=0, reverse=False):
    factors, offsets = np.moveaxis(factors, axis, 0), np.moveaxis(offsets, axis, 0)
    order = range(len(factors))
    results: list = [None] * len(factors)
    for place in reversed(order) if reverse else order:
        previous = place + 1 if reverse else place - 1
        new = (factors[place], offsets[place])
        results[place] = linear(results[previous], new) if 0 <= previous < len(factors) else new
    return tuple(np.moveaxis(np.stack(part), 0, axis) for part in zip(*results, strict=True))


def of_two(x, y):
    """A function with two results, one of them an integer."""
    return {"product": ops.sin(x) * y, "count": ops.cast(ops.sum(x), "int32")}, ops.exp(x)


def of_two_along(x, y, dx, dy):
    results = {"product": np.sin(x) * y, "count": np.int32(x.sum())}, np.exp(x)
    return results, ({"product": np.cos(x) * dx * y + np.sin(x) * dy, "count": np.int32(0)}, np.exp(x) * dx)


def halved_loop(x):
    return ops.while_loop(lambda n, v: ops.less(n, 3), lambda n, v: (n + 1, ops.tanh(v) * v), (0, x))[1]


def halved_loop_along(x, dx):
    for _ in range(3):
        x, dx = np.tanh(x) * x, ((1 - np.tanh(x) ** 2) * x + np.tanh(x)) * dx
    return x, dx


@ops.custom_gradient
def log1pexp(x):
    """The example of Keras: its own gradient is right where the derived one is inf / inf."""
    e = ops.exp(x)

    def grad(*args, upstream=None):
        if upstream is None:
            (upstream,) = args
        return ops.multiply(upstream, 1.0 - 1.0 / (1.0 + e))

    return ops.log(1.0 + e), grad


@ops.custom_gradient
def by_name(x, more):
    """Two results and structured arguments, gradients that show where they came from, one of them None."""

    def grad(*args, upstream):
        return [upstream[0] * 3.0, None, upstream[1]["twice"] * 5.0]

    return (ops.add(x, more["count"]), {"twice": more["y"] * 2.0}), grad


def by_name_called(x, y, count):
    return by_name(x, {"count": count, "y": y})


CASES = [
    case("cond", bools(True), START, ref=lambda p, x: x * 2, note="true", call=chosen, tol=FORMULA),
    case("cond", True, START, ref=lambda p, x: x * 2, note="Python bool", call=chosen, tol=FORMULA),
    case("cond", bools(False), START, ref=lambda p, x: np.exp(x), note="false", call=chosen, tol=FORMULA),
    case("while_loop", START, array(20.0), ref=doubled_reference, call=doubled_until, tol=FORMULA),
    case(
        "while_loop",
        START,
        ref=lambda x: (x + 3.0,),
        note="at most 3 times",
        call=limited,
        tol=FORMULA,
    ),
    case(
        "while_loop", START, array(0.6), ref=grown_reference, note="what the body closes over", call=grown, tol=ITERATED
    ),
    case(
        "while_loop",
        START,
        ref=lambda x: x,
        note="no rounds",
        tol=EXACT,
        call=lambda x: ops.while_loop(lambda v: ops.less(ops.sum(v * v), -1.0), lambda v: v * 2.0, x),
    ),
    case(
        "while_loop",
        START,
        ref=lambda x: [x, x],
        note="at most 0 times",
        tol=EXACT,
        call=lambda x: ops.while_loop(lambda a, b: True, lambda a, b: [b * 2.0, a], [x, x], 0),
    ),
    case(
        "while_loop",
        START,
        ref=lambda x: {"n": np.int32(4), "x": (x**16,)},
        note="structures",
        tol=FORMULA,
        call=lambda x: ops.while_loop(
            lambda state: ops.less(state["n"], 4),
            lambda state: {"n": state["n"] + 1, "x": (state["x"][0] * state["x"][0],)},
            {"n": ops.zeros((), "int32"), "x": (x,)},
        ),
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
    *(
        case(
            "cond",
            bools(pred),
            START,
            ref=lambda p, x: (x + 1, {"a": x * x}) if p else (x, {"a": x * 3}),
            note=f"structures, {pred}",
            tol=FORMULA,
            call=lambda p, x: ops.cond(p, lambda: (x + 1.0, {"a": x * x}), lambda: (x, {"a": x * 3.0})),
        )
        for pred in (True, False)
    ),
    case(
        "cond",
        START,
        ref=np.abs,
        note="on what it computes",
        tol=FORMULA,
        call=lambda x: ops.map(lambda v: ops.cond(ops.less(v, 0.0), lambda: -v, lambda: v), x),
    ),
    *(
        case(
            "switch",
            ints(index),
            START,
            normal(3, seed=2),
            ref=switched_reference,
            call=switched,
            note=str(index),
            tol=FORMULA,
        )
        for index in (-3, 0, 1, 2, 9)
    ),
    case(
        "switch", 1, START, normal(3, seed=2), ref=switched_reference, call=switched, note="Python index", tol=FORMULA
    ),
    case(
        "switch",
        ints(0),
        START,
        ref=lambda i, x: x * 2,
        note="one branch",
        tol=FORMULA,
        call=lambda i, x: ops.switch(i, [lambda v: v * 2.0], x),
    ),
    case(
        "fori_loop",
        START,
        ref=grown_reference_of_rounds,
        note="slope",
        tol=ITERATED,
        call=lambda x: ops.fori_loop(1, 4, lambda i, v: ops.sin(v) * ops.cast(i, v.dtype), x),
    ),
    case(
        "fori_loop",
        START,
        ints(1),
        ints(4),
        ref=lambda x, low, high: grown_reference_of_rounds(x),
        note="bounds that are tensors",
        tol=ITERATED,
        call=lambda x, low, high: ops.fori_loop(low, high, lambda i, v: ops.sin(v) * ops.cast(i, v.dtype), x),
    ),
    case(
        "fori_loop",
        START,
        ref=lambda x: x,
        note="no rounds",
        tol=EXACT,
        call=lambda x: ops.fori_loop(3, 2, lambda i, v: v * 2.0, x),
    ),
    case(
        "fori_loop",
        START,
        ref=lambda x: (x * 8, {"n": np.int32(3)}),
        note="structures",
        tol=FORMULA,
        call=lambda x: ops.fori_loop(0, 3, lambda i, v: (v[0] * 2.0, {"n": i + 1}), (x, {"n": ops.zeros((), "int32")})),
    ),
    case(
        "scan",
        START,
        np.zeros((0, 3)),
        ref=lambda h, xs: (h, np.zeros((0, 3))),
        call=recurrence,
        note="no steps",
        tol=EXACT,
    ),
    case(
        "scan",
        START,
        ref=lambda h: (h, {"y": np.zeros((0, 3))}),
        note="length 0",
        tol=EXACT,
        call=lambda h: ops.scan(lambda c, _: (c * 2.0, {"y": c}), h, None, 0),
    ),
    case("scan", START, ROWS[:1], ref=recurrence_reference, call=recurrence, note="one step", tol=ITERATED),
    case(
        "scan",
        START,
        ROWS,
        ref=recurrence_reference,
        note="unrolled, length given",
        tol=ITERATED,
        call=lambda h, xs: ops.scan(lambda h, x: (ops.tanh(h * 0.5 + x), h * x), h, xs, 4, unroll=2),
    ),
    case(
        "scan",
        START,
        ROWS,
        array(0.7),
        ref=lambda h, xs, w: recurrence_reference(h, w * xs),
        tol=ITERATED,
        note="what the step closes over",
        call=lambda h, xs, w: ops.scan(lambda h, x: (ops.tanh(h * 0.5 + x * w), h * (x * w)), h, xs),
    ),
    case(
        "map",
        ROWS,
        normal(4, 2),
        ref=lambda a, b: {"s": a.sum(1) * b[:, 0], "b": b * 2},
        note="structures",
        tol=ITERATED,
        call=lambda a, b: ops.map(lambda x: {"s": ops.sum(x["a"]) * x["b"][0], "b": x["b"] * 2.0}, {"a": a, "b": b}),
    ),
    case(
        "vectorized_map",
        ROWS,
        ref=lambda x: (x * 2, {"m": x.max(1)}),
        note="structured results",
        tol=FORMULA,
        call=lambda x: ops.vectorized_map(lambda row: (row * 2.0, {"m": ops.max(row)}), x),
    ),
    *(
        case(
            "associative_scan",
            normal(size, 2),
            ref=lambda x: np.cumsum(x, 0),
            note=f"sums of {size}",
            tol=SUM,
            call=lambda x: ops.associative_scan(ops.add, x),
        )
        for size in (1, 2, 5, 8)
    ),
    *(
        case(
            "associative_scan",
            normal(2, 5, seed=1),
            normal(2, 5, seed=2),
            reverse=reverse,
            axis=axis,
            tol=ITERATED,
            ref=lambda a, b, axis, reverse: linear_reference(a, b, axis, reverse),
            note=f"recurrence, axis {axis}, reverse {reverse}",
            call=lambda a, b, axis, reverse: ops.associative_scan(linear, (a, b), reverse, axis),
        )
        for axis in (0, 1, -1)
        for reverse in (False, True)
        if axis != 0 or reverse
    ),
    case(
        "associative_scan",
        ints([3, 1, 4, 1, 5]),
        ref=ints([3, 3, 4, 4, 5]),
        note="of integers",
        tol=EXACT,
        call=lambda x: ops.associative_scan(ops.maximum, x),
    ),
    case(
        "jvp",
        START,
        normal(3, seed=3),
        ref=lambda x, t: (np.sin(x), np.cos(x) * t),
        tol=FORMULA,
        call=lambda x, t: ops.jvp(ops.sin, (x,), (t,)),
    ),
    case(
        "jvp",
        START,
        normal(3, seed=2),
        normal(3, seed=3),
        normal(3, seed=4),
        ref=of_two_along,
        note="structures",
        tol=FORMULA,
        call=lambda x, y, dx, dy: ops.jvp(of_two, [x, y], [dx, dy]),
    ),
    case(
        "jvp",
        START,
        normal(3, seed=3),
        ref=lambda x, t: ((x * x).sum(), (2 * x * t).sum(), np.exp(x)),
        note="aux",
        tol=ITERATED,
        call=lambda x, t: ops.jvp(lambda x: (ops.sum(x * x), ops.exp(x)), (x,), (t,), has_aux=True),
    ),
    case(
        "jvp",
        START,
        normal(3, seed=3),
        ref=halved_loop_along,
        note="of a loop",
        tol=ITERATED,
        call=lambda x, t: ops.jvp(halved_loop, (x,), (t,)),
        differentiable=False,
    ),
    case(
        "jvp",
        START,
        normal(3, seed=3),
        ref=lambda x, t: (np.ones(2), np.zeros(2)),
        note="of a constant",
        tol=EXACT,
        call=lambda x, t: ops.jvp(lambda x: ops.ones(2, x.dtype), (x,), (t,)),
        differentiable=False,
    ),
    case(
        "jvp",
        START,
        normal(3, seed=3),
        ref=lambda x, t: -np.sin(x) * t,
        note="of a jvp",
        tol=FORMULA,
        call=lambda x, t: ops.jvp(lambda x: ops.jvp(ops.sin, (x,), (ops.ones_like(x),))[1], (x,), (t,))[1],
    ),
    case("custom_gradient", START, ref=lambda x: np.log1p(np.exp(x)), tol=FORMULA, call=lambda x: log1pexp(x)),
    case(
        "custom_gradient",
        array([200.0]),
        ref=lambda x: x * np.inf,
        note="its own slope",
        call=lambda x: log1pexp(x),
        gradients=(array([1.0]),),
        dtypes=("float32",),
    ),
    case(
        "custom_gradient",
        START,
        array(2.0),
        ints(1),
        ref=lambda x, y, n: (x + n, {"twice": y * 2}),
        note="structures",
        call=by_name_called,
        gradients=(array([3.0, 3.0, 3.0]), array(5.0)),
        tol=FORMULA,
    ),
    case(
        "custom_gradient",
        START,
        ref=lambda x: 1 / (1 + np.exp(-x)),
        note="slope of the slope",
        tol=ITERATED,
        call=lambda x: ops.jvp(log1pexp, (x,), (ops.ones_like(x),))[1],
    ),
]
