"""The runtime services for TensorFlow: conversion, gradients by tapes, `tf.function`."""

from __future__ import annotations

import collections
import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context, record

from kerasfront import tree
from kerasfront.backend.contract import Backend, Pure
from kerasfront_tensorflow import fused, ops, samples, variables


class TensorFlowBackend(Backend):
    """TensorFlow: eager tensors, and steps traced to graphs."""

    name = "tensorflow"
    ops = ops
    overrides = fused
    # Small ops cost some microseconds each; the host draws the same bits at once.
    prefers_host_random = True
    # Graphs of loops leave it open; XLA, which does not, comes later.
    compiles_for_samples = False
    shares_compiled = True

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, tf.Tensor)

    def is_traced(self, value: Any) -> bool:
        return tf.is_symbolic_tensor(value)

    def tracing(self) -> bool:
        return not tf.executing_eagerly()

    def dtype_name(self, value: Any) -> str:
        return value.dtype.name

    def convert_to_tensor(self, value: Any, dtype: str | None = None) -> Any:
        if isinstance(value, tf.Tensor):
            return value if dtype is None or value.dtype == dtype else ops.elementwise.cast(value, dtype)
        wanted = None if dtype is None else np.dtype(tf.as_dtype(dtype).as_numpy_dtype)
        if wanted is not None and (not isinstance(value, np.ndarray) or value.dtype.kind == wanted.kind in "fi"):
            # Read in the dtype wanted at once, so that large integers are not cut by a detour.
            return tf.constant(np.asarray(value, wanted))
        tensor = tf.constant(value)
        return tensor if dtype is None or tensor.dtype == dtype else tf.cast(tensor, dtype)

    def shares_memory(self, array: np.ndarray) -> bool:
        return samples.is_shared(array)

    def resident(self, array: np.ndarray) -> Any:
        found = samples.resident(array)
        return self.convert_to_tensor(array) if found is None else found

    def to_numpy(self, value: Any) -> np.ndarray:
        # `numpy` copies; it gives scalars where there are no axes.
        return np.asarray(value.numpy())

    def from_dlpack(self, value: Any) -> Any:
        try:
            return tf.experimental.dlpack.from_dlpack(value.__dlpack__())
        except tf.errors.OpError as error:
            raise BufferError(str(error)) from error

    def forked(self) -> bool:
        return not context.context()._initialized

    def create_handle(self, value: Any, trainable: bool) -> Any:
        return tf.Variable(value, trainable=trainable)

    def read_handle(self, handle: Any) -> Any:
        return handle.value()

    def write_handle(self, handle: Any, value: Any) -> Any:
        handle.assign(value, read_value=False)
        return handle

    def value_and_grad(self, function: Callable, values: list) -> tuple[Any, list, list]:
        # Each value must be a tensor of its own, also where two Variables hold the same one.
        if len({id(value) for value in values}) < len(values):
            values = [tf.identity(value) for value in values]
        places = [i for i, value in enumerate(values) if value.dtype.is_floating or value.dtype.is_complex]
        sources = [values[i] for i in places]
        with ops.gradients.by_these_only(sources), tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(sources)
            loss, further = function(values)
        gradients: list = [None] * len(values)
        for place, gradient in zip(places, tape.gradient(loss, sources), strict=True):
            gradients[place] = _dense(gradient, values[place])
        return loss, further, gradients

    def with_gradient(self, function: Callable, values: list) -> list:
        @tf.custom_gradient
        def run(*values: Any) -> tuple[list, Callable]:
            outputs, pullback = function(list(values))
            # Unchanged arguments would be taken for results of the operation and of nothing at once.
            outputs = [tf.identity(output) for output in outputs]

            def back(*upstream: Any, variables: Sequence = ()) -> Any:
                whole = [tf.zeros_like(y) if g is None else g for y, g in zip(outputs, upstream, strict=True)]
                gradients = pullback(whole)
                # TensorFlow asks for those by the variables that the function reads, which are none of ours.
                return (gradients, [None] * len(variables)) if variables else gradients

            return outputs, back

        return list(run(*values))

    def compile(self, pure: Pure, jit_compile: bool | None = None) -> Callable:
        return _Compiled(pure, bool(jit_compile))

    def repeat(self, pure: Pure, batch_size: int, jit_compile: bool | None = None) -> Callable:
        return _Repeated(pure, batch_size, jit_compile)

    def abstract_eval(self, function: Callable, *specs: Any) -> Any:
        found = None

        def traced(*tensors: Any) -> None:
            nonlocal found
            found = tree.map_structure(lambda leaf: (tuple(leaf.shape), leaf.dtype.name), function(*tensors))

        def sample(spec: Any) -> tf.TensorSpec:
            # A size that no layer has by chance stands for an unknown one.
            return tf.TensorSpec([83 if size is None else size for size in spec.shape], spec.dtype)

        samples = [tree.map_structure(sample, spec) for spec in specs]
        tf.function(traced, autograph=False).get_concrete_function(*samples)
        return found

    def as_iterable(self, data: Any) -> Iterable | None:
        if not isinstance(data, tf.data.Dataset):
            return None
        return _Batches(data) if data.cardinality() < 0 else _CountedBatches(data)

    def device_scope(self, device: str) -> contextlib.AbstractContextManager:
        super().device_scope(device)
        kind, _, index = device.partition(":")
        return tf.device(f"{kind}:{index or 0}")

    def devices(self) -> Sequence[str]:
        return tuple(one.name.removeprefix("/device:").lower() for one in tf.config.list_logical_devices())


