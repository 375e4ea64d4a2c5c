"""Native versions of derived ops, where plain NumPy is quicker than one dispatched op after the other."""

from typing import Any

import autograd.numpy as anp
import numpy as np

from kerasfront.random import generator
from kerasfront_numpy.ops.kernel import kernel


def random_bits(words: Any, shape: tuple, stream: int = 0) -> np.ndarray:
    return generator.words_to_bits(np.asarray(words, "int32"), shape, stream)


@kernel
def slogdet(x: Any) -> tuple:
    found = anp.linalg.slogdet(x)
    return found[0], found[1]
