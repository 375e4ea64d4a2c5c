"""Control flow over tensors: functions as arguments, run by the engine.

These primitives take functions, so they are declared by hand: the owner is found from the tensors among the operands,
and on symbolic tensors the functions are run once to learn the shapes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasfront import tree
from kerasfront.backend import dispatch, registry, symbolic
from kerasfront.backend.contract import Backend
from kerasfront.backend.operators import OPS
from kerasfront.errors import OpError
from kerasfront.ops.creation import convert_to_tensor, zeros
from kerasfront.ops.elementwise import add, less
from kerasfront.ops.movement import concatenate, moveaxis, reshape, stack
from kerasfront.ops.movement import reverse as backwards

PRIMITIVES = ("cond", "while_loop", "scan", "vectorized_map")


def owner_among(*structures: Any) -> Any:
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


def tensors(structure: Any) -> Any:
    """Turn host values and Variables into tensors, None stays."""
    return tree.map_structure(lambda leaf: leaf if leaf is None else convert_to_tensor(leaf), structure)


def fresh(structure: Any) -> Any:
    """Return new symbolic tensors in the places of tensors: arguments for functions whose results are inferred."""
    return tree.map_structure(
        lambda leaf: leaf if leaf is None else symbolic.KerasTensor(dispatch.shape_of(leaf), dispatch.dtype_of(leaf)),
        structure,
    )


def _symbols(structure: Any) -> Any:
    """Return new symbolic tensors for what functions return: the results of a recorded node are never known already."""
    symbolic.notice(structure)
    return fresh(structure)


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """Return `true_fn()` where the scalar condition holds, else `false_fn()`.

    Raises:
        OpError: the condition is no scalar; or, where its value is not known yet, the functions return different
            structures, shapes or dtypes.

    Example:
        >>> from kerasfront import ops
        >>> float(ops.cond(True, lambda: ops.ones(()), lambda: ops.zeros(())))
        1.0
    """
    _check_scalar("cond", "pred", pred)
    owner = owner_among(pred)
    if owner is dispatch.SYMBOLIC:
        true_fn_, false_fn_ = _alike("cond", true_fn, false_fn)
        return symbolic.record_functions(
            cond, lambda: _symbols((false_fn_(), true_fn_())[1]), (pred, true_fn, false_fn)
        )
    if dispatch.is_concrete(pred):
        return true_fn() if bool(_known(pred)) else false_fn()
    return owner.ops.cond(tensors(pred), *_alike("cond", true_fn, false_fn))


def _known(value: Any) -> np.ndarray:
    """Return a scalar whose value is known now; a Python number must not become a tensor of a trace on the way."""
    value = value.value if dispatch.owner_of(value) is dispatch.VARIABLE else value
    owner = dispatch.owner_of(value)
    return np.asarray(value if owner is dispatch.WEAK else owner.to_numpy(value)).reshape(())


def _check_scalar(name: str, label: str, value: Any) -> None:
    shape = dispatch.shape_of(value)
    if any(size not in (1, None) for size in shape):
        raise OpError(f"{name}: {label} has shape {shape}. Expected a scalar. Reduce it, for example by ops.any.")


def _alike(name: str, *functions: Callable) -> list[Callable]:
    """Return functions whose results are tensors, and an error if those of two differ in structure, shape or dtype."""
    known: list = []

    def watched(function: Callable) -> Callable:
        def run() -> Any:
            result = tensors(function())
            _agree(name, known, result, "what one branch returns", "what another returns")
            return result

        return run

    return [watched(function) for function in functions]


def _agree(name: str, known: list, result: Any, this: str, that: str) -> None:
    """Note the first result's structure, shapes and dtypes, and refuse a later one that has others."""
    symbolic.notice(result)
    leaves, spec = tree.flatten_with_spec(result)
    kinds = [_shape_and_dtype(leaf) for leaf in leaves]
    if not known:
        known.extend((spec, kinds))
    elif known[0] != spec or not all(_equal_kinds(a, b) for a, b in zip(known[1], kinds, strict=True)):
        shown = [tree.unflatten(*each) for each in (tuple(known[:2]), (spec, kinds))]
        raise OpError(
            f"{name}: {that} differs from {this}. Expected one structure, and equal shapes and dtypes; got"
            f" {shown[0]} and {shown[1]}. Return the same from both."
        )


