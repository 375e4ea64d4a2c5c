"""Behaviour of ops inside functional models: every op, by its first case, with sizes unknown, predicted and trained.

The ops of one file of cases share a model: one trace and one compilation for some thirty ops.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from kerasfront import dtypes, ops
from kerasfront.backend import dispatch
from kerasfront.backend.contract import Backend
from kerasfront.state.function import function, value_and_grad
from kerasfront.testing import calls, judges
from kerasfront.testing.case import Case
from kerasfront.testing.cases import cases_by_theme
from kerasfront.testing.tolerance import Tolerance

DTYPE = "float32"


@functools.cache
def first_cases(theme: str) -> tuple[Case, ...]:
    """Return the first case of each op of a theme that takes float arrays and may be compiled."""
    found: dict[str, Case] = {}
    for case in cases_by_theme()[theme]:
        if case.compiled and case.call is None and case.float_places() and DTYPE in case.dtypes:
            found.setdefault(case.op, case)
    return tuple(found.values())


class _Op:
    """The part of a model that is about one case: its inputs, their scale, its outputs, and the values that go in."""

    def __init__(self, case: Case):
        from kerasfront import layers

        self.case = case
        self.scale = _scale_layer()
        self.values = case.host(DTYPE)
        self.inputs = [
            layers.Input(
                batch_shape=[size if axis in case.known_axes(place) else None for axis, size in enumerate(value.shape)],
                dtype=dtypes.standardize_dtype(value.dtype),
            )
            for place, value in enumerate(self.values)
        ]
        moving = set(case.float_places())
        arguments = [self.scale(tensor) if place in moving else tensor for place, tensor in enumerate(self.inputs)]
        self.outputs = [leaf for leaf in calls.leaves(calls.result_on(case, arguments)) if dispatch.is_tensor(leaf)]


def _scale_layer() -> Any:
    """A layer that multiplies by a weight, so that the op stands in the middle of what is trained."""
    from kerasfront import layers

    class Scale(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

        def call(self, x: Any) -> Any:
            return x * self.scale

    return Scale(dtype=DTYPE)


def in_models(theme: str, backend: Backend) -> None:
    """In a compiled functional model the ops give what they give alone, and hand on the gradients that they have."""
    from kerasfront import models

    parts = [_Op(case) for case in first_cases(theme) if not _is_missing(case, backend)]
    if not parts:
        return
    model = models.Model([tensor for part in parts for tensor in part.inputs], [part.outputs for part in parts])

    def step(values: list) -> Any:
        def loss() -> tuple:
            results = model(values, training=True)
            sums = [calls.weighted_sum(part.case, outputs) for part, outputs in zip(parts, results, strict=True)]
            return functools.reduce(ops.add, [one for one in sums if one is not None], 0.0), results

        (_, results), slopes = value_and_grad(loss, [part.scale.scale for part in parts], has_aux=True)
        return results, slopes

    values = [ops.convert_to_tensor(value) for part in parts for value in part.values]
    results, slopes = function(step)(values)
    wrong = [
        text
        for part, found, slope in zip(parts, results, slopes, strict=True)
        if (text := _what_is_wrong(part.case, found, slope))
    ]
    assert not wrong, "; ".join(wrong)


def _is_missing(case: Case, backend: Backend) -> bool:
    op = getattr(getattr(ops, case.op), "op", None)
    return op is not None and op.primitive and getattr(backend.ops, case.op, None) is None


def _what_is_wrong(case: Case, found: list, slope: Any) -> str | None:
    try:
        judges.fail_unless_equal("model", found, judges.expected_of(case, DTYPE), judges.twice(case.tolerance))
        if case.has_gradient and case.gradients is None:
            # The slope by a scale s at 1 of f(s a) is a . f'(a).
            arrays = [case.host(DTYPE)[place].astype("float64") for place in case.float_places()]
            products = [a * g for a, g in zip(arrays, judges.finite_differences(case), strict=True)]
            expected = np.array(sum(float(each.sum()) for each in products))
            size = np.array(sum(float(np.abs(each).sum()) for each in products))
            actual = np.zeros(()) if slope is None else ops.convert_to_numpy(slope)
            judges.fail_unless_slopes_equal(case, DTYPE, [actual, size], [expected, size], Tolerance(0, 0))
    except AssertionError as error:
        return f"{case.id}: {error}"
    return None
