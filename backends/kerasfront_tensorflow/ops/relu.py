"""The relu of graphs, and what pooling needs to know of it."""

from typing import Any

import tensorflow as tf

from kerasfront_tensorflow.ops.gradients import argument_of, with_gradient

# TensorFlow makes one kernel of a product, a bias and its own relu, and that one turns NaN into 0.
_in_graphs = with_gradient(
    "Relu",
    lambda x: tf.maximum(x, tf.zeros((), x.dtype)),
    lambda upstream, result, _: [tf.raw_ops.ReluGrad(gradients=upstream, features=result)],
)


def relu(x: Any) -> Any:
    """Return the larger of each element and 0."""
    return tf.nn.relu(x) if tf.executing_eagerly() else _in_graphs(x)


def before_relu(x: Any) -> Any:
    """Return what `relu` made x of, where an op may be computed of that instead; else None."""
    return argument_of(x, "Relu")
