"""Control flow that XLA can compile.

Structures go in and out flat: JAX would return dicts with their keys sorted, where `kerasfront.tree` keeps their order.
"""

from collections.abc import Callable
from typing import Any

import jax
from jax import lax

from kerasfront import tree


def _flat(function: Callable, *specs: Any) -> tuple[Callable, Callable]:
    """Return `function` on lists of leaves, one per spec, and what rebuilds its result once it has been traced."""
    found: dict[str, Any] = {}

    def on_leaves(*arguments: list) -> list:
        result = function(*(tree.unflatten(spec, leaves) for spec, leaves in zip(specs, arguments, strict=True)))
        leaves, found["spec"] = tree.flatten_with_spec(result)
        return leaves

    return on_leaves, lambda leaves: tree.unflatten(found["spec"], leaves)


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    taken, rebuilt = _flat(true_fn)
    return rebuilt(lax.cond(pred, taken, _flat(false_fn)[0]))


def while_loop(cond: Callable, body: Callable, loop_vars: tuple, maximum_iterations: int | None) -> tuple:
    leaves, spec = tree.flatten_with_spec(tuple(loop_vars))

    def goes_on(state: tuple) -> Any:
        more = cond(*tree.unflatten(spec, state[1]))
        return more if maximum_iterations is None else (state[0] < maximum_iterations) & more

    def step(state: tuple) -> tuple:
        return state[0] + 1, tree.flatten(tuple(body(*tree.unflatten(spec, state[1]))))

    return tree.unflatten(spec, lax.while_loop(goes_on, step, (0, leaves))[1])


def scan(f: Callable, init: Any, xs: Any, length: int | None, reverse: bool) -> tuple[Any, Any]:
    carry, carry_spec = tree.flatten_with_spec(init)
    slices, slice_spec = tree.flatten_with_spec(xs)
    found: dict[str, Any] = {}

    def step(carry: list, slices: list) -> tuple[list, list]:
        carry, y = f(tree.unflatten(carry_spec, carry), tree.unflatten(slice_spec, slices))
        leaves, found["spec"] = tree.flatten_with_spec(y)
        return tree.flatten(carry), leaves

    last, ys = lax.scan(step, carry, slices, length, reverse)
    return tree.unflatten(carry_spec, last), tree.unflatten(found["spec"], ys)


def vectorized_map(function: Callable, elements: Any) -> Any:
    leaves, spec = tree.flatten_with_spec(elements)
    mapped, rebuilt = _flat(function, spec)
    return rebuilt(jax.vmap(mapped)(leaves))
