"""Variables in graphs, by their handles."""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf


def read(resource: Any, dtype: Any, shape: Any) -> Any:
    """Return the value of a Variable."""
    value = tf.raw_ops.ReadVariableOp(resource=resource, dtype=dtype)
    value.set_shape(shape)
    return value


def handles_of(columns: Iterable[list]) -> list[list] | None:
    """Return the handles of the Variables whose values the columns hold, row by row.

    None where there are other tensors among them than what has been read in this graph, in full precision.
    """
    if tf.executing_eagerly():
        return None
    graph = tf.compat.v1.get_default_graph()
    rows = list(zip(*columns, strict=True))
    for value in (one for row in rows for one in row):
        if value.graph is not graph or value.op.type != "ReadVariableOp" or value.dtype not in (tf.float32, tf.float64):
            return None
    return [[value.op.inputs[0] for value in row] for row in rows]
