"""Control flow that XLA can compile."""

from collections.abc import Callable
from typing import Any

import jax
from jax import lax


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    return lax.cond(pred, true_fn, false_fn)


def while_loop(cond: Callable, body: Callable, loop_vars: tuple, maximum_iterations: int | None) -> tuple:
    if maximum_iterations is None:
        return lax.while_loop(lambda values: cond(*values), lambda values: tuple(body(*values)), tuple(loop_vars))

    def goes_on(state: tuple) -> Any:
        return (state[0] < maximum_iterations) & cond(*state[1])

    return lax.while_loop(goes_on, lambda state: (state[0] + 1, tuple(body(*state[1]))), (0, tuple(loop_vars)))[1]


def scan(f: Callable, init: Any, xs: Any, length: int | None, reverse: bool) -> tuple[Any, Any]:
    return lax.scan(f, init, xs, length, reverse)


def vectorized_map(function: Callable, elements: Any) -> Any:
    return jax.vmap(function)(elements)
