"""The primitives of the contract for JAX: each module gives those of the front's module of that theme."""

from kerasfront_jax.ops import (
    contraction,
    control,
    creation,
    elementwise,
    factorization,
    indexing,
    movement,
    reductions,
    transforms,
    windows,
)

for _theme in (
    elementwise,
    reductions,
    movement,
    indexing,
    creation,
    contraction,
    windows,
    factorization,
    transforms,
    control,
):
    globals().update({name: value for name, value in vars(_theme).items() if callable(value) and name[0] != "_"})