class _Batches:
    """The batches of a data set of TensorFlow's as NumPy arrays."""

    def __init__(self, dataset: Any):
        self._dataset = dataset

    def __iter__(self) -> Iterator[Any]:
        return iter(self._dataset.as_numpy_iterator())


class _CountedBatches(_Batches):
    """The same where their number is known."""

    def __len__(self) -> int:
        return int(self._dataset.cardinality())


def _dense(gradient: Any, value: Any) -> Any:
    if gradient is None:
        return None
    gradient = tf.convert_to_tensor(gradient)
    return gradient if gradient.shape == value.shape else tf.reshape(gradient, value.shape)


class _Graph:
    """A function of values and tensors as a graph that runs on the handles of any Variables of the same form.

    Args:
        body: takes a function that reads the values, one that assigns new ones to the places in `written`, and a list
            of tensors; returns a list of outputs.
        written: returns these places, once the values are there.
        handles: of Variables of that form.
        specs: of the tensors.
        by_xla: whether XLA compiles it.
    """

    def __init__(self, body: Callable, written: Callable, handles: list, specs: list, by_xla: bool):
        forms = [(handle.dtype, handle.shape) for handle in handles]

        def run(*arguments: Any) -> Any:
            resources, tensors = arguments[: len(forms)], arguments[len(forms) :]

            def read() -> list:
                return [variables.read(one, *form) for one, form in zip(resources, forms, strict=True)]

            def assign(values: list) -> None:
                for place, value in zip(written(), values, strict=True):
                    value = tf.convert_to_tensor(value, forms[place][0])
                    tf.raw_ops.AssignVariableOp(resource=resources[place], value=value)

            return body(read, assign, list(tensors))

        compiled = tf.function(run, autograph=False, jit_compile=by_xla)
        # From within another function, because the op below as such leaves XLA out.
        traced = tf.function(lambda *arguments: compiled(*arguments), autograph=False) if by_xla else compiled
        self._function = traced.get_concrete_function(*[tf.TensorSpec((), tf.resource)] * len(forms), *specs)
        self._dtypes = [one.dtype for one in self._function.outputs]
        # Constants that were made outside.
        self._captured = self._function.captured_inputs
        self._config = context.context().function_call_options.config_proto_serialized
        self.places = list(written())

    @property
    def kernels(self) -> set[str]:
        """The names of the kernels in functions that it calls, such as bodies of loops."""
        functions = self._function.graph.as_graph_def().library.function
        return {node.op for function in functions for node in function.node_def}

    def __call__(self, handles: list, tensors: list) -> list:
        arguments = [*[handle.handle for handle in handles], *tensors]
        if record.could_possibly_record() or not tf.executing_eagerly():
            return self._function(*arguments)
        # The op that a call of the function ends in, in less than half of the time.
        return tf.raw_ops.StatefulPartitionedCall(
            args=[*arguments, *self._captured], Tout=self._dtypes, f=self._function, config_proto=self._config
        )


class _Compiled:
    """A pure function as graphs, one for each signature of its inputs."""

    def __init__(self, pure: Pure, jit_compile: bool):
        self._pure, self._jit_compile = pure, jit_compile
        self._graphs: dict[tuple, _Graph] = {}

    def __call__(self, handles: list, inputs: list) -> tuple[list, list]:
        key = tuple([(x.dtype, tuple(x.shape)) for x in inputs])
        graph = self._graphs.get(key)
        if graph is None:
            graph = self._graphs[key] = self._trace(handles, inputs)
        self._pure.written = graph.places
        return graph(handles, inputs), [handles[place] for place in graph.places]

    def _trace(self, handles: list, inputs: list) -> _Graph:
        def step(read: Callable, assign: Callable, tensors: list) -> list:
            outputs, new = self._pure(read(), tensors)
            assign(new)
            return outputs

        specs = [tf.TensorSpec(x.shape, x.dtype) for x in inputs]
        return _Graph(step, lambda: self._pure.written, handles, specs, self._jit_compile)