def _shape_and_dtype(leaf: Any) -> tuple | None:
    """Return what has to agree; a Python number takes any dtype."""
    if leaf is None:
        return None
    return dispatch.shape_of(leaf), None if isinstance(leaf, (bool, int, float)) else dispatch.dtype_of(leaf)


def _equal_kinds(a: tuple | None, b: tuple | None) -> bool:
    if a is None or b is None:
        return a is b
    pairs = [*zip(a[0], b[0], strict=False), (a[1], b[1])]
    return len(a[0]) == len(b[0]) and all(one == other or None in (one, other) for one, other in pairs)


def switch(index: Any, branches: Sequence[Callable], *operands: Any) -> Any:
    """Return `branches[index](*operands)`; an index out of range counts as the nearest in range.

    Args:
        index: an integer scalar.
        branches: functions of the operands, all returning one structure of equal shapes and dtypes.
        operands: structures of tensors.

    Raises:
        OpError: no branches, or (where the index is not known yet) branches that return different things.

    Example:
        >>> from kerasfront import ops
        >>> float(ops.switch(1, [ops.add, ops.subtract], 2.0, 0.5))
        1.5
    """
    if not branches:
        raise OpError("switch: branches is empty. Expected at least one function. Pass one.")
    _check_scalar("switch", "index", index)
    owner = owner_among(index, operands)
    if owner is dispatch.SYMBOLIC:
        results = _alike("switch", *(functools.partial(branch, *fresh(operands)) for branch in branches))
        return symbolic.record_functions(
            switch, lambda: _symbols([result() for result in results][0]), (index, list(branches), *operands)
        )
    if dispatch.is_concrete(index):
        place = int(_known(index))
        return branches[min(max(place, 0), len(branches) - 1)](*operands)
    with registry.scope(owner):
        return _chosen(index, _alike("switch", *(functools.partial(branch, *operands) for branch in branches)), owner)


def _chosen(index: Any, branches: list[Callable], owner: Backend, first: int = 0) -> Any:
    """Choose by halves, so that the conditions lie only log2(branches) deep."""
    if len(branches) == 1:
        return branches[0]()
    half = len(branches) // 2
    return owner.ops.cond(
        less(index, first + half),
        lambda: _chosen(index, branches[:half], owner, first),
        lambda: _chosen(index, branches[half:], owner, first + half),
    )


