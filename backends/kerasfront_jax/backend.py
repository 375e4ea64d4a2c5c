"""The runtime services for JAX: conversion, gradients, `jit`."""

from __future__ import annotations

import collections
import contextlib
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax._src import core, xla_bridge
from jax.experimental.compilation_cache import compilation_cache

from kerasfront import errors, tree
from kerasfront.backend.contract import Backend, Pure
from kerasfront_jax import fused, ops, whole

_WIDE = frozenset(map(np.dtype, ops.creation.NARROW))
# A small model's step compiles in less than the second from which on JAX keeps programs by default.
_KEEP_ALL = {"jax_persistent_cache_min_compile_time_secs": 0.0, "jax_persistent_cache_min_entry_size_bytes": -1}
# Bytes: of data whose copy matters, and of the alignment of memory that XLA shares. Positions are int32.
_LARGE, _ALIGNMENT, _MOST_NUMBERS = 1 << 24, 64, 1 << 31


class JaxBackend(Backend):
    """JAX: immutable arrays, steps compiled by XLA."""

    name = "jax"
    ops = ops
    overrides = fused
    shares_compiled = True
    # Each new shape compiles each small op of a draw; the host draws the same bits at once.
    prefers_host_random = True
    # The settings of JAX's cache before it was ours.
    _users_cache: Mapping[str, Any] = {}

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, jax.Array)

    def is_traced(self, value: Any) -> bool:
        return isinstance(value, jax.core.Tracer)

    def tracing(self) -> bool:
        return not core.trace_state_clean()

    def dtype_name(self, value: Any) -> str:
        return value.dtype.name

    def host_dtype(self, dtype: str) -> str:
        return dtype if jax.config.jax_enable_x64 else ops.creation.NARROW.get(dtype, dtype)

    def convert_to_tensor(self, value: Any, dtype: str | None = None) -> Any:
        ops.creation.check_wide_integers(value)
        dtype = None if dtype is None else ops.creation.engine_dtype(dtype)
        if type(value) is np.ndarray and (dtype is None or value.dtype.kind == dtype.kind):
            # A copy, because JAX may share the memory of the array, or read it later. A cast by NumPy is faster, too.
            return ops.creation.from_host(value.astype(dtype or jax.dtypes.canonicalize_dtype(value.dtype)))
        return jnp.asarray(value, dtype)

    def shares_memory(self, array: np.ndarray) -> bool:
        return _shared(array) is not None

    def resident(self, array: np.ndarray) -> Any:
        ops.creation.check_wide_integers(array)
        # Not `jnp.asarray`, which copies twice and keeps both.
        return _shared(array) or jax.device_put(array)

    def to_numpy(self, value: Any) -> np.ndarray:
        return np.array(value)

    def from_dlpack(self, value: Any) -> Any:
        return jnp.from_dlpack(value)

    def forked(self) -> bool:
        return not xla_bridge.backends_are_initialized()

    def synchronize(self, value: Any) -> None:
        value.block_until_ready()

    def value_and_grad(self, function: Callable, values: list) -> tuple[Any, list, list]:
        connected = False

        def watched(lifted: list) -> tuple[Any, list]:
            nonlocal connected
            loss, further = function(lifted)
            # Unused values get zeros; that the loss uses none of them shows in its not being a tracer of theirs.
            connected = isinstance(loss, jax.core.Tracer) and loss._trace is lifted[0]._trace
            return loss, further

        (loss, further), gradients = jax.value_and_grad(watched, has_aux=True)(list(values))
        return loss, further, gradients if connected else [None] * len(values)

    def with_gradient(self, function: Callable, values: list) -> list:
        # JAX wants special zeros for integers; they are closed over instead.
        places = [i for i, value in enumerate(values) if jnp.issubdtype(value.dtype, jnp.inexact)]

        def run(*moving: Any) -> tuple[list, Callable]:
            outputs, pullback = function(ops.control.replaced(values, places, moving))

            def back(upstream: list) -> tuple:
                found = pullback(list(upstream))
                return tuple(
                    jnp.zeros_like(values[i]) if found[i] is None else jnp.asarray(found[i], values[i].dtype)
                    for i in places
                )

            return outputs, back

        return jax.custom_gradient(run)(*(values[i] for i in places)) if places else function(values)[0]

    def compile(self, pure: Pure, jit_compile: bool | None = None) -> Callable | None:
        return None if jit_compile is False else jax.jit(pure)

    def repeat(self, pure: Pure, batch_size: int, jit_compile: bool | None = None) -> Callable | None:
        if jit_compile is False:
            return None

        # Traced once for a single step and for the loop.
        once = jax.jit(pure)

        # Nothing is donated: the copies, one for each call, cost nothing beside a loop, and all arrays stay alive.
        @jax.jit
        def loop(values: list, data: list, order: Any, first: Any, count: Any) -> list:
            def step(i: Any, values: list) -> list:
                rows = i * batch_size + lax.iota("int32", batch_size)
                _, new = once(list(values), [_taken(one, rows if order is None else order[rows]) for one in data])
                places = pure.written
                new = [lax.convert_element_type(one, values[i].dtype) for i, one in zip(places, new, strict=True)]
                return ops.control.replaced(values, places, new)

            values = lax.fori_loop(first, first + count, step, values)
            return [values[place] for place in pure.written]

        serves: bool | None = None

        def run(*arguments: Any) -> list | None:
            nonlocal serves
            if serves is None:
                # XLA's CPU runs a convolution in a loop on one thread by a slow kernel: five times slower (JAX 0.10).
                serves = "conv_general_dilated" not in str(loop.trace(*arguments).jaxpr)
            return loop(*arguments) if serves else None

        return run

    def keep_compiled(self, folder: str | None) -> None:
        if folder is None:
            settings = self._users_cache
        else:
            settings = {**_KEEP_ALL, "jax_compilation_cache_dir": str(pathlib.Path(folder) / self.name)}
            self._users_cache = self._users_cache or {name: getattr(jax.config, name) for name in settings}
        for name, value in settings.items():
            jax.config.update(name, value)
        # JAX looks at the settings once, when it first compiles.
        compilation_cache.reset_cache()

    def in_one_call(self, body: Callable) -> Callable | None:
        return whole.in_one_call(body)

    def compiled_input(self, array: np.ndarray) -> Any:
        # A jitted function takes host arrays itself, in a tenth of the time, and may read them after it has returned.
        return array.copy() if array.dtype not in _WIDE or jax.config.jax_enable_x64 else self.convert_to_tensor(array)

    def abstract_eval(self, function: Callable, *specs: Any) -> Any:
        def struct(spec: Any) -> Any:
            # A size that no layer has by chance stands for an unknown one.
            return jax.ShapeDtypeStruct([83 if size is None else size for size in spec.shape], spec.dtype)

        outputs = jax.eval_shape(function, *(tree.map_structure(struct, spec) for spec in specs))
        return tree.map_structure(lambda leaf: (leaf.shape, leaf.dtype.name), outputs)

    def device_scope(self, device: str) -> contextlib.AbstractContextManager:
        kind, _, index = device.partition(":")
        try:
            return jax.default_device({str(one.id): one for one in jax.devices(kind)}[index or "0"])
        except (RuntimeError, KeyError) as error:
            raise errors.no_device(device, self.devices()) from error

    def devices(self) -> Sequence[str]:
        return tuple(f"{device.platform}:{device.id}" for device in jax.devices())


