"""The contract between the front and an engine: what a backend must provide.

A backend is an instance of a subclass of `Backend`. It has three parts:

1. `ops`: a namespace (usually a module) with one function per primitive, under the primitive's name and
   with its arguments in order. Dispatch has already turned scalars and host arrays into tensors, promoted
   dtypes, made axes non-negative and spelled out defaults. `python -m kerasfront.backend` lists the primitives.
   A function that takes care of rare dtypes may have an attribute `for_dtype(dtype)`, which returns what to call for
   tensors of that dtype of the engine.
2. `overrides`: an optional namespace with faster versions of derived ops, same names and arguments.
3. the runtime services below. Those with a body work as they are; the others raise until they are written.

Types in the signatures: `Tensor` is the engine's own array; `handle` is what a `Variable` stores
(an array that is replaced on assignment, or a mutable variable of the engine).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from kerasfront import errors

Tensor = Any
Pure = Callable[[list[Tensor], list[Tensor]], tuple[list[Tensor], list[Tensor]]]


class Backend:
    """One engine behind the front's contract."""

    name: str = ""
    """The name of its entry point."""
    ops: Any = None
    """Namespace of the primitives."""
    overrides: Any = None
    """Namespace of native versions of derived ops, or None."""
    prefers_host_random: bool = False
    """Whether eager random draws are cheaper on the host (engines that compile each small op)."""

    compiles: bool = True
    """Whether `keras.function` and steps are traced by default: decisions on values are then not known in them."""
    compiles_for_samples: bool = True
    """Whether a loop made by `repeat` is compiled anew for each number of samples. Not asked of who compiles none."""
    shares_compiled: bool = False
    """Whether what `compile` and `repeat` return works on the handles of any Variables of the same form."""

    # -- tensors ---------------------------------------------------------------------------------

    def is_tensor(self, value: Any) -> bool:
        """Return whether `value` is a tensor of this engine, concrete or traced."""
        raise NotImplementedError

    def is_traced(self, value: Tensor) -> bool:
        """Return whether the tensor stands for a value that is not known yet (a tracer, a graph tensor)."""
        return False

    def tracing(self) -> bool:
        """Return whether a function of this engine is being traced in this thread."""
        return False

    def dtype_name(self, value: Tensor) -> str:
        """Return the name of the tensor's dtype, such as "float32"."""
        return str(value.dtype)

    def host_dtype(self, dtype: str) -> str:
        """Return the dtype that host data of a dtype gets where no dtype is asked for (engines without 64-bit
        types)."""
        return dtype

    def shape(self, value: Tensor) -> tuple[int | None, ...]:
        """Return the static shape; None for an unknown dimension."""
        return tuple(value.shape)

    def convert_to_tensor(self, value: Any, dtype: str | None = None) -> Tensor:
        """Make a tensor from a Python number, nested list, NumPy array, host tensor or tensor of this engine.

        Args:
            value: what to convert. float64 stays float64 where `dtype` is None.
            dtype: the name of the dtype wanted, None for the value's own.
        """
        raise NotImplementedError

    def to_numpy(self, value: Tensor) -> np.ndarray:
        """Return the values on the host. bfloat16 comes as `ml_dtypes.bfloat16`."""
        return np.asarray(value)

    def look(self, value: Tensor, check: Callable[[np.ndarray], None]) -> None:
        """Run a check on the numbers of a tensor that is not traced.

        For checks that raise an error or do nothing: an engine that runs a recorded step again runs them again.
        """
        check(self.to_numpy(value))

    def from_other(self, value: Any) -> Tensor:
        """Take over a tensor of another engine: through DLPack where both can, else through the host."""
        with contextlib.suppress(TypeError, ValueError, RuntimeError, BufferError, AttributeError, NotImplementedError):
            return self.from_dlpack(value)
        # The owner knows how to leave a gradient tape and what a bfloat16 is on the host; `np.asarray` does not.
        from kerasfront.backend import dispatch

        owner = dispatch.owner_of(value)
        return self.convert_to_tensor(owner.to_numpy(value) if isinstance(owner, Backend) else np.asarray(value))

    def from_dlpack(self, value: Any) -> Tensor:
        """Make a tensor that shares memory with `value`, an object with `__dlpack__`."""
        raise NotImplementedError

    def forked(self) -> bool:
        """Prepare for work in a process that was forked from one that had loaded this engine; it is called there.

        Returns:
            Whether the engine can be used. One that has threads or locks which a fork leaves behind would hang.
        """
        return True

    def synchronize(self, value: Tensor) -> None:
        """Wait until the tensor has been computed. Engines without a queue have nothing to do."""

    # -- state -----------------------------------------------------------------------------------

    def create_handle(self, value: Tensor, trainable: bool) -> Any:
        """Return what a Variable stores for this value. The default stores the tensor itself."""
        return value

    def read_handle(self, handle: Any) -> Tensor:
        """Return the value of a handle as a tensor that later assignments do not change."""
        return handle

    def write_handle(self, handle: Any, value: Tensor) -> Any:
        """Store `value` and return the handle to keep: the same if it is mutable, else the new value."""
        return value

    # -- functions -------------------------------------------------------------------------------

    def value_and_grad(
        self, function: Callable[[list[Tensor]], tuple[Tensor, list[Tensor]]], values: list[Tensor]
    ) -> tuple[Tensor, list[Tensor], list[Tensor | None]]:
        """Differentiate a pure function.

        Args:
            function: takes the list of values, returns a scalar loss and a list of further tensors.
            values: the tensors to differentiate by; they do not track gradients on entry.

        Returns:
            The loss, the further tensors (both free of gradient tracking at this level), and one gradient per
            value, dense, None where the loss does not depend on the value (an engine that cannot tell gives zeros).
        """
        raise NotImplementedError

    def with_gradient(
        self, function: Callable[[list[Tensor]], tuple[list[Tensor], Callable]], values: list[Tensor]
    ) -> list[Tensor]:
        """Run a function whose gradient is given.

        Args:
            function: takes the values, returns a list of outputs and `pullback(upstream) -> gradients`, which takes
                one gradient per output and returns one per value (None for zeros). It may be called several times.
            values: its tensors.

        Returns:
            The outputs. Differentiating them by the values calls the pullback.
        """
        raise errors.UnsupportedOp(
            f"custom_gradient: not offered by backend {self.name!r}. Use ops whose gradients are right, with"
            f" ops.stop_gradient."
        )

    def compile(self, pure: Pure, jit_compile: bool | None = None) -> Callable | None:
        """Make a pure function fast.

        Args:
            pure: `pure(values, inputs) -> (outputs, new_values)`, all flat lists of tensors. It may be called any
                number of times for tracing; an exception raised in it must come through unchanged.
            jit_compile: True for the engine's just-in-time compiler, False for without, None to choose.

        Returns:
            `run(handles, inputs) -> (outputs, new_handles)`, where `handles` are those of the Variables
            behind `values`; `new_handles` stands for the Variables behind `new_values` in that order,
            for which `pure.written` gives the positions in `values`. None if the function is to run as it is.
        """
        raise NotImplementedError

    def repeat(self, pure: Pure, batch_size: int, jit_compile: bool | None = None) -> Callable | None:
        """Make a loop inside the engine that runs a pure function on one batch of data after the other.

        Args:
            pure: as for `compile`; it returns no outputs. Values keep shape and dtype.
            batch_size: samples in a batch.
            jit_compile: as for `compile`.

        Returns:
            `run(handles, data, order, first, count) -> new_handles`. `data` are tensors with all samples, `order` an
            int32 tensor of positions along their first axis, None for the samples as they lie; batch `i` has the
            positions from `i * batch_size` to `(i + 1) * batch_size`. `first` and `count` are Python integers and must
            not lead to compiling anew.
            `handles` stay valid, unless others are put into the list: what is in it when `run` raises is the state
            after the last whole step. None where nothing is gained, as by default; `run` returns None where it sees, on
            its first calls, that a loop does not serve this function. That must not depend on time: a training that is
            repeated has to run the same code.
        """
        return None

    def keep_compiled(self, folder: str | None) -> None:
        """Keep compiled programs in a folder from now on, and look there before compiling.

        Args:
            folder: an absolute path; other engines use the same folder, so take a subfolder of your own. None: keep
                none, or what the user has told the engine itself. It may be called again at any time, and it is called
                before the first other service where a folder was named at start.

        The default does nothing, for engines that keep no programs.
        """

    def in_one_call(self, body: Callable) -> Callable | None:
        """Return a function that does what the body of a derived op does, in fewer calls of the engine.

        Args:
            body: a function of the op's arguments in order, prepared by dispatch: tensors, None, lists of tensors, and
                what is no tensor. It makes this backend the active one.

        Returns:
            The function; None where bodies run as they are, as by default. It is asked for once for each op.
        """
        return None

    def rows_of(self, array: np.ndarray) -> Callable | None:
        """Return a function from a slice or int64 positions to a tensor with those rows of an array.

        For engines that run steps as they are: the array goes to the device once. None where rows are better taken on
        the host, as by default. The rows may share memory with the array.
        """
        return None

    def shares_memory(self, array: np.ndarray) -> bool:
        """Return whether `resident` takes a host array without a copy, to be read where a step needs it."""
        return False

    def resident(self, array: np.ndarray) -> Any:
        """Return a host array in the form in which `repeat` takes it, a tensor by default; it may share its memory.

        Once the calls that read it are done, the array may be written to, and made resident again.
        """
        return self.convert_to_tensor(array, None)

    def compiled_input(self, array: np.ndarray) -> Any:
        """Return a host array in the form in which a compiled function takes it fastest; a tensor by default."""
        return self.convert_to_tensor(array, None)

    def abstract_eval(self, function: Callable, *specs: Any) -> Any:
        """Infer the outputs of a function that uses the engine directly.

        Args:
            function: takes tensors, returns a nested structure of tensors.
            specs: objects with `shape` (None becomes some size) and `dtype`.

        Returns:
            The structure with (shape, dtype name) pairs as leaves.
        """
        raise errors.UnsupportedOp(
            f"abstract_eval: not offered by backend {self.name!r}. Write compute_output_shape for the layer."
        )

    def gradient_barrier(self) -> contextlib.AbstractContextManager:
        """Return a context in which nothing records gradients (inference)."""
        return contextlib.nullcontext()

    def device_scope(self, device: str) -> contextlib.AbstractContextManager:
        """Return a context that places new tensors on a device such as "cpu:0" or "gpu:0".

        Raises:
            BackendError: it is not there.
        """
        kind, _, index = device.partition(":")
        if f"{kind}:{index or 0}" not in self.devices():
            raise errors.no_device(device, self.devices())
        return contextlib.nullcontext()

    def as_iterable(self, data: Any) -> Iterable | None:
        """Return an iterable (with `__len__` where known) of host batches for one of the engine's own data sets.

        None where `data` is not one of them.
        """
        return None

    def devices(self) -> Sequence[str]:
        """Return the names of the devices, such as ("cpu:0",)."""
        return ("cpu:0",)