def while_loop(cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None = None) -> Any:
    """Return the variables after `loop_vars = body(*loop_vars)` ran as long as `cond(*loop_vars)` holds.

    Args:
        cond: takes the variables, returns a scalar bool.
        body: takes the variables, returns them anew with the same shapes and dtypes.
        loop_vars: a list or tuple of structures of tensors; anything else is one variable.
        maximum_iterations: stop after so many.

    Raises:
        OpError: the body returns another structure, shapes or dtypes than it takes.

    Notes: An engine whose loops cannot be run backwards by themselves computes the variables of each round anew for
        the gradient: its cost grows with the square of the number of rounds. `fori_loop` and `scan` do not have this.
    """
    single = not isinstance(loop_vars, (list, tuple))
    variables = tensors((loop_vars,) if single else tuple(loop_vars))

    known: list = []
    _agree("while_loop", known, variables, "", "")

    def step(*values: Any) -> tuple:
        result = body(*values)
        result = (result,) if single or not isinstance(result, (list, tuple)) else tuple(result)
        if len(known) < 3:  # Looked at once: later rounds return what the first does.
            _agree("while_loop", known, result, "loop_vars", "what the body returns")
            known.append("seen")
        return result

    owner = owner_among(variables)
    if owner is dispatch.SYMBOLIC:
        arguments = (cond, body, loop_vars, maximum_iterations)
        result = symbolic.record_functions(while_loop, lambda: _symbols(step(*fresh(variables))), arguments)
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
    init, xs = tensors(init), tensors(xs)
    sizes = {dispatch.shape_of(leaf)[0] for leaf in tree.flatten(xs) if leaf is not None}
    if length is not None:
        sizes.add(length)
    known = {size for size in sizes if size is not None}
    if not sizes or len(known) > 1:
        raise OpError(
            f"scan: cannot tell the number of steps from xs and length; found {sorted(known)}. Expected one size."
        )
    steps = known.pop() if known else None
    owner = owner_among(init, xs)
    if owner is dispatch.SYMBOLIC:
        return symbolic.record_functions(
            scan, lambda: _infer_scan(f, init, xs, steps), (f, init, xs, length, reverse, unroll)
        )
    if steps == 0:
        return init, _no_outputs(f, init, xs)
    seen: list = []
    _agree("scan", seen, init, "", "")

    def step(carry: Any, x: Any) -> tuple[Any, Any]:
        carry, y = f(carry, x)
        if len(seen) < 3:  # Looked at once: later steps return what the first does.
            _agree("scan", seen, carry, "the first carry", "the carry that f returns")
            seen.append("looked at")
        return carry, y

    return owner.ops.scan(step, init, xs, steps, reverse)


def _no_outputs(f: Callable, init: Any, xs: Any) -> Any:
    """Return what no steps give: the outputs that f would return, none of each."""

    with symbolic.recording_off():
        _, ys = _infer_scan(f, init, xs, 0)
    return tree.map_structure(lambda leaf: leaf if leaf is None else zeros(leaf.shape, leaf.dtype), ys)


def _infer_scan(f: Callable, init: Any, xs: Any, steps: int | None) -> tuple[Any, Any]:
    def slice_of(leaf: Any) -> Any:
        return leaf if leaf is None else symbolic.KerasTensor(dispatch.shape_of(leaf)[1:], dispatch.dtype_of(leaf))

    carry, y = f(fresh(init), tree.map_structure(slice_of, xs))
    symbolic.notice(y)
    stacked = tree.map_structure(
        lambda leaf: (
            leaf if leaf is None else symbolic.KerasTensor((steps, *dispatch.shape_of(leaf)), dispatch.dtype_of(leaf))
        ),
        y,
    )
    return _symbols(carry), stacked


def vectorized_map(function: Callable, elements: Any) -> Any:
    """Return the stacked results of `function` on each slice of `elements` along the leading axis."""
    elements = tensors(elements)
    owner = owner_among(elements)
    if owner is dispatch.SYMBOLIC:
        size = dispatch.shape_of(tree.flatten(elements)[0])[0]

        def infer() -> Any:
            return _infer_scan(lambda _, x: (None, function(x)), None, elements, size)[1]

        return symbolic.record_functions(vectorized_map, infer, (function, elements))
    return owner.ops.vectorized_map(function, elements)


def fori_loop(lower: Any, upper: Any, body_fun: Callable, init_val: Any) -> Any:
    """Return the value after `value = body_fun(i, value)` for i from lower to upper - 1, in int32."""
    if isinstance(lower, int) and isinstance(upper, int):
        # A known number of rounds is a scan, which every engine runs backwards at the cost of the way forward.
        start = tensors((lower, init_val))
        (_, result), _ = scan(
            lambda state, _: ((add(state[0], 1), body_fun(*state)), None), start, None, max(upper - lower, 0)
        )
        return result
    _, result = while_loop(
        lambda i, value: less(i, upper), lambda i, value: (add(i, 1), body_fun(i, value)), (tensors(lower), init_val)
    )
    return result


