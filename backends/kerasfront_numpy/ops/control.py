"""Control flow: NumPy's values are known, so Python's own does it."""

from collections.abc import Callable
from typing import Any

from autograd.tracer import getval

from kerasfront import tree
from kerasfront_numpy.ops.movement import concatenate, reshape


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    return true_fn() if bool(getval(pred)) else false_fn()


def while_loop(condition: Callable, body: Callable, loop_vars: tuple, maximum_iterations: int | None) -> tuple:
    rounds = 0
    while (maximum_iterations is None or rounds < maximum_iterations) and bool(getval(condition(*loop_vars))):
        loop_vars = body(*loop_vars)
        rounds += 1
    return loop_vars


def _at(structure: Any, place: int) -> Any:
    return tree.map_structure(lambda leaf: leaf if leaf is None else leaf[place], structure)


def _stacked(*leaves: Any) -> Any:
    return None if leaves[0] is None else concatenate([reshape(leaf, (1, *leaf.shape)) for leaf in leaves], 0)


def scan(f: Callable, init: Any, xs: Any, length: int, reverse: bool) -> tuple[Any, Any]:
    carry, outputs = init, [None] * length
    for place in reversed(range(length)) if reverse else range(length):
        carry, outputs[place] = f(carry, _at(xs, place))
    return carry, tree.map_structure(_stacked, *outputs) if outputs else None


def vectorized_map(function: Callable, elements: Any) -> Any:
    size = len(next(leaf for leaf in tree.flatten(elements) if leaf is not None))
    return tree.map_structure(_stacked, *[function(_at(elements, place)) for place in range(size)])
