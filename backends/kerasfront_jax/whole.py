"""A derived op in one call. Eagerly, each small op of a body costs several µs, and at its first shape a compilation."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax

from kerasfront import config
from kerasfront.backend import dispatch

# Numbers become part of what is compiled. Who comes with ever new ones is served better by the small ops.
MOST_VARIANTS = 64
_STATIC = frozenset((bool, int, float, complex, str, tuple, type(None)))


class _Unfit(Exception):
    """The body decides by the numbers in a tensor, or returns something else than tensors."""


def in_one_call(body: Callable) -> Callable:
    """Return a function that does what the body of a derived op does, compiled as a whole where that can be."""
    variants: dict[tuple, Callable] = {}

    def call(*arguments: Any) -> Any:
        # Bodies read these settings.
        key = [config.floatx(), config.epsilon(), config.image_data_format()]
        moving = []
        for argument in arguments:
            kind = type(argument)
            if kind in _STATIC:
                # 1, 1.0 and True are the same key.
                key += kind, argument
            elif isinstance(argument, jax.Array) or (
                kind is list and all(isinstance(one, jax.Array) for one in argument)
            ):
                key.append(jax.Array)
                moving.append(argument)
            else:
                return body(*arguments)
        key = tuple(key)
        try:
            variant = variants.get(key)
        except TypeError:  # What is in a tuple may have no hash.
            return body(*arguments)
        if variant is None:
            if len(variants) == MOST_VARIANTS:
                return body(*arguments)
            variant = variants[key] = _compiled(body, arguments)
        if variant is body:
            return body(*arguments)
        try:
            return variant(*moving)
        except Exception:  # noqa: BLE001 - the body itself says what is wrong, or does what cannot be traced
            result = body(*arguments)
            variants[key] = body
            return result

    return call


def _compiled(body: Callable, arguments: Sequence) -> Callable:
    """Return the body as a compiled function of those arguments that are tensors; the others are as given."""
    places = [i for i, argument in enumerate(arguments) if type(argument) not in _STATIC]
    template = [None if i in places else argument for i, argument in enumerate(arguments)]

    # Known by the op's name in what XLA reports.
    @functools.wraps(body)
    def traced(*moving: Any) -> Any:
        every = list(template)
        for place, value in zip(places, moving, strict=True):
            every[place] = value
        before = dispatch.looks.unknown
        result = body(*every)
        if dispatch.looks.unknown != before or not all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(result)):
            raise _Unfit
        return result

    return jax.jit(traced, inline=True)