def map(f: Callable, xs: Any) -> Any:
    """Return the stacked results of `f` on each slice of `xs` along the leading axis, one after the other."""
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


def associative_scan(f: Callable, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Return the running results of an associative function along an axis, `x0, f(x0, x1), f(f(x0, x1), x2), ...`.

    The steps depend on each other in the logarithm of the length only, so an engine can run them side by side.

    Args:
        f: takes two structures like `elems` (any length along the axis) and returns one, element by element. It has to
            be associative.
        elems: a structure of tensors with an equal size along the axis.
        reverse: start from the end.
        axis: along which to go.

    Raises:
        OpError: the sizes along the axis differ.

    Source: Blelloch, "Prefix Sums and Their Applications" (1990), section 1.2.

    Example:
        >>> from kerasfront import ops
        >>> ops.convert_to_numpy(ops.associative_scan(ops.add, ops.arange(5)))
        array([ 0,  1,  3,  6, 10], dtype=int32)
    """
    leaves, spec = tree.flatten_with_spec(tensors(elems))
    axes = [dispatch.normalize_axis(axis, len(dispatch.shape_of(leaf)), "associative_scan") for leaf in leaves]
    sizes = {dispatch.shape_of(leaf)[place] for leaf, place in zip(leaves, axes, strict=True)}
    if len(sizes - {None}) > 1:
        raise OpError(f"associative_scan: sizes {sorted(sizes - {None})} along axis {axis}. Expected one size.")

    def function(a: list, b: list) -> list:
        inner = [[moveaxis(leaf, 0, place) for leaf, place in zip(each, axes, strict=True)] for each in (a, b)]
        result = tree.flatten(f(tree.unflatten(spec, inner[0]), tree.unflatten(spec, inner[1])))
        return [moveaxis(leaf, place, 0) for leaf, place in zip(result, axes, strict=True)]

    def run(leaves: list) -> list:
        moved = [moveaxis(leaf, place, 0) for leaf, place in zip(leaves, axes, strict=True)]
        moved = [backwards(leaf, 0) for leaf in moved] if reverse else moved
        found = _prefixes(function, moved)
        found = [backwards(leaf, 0) for leaf in found] if reverse else found
        return [moveaxis(leaf, 0, place) for leaf, place in zip(found, axes, strict=True)]

    owner = owner_among(leaves)
    if owner is dispatch.SYMBOLIC:
        return symbolic.record_functions(
            associative_scan, lambda: tree.unflatten(spec, _infer_alike(f, leaves, spec)), (f, elems, reverse, axis)
        )
    with registry.scope(owner):
        return tree.unflatten(spec, run(leaves))


def _infer_alike(f: Callable, leaves: list, spec: Any) -> list:
    """The running results look like the elements; `f` is run once so that what it refuses is refused here."""
    f(tree.unflatten(spec, fresh(leaves)), tree.unflatten(spec, fresh(leaves)))
    return fresh(leaves)


def _prefixes(function: Callable, leaves: list) -> list:
    """Return the running results along the first axis: those of neighbours put together give every second one."""
    size = dispatch.shape_of(leaves[0])[0]
    if size < 2:
        return leaves
    pairs = function([leaf[: size - 1 : 2] for leaf in leaves], [leaf[1::2] for leaf in leaves])
    odd = _prefixes(function, pairs)
    even = [leaf[:1] for leaf in leaves]
    if size > 2:
        rest = function([leaf[: (size - 1) // 2] for leaf in odd], [leaf[2::2] for leaf in leaves])
        even = [concatenate([first, others], 0) for first, others in zip(even, rest, strict=True)]
    results = []
    for a, b in zip(even, odd, strict=True):
        whole = stack([a[: size // 2], b], 1)
        whole = reshape(whole, (size // 2 * 2, *dispatch.shape_of(b)[1:]))
        results.append(concatenate([whole, a[size // 2 :]], 0) if size % 2 else whole)
    return results


for _name in PRIMITIVES:
    OPS[_name] = globals()[_name]
