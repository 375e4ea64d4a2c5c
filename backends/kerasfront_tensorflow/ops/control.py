"""Control flow: plain Python where values are known, TensorFlow's own in a graph."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kerasfront import tree


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    spec = None

    def flat(function: Callable) -> Callable:
        def run() -> list:
            nonlocal spec
            leaves, spec = tree.flatten_with_spec(function())
            return [leaf if leaf is None else tf.convert_to_tensor(leaf) for leaf in leaves]

        return run

    leaves = tf.cond(tf.reshape(pred, ()), flat(true_fn), flat(false_fn))
    return tree.unflatten(spec, leaves)


def while_loop(cond: Callable, body: Callable, loop_vars: tuple, maximum_iterations: int | None) -> tuple:
    leaves, spec = tree.flatten_with_spec(tuple(loop_vars))

    def goes_on(*values: Any) -> Any:
        return tf.reshape(cond(*tree.unflatten(spec, values)), ())

    def step(*values: Any) -> list:
        return _like(tree.flatten(tuple(body(*tree.unflatten(spec, values)))), leaves)

    return tree.unflatten(spec, tf.while_loop(goes_on, step, leaves, maximum_iterations=maximum_iterations))


def _like(values: list, examples: list) -> list:
    """Turn what a body returned into tensors with the static shapes of the loop's variables."""
    pairs = zip(values, examples, strict=True)
    return [tf.ensure_shape(tf.convert_to_tensor(value, one.dtype), one.shape) for value, one in pairs]


def scan(f: Callable, init: Any, xs: Any, length: int, reverse: bool) -> tuple[Any, Any]:
    leaves, spec = tree.flatten_with_spec(xs)
    order = range(length - 1, -1, -1) if reverse else range(length)
    if tf.executing_eagerly() or length < 2:
        slices = [[None] * length if leaf is None else tf.unstack(leaf, length) for leaf in leaves]
        carry, outputs = init, [None] * length
        for place in order:
            carry, outputs[place] = f(carry, tree.unflatten(spec, [one[place] for one in slices]))
        return carry, tree.map_structure(_stacked, *outputs) if outputs else None

    queues = [None if leaf is None else _queue(leaf, length).unstack(leaf) for leaf in leaves]

    def step(place: Any, carry: Any) -> tuple[Any, Any]:
        return f(carry, tree.unflatten(spec, [None if queue is None else queue.read(place) for queue in queues]))

    return _looped(step, init, order)


def _stacked(*parts: Any) -> Any:
    return None if parts[0] is None else tf.stack(parts)


def _queue(example: Any, length: int, shape: Any = None) -> tf.TensorArray:
    shape = example.shape[1:] if shape is None else shape
    return tf.TensorArray(example.dtype, length, element_shape=shape, clear_after_read=False)


def _looped(step: Callable, init: Any, order: range) -> tuple[Any, Any]:
    """Run the first step by itself, which shows the structure of its outputs, and the others in a loop of the graph."""
    carry, y = step(tf.constant(order[0]), init)
    carries, carry_spec = tree.flatten_with_spec(carry)
    ys, y_spec = tree.flatten_with_spec(y)
    carries = [value if value is None else tf.convert_to_tensor(value) for value in carries]
    ys = [value if value is None else tf.convert_to_tensor(value) for value in ys]
    kept = [i for i, value in enumerate(carries) if value is not None]
    shown = [i for i, value in enumerate(ys) if value is not None]
    stacks = [_queue(ys[i], len(order), ys[i].shape).write(order[0], ys[i]) for i in shown]

    def body(count: Any, values: list, stacks: list) -> tuple:
        place = order.start + count * order.step
        full = [values[kept.index(i)] if i in kept else None for i in range(len(carries))]
        carry, y = step(place, tree.unflatten(carry_spec, full))
        new = tree.flatten(carry)
        outputs = tree.flatten(y)
        stacks = [stack.write(place, outputs[i]) for i, stack in zip(shown, stacks, strict=True)]
        return count + 1, _like([new[i] for i in kept], [carries[i] for i in kept]), stacks

    start = (tf.constant(1), [carries[i] for i in kept], stacks)
    rounds = len(order) - 1
    _, values, stacks = tf.while_loop(lambda count, *_: count < len(order), body, start, maximum_iterations=rounds)
    for i, value in zip(kept, values, strict=True):
        carries[i] = value
    for i, stack in zip(shown, stacks, strict=True):
        ys[i] = tf.ensure_shape(stack.stack(), (len(order), *ys[i].shape))
    return tree.unflatten(carry_spec, carries), tree.unflatten(y_spec, ys)


def vectorized_map(function: Callable, elements: Any) -> Any:
    leaves, spec = tree.flatten_with_spec(elements)
    kept = [i for i, leaf in enumerate(leaves) if leaf is not None]
    found = None

    def flat(slices: list) -> list:
        nonlocal found
        parts = iter(slices)
        full = [next(parts) if i in kept else None for i in range(len(leaves))]
        outputs, found = tree.flatten_with_spec(function(tree.unflatten(spec, full)))
        return [tf.convert_to_tensor(output) for output in outputs]

    results = tf.vectorized_map(flat, [leaves[i] for i in kept])
    return tree.unflatten(found, results)
