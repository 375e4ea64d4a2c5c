"""Products that sum over axes."""

from typing import Any

import tensorflow as tf

from kerasfront_tensorflow.ops.kernel import INTEGERS, widened


def _matmul(x1: Any, x2: Any) -> Any:
    rank1, rank2 = len(x1.shape), len(x2.shape)
    if rank1 == 1 and rank2 == 1:
        return tf.reduce_sum(x1 * x2)
    if rank1 == 1:
        return tf.squeeze(tf.matmul(x1[None], x2), -2)
    if rank2 == 1:
        return tf.squeeze(tf.matmul(x1, x2[:, None]), -1)
    if rank1 > 2 and rank2 == 2 and x1.shape.is_fully_defined():
        # One large product instead of one for each leading index.
        shape = x1.shape.as_list()
        return tf.reshape(tf.matmul(tf.reshape(x1, (-1, shape[-1])), x2), (*shape[:-1], x2.shape[-1]))
    return tf.matmul(x1, x2)


matmul = widened(_matmul, INTEGERS)


def contract(operands: list, subscripts: str) -> Any:
    left, _, right = subscripts.partition("->")
    letters = left.split(",")
    pairs = [pair for x, own in zip(operands, letters, strict=True) for pair in zip(own, x.shape, strict=True)]
    longer = {letter for letter, size in pairs if size != 1}
    plain = [_without_ones(x, own, longer) for x, own in zip(operands, letters, strict=True)]
    text = ",".join(own for _, own in plain) + "->" + right
    return widened(lambda *xs: tf.einsum(text, *xs), INTEGERS)(*[x for x, _ in plain])


def _without_ones(x: Any, own: str, longer: set[str]) -> tuple[Any, str]:
    """Drop axes of size 1 whose letter has another size elsewhere: the kernel does not stretch them."""
    axes = [axis for axis, letter in enumerate(own) if x.shape[axis] == 1 and letter in longer]
    if not axes:
        return x, own
    return tf.squeeze(x, axes), "".join(letter for axis, letter in enumerate(own) if axis not in axes)
