"""Operations whose gradient is not the engine's."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.eager import record


class _Wanted(threading.local):
    by: Sequence | None = None


_wanted = _Wanted()


@contextlib.contextmanager
def by_these_only(sources: Sequence) -> Iterator[None]:
    """Mark a computation that is differentiated by the sources, and by no tensor on the way.

    It does not hold under another tape, which may be asked for anything.
    """
    before, _wanted.by = _wanted.by, None if record.could_possibly_record() else sources
    try:
        yield
    finally:
        _wanted.by = before


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


def argument_of(tensor: Any, name: str) -> Any:
    """Return the first input of the operation by `with_gradient(name, ...)` that made a tensor of a graph.

    None where another one made it, or somebody may ask for the gradient by the tensor itself.
    """
    if tf.executing_eagerly() or _wanted.by is None or tensor.op.type != "IdentityN":
        return None
    if any(tensor is source for source in _wanted.by):
        return None
    try:
        marked = tensor.op.get_attr("_gradient_op_type")
    except ValueError:
        return None
    return tensor.op.inputs[1] if marked == f"Kerasfront{name}".encode() else None
