"""Control flow: PyTorch's values are known, so Python's own does it, unrolled where a step is traced."""

from collections.abc import Callable
from typing import Any

import torch

from kerasfront import tree


def cond(pred: torch.Tensor, true_fn: Callable, false_fn: Callable) -> Any:
    return true_fn() if bool(pred) else false_fn()


def while_loop(condition: Callable, body: Callable, loop_vars: tuple, maximum_iterations: int | None) -> tuple:
    rounds = 0
    while (maximum_iterations is None or rounds < maximum_iterations) and bool(condition(*loop_vars)):
        loop_vars = body(*loop_vars)
        rounds += 1
    return loop_vars


def _stacked(*leaves: Any) -> Any:
    return None if leaves[0] is None else torch.stack(leaves)


def scan(f: Callable, init: Any, xs: Any, length: int, reverse: bool) -> tuple[Any, Any]:
    # Unbound at once: the gradient of taking single slices would fill a whole tensor with zeros for each.
    slices, spec = tree.flatten_with_spec(xs)
    slices = [(None,) * length if leaf is None else torch.unbind(leaf) for leaf in slices]
    carry, outputs = init, [None] * length
    for place in reversed(range(length)) if reverse else range(length):
        carry, outputs[place] = f(carry, tree.unflatten(spec, [leaf[place] for leaf in slices]))
    return carry, tree.map_structure(_stacked, *outputs) if outputs else None


def vectorized_map(function: Callable, elements: Any) -> Any:
    leaves, spec = tree.flatten_with_spec(elements)
    places = [place for place, leaf in enumerate(leaves) if leaf is not None]
    found: dict = {}

    def run(*tensors: torch.Tensor) -> tuple:
        arguments = list(leaves)
        for place, tensor in zip(places, tensors, strict=True):
            arguments[place] = tensor
        results, found["spec"] = tree.flatten_with_spec(function(tree.unflatten(spec, arguments)))
        return tuple(results)

    results = torch.vmap(run, randomness="different")(*(leaves[place] for place in places))
    return tree.unflatten(found["spec"], list(results))
