"""Which sizes inference has to know, by op. Every other size of a case may be unknown (None).

An entry gives, for the place of an array among the arrays of the call, the axes that have to be known. It is a limit
of the op's meaning or of its body: a split needs the size that it divides, a convolution its window. The list only
shrinks; an entry that is not needed fails a test.
"""

from __future__ import annotations

ALL = tuple(range(8))

# The kernel: its window sets the padding, its channels the groups.
_KERNEL = {1: ALL}
# The depth of the indices says how many axes an update has.
_DEPTH = {1: (-1,)}
# The last axis of the weights is divided among the gates.
_GATES = {2: (-1,), 3: (-1,), 4: (-1,), 5: (-1,)}

KNOWN: dict[str, dict[int, tuple[int, ...]]] = {
    "glu": {0: (1,)},
    "scatter_add": _DEPTH,
    "scatter_set": _DEPTH,
    "scatter_update": _DEPTH,
    "scatter": {0: (-1,)},
    "sparse_categorical_crossentropy": {0: (1, -1), 1: (1, -1)},
    "ctc_loss": {1: (-1,)},
    "ctc_decode": {0: (-1,)},
    "stft": {1: ALL},
    "map_coordinates": {1: (0,)},
    "perspective_transform": {1: ALL, 2: ALL},
    "scale_and_translate": {1: ALL, 2: ALL},
    "dot_product_attention": {0: (1, 2, 3), 1: (1, 2), 2: (2,)},
    "array_split": {0: ALL},
    "cross": {0: ALL, 1: ALL},
    "diag": {0: ALL},
    "diagflat": {0: ALL},
    "diagonal": {0: ALL},
    "dsplit": {0: (2,)},
    "hsplit": {0: (0, 1)},
    "vander": {0: ALL},
    "vectorize": {0: ALL, 1: ALL},
    "vsplit": {0: (0,)},
    "tile": {0: ALL},
    "repeat": {0: ALL},
    "split": {0: (-1,)},
    "unstack": {0: (1,)},
    "tril": {0: (-1, -2)},
    "triu": {0: (-1, -2)},
    "lstm": _GATES,
    "gru": _GATES,
    "convolution": _KERNEL,
    "conv": _KERNEL,
    "conv_transpose": _KERNEL,
    "depthwise_conv": _KERNEL,
    "separable_conv": {1: ALL, 2: ALL},
}