# A host array whose memory is shared: its numbers in a row from the first that is aligned, which stands in the first
# sample, a copy of that sample, and how many numbers were left out. NumPy's large arrays begin 16 bytes too late.
_Shared = collections.namedtuple("_Shared", "rest first start")


def _shared(array: np.ndarray) -> _Shared | None:
    """Share the memory of a host array; None where it is small, or its memory cannot be shared."""
    form = array.dtype
    plain = array.flags.carray and form.isnative and form.kind in "fiu" and form not in _WIDE
    start = -array.ctypes.data % _ALIGNMENT // form.itemsize
    fits = array.nbytes >= _LARGE and array.size < _MOST_NUMBERS and start < array[0].size
    if not plain or not fits or jax.devices()[0].platform != "cpu":
        return None
    # Not `from_dlpack`: its arrays bind what is computed from them to their device, for which all is compiled anew.
    rest = jax.device_put(array.reshape(-1)[start:], may_alias=True)
    return _Shared(rest, jax.device_put(array[0].copy()), np.int32(start))


def _taken(data: Any, rows: Any) -> Any:
    if not isinstance(data, _Shared):
        return jnp.take(data, rows, axis=0, mode="clip")
    size, parts = data.first.size, lax.GatherDimensionNumbers((1,), (), (0,))
    found = lax.gather(data.rest, (rows * size - data.start)[:, None], parts, (size,), mode="clip")
    return jnp.where((rows == 0)[:, None], data.first.reshape(-1), found).reshape(-1, *data.first.shape)
