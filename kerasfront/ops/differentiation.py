"""Derivatives as ops: along a direction, and functions that bring their own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from kerasfront import dtypes, tree
from kerasfront.backend import dispatch, registry, symbolic
from kerasfront.errors import OpError
from kerasfront.ops.control import fresh, owner_among, tensors
from kerasfront.ops.creation import zeros_like
from kerasfront.ops.elementwise import add, multiply
from kerasfront.ops.reductions import sum


def jvp(fun: Callable, primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """Return the results of a function, and their derivative when its arguments move along the tangents.

    Args:
        fun: takes the primals as its arguments; differentiable.
        primals: a list or tuple of arguments, structures of tensors.
        tangents: the same structure with the same shapes: the direction.
        has_aux: whether `fun` returns a pair whose second part only is handed through.

    Returns:
        `(primals_out, tangents_out)`, or `(primals_out, tangents_out, aux)`. Tangents of results that are no floats are
        zeros.

    Raises:
        OpError: primals and tangents differ in structure or shape.

    Notes: Derived from gradients, which every engine has: the gradient of <results, u> is linear in u, and the
        gradient of <that, tangents> by u is the derivative wanted. `fun` runs twice, the first time for the shapes of
        its results.

    Example:
        >>> from kerasfront import ops
        >>> y, dy = ops.jvp(ops.square, (ops.convert_to_tensor(3.0),), (ops.convert_to_tensor(2.0),))
        >>> float(y), float(dy)
        (9.0, 12.0)
    """
    primals, tangents = tensors(tuple(primals)), tensors(tuple(tangents))
    leaves, spec = tree.flatten_with_spec(primals)
    directions, other = tree.flatten_with_spec(tangents)
    shapes = [[dispatch.shape_of(leaf) for leaf in each] for each in (leaves, directions)]
    if spec != other or shapes[0] != shapes[1]:
        raise OpError(
            f"jvp: tangents do not fit primals. Expected one structure and equal shapes; got {shapes[0]} and"
            f" {shapes[1]}. Pass one tangent for each primal."
        )
    owner = owner_among(leaves, directions)
    if owner is dispatch.SYMBOLIC:
        return symbolic.record_functions(
            jvp, lambda: _infer_jvp(fun, primals, has_aux), (fun, primals, tangents, has_aux)
        )
    with registry.scope(owner):
        return _jvp(fun, leaves, spec, directions, has_aux, owner)


def _infer_jvp(fun: Callable, primals: tuple, has_aux: bool) -> tuple:
    result = fun(*fresh(primals))
    outputs, *aux = result if has_aux else (result,)
    like = fresh(outputs)
    return (outputs, like, *aux)


def _is_float(value: Any) -> bool:
    return value is not None and dtypes.is_float(dispatch.dtype_of(value))


def _jvp(fun: Callable, leaves: list, spec: Any, directions: list, has_aux: bool, owner: Any) -> tuple:
    structure: Any = None

    def run(values: list) -> tuple[list, int]:
        """Return the leaves of all results, and how many of them are to be differentiated."""
        nonlocal structure
        result = fun(*tree.unflatten(spec, values))
        outputs, aux = result if has_aux else (result, None)
        flat, out_spec = tree.flatten_with_spec(tensors(outputs))
        rest, aux_spec = tree.flatten_with_spec(tensors(aux))
        structure = out_spec, aux_spec
        return [*flat, *rest], len(flat)

    def product(some: list, others: list) -> Any:
        total: Any = None
        for one, other in zip(some, others, strict=True):
            if one is not None and other is not None and _is_float(one):
                term = sum(multiply(one, other))
                total = term if total is None else add(total, term)
        return total

    shown, count = run(leaves)
    moving = [i for i, leaf in enumerate(leaves) if _is_float(leaf)]
    floats = [i for i in range(count) if _is_float(shown[i])]
    if not moving or not floats:
        return _packed(structure, shown, count, [zeros_like(leaf) for leaf in shown[:count]], has_aux)

    def along(us: list) -> tuple[Any, list]:
        def weighted(values: list) -> tuple[Any, list]:
            every = list(leaves)
            for place, value in zip(moving, values, strict=True):
                every[place] = value
            results, _ = run(every)
            return product([results[i] for i in floats], us), [leaf for leaf in results if leaf is not None]

        _, results, gradients = owner.value_and_grad(weighted, [leaves[i] for i in moving])
        total = product(gradients, [directions[i] for i in moving])
        # A function that does not depend on its arguments has no gradients at all.
        return (product(us, [zeros_like(u) for u in us]) if total is None else total), results

    _, results, found = owner.value_and_grad(along, [zeros_like(shown[i]) for i in floats])
    following = iter(results)
    results = [None if leaf is None else next(following) for leaf in shown]
    tangents = [None if leaf is None else zeros_like(leaf) for leaf in results[:count]]
    for place, tangent in zip(floats, found, strict=True):
        tangents[place] = tangents[place] if tangent is None else tangent
    return _packed(structure, results, count, tangents, has_aux)


def _packed(structure: Any, results: list, count: int, tangents: list, has_aux: bool) -> tuple:
    outputs = tree.unflatten(structure[0], results[:count]), tree.unflatten(structure[0], tangents)
    return (*outputs, tree.unflatten(structure[1], results[count:])) if has_aux else outputs


def custom_gradient(f: Callable) -> Callable:
    """Return a function with the values of f and the gradient that f says.

    Args:
        f: takes structures of tensors, returns `(output, grad)`. `grad` takes the gradient of the output (in its
            structure) as its argument, or as the keyword `upstream` where that is a keyword only, and returns one
            gradient for each tensor among the arguments of f: a tensor where there is one, else a list or tuple, with
            None for zeros. `def grad(*args, upstream=None)` is the form that is portable in Keras.

    Notes: The gradient by what f closes over is not defined: pass it as an argument.

    Example:
        >>> from kerasfront import ops
        >>> @ops.custom_gradient
        ... def doubled_backwards(x):
        ...     def grad(upstream):
        ...         return ops.multiply(upstream, 2.0)
        ...     return ops.multiply(x, 1.0), grad
        >>> float(doubled_backwards(3.0))
        3.0
    """

    @functools.wraps(f)
    def with_gradient(*args: Any) -> Any:
        args = tensors(args)
        owner = owner_among(args)
        if owner is dispatch.SYMBOLIC:
            return symbolic.record_functions(with_gradient, lambda: f(*fresh(args))[0], args)
        leaves, spec = tree.flatten_with_spec(args)
        places = [i for i, leaf in enumerate(leaves) if leaf is not None]
        structure: Any = None

        def function(values: list) -> tuple[list, Callable]:
            nonlocal structure
            every = list(leaves)
            for place, value in zip(places, values, strict=True):
                every[place] = value
            with registry.scope(owner):
                output, grad = f(*tree.unflatten(spec, every))
                outputs, structure = tree.flatten_with_spec(tensors(output))

            def pullback(upstream: list) -> list:
                with registry.scope(owner):
                    return _gradients(grad, tree.unflatten(structure, upstream), len(values))

            return outputs, pullback

        outputs = owner.with_gradient(function, [leaves[i] for i in places])
        return tree.unflatten(structure, outputs)

    return with_gradient


def _gradients(grad: Callable, upstream: Any, count: int) -> list:
    """Call a user's gradient function in the form that it has, and return one gradient per tensor."""
    parameter = inspect.signature(grad).parameters.get("upstream")
    by_name = (
        parameter is not None and parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
    )
    found = grad(upstream=upstream) if by_name else grad(upstream)
    gradients = tree.flatten(found)
    if len(gradients) != count:
        raise OpError(
            f"custom_gradient: the gradient function returned {len(gradients)} gradients. Expected one for each of the"
            f" {count} tensors among the arguments. Return None for those without."
        )
    return gradients
