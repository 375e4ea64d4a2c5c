"""The judges: each takes a case and a backend and fails if a statement about them is wrong.

They stand in a fixed order, from "it runs" to "it runs compiled", so that the first failure of a case says the most.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from kerasfront import dtypes, ops
from kerasfront.backend import dispatch, registry, symbolic
from kerasfront.backend.contract import Backend
from kerasfront.backend.operators import OPS
from kerasfront.state.function import function
from kerasfront.testing import together
from kerasfront.testing.calls import (
    differentiate,
    float_types,
    is_overridden,
    leaves,
    result_of,
    result_on,
    slope_arguments,
    weights,
)
from kerasfront.testing.case import Case
from kerasfront.testing.conformance import Gap, reason_for
from kerasfront.testing.tolerance import SUM, Tolerance, difference, epsilon

STEP = 5e-4
# What differences of fourth order lose in float64 here: h^4 / 30 times a fifth derivative of up to 10^5, and eps / h.
DIFFERENCES = Tolerance(5e-9 / epsilon("float64"), 5e-9 / epsilon("float64"))
# A derivative is a formula of a handful of functions followed by sums; of factorizations, of several solutions.
GRADIENT = Tolerance(SUM.relative * 2, SUM.absolute * 2)


@functools.lru_cache(maxsize=4)
def _remembered(case: Case, backend: Backend, dtype: str) -> Any:
    # Judges of one case follow each other, so a few results are enough.
    return result_of(case, dtype)


def fail_unless_equal(where: str, actual: Any, expected: Any, tolerance: Tolerance) -> None:
    """Compare results with arrays."""
    actual, expected = leaves(actual), leaves(expected)
    assert len(actual) == len(expected), f"{where}: {len(actual)} results, expected {len(expected)}"
    for one, other in zip(actual, expected, strict=True):
        found = ops.convert_to_numpy(one)
        wrong = difference(found, other, tolerance, dispatch.dtype_of(one))
        assert wrong is None, f"{where}: {wrong}"


def runs(case: Case, backend: Backend) -> None:
    """The op runs, and gives tensors of the backend."""
    for dtype in float_types(case, backend):
        for leaf in leaves(_remembered(case, backend, dtype)):
            if not isinstance(leaf, (bool, int, float, str)):
                assert backend.is_tensor(leaf), (
                    f"{dtype}: got a {type(leaf).__name__}, not a tensor of {backend.name!r}"
                )


@functools.lru_cache(maxsize=16)
def expected_of(case: Case, dtype: str) -> list:
    """Return the results of the reference, flat."""
    # The engines of a case follow each other, so they share the reference.
    found = [np.asarray(leaf) for leaf in leaves(case.expected(dtype))]
    for leaf in found:
        leaf.setflags(write=False)
    return found


def _inferred(case: Case, symbols: list) -> list:
    with symbolic.recording_off():
        return leaves(result_on(case, symbols))


def shape(case: Case, backend: Backend) -> None:
    """Shapes and dtypes are those that the shape backend infers."""
    for dtype in float_types(case, backend):
        inferred = _inferred(case, [_symbol(array, backend) for array in case.host(dtype)])
        actual = leaves(_remembered(case, backend, dtype))
        assert len(actual) == len(inferred), f"{dtype}: {len(actual)} results, inferred {len(inferred)}"
        for one, spec in zip(actual, inferred, strict=True):
            found, wanted = dispatch.shape_of(one), dispatch.shape_of(spec)
            assert _fits(found, wanted), f"{dtype}: shape {found}, inferred {wanted}"
            expected = backend.host_dtype(dispatch.dtype_of(spec))
            assert dispatch.dtype_of(one) == expected, f"{dtype}: result {dispatch.dtype_of(one)}, inferred {expected}"


def _symbol(array: np.ndarray, backend: Backend, known: Iterable[int] | None = None) -> symbolic.KerasTensor:
    sizes = [size if known is None or axis in known else None for axis, size in enumerate(array.shape)]
    return symbolic.KerasTensor(sizes, backend.host_dtype(dtypes.standardize_dtype(array.dtype)))


def _fits(found: tuple, wanted: tuple) -> bool:
    """Return whether a shape is one of those that an inferred one stands for."""
    return len(found) == len(wanted) and all(w in (None, f) for f, w in zip(found, wanted, strict=True))


def unknown(case: Case, backend: Backend) -> None:
    """With every size unknown that need not be known, the same dtypes and no other shapes are inferred."""
    arrays = case.host(float_types(case, backend)[0])
    concrete = _inferred(case, [_symbol(array, backend) for array in arrays])
    known = [case.known_axes(place) for place in range(len(arrays))]
    inferred = _inferred(case, [_symbol(array, backend, axes) for array, axes in zip(arrays, known, strict=True)])
    assert len(inferred) == len(concrete), f"{len(inferred)} results, expected {len(concrete)}"
    for one, other in zip(inferred, concrete, strict=True):
        found, wanted = dispatch.shape_of(other), dispatch.shape_of(one)
        assert _fits(found, wanted), f"inferred {wanted}, with known sizes {found}"
        assert dispatch.dtype_of(one) == dispatch.dtype_of(other), (
            f"inferred {dispatch.dtype_of(one)}, with known sizes {dispatch.dtype_of(other)}"
        )


def values(case: Case, backend: Backend) -> None:
    """Values agree with the float64 reference."""
    for dtype in float_types(case, backend):
        fail_unless_equal(dtype, _remembered(case, backend, dtype), expected_of(case, dtype), case.tolerance)


# -- gradients -------------------------------------------------------------------------------------


def _reference_sum(case: Case, arrays: list[np.ndarray]) -> float:
    total = 0.0
    for leaf in leaves(case.evaluate(arrays)):
        leaf = np.asarray(leaf)
        if leaf.dtype.kind == "c":
            total += float((leaf.real * weights(leaf)).sum() + (leaf.imag * weights(leaf)).sum())
        elif leaf.dtype.kind == "f":
            total += float((leaf * weights(leaf)).sum())
    return total


@functools.lru_cache(maxsize=16)
def finite_differences(case: Case) -> list[np.ndarray]:
    """Return central differences of the reference in float64, at arguments rounded to float32."""
    arrays = [array.astype("float64") if array.dtype.kind == "f" else array for array in case.host("float32")]
    gradients = []
    for place in case.float_places():
        slope = np.zeros_like(arrays[place])
        for index in np.ndindex(*slope.shape):
            sums = []
            for distance in (-2, -1, 1, 2):
                moved = [array.copy() if i == place else array for i, array in enumerate(arrays)]
                moved[place][index] += distance * STEP
                sums.append(_reference_sum(case, moved))
            slope[index] = (sums[0] - sums[3] + 8 * (sums[2] - sums[1])) / (12 * STEP)
        gradients.append(slope)
    return gradients


def gradients_of(case: Case, backend: Backend, dtype: str) -> list[np.ndarray]:
    """Return the backend's gradients by the float arguments; zeros where the result does not depend on one.

    They are taken in a compiled function in the first float type, eagerly in the others.
    """
    if case.compiled and dtype == float_types(case, backend)[0]:
        if together.has_gradients(case, backend):
            found = together.compiled(case, backend)[1]
        else:
            step = function(lambda tensors: differentiate(case, backend, tensors)[1])
            found = step(slope_arguments(case, dtype))
    else:
        found = differentiate(case, backend, slope_arguments(case, dtype))[1]
    return _slopes_on_host(case, dtype, found)


def _slopes_on_host(case: Case, dtype: str, found: list) -> list[np.ndarray]:
    """Return gradients of a dtype as arrays, zeros for None.

    Raises:
        AssertionError: one has another dtype.
    """
    arrays = case.host("float32")
    for gradient in found:
        assert gradient is None or dispatch.dtype_of(gradient) == dtype, (
            f"gradient is {dispatch.dtype_of(gradient)}, not {dtype}"
        )
    return [
        np.zeros(arrays[place].shape) if gradient is None else ops.convert_to_numpy(gradient)
        for place, gradient in zip(case.float_places(), found, strict=True)
    ]


def gradient(case: Case, backend: Backend) -> None:
    """Gradients agree with central differences of the reference, or with those recorded."""
    for dtype in float_types(case, backend):
        if dtype not in ("float32", "float64"):
            continue
        expected = finite_differences(case) if case.gradients is None else list(case.gradients)
        lost = DIFFERENCES if dtype == "float64" else Tolerance(0, 0)
        fail_unless_slopes_equal(case, dtype, gradients_of(case, backend, dtype), expected, lost)


def fail_unless_slopes_equal(case: Case, dtype: str, actual: list, expected: list, lost: Tolerance) -> None:
    """Compare gradients. What is allowed is measured against the largest gradient of the call, and the largest result:
    a derivative is often computed from the result, such as s (1 - s), and takes over its rounding."""
    assert len(actual) == len(expected), f"{dtype}: {len(actual)} gradients, expected {len(expected)}"
    limit = max(GRADIENT, case.tolerance, key=lambda tolerance: tolerance.absolute)
    limit = Tolerance(limit.relative + lost.relative, limit.absolute + lost.absolute)
    results = [] if case.reference is None else leaves(case.expected("float64"))
    scale = np.array([_largest(expected + results)])
    for place, (one, other) in enumerate(zip(actual, expected, strict=True)):
        one, other = np.asarray(one, "float64"), np.broadcast_to(other, one.shape)
        wrong = difference(np.append(one, scale), np.append(other, scale), limit, dtype)
        assert wrong is None, f"{dtype}: gradient by array {place}: {wrong}"


def _largest(arrays: list) -> float:
    sizes = [np.abs(np.asarray(each)).astype("float64") for each in arrays if np.asarray(each).dtype.kind in "fc"]
    return max((float(np.max(each[np.isfinite(each)], initial=0.0)) for each in sizes), default=0.0)


# -- overrides and compiled functions ------------------------------------------------------------------


@contextlib.contextmanager
def body_alone(name: str) -> Iterator[None]:
    """Run the derived body of an op, whatever the backend overrides."""
    op = OPS[name].op
    op.implementation = lambda backend: op.body
    op.fast.clear()
    try:
        yield
    finally:
        del op.implementation
        op.fast.clear()


def override(case: Case, backend: Backend) -> None:
    """The native version of a derived op gives the values and gradients of its body."""
    for dtype in float_types(case, backend):
        actual = _remembered(case, backend, dtype)
        slopes = gradients_of(case, backend, dtype) if case.has_gradient else []
        with body_alone(case.op):
            if case.has_gradient and case.compiled and dtype == "float32":
                # In one compiled function, since some engines would compile each small op of the body by itself.
                step = function(lambda tensors: differentiate(case, backend, tensors))
                found, slopes_found = step(slope_arguments(case, dtype))
                expected_slopes = _slopes_on_host(case, dtype, slopes_found)
            else:
                found = leaves(result_of(case, dtype))
                expected_slopes = gradients_of(case, backend, dtype) if case.has_gradient else []
            expected = [ops.convert_to_numpy(leaf) for leaf in found]
        # Both are off the truth by as much as the class allows.
        fail_unless_equal(dtype, actual, expected, twice(case.tolerance))
        fail_unless_slopes_equal(case, dtype, slopes, expected_slopes, GRADIENT)


def twice(tolerance: Tolerance) -> Tolerance:
    """Return what two results may differ by that are each off the truth by as much as a class allows."""
    return Tolerance(2 * tolerance.relative, 2 * tolerance.absolute)


def compiled(case: Case, backend: Backend) -> None:
    """Compiled, the op gives what it gives eagerly. One float type is enough: compilers do not tell them apart."""
    dtype = float_types(case, backend)[0]
    expected = [ops.convert_to_numpy(leaf) for leaf in leaves(_remembered(case, backend, dtype))]
    fail_unless_equal(dtype, together.compiled(case, backend)[0], expected, twice(case.tolerance))


def forget() -> None:
    """Drop remembered results, which hold tensors."""
    _remembered.cache_clear()
    together.forget()


JUDGES: dict[str, Callable[[Case, Backend], None]] = {
    "runs": runs,
    "shape": shape,
    "unknown": unknown,
    "values": values,
    "gradient": gradient,
    "override": override,
    "compiled": compiled,
}


def judges_of(case: Case, backend: Backend) -> list[str]:
    """Return which judges have something to say about a case on a backend: none where it lacks all of its dtypes."""
    if not float_types(case, backend):
        return []
    differentiable = case.has_gradient and any(dtype in ("float32", "float64") for dtype in case.dtypes)
    applies = {
        "values": case.reference is not None,
        "gradient": differentiable,
        "override": is_overridden(case, backend),
        "compiled": case.compiled,
    }
    return [name for name in JUDGES if applies.get(name, True)]


def judge(name: str, case: Case, backend_name: str) -> None:
    """Put a case before one judge.

    Raises:
        AssertionError: the judge finds against the backend.
    """
    backend = registry.get(backend_name)
    with registry.scope(backend):
        JUDGES[name](case, backend)


class Verdict(AssertionError):
    """A judge finds against a backend, or a listed gap is none."""


def try_case(
    case: Case, backend_name: str, gaps: Sequence[Gap] = (), chosen: Iterable[str] = tuple(JUDGES)
) -> list[str]:
    """Put a case before its judges in order, up to the first that finds against the backend.

    Returns:
        The reasons of the listed gaps that were met.

    Raises:
        Verdict: a judge finds against the backend without a listed gap, or a listed gap passes.
    """
    met = []
    for name in judges_of(case, registry.get(backend_name)):
        if name not in chosen:
            continue
        reason = reason_for(gaps, case.id, name)
        try:
            judge(name, case, backend_name)
        except Exception as error:
            if reason is None:
                kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
                raise Verdict(f"judge {name!r}: {kind}{error}") from error
            met.append(f"{name}: {reason}")
        else:
            if reason is not None:
                raise Verdict(f"judge {name!r} finds for a listed gap: {reason}. Remove the entry.")
    return met
