"""Steps run eagerly, or compiled by inductor as one graph: forward, gradients and update together."""

import os
import pathlib
import warnings
from collections.abc import Callable
from typing import Any

import torch

from kerasfront_torch import ownership
from kerasfront_torch.tracing import levels

Tensors = list[torch.Tensor]

# Where inductor keeps what it has compiled; by default a folder of the user's among the temporary files.
_FOLDER = "TORCHINDUCTOR_CACHE_DIR"
_users_folder: dict[str, str | None] = {}


def keep(folder: str | None) -> None:
    """Have inductor keep what it compiles in a folder; None for where it was kept before the first such call."""
    if folder is not None:
        _users_folder.setdefault(_FOLDER, os.environ.get(_FOLDER))
        os.environ[_FOLDER] = str(pathlib.Path(folder) / "torch")
    elif _users_folder:
        before = _users_folder.pop(_FOLDER)
        os.environ.pop(_FOLDER, None)
        if before is not None:
            os.environ[_FOLDER] = before


def eager(pure: Callable) -> Callable:
    """Return the function as it is; its handles are noted, because optimizers may change them in place."""

    def run(handles: Tensors, inputs: Tensors) -> tuple[Tensors, Tensors]:
        previous = ownership.step.lifted
        ownership.step.lifted = frozenset(map(id, handles))
        try:
            return pure(handles, inputs)
        finally:
            ownership.step.lifted = previous

    return run


class Compiled:
    """A pure function compiled anew for each signature of its tensors.

    What cannot be traced or compiled (a decision that depends on values, a missing compiler) runs eagerly, with a
    warning that says why.
    """

    def __init__(self, pure: Any):
        self._pure = pure
        self._eager = eager(pure)
        self._runs: dict[tuple, Callable] = {}

    def __call__(self, handles: Tensors, inputs: Tensors) -> tuple[Tensors, Tensors]:
        signature = tuple((x.shape, x.dtype, x.device, x.stride()) for x in (*handles, *inputs))
        run = self._runs.get(signature)
        if run is not None:
            return run(handles, inputs)
        try:
            run = self._compile(handles, inputs)
            result = run(handles, inputs)
        except Exception as error:  # noqa: BLE001 - any failure of tracing or compiling has the same answer
            # If it fails eagerly too, that failure is the function's own and goes to the caller as it is.
            result = self._eager(handles, inputs)
            run = self._eager
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            warnings.warn(
                f"jit_compile: the step runs eagerly, it could not be compiled ({type(error).__name__}: {reason}). "
                "Expected a step whose course does not depend on values, and a C++ compiler.",
                stacklevel=2,
            )
        self._runs[signature] = run
        return result

    def _compile(self, handles: Tensors, inputs: Tensors) -> Callable:
        # Imported here: they take seconds, and only compiled steps need them.
        from torch import _inductor
        from torch.fx.experimental.proxy_tensor import make_fx

        pure, count = self._pure, len(handles)
        shapes: dict[str, int] = {}

        def flat(*tensors: torch.Tensor) -> tuple:
            outputs, new = pure(list(tensors[:count]), list(tensors[count:]))
            shapes["outputs"] = len(outputs)
            return (*outputs, *new)

        levels.tracing = True
        try:
            graph = make_fx(flat, tracing_mode="fake", _allow_non_fake_inputs=True)(*handles, *inputs)
        finally:
            levels.tracing = False
        written = list(pure.written)
        with torch.no_grad():
            compiled = _inductor.compile(graph, [*handles, *inputs])

        def run(handles: Tensors, inputs: Tensors) -> tuple[Tensors, Tensors]:
            with torch.no_grad():
                results = list(compiled(*handles, *inputs))
            pure.written = written
            return results[: shapes["outputs"]], results[shapes["outputs"] :]

        return run
