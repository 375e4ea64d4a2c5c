"""A recorded step as one flat function of its tensors.

The source of the function is a line per kernel: no layers, no graph for gradients, no decisions, and each tensor goes
away after its last use. What does not depend on state or batch is computed once; what nobody needs is left out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import torch

from kerasfront import tree
from kerasfront_torch import ownership
from kerasfront_torch.recording import Call, Recorder, Ref, looks, memory, refs

Tensor = torch.Tensor

# Of their first argument they take shape and dtype only.
_SHAPE_ONLY = frozenset(f"aten::{name}" for name in ("ones_like", "zeros_like", "full_like", "new_zeros", "new_ones"))
# Kernels by PyTorch's functions for Python, which read their arguments in less time than the general way does.
_aten = torch.ops.aten
_BY_NAME = {
    **{getattr(_aten, one).default: getattr(torch, one) for one in ("mm", "addmm", "bmm", "t", "relu", "exp", "log")},
    **{getattr(_aten, name).Tensor: getattr(torch, name) for name in ("mul", "add", "sub", "div", "eq")},
    **{getattr(_aten, name).default: getattr(Tensor, name) for name in ("view", "permute", "unsqueeze", "sqrt", "sum")},
    _aten.sum.dim_IntList: torch.sum,
    _aten.mean.dim: torch.mean,
    _aten.transpose.int: torch.transpose,
}
# On all batches; after each one the state is that of whole steps.
_LOOP = """
def steps(state, batches):
    [{}] = state
    try:
        for batch in batches:
            {}
    except Exception:
        begun[1] = batch
        raise
    finally:
        state[:] = [{}]
