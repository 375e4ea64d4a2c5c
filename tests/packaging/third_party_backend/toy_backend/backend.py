"""The services of the toy backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasfront.backend.contract import Backend
from toy_backend.engine import Box, Functions, boxed, host, opened


class ToyBackend(Backend):
    """Boxed arrays behind the contract of kerasfront."""

    name = "toy"
    ops = Functions()

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, Box)

    def convert_to_tensor(self, value: Any, dtype: str | None = None) -> Box:
        return Box(host.convert_to_tensor(opened(value) if isinstance(value, (list, tuple, Box)) else value, dtype))

    def to_numpy(self, value: Box) -> np.ndarray:
        return host.to_numpy(value.array)

    def create_handle(self, value: Box, trainable: bool) -> Box:
        return Box(host.create_handle(value.array, trainable))

    def value_and_grad(self, function: Callable, values: list) -> tuple:
        def on_arrays(arrays: list) -> tuple:
            return opened(function(boxed(arrays)))

        return boxed(host.value_and_grad(on_arrays, opened(values)))

    def with_gradient(self, function: Callable, values: list) -> list:
        def on_arrays(arrays: list) -> tuple:
            outputs, pullback = function(boxed(arrays))
            return opened(outputs), lambda upstream: opened(pullback(boxed(upstream)))

        return boxed(host.with_gradient(on_arrays, opened(values)))

    def compile(self, pure: Callable, jit_compile: bool | None = None) -> None:
        return None

    def gradient_barrier(self) -> Any:
        return host.gradient_barrier()
