"""Elements that move: reshape, permute, join, split, pad, repeat, and tensors made from nothing."""

from __future__ import annotations

import numpy as np

from kerasfront import ops
from kerasfront.testing.case import Case, array, bools, case, ints, normal
from kerasfront.testing.tolerance import EXACT, FUNCTION

CUBE = normal(2, 3, 4)
MATRIX = normal(3, 4)
ROW = normal(1, 4, seed=1)


def moved(op: str, *args: object, ref: object, **options: object) -> Case:
    """A case whose values are moved, not computed."""
    return case(op, *args, ref=ref, tol=EXACT, **options)


def _at(*keys):
    return (lambda x, *_: x[keys]) if len(keys) > 1 else (lambda x, *_: x[keys[0]])


CASES = [
    moved("reshape", CUBE, (4, -1), ref=np.reshape),
    moved(
        "reshape",
        CUBE,
        (),
        ref=lambda x, _: x[0, 0, 0],
        note="to a scalar",
        call=lambda x, shape: ops.reshape(x[:1, :1, :1], shape),
    ),
    moved("reshape", np.zeros((0, 3)), (3, 0), ref=np.reshape, note="of nothing"),
    moved("reshape", bools([[True, False]]), (2,), ref=np.reshape, note="of bool"),
    moved("permute_axes", CUBE, (2, 0, 1), ref=np.transpose),
    moved("permute_axes", ints([[1, 2], [3, 4]]), (1, 0), ref=np.transpose, note="of integers"),
    moved("transpose", CUBE, ref=np.transpose),
    moved("transpose", CUBE, (0, -1, 1), ref=np.transpose, note="axes"),
    moved("broadcast_to", ROW, (2, 3, 4), ref=np.broadcast_to),
    moved("broadcast_to", array(2.0), (2, 2), ref=np.broadcast_to, note="a scalar"),
    moved("concatenate", [MATRIX, ROW], axis=0, ref=np.concatenate),
    moved("concatenate", [CUBE, CUBE[:, :, :1]], axis=-1, ref=np.concatenate, note="last axis"),
    moved("concatenate", [ints([1, 2]), bools([True])], axis=0, ref=np.concatenate, note="of dtypes"),
    moved("pad_constant", MATRIX, ((1, 0), (0, 2)), 0, ref=lambda x, w, v: np.pad(x, w, constant_values=v)),
    moved(
        "pad_constant",
        MATRIX,
        ((1, 1), (0, 0)),
        -2.5,
        ref=lambda x, w, v: np.pad(x, w, constant_values=v),
        note="with a value",
    ),
    moved(
        "pad_constant",
        ints([[1]]),
        ((0, 1), (2, 0)),
        7,
        ref=lambda x, w, v: np.pad(x, w, constant_values=v),
        note="of integers",
    ),
    moved("pad_constant", bools([True]), ((1, 1),), 0, ref=lambda x, w, v: np.pad(x, w), note="of bool"),
    moved("pad", MATRIX, ((1, 2), (2, 0)), mode="reflect", ref=np.pad, note="reflect", known={0: (0, 1)}),
    moved("pad", MATRIX, ((1, 2), (2, 0)), mode="symmetric", ref=np.pad, note="symmetric", known={0: (0, 1)}),
    moved("pad", MATRIX, 1, ref=np.pad),
    moved("reverse", CUBE, (0, 2), ref=lambda x, axes: np.flip(x, axes)),
    moved("reverse", CUBE, ref=np.flip, note="all axes"),
    moved("flip", CUBE, 1, ref=np.flip),
    moved("expand_dims", CUBE, (0, -1), ref=np.expand_dims),
    moved("squeeze", ROW, 0, ref=np.squeeze),
    moved("squeeze", ROW, ref=np.squeeze, note="all", known={0: (0,)}),
    moved("ravel", CUBE, ref=np.ravel),
    moved("swapaxes", CUBE, 0, -1, ref=np.swapaxes),
    moved("moveaxis", CUBE, 0, 2, ref=np.moveaxis),
    moved("stack", [MATRIX, -MATRIX], axis=1, ref=np.stack),
    moved("stack", [ints([1, 2]), array([0.5, 1.5])], axis=0, ref=np.stack, note="of dtypes"),
    moved("tile", MATRIX, (2, 1, 2), ref=np.tile),
    moved("repeat", MATRIX, 3, axis=1, ref=np.repeat),
    moved("repeat", MATRIX, 2, ref=np.repeat, note="flat"),
    moved("roll", MATRIX, 1, axis=1, ref=np.roll),
    moved("roll", MATRIX, -2, ref=np.roll, note="flat"),
    moved("split", CUBE, 2, axis=-1, ref=np.split),
    moved("split", MATRIX, [1, 2], axis=0, ref=np.split, note="at places"),
    moved("unstack", CUBE, axis=1, ref=lambda x, axis: [x[:, i] for i in range(3)]),
    moved("append", MATRIX, ROW, 0, ref=np.append),
    moved("hstack", [MATRIX, MATRIX], ref=np.hstack),
    moved("vstack", [MATRIX, ROW], ref=np.vstack),
    moved("rot90", MATRIX, ref=np.rot90),
    moved("rot90", CUBE, -1, (0, 2), ref=np.rot90, note="other plane"),
    # -- made from nothing
    moved("filled", (2, 3), 1.5, "float32", ref=lambda s, v, d: np.full(s, v)),
    moved("filled", (2,), array(1.5), ref=lambda s, v: np.full(s, v), note="with a tensor", dtypes=("float32",)),
    moved("filled", (), 3, "int32", ref=lambda s, v, d: np.full(s, v), note="a scalar"),
    moved("filled", (3,), True, "bool", ref=lambda s, v, d: np.full(s, v), note="with bool"),
    moved("count_up", 5, "int32", ref=lambda n, d: np.arange(n)),
    moved("count_up", 0, "int32", ref=lambda n, d: np.arange(n), note="of nothing"),
    moved("full", (2, 2), 7, "int32", ref=lambda s, v, d: np.full(s, v)),
    moved("zeros", (2, 3), "float16", ref=lambda s, d: np.zeros(s)),
    moved("ones", (3,), "bfloat16", ref=lambda s, d: np.ones(s)),
    moved("empty", (2,), "float32", ref=lambda s, d: np.zeros(s)),
    moved("full_like", MATRIX, 2, ref=lambda x, v: np.full(x.shape, 2.0)),
    moved("zeros_like", ints([[1, 2]]), ref=np.zeros_like),
    moved("ones_like", MATRIX, dtype="int32", ref=lambda x, dtype: np.ones(x.shape, "int32")),
    moved("empty_like", MATRIX, ref=np.zeros_like),
    moved("eye", 3, 4, 1, "float32", ref=lambda n, m, k, d: np.eye(n, m, k)),
    moved("tril", CUBE, -1, ref=np.tril),
    moved("triu", CUBE, 1, ref=np.triu),
    moved("arange", 1, 10, 3, ref=np.arange),
    case("linspace", 0.0, 1.0, 5, ref=np.linspace, tol=FUNCTION),
]
