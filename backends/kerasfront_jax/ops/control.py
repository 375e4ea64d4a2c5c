"""Control flow that XLA can compile.

Structures go in and out flat: JAX would return dicts with their keys sorted, where `kerasfront.tree` keeps their order.

A loop is a program of its own, by `jit`, which goes when it has run: of loops that are run eagerly JAX keeps the last
4096 programs, half a megabyte each, and loops of new functions do not meet them again.
"""

import functools
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax._src.core import eval_jaxpr

from kerasfront import tree


def _flat(function: Callable, *specs: Any) -> tuple[Callable, Callable]:
    """Return `function` on lists of leaves, one per spec, and what rebuilds its result once it has been traced."""
    found: dict[str, Any] = {}

    def on_leaves(*arguments: list) -> list:
        result = function(*(tree.unflatten(spec, leaves) for spec, leaves in zip(specs, arguments, strict=True)))
        leaves, found["spec"] = tree.flatten_with_spec(result)
        return leaves

    return on_leaves, lambda leaves: tree.unflatten(found["spec"], leaves)


def _opened(function: Callable, state: list) -> tuple[Callable, list]:
    """Return the function with what it closes over as further arguments, so that it can have a gradient, and that.

    Not `jax.closure_convert`: JAX keeps what comes out of that for the last 2048 functions.
    """
    traced = jax.make_jaxpr(function)(state)
    return lambda state, *closed: eval_jaxpr(traced.jaxpr, closed, *state), list(traced.consts)


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    taken, rebuilt = _flat(true_fn)
    return rebuilt(lax.cond(pred, taken, _flat(false_fn)[0]))


def while_loop(cond: Callable, body: Callable, loop_vars: tuple, maximum_iterations: int | None) -> tuple:
    leaves, spec = tree.flatten_with_spec(tuple(loop_vars))

    def goes_on(state: list) -> Any:
        again = cond(*tree.unflatten(spec, state[1:]))
        return again if maximum_iterations is None else (state[0] < maximum_iterations) & again

    def step(state: list) -> list:
        results = tree.flatten(tuple(body(*tree.unflatten(spec, state[1:]))))
        return [state[0] + 1, *(jnp.asarray(new, old.dtype) for new, old in zip(results, leaves, strict=True))]

    def loop(leaves: list) -> list:
        start = [jnp.int32(0), *leaves]
        again, first = _opened(goes_on, start)
        further, second = _opened(step, start)
        return _loop(lambda *flat: again(*flat)[0], further, start, first, second)[1:]

    return tree.unflatten(spec, jax.jit(loop)(leaves))


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _loop(goes_on: Callable, step: Callable, state: list, first: list, second: list) -> list:
    """Repeat `step(state, *second)` as long as `goes_on(state, *first)`; the state starts with the count of rounds."""
    return lax.while_loop(lambda state: goes_on(state, *first), lambda state: step(state, *second), state)


def _loop_forward(goes_on: Callable, step: Callable, *arguments: list) -> tuple:
    # Not the primal loop: this one is differentiated again for gradients of gradients.
    result = _loop(goes_on, step, *arguments)
    return result, (result[0], arguments)


def _loop_backward(goes_on: Callable, step: Callable, kept: tuple, upstream: list) -> tuple:
    """Go backwards; the state before each round is computed anew from the start, for XLA keeps no list of unknown
    length. The loops in here are `_loop` again, so that there are gradients of any order."""
    count, (state, first, second) = kept
    n, every = len(state), [*state, *second]
    floats = [i for i, value in enumerate(every) if jnp.issubdtype(value.dtype, jnp.inexact)]
    moving = [i for i in floats if i < n]

    def back(backwards: list, count: Any, *every: Any) -> list:
        rounds, *gradients = backwards
        last = [count - 1 - rounds]
        before = _loop(lambda state, last: state[0] < last, step, list(every[:n]), last, list(every[n:]))
        point = [*before, *every[n:]]

        def moved(values: list) -> list:
            whole = replaced(point, floats, values)
            results = step(whole[:n], *whole[n:])
            return [results[i] for i in moving]

        (found,) = jax.vjp(moved, [point[i] for i in floats])[1](gradients[: len(moving)])
        # The state's gradients go on backwards, those of what was closed over add up.
        totals = zip(gradients[len(moving) :], found[len(moving) :], strict=True)
        return [rounds + 1, *found[: len(moving)], *(a + b for a, b in totals)]

    nothing = (jnp.zeros_like(every[i]) for i in floats[len(moving) :])
    start = [jnp.zeros_like(count), *(upstream[i] for i in moving), *nothing]
    _, *found = _loop(lambda state, count: state[0] < count, back, start, [count], [count, *every])
    whole = replaced(map(_no_gradient, every), floats, found)
    return whole[:n], [_no_gradient(value) for value in first], whole[n:]


def replaced(values: Iterable, places: list[int], others: Iterable) -> list:
    """Return the values with others in some places."""
    found = dict(zip(places, others, strict=True))
    return [found.get(place, value) for place, value in enumerate(values)]


def _no_gradient(value: Any) -> Any:
    if jnp.issubdtype(value.dtype, jnp.inexact):
        return jnp.zeros_like(value)
    return np.zeros(value.shape, jax.dtypes.float0)


_loop.defvjp(_loop_forward, _loop_backward)


def scan(f: Callable, init: Any, xs: Any, length: int | None, reverse: bool) -> tuple[Any, Any]:
    carry, carry_spec = tree.flatten_with_spec(init)
    slices, slice_spec = tree.flatten_with_spec(xs)
    found: dict[str, Any] = {}

    def step(carry: list, slices: list) -> tuple[list, list]:
        carry, y = f(tree.unflatten(carry_spec, carry), tree.unflatten(slice_spec, slices))
        leaves, found["spec"] = tree.flatten_with_spec(y)
        return tree.flatten(carry), leaves

    last, ys = jax.jit(lambda carry, slices: lax.scan(step, carry, slices, length, reverse))(carry, slices)
    return tree.unflatten(carry_spec, last), tree.unflatten(found["spec"], ys)


def vectorized_map(function: Callable, elements: Any) -> Any:
    leaves, spec = tree.flatten_with_spec(elements)
    mapped, rebuilt = _flat(function, spec)
    return rebuilt(jax.vmap(mapped)(leaves))
