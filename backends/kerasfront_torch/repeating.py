"""Steps over data in memory: the first one is recorded while it runs eagerly, the next ones call its kernels."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import torch

from kerasfront_torch import program, recording
from kerasfront_torch.compilation import eager
from kerasfront_torch.ownership import unshared

Tensor = torch.Tensor

# So many steps may change the memory layout of the state until it stays.
_MOST_TRIES = 3
_GATHERED_BYTES = 1 << 16
# Kernels for matrices may round otherwise where numbers begin at other places.
_ALIGNMENT = 64


class Repeat:
    """Runs a pure function on one batch after the other (the service `repeat`).

    Attributes:
        problem: why the function cannot be recorded, once that is known.
    """

    def __init__(self, pure: Any, batch_size: int):
        self._pure, self._eager, self._batch_size = pure, eager(pure), batch_size
        self._programs: dict[tuple, program.Program] = {}
        self._tries = 0
        self.problem: str | None = None

    def __call__(self, handles: list, data: list, order: Tensor | None, first: int, count: int) -> list | None:
        if self.problem is not None:
            return None
        found = self._program(handles, data)
        batches = self._batches(data, order, first, count)
        for batch in batches:
            if self.problem is not None:
                new = self._eager(handles, batch)[1]
            elif found is None:
                new = self._record(handles, data, batch)
                if new is None:
                    return None
                found = self._program(handles, data)
            else:
                new = self._run(found, handles, batch, batches)
            # In the caller's list, which has the state of whole steps if a later one fails.
            for place, value in zip(self._pure.written, new, strict=True):
                handles[place] = value
            new = value = None
        return [handles[place] for place in self._pure.written]

    def _batches(self, data: list, order: Tensor | None, first: int, count: int) -> Iterator[list]:
        size, end = self._batch_size, first + count
        together = count if order is None else min(_most_together(one, size) for one in data)
        for start in range(first, end, together):
            span = slice(start * size, min(start + together, end) * size)
            taken = (one[span] if order is None else torch.index_select(one, 0, order[span]) for one in data)
            yield from map(list, zip(*(one.split(size) for one in taken), strict=True))

    def _program(self, handles: list, data: list) -> program.Program | None:
        """Return what was recorded for tensors like these, ready to run on them."""
        found = self._programs.get(_signature(handles, data))
        if found is not None:
            for place, alone in zip(found.changed, unshared(handles, found.changed), strict=True):
                if not alone:
                    handles[place] = handles[place].clone(memory_format=torch.contiguous_format)
        return found

    def _record(self, handles: list, data: list, batch: list) -> list | None:
        """Run a step eagerly and make a program of it; None, with nothing changed, where that cannot be done."""
        seen: set[int] = set()
        for place, handle in enumerate(handles):
            if id(handle) in seen:
                # Two Variables with one value will not stay alike.
                handles[place] = handle.clone()
            seen.add(id(handle))
        signature = _signature(handles, data)
        recorder = recording.Recorder(handles, batch)
        with recorder:
            _, new = self._pure(list(handles), list(batch))
        self._tries += 1
        self.problem = recorder.problem
        if self.problem is None:
            made = program.Program(recorder, len(handles), list(self._pure.written), new)
            self.problem = made.problem
            if self.problem is None and made.stable:
                self._programs[signature] = made
            elif self._tries >= _MOST_TRIES:
                self.problem = self.problem or "the state changes its memory layout at each step"
        return new if self.problem is None else None

    def _run(self, found: program.Program, handles: list, batch: list, further: Iterator[list]) -> list:
        """Run a batch, and further ones if the program is known to be right; returns the new state."""
        places = self._pure.written
        expected = None if found.checked else self._eager([handle.clone() for handle in handles], batch)[1]
        try:
            if expected is None:
                program.run(found, handles, itertools.chain([batch], further))
                return [handles[place] for place in places]
            program.run(found, handles, [batch])
        except Exception as error:
            if found.begun[0]:
                raise
            # The step as it was written says better what is wrong with it.
            self.problem = f"the recorded step failed: {error}"
            return self._eager([handle.clone() for handle in handles], found.begun[1])[1]
        found.checked = True
        if not all(map(_same_bits, [handles[place] for place in places], expected)):
            self.problem = "the recorded step gives other numbers than an eager one"
            return expected
        return [handles[place] for place in places]


def _most_together(data: Tensor, size: int) -> int:
    """Return how many batches are gathered in one call: several small ones, if each begins where a new tensor may."""
    weight = data[:1].nbytes * size
    return max(1, _GATHERED_BYTES // weight) if weight and weight % _ALIGNMENT == 0 else 1


def _signature(handles: list, data: list) -> tuple:
    return tuple(one.stride() for one in handles), tuple((one.shape[1:], one.dtype, one.device) for one in data)


def _same_bits(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)
