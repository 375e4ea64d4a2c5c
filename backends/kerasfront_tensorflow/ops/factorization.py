"""Linear algebra on the last two axes."""

from typing import Any

import tensorflow as tf

from kerasfront_tensorflow.ops.kernel import HALVES, widened

cholesky_factor = widened(tf.linalg.cholesky, HALVES)
det = widened(tf.linalg.det, HALVES)
inv = widened(tf.linalg.inv, HALVES)


def _svd(x: Any, full_matrices: bool) -> tuple:
    s, u, v = tf.linalg.svd(x, full_matrices)
    return u, s, tf.linalg.adjoint(v)


qr_factors = widened(lambda x, complete: tuple(tf.linalg.qr(x, complete)), HALVES)
svd_factors = widened(_svd, HALVES)
eigh = widened(lambda x: tuple(tf.linalg.eigh(x)), HALVES)


def eig(x: Any) -> tuple:
    return tuple(tf.linalg.eig(tf.cast(x, tf.float32) if x.dtype in HALVES else x))


def _broadcast(a: Any, b: Any) -> tuple[Any, Any]:
    lead = tf.broadcast_static_shape(a.shape[:-2], b.shape[:-2])
    return tf.broadcast_to(a, (*lead, *a.shape[-2:])), tf.broadcast_to(b, (*lead, *b.shape[-2:]))


solve_matrix = widened(lambda a, b: tf.linalg.solve(*_broadcast(a, b)), HALVES)
solve_triangular_matrix = widened(lambda a, b, lower: tf.linalg.triangular_solve(*_broadcast(a, b), lower), HALVES)


def _eliminate(x: Any) -> tuple[Any, Any, list]:
    """Return the packed factors, the order of rows, and the row exchanged at each step, by Gaussian elimination.

    TensorFlow's own kernel takes square regular matrices only.
    """
    size = x.shape[-2]
    order = tf.broadcast_to(tf.range(size), x.shape[:-1])
    if 0 in x.shape[-2:]:
        return x, order, []
    best = tf.argmax(tf.abs(x[..., 0]), -1, tf.int32)[..., None]
    rows = tf.range(size)
    order = tf.where(rows == 0, best, tf.where(rows == best, 0, order))
    rank = len(x.shape) - 2
    x = tf.gather(x, order, batch_dims=rank)
    row, below = x[..., :1, :], x[..., 1:, :1]
    # A column of zeros needs no multiples of the row above.
    column = tf.math.divide_no_nan(below, x[..., :1, :1])
    packed, later, pivots = _eliminate(x[..., 1:, 1:] - column * row[..., 1:])
    # Exchanges of later steps move the multipliers of this one too.
    lower = tf.concat([tf.gather(column, later, batch_dims=rank), packed], -1)
    order = tf.concat([order[..., :1], tf.gather(order[..., 1:], later, batch_dims=rank)], -1)
    return tf.concat([row, lower], -2), order, [best[..., 0], *(pivot + 1 for pivot in pivots)]


def _lu(x: Any) -> tuple:
    packed, _, pivots = _eliminate(x)
    return packed, tf.stack(pivots, -1) if pivots else tf.zeros((*x.shape[:-2], 0), tf.int32)


lu_factor = widened(_lu, HALVES)
