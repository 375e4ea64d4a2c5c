"""The primitives of the contract for PyTorch: each module gives those of the front's module of that theme."""

from kerasfront_torch.ops import (
    contraction,
    control,
    elementwise,
    factorization,
    indexing,
    movement,
    reductions,
    transforms,
    windows,
)

for _theme in (elementwise, reductions, movement, indexing, contraction, windows, factorization, transforms, control):
    globals().update({name: value for name, value in vars(_theme).items() if callable(value) and name[0] != "_"})
