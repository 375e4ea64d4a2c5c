"""Control flow over tensors: functions as arguments, run by the engine.

These primitives take functions, so they are declared by hand: the owner is found from the tensors among the operands,
and on symbolic tensors the functions are run once to learn the shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasfront import tree
from kerasfront.backend import dispatch, registry, symbolic
from kerasfront.backend.contract import Backend
from kerasfront.backend.operators import OPS
from kerasfront.errors import OpError

PRIMITIVES = ("cond", "while_loop", "scan", "vectorized_map")


def _owner(*structures: Any) -> Any:
    """Return the backend of the tensors in some structures (the active one if there are none), or SYMBOLIC."""
    owner: Any = None
    for leaf in tree.flatten(structures):
        found = dispatch.owner_of(leaf)
        if found is dispatch.VARIABLE:
            found = leaf.backend
        if found is dispatch.SYMBOLIC:
            return found
        if isinstance(found, Backend):
            owner = owner or found
    return owner or registry.active()


def _tensors(structure: Any) -> Any:
    """Turn host values and Variables into tensors, None stays."""
    from kerasfront.ops.creation import convert_to_tensor

    return tree.map_structure(lambda leaf: leaf if leaf is None else convert_to_tensor(leaf), structure)


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """Return `true_fn()` where the scalar condition holds, else `false_fn()`; both return equal structures.

    Example:
        >>> from kerasfront import ops
        >>> float(ops.cond(True, lambda: ops.ones(()), lambda: ops.zeros(())))
        1.0
    """
    owner = _owner(pred)
    if owner is dispatch.SYMBOLIC:
        return symbolic.record(cond, true_fn, (pred, true_fn, false_fn), {})
    if dispatch.is_concrete(pred):
        return true_fn() if bool(owner.to_numpy(_tensors(pred))) else false_fn()
    return owner.ops.cond(_tensors(pred), true_fn, false_fn)


def while_loop(cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None = None) -> Any:
    """Return the variables after `loop_vars = body(*loop_vars)` ran as long as `cond(*loop_vars)` holds.

    Args:
        cond: takes the variables, returns a scalar bool.
        body: takes the variables, returns them anew with the same shapes and dtypes.
        loop_vars: a list or tuple of structures of tensors; anything else is one variable.
        maximum_iterations: stop after so many.
    """
    single = not isinstance(loop_vars, (list, tuple))
    variables = _tensors((loop_vars,) if single else tuple(loop_vars))

    def step(*values: Any) -> tuple:
        result = body(*values)
        return (result,) if not isinstance(result, (list, tuple)) else tuple(result)

    owner = _owner(variables)
    if owner is dispatch.SYMBOLIC:
        result = symbolic.record(while_loop, lambda: step(*variables), (cond, body, loop_vars, maximum_iterations), {})
    else:
        result = owner.ops.while_loop(cond, step, variables, maximum_iterations)
    return result[0] if single else (list(result) if isinstance(loop_vars, list) else result)


def scan(
    f: Callable, init: Any, xs: Any = None, length: int | None = None, reverse: bool = False, unroll: Any = 1
) -> tuple[Any, Any]:
    """Return the last carry and the stacked outputs of `carry, y = f(carry, x)` along the leading axis of `xs`.

    Args:
        f: takes the carry and one slice of `xs`, returns the new carry (same shapes and dtypes) and an output.
        init: first carry, a structure of tensors.
        xs: structure of tensors with an equal leading axis, or None with `length`.
        reverse: go through `xs` from the end; outputs keep the places of their inputs.
        unroll: accepted for the engine's choice.

    Raises:
        OpError: neither `xs` nor `length` says how long the loop is, or they disagree.
    """
    init, xs = _tensors(init), _tensors(xs)
    sizes = {dispatch.shape_of(leaf)[0] for leaf in tree.flatten(xs) if leaf is not None}
    if length is not None:
        sizes.add(length)
    known = {size for size in sizes if size is not None}
    if not sizes or len(known) > 1:
        raise OpError(
            f"scan: cannot tell the number of steps from xs and length; found {sorted(known)}. Expected one size."
        )
    steps = known.pop() if known else None
    owner = _owner(init, xs)
    if owner is dispatch.SYMBOLIC:
        return symbolic.record(
            scan, lambda: _infer_scan(f, init, xs, steps), (f, init, xs, length, reverse, unroll), {}
        )
    return owner.ops.scan(f, init, xs, steps, reverse)


def _infer_scan(f: Callable, init: Any, xs: Any, steps: int | None) -> tuple[Any, Any]:
    def slice_of(leaf: Any) -> Any:
        return leaf if leaf is None else symbolic.KerasTensor(dispatch.shape_of(leaf)[1:], dispatch.dtype_of(leaf))

    carry, y = f(init, tree.map_structure(slice_of, xs))
    stacked = tree.map_structure(
        lambda leaf: (
            leaf if leaf is None else symbolic.KerasTensor((steps, *dispatch.shape_of(leaf)), dispatch.dtype_of(leaf))
        ),
        y,
    )
    return carry, stacked


def vectorized_map(function: Callable, elements: Any) -> Any:
    """Return the stacked results of `function` on each slice of `elements` along the leading axis."""
    elements = _tensors(elements)
    owner = _owner(elements)
    if owner is dispatch.SYMBOLIC:
        size = dispatch.shape_of(tree.flatten(elements)[0])[0]

        def infer() -> Any:
            return _infer_scan(lambda _, x: (None, function(x)), None, elements, size)[1]

        return symbolic.record(vectorized_map, infer, (function, elements), {})
    return owner.ops.vectorized_map(function, elements)


def fori_loop(lower: int, upper: int, body_fun: Callable, init_val: Any) -> Any:
    """Return the value after `value = body_fun(i, value)` for i from lower to upper - 1."""
    from kerasfront.ops.elementwise import add, less

    start = _tensors(lower)
    _, result = while_loop(
        lambda i, value: less(i, upper), lambda i, value: (add(i, 1), body_fun(i, value)), (start, init_val)
    )
    return result


def map(f: Callable, xs: Any) -> Any:
    """Return the stacked results of `f` on each slice of `xs` along the leading axis, one after the other."""
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


for _name in PRIMITIVES:
    OPS[_name] = globals()[_name]
