"""Every op, declared once.

Primitives (provided by each backend) come first in `elementwise`, `reductions`, `movement`, `indexing`, `creation`,
`contraction`, `windows`, `factorization`, `transforms` and `control`; everything else is derived from them.
This namespace holds every declared op, and the few plain functions listed in `_FUNCTIONS`. It shows the public names:
those of the Keras API and our own derived ops (see `namespaces`); other primitives can be reached as well.
"""

from typing import Any

from kerasfront.backend.operators import OPS as _OPS
from kerasfront.backend.symbolic import KerasTensor as KerasTensor
from kerasfront.ops import (
    activations,
    adaptive_pooling,
    arithmetic,
    attention,
    blocks,
    comparison,
    complex_numbers,
    contraction,
    control,
    convolution,
    creation,
    ctc,
    diagonals,
    differentiation,
    elementwise,
    factorization,
    fourier,
    grids,
    image_colour,
    image_filters,
    image_geometry,
    image_patches,
    image_resizing,
    indexing,
    linear_algebra,
    losses,
    movement,
    namespaces,
    nan_reductions,
    normalization,
    norms,
    number_theory,
    optimizer_updates,
    products,
    random_bits,
    rearranging,
    recurrent,
    reductions,
    segments,
    special_functions,
    splitting,
    statistics,
    tapers,
    transforms,
    vectorizing,
    windows,
)

_FUNCTIONS = {
    creation: (
        "arange", "array", "convert_to_numpy", "convert_to_tensor", "copy", "dtype", "identity", "is_tensor",
        "linspace", "ndim", "saturate_cast", "shape", "size",
    ),
    contraction: ("einsum",),
    control: ("associative_scan", "fori_loop", "map", "switch"),
    differentiation: ("custom_gradient", "jvp"),
    grids: ("geomspace", "logspace", "meshgrid"),
    rearranging: ("rearrange",),
    vectorizing: ("vectorize",),
}  # fmt: skip

globals().update(_OPS)
for _module, _names in _FUNCTIONS.items():
    globals().update({name: getattr(_module, name) for name in _names})

# Second names of ops.
_ALIASES = {
    "amax": "max",
    "amin": "min",
    "bitwise_invert": "bitwise_not",
    "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift",
    "conj": "conjugate",
    "divide": "true_divide",
    "hard_swish": "hard_silu",
    "remainder": "mod",
    "swish": "silu",
}

globals().update({name: _OPS[op] for name, op in _ALIASES.items()})


def __dir__() -> list[str]:
    return __all__


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


_PRIMITIVES = frozenset(primitives())
__all__ = namespaces.public(globals(), [name for name in _OPS if name not in _PRIMITIVES])

globals().update(namespaces.build(__name__, globals()))
