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

    return tree.unflatten(spec, tf.cond(tf.reshape(pred, ()), flat(true_fn), flat(false_fn))) if False else _finish(
        tf.cond(tf.reshape(pred, ()), flat(true_fn), flat(false_fn)), lambda: spec
    )


def _finish(leaves: list, spec: Callable) -> Any:
    return tree.unflatten(spec(), leaves)


def while_loop(cond: Callable, body: Callable, loop_vars: tuple, maximum_iterations: int | None) -> tuple:
    leaves, spec = tree.flatten_with_spec(tuple(loop_vars))

    def goes_on(*values: Any) -> Any:
        return tf.reshape(cond(*tree.unflatten(spec, values)), ())

    def step(*values: Any) -> list:
        return _like(tree.flatten(tuple(body(*tree.unflatten(spec, values)))), leaves)

    return tree.unflatten(spec, tf.while_loop(goes_on, step, leaves, maximum_iterations=maximum_iterations))


def _like(values: list, examples: list) -> list:
    """Turn what a body returned into tensors with the static shapes of the loop's variables."""
    return [tf.ensure_shape(tf.convert_to_tensor(value, example.dtype), example.shape) for value, example in zip(values, examples, strict=True)]


def scan(f: Callable, init: Any, xs: Any, length: int | None, reverse: bool) -> tuple[Any, Any]:
    if tf.executing_eagerly():
        return _scan_now(f, init, xs, length, reverse)
    raise NotImplementedError


def _scan_now(f: Callable, init: Any, xs: Any, length: int, reverse: bool) -> tuple[Any, Any]:
    leaves, spec = tree.flatten_with_spec(xs)
    slices = [[None] * length if leaf is None else tf.unstack(leaf, length) for leaf in leaves]
    carry, outputs = init, [None] * length
    for place in reversed(range(length)) if reverse else range(length):
        carry, outputs[place] = f(carry, tree.unflatten(spec, [one[place] for one in slices]))
    stacked = tree.map_structure(lambda *parts: None if parts[0] is None else tf.stack(parts), *outputs) if outputs else None
    return carry, stacked


def vectorized_map(function: Callable, elements: Any) -> Any:
    return tf.vectorized_map(function, elements)
