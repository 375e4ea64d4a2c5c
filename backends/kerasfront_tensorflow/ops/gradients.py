"""Operations whose gradient is not the engine's."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.eager import record


def with_gradient(name: str, forward: Callable, backward: Callable) -> Callable:
    """Return `forward(*inputs)`, one tensor, with the gradients `backward(upstream, result, *inputs)`, one per input.

    `tf.custom_gradient` enters a function into a table of the process each time that a graph is traced. It holds the
    graph, which so is never freed. What is entered here, once for each operation, takes all it needs from the graph.
    """
    name = f"Kerasfront{name}"

    @tf.RegisterGradient(name)
    def _in_graph(operation: Any, upstream: Any, *_: Any) -> Sequence:
        # The marked copies are of the result, which needs no gradient then, and of the inputs.
        return [None, *backward(upstream, *operation.inputs)]

    @tf.custom_gradient
    def eager(*inputs: Any) -> tuple[Any, Callable]:
        result = forward(*inputs)
        return result, lambda upstream: backward(upstream, result, *inputs)

    def traced(*inputs: Any) -> Any:
        tensors = [forward(*inputs), *inputs]
        with tf.compat.v1.get_default_graph().gradient_override_map({"IdentityN": name}):
            marked = tf.identity_n(tensors)
        # Tapes go by the name of the kernel, and must be told.
        record.record_operation(name, marked, tensors, lambda upstream, *_: [None, *backward(upstream, *tensors)])
        return marked[0]

    def run(*inputs: Any) -> Any:
        return (eager if tf.executing_eagerly() else traced)(*inputs)

    return run
