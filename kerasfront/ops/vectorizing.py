"""`vectorize`: a function of single elements, or of small tensors, made one of whole tensors."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

from kerasfront import tree
from kerasfront.backend.dispatch import shape_of
from kerasfront.errors import OpError
from kerasfront.ops._shapes import broadcast_dims
from kerasfront.ops.control import vectorized_map
from kerasfront.ops.creation import convert_to_tensor
from kerasfront.ops.movement import broadcast_to, reshape

_GROUP = re.compile(r"\(([^()]*)\)")
_SIGNATURE = re.compile(r"\([^()]*\)(,\([^()]*\))*->\([^()]*\)(,\([^()]*\))*")


def vectorize(pyfunc: Callable, *, excluded: Iterable | None = None, signature: str | None = None) -> Callable:
    """Return a function that calls `pyfunc` on each element of its arguments, which broadcast, and joins the results.

    Args:
        pyfunc: takes scalar tensors, or tensors of the shapes in `signature`; it has to be made of ops.
        excluded: positions of arguments (and names of keywords) that are handed over as they are. Keywords always are.
        signature: such as "(m,n),(n)->(m)": the last axes that one call takes of each argument, and returns.

    Raises:
        OpError: the signature cannot be read, or does not fit the arguments.

    Example:
        >>> from kerasfront import ops
        >>> total = ops.vectorize(lambda v: ops.sum(v), signature="(n)->()")
        >>> ops.convert_to_numpy(total(ops.ones((2, 3))))
        array([3., 3.], dtype=float32)
    """
    left_out = set(excluded or ())
    inner = None if signature is None else _inner_axes(signature)

    def vectorized(*args: Any, **kwargs: Any) -> Any:
        places = [i for i in range(len(args)) if i not in left_out]
        names = [()] * len(places) if inner is None else inner
        if len(names) != len(places):
            raise OpError(
                f"vectorize: signature {signature!r} has {len(names)} arguments, the call {len(places)}. Expected as"
                f" many."
            )

        def call(values: Iterable) -> Any:
            every = list(args)
            for place, value in zip(places, values, strict=True):
                every[place] = value
            return pyfunc(*every, **kwargs)

        return _map(call, [convert_to_tensor(args[i]) for i in places], names, signature)

    return vectorized


def _inner_axes(signature: str) -> list[tuple[str, ...]]:
    text = signature.replace(" ", "")
    if not _SIGNATURE.fullmatch(text):
        raise OpError(f"vectorize: signature {signature!r} cannot be read. Expected a form such as '(m,n),(n)->(m)'.")
    return [tuple(name for name in group.split(",") if name) for group in _GROUP.findall(text.partition("->")[0])]


def _map(call: Callable, values: list, names: list, signature: str | None) -> Any:
    """Call on each combination of leading axes, flattened into one for `vectorized_map`."""
    sizes: dict[str, Any] = {}
    leading = []
    for value, axes in zip(values, names, strict=True):
        shape = shape_of(value)
        cut = len(shape) - len(axes)
        wrong = [name for name, size in zip(axes, shape[cut:], strict=False) if sizes.setdefault(name, size) != size]
        if cut < 0 or wrong:
            raise OpError(
                f"vectorize: shape {shape} does not fit {axes} in signature {signature!r}; sizes so far {sizes}."
                f" Expected equal sizes under equal names."
            )
        leading.append(shape[:cut])
    outer = broadcast_dims(leading)
    if not outer:
        return call(values)
    if None in outer and (len(outer) > 1 or any(shape != outer for shape in leading)):
        raise OpError(f"vectorize: leading shapes {leading} are unknown. Expected known sizes, or one common axis.")
    flat = []
    for value, axes in zip(values, names, strict=True):
        inner = shape_of(value)[len(shape_of(value)) - len(axes) :]
        if len(outer) > 1 or shape_of(value) != (*outer, *inner):
            value = reshape(broadcast_to(value, (*outer, *inner)), (math.prod(outer), *inner))
        flat.append(value)
    result = vectorized_map(call, tuple(flat))
    if len(outer) == 1:
        return result
    return tree.map_structure(lambda leaf: reshape(leaf, (*outer, *shape_of(leaf)[1:])), result)
