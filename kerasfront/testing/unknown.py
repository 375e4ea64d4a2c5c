"""Which sizes inference has to know, by op. Every other size of a case may be unknown (None).

An entry gives, for the place of an array among the arrays of the call, the axes that have to be known. It is a limit
of the op's meaning or of its body: to unstack needs the size of the axis, a convolution its window. The list only
shrinks; an entry that is not needed fails a test.
"""

from __future__ import annotations

ALL = tuple(range(8))

# The kernel: its window sets the padding, its channels the groups.
_KERNEL = {1: ALL}
# The depth of the indices says how many axes an update has.
_DEPTH = {1: (-1,)}

KNOWN: dict[str, dict[int, tuple[int, ...]]] = {
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
    "cross": {0: ALL, 1: ALL},
    "vectorize": {0: ALL, 1: ALL},
    "tile": {0: ALL},
    "unstack": {0: (1,)},
    "convolution": _KERNEL,
    "conv": _KERNEL,
    "conv_transpose": _KERNEL,
    "depthwise_conv": _KERNEL,
    "separable_conv": {1: ALL, 2: ALL},
}
