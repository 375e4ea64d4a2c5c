"""What kernels a step calls, noted while it runs.

PyTorch runs a step as plain Python, layer by layer, and keeps a graph of its own for the gradients. Of all that only
the calls of kernels (aten) matter in the end: forward pass, gradients and update are one flat list of them. A
`Recorder` notes this list with its tensors; `program` makes a function of it.

A list of calls is the whole step only if no number leaves a tensor for Python, where it could decide something. Where
that happens, the recorder says so in `problem`. Two kinds of functions may look at numbers all the same, because they
are called anew each time the list is run: those marked with `whole`, and checks that end in an error or in nothing
(`look`).
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from kerasfront import tree

Tensor = torch.Tensor

# All tensors of a step are kept while it is recorded. A step that needs more gains nothing from being recorded.
_MOST_BYTES = 1 << 31
# Ways for numbers to leave a tensor that no kernel shows.
_HOST_READS = frozenset(("numpy", "tolist", "__array__", "__dlpack__", "data_ptr", "untyped_storage", "storage"))
_TOO_LARGE = f"the step makes tensors of more than {_MOST_BYTES >> 20} MiB"


class _Thread(threading.local):
    recorder: Recorder | None = None


_thread = _Thread()


def recording() -> bool:
    """Return whether a step is being recorded in this thread."""
    return _thread.recorder is not None


class Call:
    """One call: what is called, with the numbers of tensors in place of these.

    Attributes:
        function: a kernel, or a function marked with `whole`.
        args, kwargs: with a `Ref` for each tensor.
        outputs: likewise.
        writes: which arguments a marked function may change in place; None for a kernel.
        plain: whether it is a kernel that gives the same for the same arguments, and does nothing else: it changes no
            argument, and draws nothing from PyTorch's own generator.
    """

    __slots__ = ("args", "function", "kwargs", "outputs", "plain", "writes")

    def __init__(self, function: Any, args: Any, kwargs: Any, outputs: Any, writes: tuple[int, ...] | None):
        self.function, self.args, self.kwargs, self.outputs, self.writes = function, args, kwargs, outputs, writes
        effects = writes is not None or function._schema.is_mutable
        self.plain = not effects and torch.Tag.nondeterministic_seeded not in function.tags

    def renamed(self, numbers: dict[int, int]) -> Call:
        """Return the call with other numbers in its arguments."""
        args, kwargs = tree.map_structure(
            lambda one: Ref(numbers.get(one.number, one.number)) if isinstance(one, Ref) else one,
            (self.args, self.kwargs),
        )
        return Call(self.function, args, kwargs, self.outputs, self.writes)


class Ref:
    """A tensor by its number."""

    __slots__ = ("number",)

    def __init__(self, number: int):
        self.number = number


def refs(value: Any) -> Iterator[int]:
    """Yield the numbers in nested lists, tuples and dicts of arguments."""
    if isinstance(value, Ref):
        yield value.number
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from refs(item)
    elif isinstance(value, dict):
        yield from refs(list(value.values()))


class Recorder(TorchDispatchMode):
    """A context that notes all calls of kernels in it.

    Args:
        state: the tensors that are other ones at each run and stay; none twice.
        batch: those that are other ones and pass.

    Attributes:
        tensors: by number; first those of the state, then those of the batch.
        constants: numbers of tensors that came from elsewhere.
        calls: in order.
        mutated: the memory (see `memory`) that kernels changed.
        problem: why the calls are not the whole step, None if they are.
    """

    def __init__(self, state: list[Tensor], batch: list[Tensor]):
        super().__init__()
        self.tensors: list[Tensor] = [*state, *batch]
        self.inputs = len(self.tensors)
        self.constants: set[int] = set()
        self.calls: list[Call] = []
        self.mutated: set[int] = set()
        self.problem: str | None = None
        self._numbers: dict[int, int] = {}
        self._kept: list[Tensor] = []
        self._of_memory: dict[int, list[int]] = {}
        self._bytes = 0
        self._paused = False
        self._host_reads = _HostReads(self)
        for number, tensor in enumerate(self.tensors):
            self._numbers[id(tensor)] = number
            self._of_memory.setdefault(memory(tensor), []).append(number)

    # To skip it imports it, which takes a second, and what is recorded is not being compiled.
    _should_skip_dynamo = classmethod(lambda cls: False)

    def __enter__(self) -> Any:
        _thread.recorder = self
        super().__enter__()
        self._host_reads.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        _thread.recorder = None
        self._host_reads.__exit__(*exception)
        super().__exit__(*exception)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        outputs = func(*args, **kwargs)
        if not self._paused and self.problem is None:
            with torch._C.DisableTorchFunction():
                self._note_kernel(func, args, kwargs, outputs)
        return outputs

    def whole(self, function: Callable, writes: tuple[int, ...], args: tuple) -> Any:
        """Run a marked function and note it as one call."""
        if self._paused:
            return function(*args)
        self._paused = True
        try:
            outputs = function(*args)
        finally:
            self._paused = False
        if self.problem is None:
            with torch._C.DisableTorchFunction():
                noted = self._referring(list(args))
                self.calls.append(Call(function, noted, {}, self._referring(outputs, new=True), writes))
        return outputs

    def note_host_read(self, tensor: Tensor, how: str) -> None:
        """Take note that Python gets to see the numbers of a tensor."""
        if self._paused or self.problem is not None:
            return
        number = self._numbers.get(id(tensor))
        if number is None and memory(tensor) not in self._of_memory:
            return
        if number is None or number not in self.constants:
            self.problem = f"Python reads the numbers of a tensor ({how})"

    def number(self, tensor: Tensor, new: bool = False) -> int:
        """Return the number of a tensor; one not seen before is a constant, or made by the call if `new`."""
        number = self._numbers.get(id(tensor))
        if number is not None:
            return number
        key = memory(tensor)
        relatives = self._of_memory.setdefault(key, [])
        if relatives and not new:
            same = [other for other in relatives if looks(self.tensors[other]) == looks(tensor)]
            if same:
                self._numbers[id(tensor)] = same[-1]
                self._kept.append(tensor)
                return same[-1]
            if any(other not in self.constants for other in relatives):
                self.problem = self.problem or "there is a view of a tensor that no kernel made"
        number = self._numbers[id(tensor)] = len(self.tensors)
        self.tensors.append(tensor)
        if not new:
            self.constants.add(number)
        if not relatives:
            self._bytes += tensor.untyped_storage().nbytes()
            if self._bytes > _MOST_BYTES:
                self.problem = self.problem or _TOO_LARGE
        relatives.append(number)
        return number

    def _note_kernel(self, func: Any, args: Any, kwargs: Any, outputs: Any) -> None:
        self.problem = _decides(func, args)
        if self.problem is not None:
            # Nothing will come of the list: its tensors need not wait.
            self._release()
            return
        noted, noted_kwargs = self._referring(list(args)), self._referring(dict(kwargs))
        if func._schema.is_mutable:
            self._note_mutation(func, args, kwargs)
        elif type(outputs) is Tensor and self._is_same(args, outputs):
            return
        self.calls.append(Call(func, noted, noted_kwargs, self._referring(outputs, new=True), None))
        if self.problem is not None:
            self._release()

    def _is_same(self, args: Any, output: Tensor) -> bool:
        """Note a tensor that is the first argument again (of `detach`, say) under the number of that."""
        first = args[0] if args else None
        if type(first) is not Tensor or memory(first) != memory(output) or looks(first) != looks(output):
            return False
        self._numbers[id(output)] = self.number(first)
        self._kept.append(output)
        return True

    def _note_mutation(self, func: Any, args: Any, kwargs: Any) -> None:
        for place, argument in enumerate(func._schema.arguments):
            if argument.alias_info is None or not argument.alias_info.is_write:
                continue
            changed = args[place] if place < len(args) else kwargs.get(argument.name)
            for tensor in changed if isinstance(changed, (list, tuple)) else [changed]:
                if not isinstance(tensor, Tensor):
                    continue
                key = memory(tensor)
                self.mutated.add(key)
                if any(n < self.inputs or n in self.constants for n in self._of_memory.get(key, ())):
                    self.problem = f"{func} changes a tensor that was there before the step"

    def _referring(self, value: Any, new: bool = False) -> Any:
        """Return arguments or outputs with a `Ref` in place of each tensor."""
        if isinstance(value, Tensor):
            if type(value) not in (Tensor, torch.nn.Parameter):
                self.problem = f"there is a {type(value).__name__}"
            return Ref(self.number(value, new))
        if isinstance(value, (list, tuple)):
            items = [self._referring(item, new) for item in value]
            return tuple(items) if isinstance(value, tuple) else items
        if isinstance(value, dict):
            return {name: self._referring(item, new) for name, item in value.items()}
        return value

    def _release(self) -> None:
        self.tensors, self._kept, self.calls = [], [], []
        self._numbers, self._of_memory = {}, {}


class _HostReads(TorchFunctionMode):
    """Sees the calls by which Python gets at the memory of a tensor."""

    def __init__(self, recorder: Recorder):
        super().__init__()
        self._recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") in _HOST_READS and args and isinstance(args[0], Tensor):
            self._recorder.note_host_read(args[0], func.__name__)
        return func(*args, **(kwargs or {}))


def memory(tensor: Tensor) -> int:
    """Return what is equal for tensors that share memory, as long as both are alive."""
    with torch._C.DisableTorchFunction():
        return tensor.untyped_storage()._cdata


def looks(tensor: Tensor) -> tuple:
    """Return what is equal for two tensors over the same memory that are the same."""
    return tensor.shape, tensor.stride(), tensor.storage_offset(), tensor.dtype, tensor.is_conj(), tensor.is_neg()


def _decides(func: Any, args: Any) -> str | None:
    """Return what the kernel tells Python about numbers, if it does."""
    tags = func.tags
    if torch.Tag.data_dependent_output in tags:
        return f"{func} gives a number to Python"
    if torch.Tag.dynamic_output_shape in tags:
        indices = args[1] if func is torch.ops.aten.index.Tensor else None
        if indices is None or any(one is not None and one.dtype in (torch.bool, torch.uint8) for one in indices):
            return f"the shape of what {func} gives depends on numbers"
    return None


def whole(*writes: int) -> Callable:
    """Mark a function of tensors as one call for recorders, whatever it does inside.

    Args:
        writes: which of its arguments, lists of tensors, it may change in place; it asks `ownership.owned`.
    """

    def mark(function: Callable) -> Callable:
        @functools.wraps(function)
        def call(*args: Any) -> Any:
            recorder = _thread.recorder
            return function(*args) if recorder is None else recorder.whole(function, writes, args)

        return call

    return mark


def look(value: Tensor, check: Callable, to_host: Callable) -> None:
    """Call `check` with the numbers of a tensor, now and each time the step is run."""
    recorder = _thread.recorder

    def checked(tensor: Tensor) -> None:
        check(to_host(tensor))

    if recorder is None:
        checked(value)
    else:
        recorder.whole(checked, (), (value,))


def note_host_read(tensor: Tensor) -> None:
    """Tell the recorder, if there is one, that Python gets to see the numbers of a tensor."""
    recorder = _thread.recorder
    if recorder is not None:
        recorder.note_host_read(tensor, "on the host")
