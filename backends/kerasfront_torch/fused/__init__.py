"""Native versions of derived ops: each module gives those of the front's module of that theme.

An override has the name and arguments of its op, and its values and gradients. Where PyTorch's kernel
differs (a kink, a rare dtype, a form it does not have) the op's own body runs.
"""

from kerasfront_torch.fused import (
    activations,
    arithmetic,
    images,
    layouts,
    losses,
    normalization,
    random,
    recurrent,
    reductions,
    updates,
)

for _theme in (images, arithmetic, reductions, layouts, activations, normalization, losses, recurrent, random, updates):
    globals().update(
        {name: value for name, value in vars(_theme).items() if callable(value) and name not in ("Any", "body")}
    )
