"""Complex numbers: parts, angles, conjugates, pairs."""

from __future__ import annotations

import math

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import array, bools, case, distinct, ints
from kerasfront.testing.tolerance import EXACT, FORMULA

POINTS = np.array([1 + 3j, 2 - 5j, -4 - 3j, -3 + 2j, 2, -2, 1j, 0], "complex64")
RADII, ANGLES = array([1.0, 2.0, 0.5]), array([[0.3], [-2.0]])

CASES = [
    case("angle", POINTS, ref=np.angle),
    case("angle", array([1.5, -2.0, 0.0, math.inf, -math.inf]), ref=np.angle, note="of real numbers",
         gradients=(np.zeros(5),)),
    case("angle", ints([3, -3, 0]), ref=lambda x: np.angle(x * 1.0), note="of integers"),
    case(
        "angle",
        distinct(3, seed=1),
        distinct(3, seed=2),
        ref=lambda a, b: np.angle(a + 1j * b),
        note="slope",
        tol=FORMULA,
        call=lambda a, b: ops.angle(ops.complex_from_parts(a, b)),
    ),
    *(case(name, POINTS, ref=np.conj, tol=EXACT) for name in ("conj", "conjugate")),
    *(case(name, array([1.5, -2.0]), ref=np.conj, note="of real numbers", tol=EXACT) for name in ("conj", "conjugate")),
    case("conj", ints([1, -2]), ref=np.conj, note="of integers", tol=EXACT),
    case(
        "conjugate",
        distinct(3, seed=1),
        distinct(3, seed=2),
        ref=lambda a, b: a - 1j * b,
        note="slope",
        tol=EXACT,
        call=lambda a, b: ops.conjugate(ops.complex_from_parts(a, b)),
    ),
    case("isreal", POINTS, ref=np.isreal, tol=EXACT),
    case("isreal", array([1.5, math.nan]), ref=np.isreal, note="of real numbers", tol=EXACT),
    case("isreal", ints([1, 0]), ref=np.isreal, note="of integers", tol=EXACT),
    case("isreal", bools([True, False]), ref=bools([True, True]), note="of bool", tol=EXACT),
    case("polar", RADII, ANGLES, ref=lambda r, t: r * np.cos(t) + 1j * r * np.sin(t), tol=FORMULA),
    case("polar", 2.0, ANGLES, ref=lambda r, t: r * np.cos(t) + 1j * r * np.sin(t), note="a Python radius",
         tol=FORMULA),
    case("view_as_complex", distinct(2, 3, 2), ref=lambda x: x[..., 0] + 1j * x[..., 1], tol=EXACT),
    case("view_as_complex", np.zeros((0, 2)), ref=lambda x: x[..., 0] + 1j * x[..., 1], note="of nothing", tol=EXACT),
    case("view_as_complex", array([1.0, -2.0]), ref=lambda x: x[0] + 1j * x[1], note="of one pair", tol=EXACT),
    case("view_as_real", POINTS, ref=lambda x: np.stack([x.real, x.imag], -1), tol=EXACT),
    case("view_as_real", POINTS.reshape(2, 4), ref=lambda x: np.stack([x.real, x.imag], -1), note="of a matrix",
         tol=EXACT),
    case(
        "view_as_real",
        distinct(3, 2),
        ref=lambda x: x * 1.0,
        note="and back",
        tol=EXACT,
        call=lambda x: ops.view_as_real(ops.view_as_complex(x)),
    ),
]  # fmt: skip