# Compiling a loop by XLA takes a second or two, and saves about 0.2 ms a step: only long trainings get it back.
_STEPS_BEFORE_XLA = 4096
# Parts of the names of kernels that XLA's CPU runs more slowly than TensorFlow does, or not at all. All else that steps
# are made of (dense layers, embeddings, what is done to single elements) takes from 0.3 to 0.95 of the time with XLA.
_SLOWER_WITH_XLA = ("Conv", "Pool", "BatchMatMul", "Einsum", "While", "PyFunc", "String")


class _Repeated:
    """A pure function in a loop over batches, as a graph for each form of the data and each set of variables.

    Long trainings go on with XLA where it is faster, from the same step each time; XLA compiles for one size of the
    data.
    """

    def __init__(self, pure: Pure, batch_size: int, jit_compile: bool | None):
        self._pure, self._batch_size, self._jit_compile = pure, batch_size, jit_compile
        self._loops: dict[tuple, _Loop] = {}

    def __call__(self, handles: list, data: list, order: Any, first: int, count: int) -> list:
        given = data if order is None else [*data, order]
        tensors = tf.nest.flatten(given)
        key = (order is None, *map(type, data), *[(x.dtype, *x.shape[1:]) for x in tensors])
        loop = self._loops.get(key)
        if loop is None:
            loop = self._loops[key] = _Loop(self._traced(handles, given, len(data), bool(self._jit_compile)))
            loop.suits_xla = None if self._jit_compile is None else False
        self._pure.written = loop.graph.places
        end, number = first + count, tensors[0].shape[0]
        change = min(end, max(first, first + _STEPS_BEFORE_XLA - loop.steps[number]))
        if change < end and not loop.may_change():
            change = end
        if first < change:
            loop.graph(handles, [tf.constant(first), tf.constant(change), *tensors])
        if change < end:
            rest = [tf.constant(change), tf.constant(end), *tensors]
            try:
                if number not in loop.by_xla:
                    loop.by_xla[number] = self._traced(handles, given, len(data), True)
                loop.by_xla[number](handles, rest)
            except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
                # What it cannot compile it refuses before the first step.
                loop.suits_xla = False
                loop.graph(handles, rest)
        loop.steps[number] += count
        return [handles[place] for place in loop.graph.places]

    def _traced(self, handles: list, given: list, parts: int, by_xla: bool) -> _Graph:
        """Return the loop over what is given: the parts of the data, and an order if the samples have another one."""
        pure, size = self._pure, self._batch_size
        # The loop must not keep the tensors.
        form = tf.nest.map_structure(id, given)

        def loop(read: Callable, assign: Callable, tensors: list) -> list:
            first, end, *rest = tensors
            inside = tf.nest.pack_sequence_as(form, rest)
            data, order = inside[:parts], inside[parts:]

            def step(i: Any) -> Any:
                places = samples.rows_from(order[0], i * size, size) if order else None
                batch = [samples.batch_of(one, i * size, size, places) for one in data]
                assign(pure(read(), batch)[1])
                return (i + 1,)

            tf.while_loop(lambda i: i < end, step, (first,), parallel_iterations=1)
            return []

        number = tf.TensorSpec((), tf.int32)
        specs = [tf.TensorSpec(x.shape if by_xla else (None, *x.shape[1:]), x.dtype) for x in tf.nest.flatten(given)]
        return _Graph(loop, lambda: pure.written, handles, [number, number, *specs], by_xla)


class _Loop:
    """A loop as a graph, and by XLA for some numbers of samples."""

    def __init__(self, graph: _Graph):
        self.graph = graph
        self.by_xla: dict[int, _Graph] = {}
        self.steps: collections.Counter = collections.Counter()
        """How many have run with each number of samples."""
        self.suits_xla: bool | None = None
        """Whether XLA is faster; None as long as nobody has looked."""

    def may_change(self) -> bool:
        """Return whether the body has no kernel that is faster without XLA."""
        if self.suits_xla is None:
            self.suits_xla = not any(part in kernel for kernel in self.graph.kernels for part in _SLOWER_WITH_XLA)
        return self.suits_xla
