"""Norms of vectors and matrices of every order, along any axes, and their gradients at 0."""

from __future__ import annotations

import numpy as np

from kerasfront.testing.case import array, case, distinct, ints
from kerasfront.testing.tolerance import FORMULA, SOLVED, SUM

X, CUBE = distinct(3, 4), distinct(2, 3, 4, seed=1)
VECTOR = distinct(5, seed=2)
INF = np.inf
HOLED = array([[3.0, 0.0, -4.0], [0.0, 0.0, 0.0]])


def named(order):
    return str(order).replace("-inf", "minus infinity").replace("inf", "infinity")


CASES = [
    case("norm", CUBE, ref=np.linalg.norm, tol=SUM),
    case("norm", VECTOR, ref=np.linalg.norm, note="of a vector", tol=SUM),
    case("norm", array(-2.5), ref=lambda x: np.abs(x), note="of a scalar", tol=SUM),
    case("norm", CUBE, keepdims=True, ref=np.linalg.norm, note="keeps axes", tol=SUM),
    case("norm", CUBE, axis=(0, 2), ref=np.linalg.norm, note="over two axes", tol=SUM),
    case("norm", CUBE, axis=-2, keepdims=True, ref=np.linalg.norm, note="along one axis", tol=SUM),
    case("norm", ints([[3, 4], [-6, 8]]), axis=1, ref=np.linalg.norm, note="of integers", tol=SUM),
    case("norm", np.zeros((2, 0)), axis=1, ref=np.linalg.norm, note="of nothing"),
    case("norm", np.zeros((0, 3)), ord=1, axis=1, ref=np.linalg.norm, note="of no vectors"),
    *(
        case("norm", X, ord=order, axis=axis, ref=np.linalg.norm, note=f"vectors, {named(order)}", tol=FORMULA)
        for order, axis in ((1, 0), (2, 1), (3, -1), (INF, 1), (-INF, 0), (0.5, 1), (-1, 1), (-2, 0))
    ),
    case("norm", HOLED, ord=0, axis=1, ref=np.linalg.norm, note="vectors, count of others than 0"),
    case("norm", VECTOR, ord=2.5, ref=np.linalg.norm, note="vectors, 2.5 of all", tol=FORMULA),
    *(
        case("norm", X, ord=order, ref=np.linalg.norm, note=f"matrices, {named(order)}", tol=SOLVED)
        for order in ("fro", "nuc", 1, -1, 2, -2, INF, -INF)
    ),
    *(
        case("norm", CUBE, ord=order, axis=axis, keepdims=True, ref=np.linalg.norm, note=note, tol=SOLVED)
        for order, axis, note in (
            (1, (2, 0), "a batch of matrices, columns first, 1"),
            (INF, (0, 2), "a batch of matrices, infinity"),
            ("nuc", (-1, 0), "a batch of matrices, nuclear"),
            ("fro", (0, 1), "a batch of matrices, Frobenius"),
        )
    ),
    *(
        case(
            "norm", np.zeros((2, 3)), ord=order, axis=axis, ref=np.linalg.norm, note=note, gradients=(np.zeros((2, 3)),)
        )
        for order, axis, note in (
            (None, None, "at 0"),
            (2, 1, "vectors at 0"),
            (3, 1, "vectors at 0, 3"),
            (1, 1, "vectors at 0, 1"),
            (0.5, 1, "vectors at 0, 0.5"),
            (INF, 1, "vectors at 0, infinity"),
            ("fro", None, "matrices at 0, Frobenius"),
        )
    ),
    case(
        "norm",
        HOLED,
        ord=3,
        axis=1,
        ref=np.linalg.norm,
        note="vectors with zeros, 3",
        tol=FORMULA,
        gradients=(array([[9 / 91 ** (2 / 3), 0, -16 / 91 ** (2 / 3)], [0, 0, 0]]),),
    ),
    case("norm", HOLED, ord=-1, axis=1, ref=np.linalg.norm, note="vectors with zeros, -1", gradients=(0 * HOLED,)),
    case("norm", 2 * np.eye(2), ord="nuc", ref=np.linalg.norm, note="equal singular values", tol=SOLVED),
]
