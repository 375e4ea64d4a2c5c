"""The runtime services for NumPy: conversion, gradients through autograd, and functions run as they are."""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from autograd import builtins  # noqa: F401 - teaches autograd tuples
from autograd.core import VJPNode, add_outgrads, defvjp_argnums
from autograd.extend import primitive, vspace
from autograd.tracer import getval, isbox, new_box, trace_stack
from autograd.util import toposort

from kerasfront import tree
from kerasfront.backend.contract import Backend, Pure
from kerasfront_numpy import fused, ops
from kerasfront_numpy.ops.kernel import cast

_thread = threading.local()
# NumPy builds the name of a dtype anew each time.
_name = functools.cache(str)


class NumpyBackend(Backend):
    """NumPy, with autograd's boxes around arrays while gradients are recorded."""

    name = "numpy"
    ops = ops
    overrides = fused
    # Samplers on plain arrays save the dispatch of some twenty ops.
    prefers_host_random = True
    compiles = False

    def is_tensor(self, value: Any) -> bool:
        return isinstance(getval(value), (np.ndarray, np.generic))

    def dtype_name(self, value: Any) -> str:
        return _name(value.dtype)

    def convert_to_tensor(self, value: Any, dtype: str | None = None) -> Any:
        if not self.is_tensor(value):
            # Python numbers are read in the dtype wanted, so that large integers are not cut by a detour.
            value = np.asarray(value, None if dtype is None else np.dtype(dtype))
        return value if dtype is None else cast(value, dtype)

    def to_numpy(self, value: Any) -> np.ndarray:
        # A copy, because the array may be the live value of a Variable.
        return np.array(getval(value))

    def from_dlpack(self, value: Any) -> Any:
        return np.from_dlpack(value)

    def create_handle(self, value: Any, trainable: bool) -> Any:
        # Arrays can be changed in place by whoever made them; a Variable keeps its own.
        return np.array(getval(value))

    def write_handle(self, handle: Any, value: Any) -> Any:
        return np.array(getval(value))

    def value_and_grad(self, function: Callable, values: list) -> tuple[Any, list, list]:
        roots = [VJPNode.new_root() for _ in values]
        with np.errstate(all="ignore"), self._level() as level:
            loss, further = function([new_box(value, level, root) for value, root in zip(values, roots, strict=True)])
            own = isbox(loss) and loss._trace == level
            gradients = _backward(loss._node, vspace(loss._value).ones(), roots) if own else [None] * len(values)
        unboxed = [x._value if isbox(x) and x._trace == level else x for x in (loss, *further)]
        # A user's own arithmetic on boxes may have gone through float64.
        gradients = [g if g is None else cast(g, value.dtype) for g, value in zip(gradients, values, strict=True)]
        return unboxed[0], unboxed[1:], gradients

    def with_gradient(self, function: Callable, values: list) -> list:
        return list(_given(function, {}, *values))

    @contextlib.contextmanager
    def _level(self) -> Iterator[int]:
        # autograd's own count is shared by all threads; within one it must grow from outer to inner.
        outer = getattr(_thread, "level", -1)
        with trace_stack.new_trace() as level:
            _thread.level = max(level, outer + 1)
            try:
                yield _thread.level
            finally:
                _thread.level = outer

    def compile(self, pure: Pure, jit_compile: bool | None = None) -> Callable:
        def run(handles: list, inputs: list) -> tuple[list, list]:
            with np.errstate(all="ignore"):
                return pure(handles, inputs)

        return run

    def abstract_eval(self, function: Callable, *specs: Any) -> Any:
        samples = [np.zeros([2 if n is None else n for n in spec.shape], np.dtype(spec.dtype)) for spec in specs]
        with np.errstate(all="ignore"):
            return tree.map_structure(lambda leaf: (np.shape(leaf), str(leaf.dtype)), function(*samples))


@primitive
def _given(function: Callable, found: dict, *values: Any) -> tuple:
    outputs, found["pullback"] = function(list(values))
    return tuple(outputs)


def _given_vjp(places: tuple, outputs: tuple, arguments: tuple, _: dict) -> Callable:
    function, found, *values = arguments
    # For a gradient of the gradient what the pullback has closed over must be followed too.
    pullback = function(values)[1] if any(map(isbox, values)) else found["pullback"]

    def back(upstream: Any) -> list:
        gradients = pullback(list(upstream))
        return [vspace(values[i - 2]).zeros() if gradients[i - 2] is None else gradients[i - 2] for i in places]

    return back


defvjp_argnums(_given, _given_vjp)


def _backward(end: VJPNode, gradient: Any, roots: list[VJPNode]) -> list:
    """Walk the graph from the loss; return the gradient that arrived at each root, None where none did."""
    arrived: dict = {end: (gradient, False)}
    found: dict = {}
    for node in toposort(end):
        total = arrived.pop(node)
        if not node.parents:
            found[id(node)] = total[0]
        for parent, part in zip(node.parents, node.vjp(total[0]), strict=True):
            arrived[parent] = add_outgrads(arrived.get(parent), part)
    return [found.get(id(root)) for root in roots]
