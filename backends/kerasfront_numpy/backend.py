"""The runtime services for NumPy: conversion, gradients through autograd, and functions run as they are."""

from collections.abc import Callable
from typing import Any

import numpy as np
from autograd.core import VJPNode, add_outgrads
from autograd.extend import vspace
from autograd.tracer import getval, isbox, new_box, trace_stack
from autograd.util import toposort
from kerasfront.backend.contract import Backend, Pure

from kerasfront_numpy import ops
from kerasfront_numpy.ops.kernel import cast


class NumpyBackend(Backend):
    """NumPy, with autograd's boxes around arrays while gradients are recorded."""

    name = "numpy"
    ops = ops
    overrides = None
    compiles = False

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, (np.ndarray, np.generic)) or isbox(value) and isinstance(getval(value), (np.ndarray, np.generic))

    def convert_to_tensor(self, value: Any, dtype: str | None = None) -> Any:
        if not (isbox(value) or isinstance(value, (np.ndarray, np.generic))):
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
        with np.errstate(all="ignore"), trace_stack.new_trace() as level:
            roots = [VJPNode.new_root() for _ in values]
            boxes = [new_box(value, level, root) for value, root in zip(values, roots, strict=True)]
            loss, further = function(boxes)
            own = isbox(loss) and loss._trace == level
            gradients = _backward(loss._node, vspace(loss._value).ones(), roots) if own else [None] * len(values)
        unboxed = [x._value if isbox(x) and x._trace == level else x for x in (loss, *further)]
        # A user's own arithmetic on boxes may have gone through float64.
        gradients = [g if g is None else cast(g, value.dtype) for g, value in zip(gradients, values, strict=True)]
        return unboxed[0], unboxed[1:], gradients

    def compile(self, pure: Pure, jit_compile: bool | None = None) -> Callable:
        def run(handles: list, inputs: list) -> tuple[list, list]:
            with np.errstate(all="ignore"):
                return pure(handles, inputs)

        return run

    def abstract_eval(self, function: Callable, *specs: Any) -> Any:
        from kerasfront import tree

        with np.errstate(all="ignore"):
            samples = [np.zeros([2 if size is None else size for size in spec.shape], np.dtype(spec.dtype)) for spec in specs]
            return tree.map_structure(lambda leaf: (np.shape(leaf), str(leaf.dtype)), function(*samples))


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
