"""The runtime services for PyTorch: conversion, gradients, devices, data."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import torch

from kerasfront import tree
from kerasfront.backend.contract import Backend, Pure
from kerasfront.backend.dispatch import OVERRIDES_ON
from kerasfront_torch import compilation, fused, ops, recording, repeating, tracing
from kerasfront_torch.names import DTYPES, NAMES, place

# Dtypes of NumPy that PyTorch has as they are.
_DIRECT = frozenset(map(np.dtype, ("float32", "float64", "int32", "int64", "uint8", "bool")))
# Dtypes that NumPy knows through ml_dtypes only: their bits travel as integers.
_BITS = {"bfloat16": np.int16, "float8_e4m3fn": np.uint8, "float8_e5m2": np.uint8}


class TorchBackend(Backend):
    """PyTorch: eager kernels, gradients by its autograd; whole steps compiled by inductor on demand."""

    name = "torch"
    ops = ops
    overrides = fused
    compiles = False

    # -- tensors

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, torch.Tensor)

    def is_traced(self, value: Any) -> bool:
        return tracing.is_traced(value)

    def tracing(self) -> bool:
        return tracing.tracing()

    def dtype_name(self, value: Any) -> str:
        return NAMES[value.dtype]

    def convert_to_tensor(self, value: Any, dtype: str | None = None) -> torch.Tensor:
        target = None if dtype is None else DTYPES[dtype]
        if isinstance(value, torch.Tensor):
            return value if target is None or value.dtype is target else ops.cast(value, dtype)
        if type(value) is np.ndarray and target is None and value.dtype in _DIRECT:
            # Most data: the general case below says what happens here.
            return torch.from_numpy(value.copy(order="C")).to(place.device)
        if isinstance(value, (bool, int, float, complex)) and dtype not in ("uint16", "uint32", "uint64"):
            return torch.tensor(value, dtype=target, device=place.device)
        if isinstance(value, (list, tuple)) and any(isinstance(leaf, torch.Tensor) for leaf in tree.flatten(value)):
            return torch.stack([self.convert_to_tensor(item, dtype) for item in value])
        # Copied, so that the tensor does not change with the array; NumPy converts and straightens out the memory.
        array = np.asarray(value)
        bits = _BITS.get(array.dtype.name)
        if bits is None:
            fits = target is not None and (target.is_complex or array.dtype.kind != "c")
            wanted = np.dtype(dtype) if fits and dtype not in _BITS else array.dtype.newbyteorder("=")
            tensor = torch.from_numpy(np.array(array, wanted, order="C", copy=True)).to(place.device)
        else:
            copy = np.array(array, order="C").view(bits)
            tensor = torch.from_numpy(copy).to(place.device).view(DTYPES[array.dtype.name])
        return tensor if target is None or tensor.dtype is target else ops.cast(tensor, dtype)

    def to_numpy(self, value: torch.Tensor) -> np.ndarray:
        recording.note_host_read(value)
        bits = _BITS.get(NAMES[value.dtype])
        if bits is None:
            # A copy, because the tensor may be the live value of a Variable, which optimizers change in place.
            return value.numpy(force=True).copy()
        value = value.detach().cpu()
        integers = value.contiguous().view(torch.int16 if bits is np.int16 else torch.uint8).numpy().copy()
        return integers.view(getattr(ml_dtypes, NAMES[value.dtype]))

    def from_dlpack(self, value: Any) -> torch.Tensor:
        return torch.from_dlpack(value).to(place.device)

    def rows_of(self, array: np.ndarray) -> Callable | None:
        if not _is_shareable(array):
            return None
        tensor = torch.from_numpy(array).to(place.device)

        def rows(positions: Any) -> torch.Tensor:
            if isinstance(positions, slice):
                return tensor[positions]
            return torch.index_select(tensor, 0, torch.from_numpy(positions).to(tensor.device))

        return rows

    def forked(self) -> bool:
        # As in PyTorch's own workers: the pool of threads has stayed in the other process.
        torch.set_num_threads(1)
        return True

    def synchronize(self, value: torch.Tensor) -> None:
        if value.is_cuda:
            torch.cuda.synchronize(value.device)

    # -- state

    def create_handle(self, value: torch.Tensor, trainable: bool) -> torch.Tensor:
        return value.detach() if value.requires_grad else value

    # -- functions

    def value_and_grad(self, function: Callable, values: list) -> tuple[Any, list, list]:
        levels = tracing.levels
        outer = levels.depth > 0
        levels.depth += 1
        try:
            with torch.enable_grad():
                leaves = [_leaf(value) for value in values]
                loss, further = function(leaves)
                gradients = _gradients(loss, leaves, outer)
        finally:
            levels.depth -= 1
        if outer:
            # The level around this one differentiates by what came out of here.
            return loss, further, gradients
        return loss.detach(), [x.detach() if x.requires_grad else x for x in further], gradients

    def with_gradient(self, function: Callable, values: list) -> list:
        found: Callable | None = None

        class Given(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, *inputs: torch.Tensor) -> tuple:
                nonlocal found
                outputs, found = function(list(inputs))
                ctx.save_for_backward(*inputs)
                ctx.mark_non_differentiable(*[y for y in outputs if not (y.is_floating_point() or y.is_complex())])
                return tuple(outputs)

            @staticmethod
            def backward(ctx: Any, *upstream: torch.Tensor) -> tuple:
                # For a gradient of the gradient what the pullback has closed over must be followed too.
                pullback = function(list(ctx.saved_tensors))[1] if torch.is_grad_enabled() else found
                return tuple(pullback(list(upstream)))

        return list(Given.apply(*values))

    def compile(self, pure: Pure, jit_compile: bool | None = None) -> Callable | None:
        return compilation.Compiled(pure) if jit_compile else None

    def repeat(self, pure: Pure, batch_size: int, jit_compile: bool | None = None) -> Callable | None:
        # The compiler makes one graph of the whole step, which is better still.
        return None if jit_compile or not OVERRIDES_ON else repeating.Repeat(pure, batch_size)

    def shares_memory(self, array: np.ndarray) -> bool:
        return place.device.type == "cpu" and _is_shareable(array)

    def resident(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(place.device) if _is_shareable(array) else self.convert_to_tensor(array)

    def look(self, value: torch.Tensor, check: Callable) -> None:
        recording.look(value, check, self.to_numpy)

    def abstract_eval(self, function: Callable, *specs: Any) -> Any:
        def sample(spec: Any) -> torch.Tensor:
            # A size that no layer has by chance stands for an unknown one.
            sizes = [83 if size is None else size for size in spec.shape]
            return torch.empty(sizes, dtype=DTYPES[spec.dtype], device="meta")

        with self.device_scope("meta"), torch.no_grad():
            outputs = function(*(tree.map_structure(sample, spec) for spec in specs))
        return tree.map_structure(lambda leaf: (tuple(leaf.shape), NAMES[leaf.dtype]), outputs)

    def gradient_barrier(self) -> contextlib.AbstractContextManager:
        # Not inference mode: its tensors may never take part in gradients again, and some become state.
        return torch.no_grad()

    @contextlib.contextmanager
    def device_scope(self, device: str) -> Iterator[None]:
        kind, colon, index = device.partition(":")
        if device != "meta":
            super().device_scope(device)
        previous = place.device
        place.device = torch.device("cpu" if kind == "cpu" else "cuda" + colon + index if kind == "gpu" else device)
        try:
            with place.device:
                yield
        finally:
            place.device = previous

    def as_iterable(self, data: Any) -> Iterable | None:
        return _Batches(data, self.to_numpy) if isinstance(data, torch.utils.data.DataLoader) else None

    def devices(self) -> Sequence[str]:
        return ("cpu:0", *(f"gpu:{index}" for index in range(torch.cuda.device_count())))


def _is_shareable(array: np.ndarray) -> bool:
    """Return whether a tensor can stand on the memory of an array."""
    return array.dtype in _DIRECT and array.flags.writeable and all(step >= 0 for step in array.strides)


def _leaf(value: torch.Tensor) -> torch.Tensor:
    """Return a tensor to differentiate by: a leaf, or an alias where an outer level follows the value."""
    if value.requires_grad:
        return value.view_as(value)
    if value.is_floating_point() or value.is_complex():
        return value.detach().requires_grad_()
    return value


def _gradients(loss: torch.Tensor, leaves: list, keep_graph: bool) -> list:
    if not loss.requires_grad:
        return [None] * len(leaves)
    if all(leaf.requires_grad for leaf in leaves):
        return list(torch.autograd.grad(loss, leaves, create_graph=keep_graph, allow_unused=True))
    # Integers have no gradient.
    found = iter(_gradients(loss, [leaf for leaf in leaves if leaf.requires_grad], keep_graph))
    return [next(found) if leaf.requires_grad else None for leaf in leaves]


class _Batches:
    """The batches of a DataLoader as NumPy arrays."""

    def __init__(self, loader: Any, to_numpy: Callable):
        self._loader, self._to_numpy = loader, to_numpy

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Any]:
        batches = iter(self._loader)
        try:
            for batch in batches:
                yield tree.map_structure(
                    lambda leaf: self._to_numpy(leaf) if isinstance(leaf, torch.Tensor) else leaf, batch
                )
        finally:
            # The processes would go with the iterator; but an exception that somebody keeps keeps its frames.
            if self._loader.num_workers and not self._loader.persistent_workers:
                batches._shutdown_workers()
