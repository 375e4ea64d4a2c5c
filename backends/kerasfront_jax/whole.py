"""A derived op in one call. Eagerly, each small op of a body costs several µs, and at its first shape a compilation."""

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax

from kerasfront import config
from kerasfront.backend import dispatch

# Numbers become part of what is compiled. Who comes with ever new ones is served better by the small ops.
MOST_VARIANTS = 64
_STATIC = frozenset((bool, int, float, complex, str, type(None), type(...)))
_HOLE = object()


class _Unfit(Exception):
    """The body decides by the numbers in a tensor, or takes or returns something else than tensors and numbers."""


def in_one_call(body: Callable) -> Callable:
    """Return a function that does what the body of a derived op does, compiled as a whole where that can be."""
    variants: dict[tuple, Callable] = {}

    def call(*arguments: Any) -> Any:
        # Bodies read these settings.
        key: list = [config.floatx(), config.epsilon(), config.image_data_format()]
        tensors: list = []
        try:
            for argument in arguments:
                _sort(argument, key, tensors)
        except _Unfit:
            return body(*arguments)
        known = tuple(key)
        variant = variants.get(known)
        if variant is None:
            # What makes tensors out of numbers takes them from the host, where nothing is compiled for a new shape.
            if not tensors or len(variants) == MOST_VARIANTS:
                return body(*arguments)
            variant = variants[known] = _compiled(body, arguments)
        if variant is body:
            return body(*arguments)
        try:
            return variant(*tensors)
        except Exception:  # noqa: BLE001 - the body itself says what is wrong, or does what cannot be traced
            result = body(*arguments)
            variants[known] = body
            return result

    return call


def _sort(argument: Any, key: list, tensors: list) -> None:
    """Add the tensors in an argument to one list, and what tells it from others to the other.

    Raises:
        _Unfit: there is neither a tensor nor a number.
    """
    kind = type(argument)
    if kind in _STATIC:
        # 1, 1.0 and True are the same key.
        key += kind, argument
    elif isinstance(argument, jax.Array):
        key.append(jax.Array)
        tensors.append(argument)
    elif kind is tuple or kind is list:
        key += kind, len(argument)
        for one in argument:
            _sort(one, key, tensors)
    elif kind is slice:
        key.append(slice)
        for one in (argument.start, argument.stop, argument.step):
            _sort(one, key, tensors)
    else:
        raise _Unfit


def _filled(argument: Any, tensors: Iterator) -> Any:
    """Return an argument with other tensors in the places of its own."""
    kind = type(argument)
    if kind in _STATIC:
        return argument
    if kind is tuple or kind is list:
        return kind(_filled(one, tensors) for one in argument)
    if kind is slice:
        return slice(*(_filled(one, tensors) for one in (argument.start, argument.stop, argument.step)))
    return next(tensors)


def _compiled(body: Callable, arguments: Sequence) -> Callable:
    """Return the body as a compiled function of the tensors among the arguments; what else there is, is as given."""
    # A compiled function is not to keep tensors alive.
    template = _filled(arguments, itertools.repeat(_HOLE))

    # Known by the op's name in what XLA reports.
    @functools.wraps(body)
    def traced(*tensors: Any) -> Any:
        before = dispatch.looks.unknown
        result = body(*_filled(template, iter(tensors)))
        if dispatch.looks.unknown != before or not all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(result)):
            raise _Unfit
        return result

    return jax.jit(traced, inline=True)
