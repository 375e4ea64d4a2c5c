"""Compiled functions of several cases: most of a compiler's time goes to each function, so cases of an op share one."""

from __future__ import annotations

import functools
import itertools

from kerasfront.backend.contract import Backend
from kerasfront.state.function import function
from kerasfront.testing.calls import (
    arguments,
    differentiate,
    float_types,
    is_overridden,
    leaves,
    result_on,
    slope_arguments,
)
from kerasfront.testing.case import Case
from kerasfront.testing.cases import all_cases

SIZE = 16

Group = tuple[Case, ...]
# Cases of a group follow each other, so the last group of each backend is enough.
_last: dict[Backend, tuple[Group, dict[Case, tuple[list, list]]]] = {}
# Groups with a case that raised: each case is compiled by itself, so that the others are judged.
_apart: set[tuple[Group, Backend]] = set()


@functools.cache
def _groups() -> dict[Case, Group]:
    """Return the neighbours of one op that each case is compiled with."""
    cases = [case for case in all_cases().values() if case.compiled]
    runs = [list(run) for _, run in itertools.groupby(cases, key=lambda case: case.op)]
    groups = [tuple(run[i : i + SIZE]) for run in runs for i in range(0, len(run), SIZE)]
    return {case: group for group in groups for case in group}


def has_gradients(case: Case, backend: Backend) -> bool:
    """Return whether a case's gradients are compiled with its results.

    An override may have one way for the results alone and one for both, and float32 is not every case's first type.
    """
    return case.has_gradient and float_types(case, backend)[0] == "float32" and not is_overridden(case, backend)


def compiled(case: Case, backend: Backend) -> tuple[list, list]:
    """Return the results of a case in a compiled function, and its gradients, where `has_gradients` (else none).

    They are in the first of the case's float types.
    """
    group = _groups().get(case, (case,))
    if (group, backend) in _apart:
        group = (case,)
    if backend not in _last or _last[backend][0] != group:
        try:
            _last[backend] = group, _run([each for each in group if float_types(each, backend)], backend)
        except Exception:
            if len(group) == 1:
                raise
            _apart.add((group, backend))
            return compiled(case, backend)
    return _last[backend][1][case]


def _run(group: list[Case], backend: Backend) -> dict[Case, tuple[list, list]]:
    differentiated = [has_gradients(case, backend) for case in group]

    def body(tensors: list) -> list:
        return [
            differentiate(case, backend, own) if by else (leaves(result_on(case, own)), [])
            for case, by, own in zip(group, differentiated, tensors, strict=True)
        ]

    tensors = [
        slope_arguments(case, "float32") if by else arguments(case, float_types(case, backend)[0])
        for case, by in zip(group, differentiated, strict=True)
    ]
    return dict(zip(group, function(body)(tensors), strict=True))


def forget() -> None:
    """Drop results, which hold tensors."""
    _last.clear()
    _apart.clear()
