"""Choices, partial order, axes by name, functions of elements."""

from __future__ import annotations

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import array, bools, case, distinct, ints, normal
from kerasfront.testing.tolerance import EXACT, FORMULA

VALUES = array([-2.0, -1.0, 0.0, 1.0, 2.0])
CONDITIONS = [bools([True, True, False, False, False]), bools([False, True, True, False, False])]
IMAGES = normal(2, 4, 6, 3)


def named(pattern, ref, x=IMAGES, **sizes):
    """A case of `rearrange`."""
    return case("rearrange", x, pattern, ref=lambda x, *_, **sizes: ref(x), note=pattern, tol=EXACT, **sizes)


def _blocks(x):
    return x.reshape(2, 2, 2, 2, 3, 3)


CASES = [
    case("select", CONDITIONS, [VALUES * 2, VALUES * 3], ref=lambda c, v: np.select(c, v), tol=EXACT),
    case("select", CONDITIONS, [VALUES * 2, VALUES * 3], 42, ref=lambda c, v, d: np.select(c, v, d), note="a default",
         tol=EXACT),
    case("select", CONDITIONS, [VALUES * 2, VALUES * 3], VALUES, ref=lambda c, v, d: np.select(c, v, d),
         note="a default tensor", tol=EXACT),
    case("select", CONDITIONS, [ints([1, 2, 3, 4, 5]), ints([6, 7, 8, 9, 10])], ref=lambda c, v: np.select(c, v),
         note="of integers", tol=EXACT),
    case("select", CONDITIONS, [ints(np.arange(5)), VALUES], 0.5, ref=lambda c, v, d: np.select(c, v, d),
         note="of mixed types", tol=EXACT),
    case("select", [bools([[True], [False]])], [array([1.0, 2.0])], -1, ref=lambda c, v, d: np.select(c, v, d),
         note="broadcast", tol=EXACT),
    case("select", [bools([True, False])], [3], 4, ref=ints([3, 4]), note="of Python numbers", tol=EXACT),
    case("argpartition", distinct(7), 3, ref=lambda x, k: np.sort(x)[k], note="brings the rank to its place", tol=EXACT,
         call=lambda x, k: ops.take(x, ops.argpartition(x, k), 0)[k]),
    *(case("argpartition", distinct(3, 4), kth, axis, ref=lambda x, k, axis: np.argsort(x, axis, kind="stable"),
           note=f"rank {kth} along {axis}", tol=EXACT) for kth, axis in ((1, -1), (2, 0), (-1, 1), ((0, 2), 1))),
    case("argpartition", distinct(2, 3), 2, None, ref=lambda x, k, axis: np.argsort(x, None), note="flattened",
         tol=EXACT),
    case("argpartition", ints([3, 1, 2]), 0, ref=lambda x, k: np.argsort(x), note="of integers", tol=EXACT),
    named("b h w c -> b c h w", lambda x: x.transpose(0, 3, 1, 2)),
    named("b h w c -> (b h) w c", lambda x: x.reshape(8, 6, 3)),
    named("b h w c -> h (b w) c", lambda x: x.transpose(1, 0, 2, 3).reshape(4, 12, 3)),
    named("b h w c -> b (c h w)", lambda x: x.transpose(0, 3, 1, 2).reshape(2, -1)),
    named("b (h1 h) (w1 w) c -> (b h1 w1) h w c",
          lambda x: _blocks(x).transpose(0, 1, 3, 2, 4, 5).reshape(8, 2, 3, 3), h1=2, w1=2),
    named("b (h h1) (w w1) c -> b h w (c h1 w1)",
          lambda x: x.reshape(2, 2, 2, 3, 2, 3).transpose(0, 1, 3, 5, 2, 4).reshape(2, 2, 3, 12), h1=2, w1=2),
    named("... c -> c ...", lambda x: np.moveaxis(x, -1, 0)),
    named("b ... c -> b (...) c", lambda x: x.reshape(2, 24, 3)),
    named("b ... -> ... b 1", lambda x: np.moveaxis(x, 0, -1)[..., None]),
    named("1 n -> n ()", lambda x: x.T, x=normal(1, 3)),
    named("(a b) -> b a", lambda x: x.reshape(2, 3).T, x=normal(6), a=2),
    named("(a 1) -> a", lambda x: x * 1.0, x=normal(5)),
    named("a b -> b a", lambda x: x.T, x=np.zeros((0, 2))),
    case("rearrange_axes", normal(6), "(a b) -> a b", (("b", 3),), ref=lambda x, *_: x.reshape(2, 3), tol=EXACT),
    case("vectorize", array([1.0, 2.0, 3.0]), array(2.0), ref=lambda a, b: a * b + 1, tol=FORMULA,
         call=lambda a, b: ops.vectorize(lambda x, y: x * y + 1)(a, b)),
    case("vectorize", normal(2, 3), normal(3), ref=lambda a, b: a + b, note="broadcast", tol=FORMULA,
         call=lambda a, b: ops.vectorize(lambda x, y: x + y)(a, b)),
    case("vectorize", normal(2, 3, 4), normal(4), ref=np.matmul, note="a signature", tol=FORMULA,
         call=lambda a, b: ops.vectorize(ops.dot, signature="(m,n),(n)->(m)")(a, b)),
    case("vectorize", normal(4, 3), ref=lambda x: (x.sum(-1), x * 2), note="two results", tol=FORMULA,
         call=lambda x: ops.vectorize(lambda v: (ops.sum(v), v * 2), signature="(n)->(),(n)")(x)),
    case("vectorize", array([1.0, 2.0]), ref=lambda x: x * 3, note="an argument left out", tol=FORMULA,
         call=lambda x: ops.vectorize(lambda v, n: v * len(n), excluded={1})(x, "abc")),
]  # fmt: skip