"""
# Larger results are computed anew: keeping them takes memory for good.
_MOST_KEPT = 1 << 14


class Program:
    """What runs a recorded step.

    Args:
        recorder: after the step.
        state: how many of the numbered tensors are state.
        written: which of the state has new values.
        new: the new values, as the step returned them.

    Attributes:
        run: takes the list of the state, in which it puts new values, and an iterator over batches.
        changed: places of the state that it changes in place; nobody else may hold these.
        stable: whether the new values have the memory layout of the old ones, so that it can run again on them.
        begun: whether the last step has begun to change state in place, or has ended; and the batch of one that failed.
        checked: whether it has been compared with an eager step.
    """

    def __init__(self, recorder: Recorder, state: int, written: list[int], new: list[Tensor]):
        self._recorder = recorder
        finals = [recorder.number(tensor) for tensor in new]
        self.problem = recorder.problem
        if self.problem is not None:
            return
        calls = self._without_repeats(recorder.calls, finals)
        kept = set(range(state)) - set(written)
        before, after = ([looks(recorder.tensors[n])[:2] for n in numbers] for numbers in (written, finals))
        self.stable = before == after
        self.begun = [False, None]
        self.checked = False
        self._calls = self._needed(self._without_constants(calls, {*finals, *kept}), finals)
        self._last = self._last_uses(finals)
        self._used = {n for call in self._calls for n in (*refs(call.args), *refs(call.kwargs))} | set(finals)
        # The value that a Variable keeps may share its memory with nobody's that stays.
        staying = [self._memory(n) for n in (*finals, *kept)]
        self._shared = {key for key in staying if staying.count(key) > 1}
        self._staying = {self._memory(n) for n in kept} | {self._memory(n) for n in finals if n < recorder.inputs}
        self._shared |= {self._memory(n) for n in recorder.constants}
        self._final_of = dict(zip(written, finals, strict=True))
        in_order = sorted(self._last.items(), key=operator.itemgetter(1))
        self._last_of_memory = {self._memory(number): place for number, place in in_order}
        self._state = state
        self.changed: list[int] = []
        self._names: dict[str, Any] = {"copies": _copies, "begun": self.begun}
        self.run = self._compiled(finals)
        del self._recorder

    def _memory(self, number: int) -> int:
        return memory(self._recorder.tensors[number])

    # -- which calls are needed

    def _without_repeats(self, calls: list[Call], finals: list[int]) -> list[Call]:
        """Leave out calls of kernels that give what an earlier one has given; `finals` name that one's result then."""
        found: dict[Any, int] = {}
        same: dict[int, int] = {}
        left = []
        for call in (one.renamed(same) for one in calls):
            memories = map(self._memory, (*refs(call.args), *refs(call.kwargs), *refs(call.outputs)))
            if call.plain and isinstance(call.outputs, Ref) and self._recorder.mutated.isdisjoint(memories):
                output = call.outputs.number
                key = repr((call.function, tree.map_structure(self._told, (call.args, call.kwargs))))
                earlier = found.setdefault(key, output)
                # No two Variables may keep one result.
                if earlier != output and not (earlier in finals and output in finals):
                    same[output] = earlier
                    finals[:] = [same.get(n, n) for n in finals]
                    continue
            left.append(call)
        return left

    def _told(self, value: Any) -> Any:
        """Return an argument in a form that is printed alike for equal ones; a constant number by its value."""
        if isinstance(value, Ref):
            tensor = self._recorder.tensors[value.number]
            known = value.number in self._recorder.constants and tensor.numel() == 1
            return (tensor.dtype, tensor.device, tensor.shape, tensor.item()) if known else ("tensor", value.number)
        return value if type(value) in (bool, int, float, str, type(None)) else (type(value), id(value))

    def _without_constants(self, calls: list[Call], staying: set[int]) -> list[Call]:
        """Leave out calls whose results are always the same; these are constants from now on."""
        constants, mutated, tensors = self._recorder.constants, self._recorder.mutated, self._recorder.tensors
        left = []
        for call in calls:
            outputs = list(refs(call.outputs))
            fixed = call.plain and all(n in constants for n in (*refs(_mattering(call)), *refs(call.kwargs)))
            kept = any(n in staying or self._memory(n) in mutated for n in outputs)
            small = sum(tensors[n].numel() for n in outputs) <= _MOST_KEPT
            if fixed and outputs and small and not kept:
                constants.update(outputs)
            else:
                left.append(call)
        return left

    def _needed(self, calls: list[Call], finals: list[int]) -> list[Call]:
        needed = set(finals)
        left = []
        for call in reversed(calls):
            outputs = set(refs(call.outputs))
            effect = not outputs if call.writes is not None else not call.plain
            if effect or outputs & needed:
                needed.update(refs(call.args), refs(call.kwargs))
                left.append(call)
        return left[::-1]

    def _last_uses(self, finals: list[int]) -> dict[int, int]:
        last: dict[int, int] = {}
        for place, call in enumerate(self._calls):
            for number in (*refs(call.outputs), *refs(call.args), *refs(call.kwargs)):
                last[number] = place
        last.update(dict.fromkeys(finals, len(self._calls)))
        return last

    # -- what may be changed in place

    def _in_place(self, call: Call, place: int, argument: list[Ref]) -> bool:
        """Return whether a call may change a list of tensors: nobody uses them later, and they are no one else's."""
        every = list(refs([call.args, call.kwargs]))
        for number in refs(argument):
            key = self._memory(number)
            if number in self._recorder.constants or self._state <= number < self._recorder.inputs:
                return False
            if self._last_of_memory[key] > place or key in self._staying or key in self._shared:
                return False
            if not self._recorder.tensors[number].is_contiguous() or every.count(number) > 1:
                return False
            for one in self._state_in(key):
                final = self._final_of.get(one)
                if final is None or self._memory(final) in self._shared:
                    return False
        return True

    def _state_in(self, key: int) -> list[int]:
        return [n for n in range(self._state) if self._memory(n) == key]

    # -- the source

    def _compiled(self, finals: list[int]) -> Callable:
        inputs, state = range(self._recorder.inputs), range(self._state)
        lines = [f"({_listed(f'v{n}' for n in inputs[self._state :])}) = batch", "begun[0] = False"]
        for place, call in enumerate(self._calls):
            lines += self._lines(place, call)
        lines.append(f"{_listed(f'v{n}' for n in self._final_of)} = {_listed(map(self._name, finals))}" * bool(finals))
        lines.append("begun[0] = True")
        every = _listed(f"v{n}" for n in state)
        source = _LOOP.format(every, "\n            ".join(lines), every)
        exec(compile(source, "<a recorded step>", "exec"), self._names)
        self.source = source
        return self._names["steps"]

    def _lines(self, place: int, call: Call) -> list[str]:
        lines = []
        arguments = [self._expression(one) for one in call.args]
        for i in call.writes or ():
            if not self._in_place(call, place, call.args[i]):
                arguments[i] = f"copies({arguments[i]})"
                continue
            touched = [n for number in refs(call.args[i]) for n in self._state_in(self._memory(number))]
            self.changed += [n for n in touched if n not in self.changed]
            lines.append("begun[0] = True")
        arguments += [f"{name}={self._expression(one)}" for name, one in call.kwargs.items()]
        function = call.function if call.writes is not None else _BY_NAME.get(call.function) or call.function._op
        text = f"{self._constant(function)}({', '.join(arguments)})"
        inputs = {*refs(call.args), *refs(call.kwargs)}
        outputs = set(refs(call.outputs)) - inputs
        lines.append(f"{self._pattern(call.outputs)} = {text}" if outputs else text)
        made = {n for n in inputs if n >= self._recorder.inputs} - self._recorder.constants
        # What nobody uses must not stay in memory under the name for it.
        names = [f"v{n}" for n in sorted(made) if self._last[n] == place] + ["_"] * (not outputs <= self._used)
        return [*lines, f"del {', '.join(names)}"] if names else lines

    def _pattern(self, outputs: Any) -> str:
        """Return what stands left of the assignment; results that nobody uses get no name."""
        if isinstance(outputs, Ref):
            return f"v{outputs.number}" if outputs.number in self._used else "_"
        if isinstance(outputs, (list, tuple)) and outputs:
            return "(" + "".join(self._pattern(one) + ", " for one in outputs) + ")"
        return "_"

    def _expression(self, value: Any) -> str:
        if isinstance(value, Ref):
            return self._name(value.number)
        if isinstance(value, (list, tuple)):
            items = "".join(self._expression(item) + ", " for item in value)
            return f"({items})" if isinstance(value, tuple) else f"[{items}]"
        if value is None or type(value) in (bool, int, str):
            return repr(value)
        return self._constant(value)

    def _name(self, number: int) -> str:
        if number in self._recorder.constants:
            return self._constant(self._recorder.tensors[number])
        return f"v{number}"

    def _constant(self, value: Any) -> str:
        name = f"c{id(value)}"
        # The name keeps the object alive, so that no other one gets its id.
        self._names[name] = value
        return name


def _mattering(call: Call) -> list:
    """Return the arguments whose numbers decide about the result of a kernel."""
    return call.args[1:] if call.function._schema.name in _SHAPE_ONLY else call.args


def _copies(tensors: list[Tensor]) -> list[Tensor]:
    return [tensor.clone(memory_format=torch.contiguous_format) for tensor in tensors]


def _listed(names: Iterable[str]) -> str:
    return "".join(f"{name}, " for name in names)


def run(program: Program, state: list[Tensor], batches: Iterable[list[Tensor]]) -> None:
    """Run a program on the state and some batches."""
    previous = ownership.step.all_owned
    ownership.step.all_owned = True
    try:
        with torch._C._AutoDispatchBelowAutograd():
            program.run(state, batches)
    finally:
        ownership.step.all_owned = previous
