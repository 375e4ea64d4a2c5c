"""Every op, declared once.

Primitives (provided by each backend) come first in `elementwise`, `reductions`, `movement`, `indexing`, `creation`,
`contraction`, `windows`, `factorization`, `transforms` and `control`; everything else is derived from them.
This namespace holds every declared op, and the few plain functions listed in `_FUNCTIONS`.
"""

from typing import Any

from kerasfront.backend.operators import OPS as _OPS
from kerasfront.backend.symbolic import KerasTensor as KerasTensor
from kerasfront.ops import (
    activations,
    arithmetic,
    attention,
    contraction,
    control,
    convolution,
    creation,
    elementwise,
    factorization,
    indexing,
    losses,
    movement,
    nan_reductions,
    normalization,
    optimizer_updates,
    random_bits,
    recurrent,
    reductions,
    segments,
    statistics,
    transforms,
    windows,
)

_FUNCTIONS = {
    creation: (
        "arange", "array", "convert_to_numpy", "convert_to_tensor", "copy", "dtype", "identity", "is_tensor",
        "linspace", "ndim", "saturate_cast", "shape", "size",
    ),
    contraction: ("einsum",),
    control: ("fori_loop", "map"),
}  # fmt: skip

globals().update(_OPS)
for _module, _names in _FUNCTIONS.items():
    globals().update({name: getattr(_module, name) for name in _names})

divide = _OPS["true_divide"]
remainder = _OPS["mod"]
swish = _OPS["silu"]
hard_swish = _OPS["hard_silu"]


def __getattr__(name: str) -> Any:
    from kerasfront import errors

    if name.startswith("__"):
        raise AttributeError(name)
    near = errors.nearest(name, _OPS)
    raise AttributeError(f"module 'kerasfront.ops' has no op {name!r}." + (f" Did you mean {near!r}?" if near else ""))


def primitives() -> list[str]:
    """Return the names of the ops that every backend provides, in the order of the contract."""
    declared = [name for name, op in _OPS.items() if hasattr(op, "op") and op.op.primitive]
    return [*declared, *control.PRIMITIVES]
