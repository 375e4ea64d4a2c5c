"""Declaring ops, and carrying out a call: who owns it, which dtype it has, which function does it.

An op is a decorated function. Its annotations say what dispatch has to do with each parameter:

    Tensor          converted to the owner's tensor, dtype by the op's dtype rule
    OptionalTensor  the same, or None
    Tensors         a list or tuple of tensors
    Axis            one axis of the first tensor, made non-negative
    Axes            None (all), one or several axes of the first tensor, made a sorted tuple of non-negative ones
    AxisOrAxes      the same, where one axis becomes a number as for Axis
    Shape           made a tuple; a symbolic dimension (None) makes the call symbolic
    DType           a dtype in any form, made a name; None stays None

The wrapper of each op is generated source with the op's own signature. Its fast path costs two dictionary look-ups:
type of the first tensor, then its dtype. What is not in the table (first calls, mixed dtypes, scalars, Variables,
symbolic tensors) goes to `Op.slow`, which says all there is to say about a call, and fills the table.
"""

from __future__ import annotations

import enum
import functools
import inspect
import os
import threading
from collections.abc import Callable, Sequence
from typing import Annotated, Any, ParamSpec, overload

import numpy as np

from kerasfront import config, dtypes, errors
from kerasfront.backend import forking, registry, symbolic
from kerasfront.backend.contract import Backend
from kerasfront.backend.operators import OPS

P = ParamSpec("P")


class Kind(enum.Enum):
    """What dispatch does with a parameter."""

    TENSOR = "tensor"
    OPTIONAL = "optional tensor"
    TENSORS = "tensors"
    AXIS = "axis"
    AXES = "axes"
    AXIS_OR_AXES = "axis or axes"
    SHAPE = "shape"
    DTYPE = "dtype"
    PLAIN = "plain"


Tensor = Annotated[Any, Kind.TENSOR]
OptionalTensor = Annotated[Any, Kind.OPTIONAL]
Tensors = Annotated[Any, Kind.TENSORS]
Axis = Annotated[Any, Kind.AXIS]
Axes = Annotated[Any, Kind.AXES]
AxisOrAxes = Annotated[Any, Kind.AXIS_OR_AXES]
Shape = Annotated[Any, Kind.SHAPE]
DType = Annotated[Any, Kind.DTYPE]

_AXIS_HELPERS = {Kind.AXIS: "_axis", Kind.AXES: "_axes", Kind.AXIS_OR_AXES: "_axis_or_axes"}
_TENSOR_KINDS = (Kind.TENSOR, Kind.OPTIONAL)
OVERRIDES_ON = os.environ.get("KERASFRONT_OVERRIDES", "1") != "0"

# -- who owns a value ------------------------------------------------------------------------------

WEAK, SYMBOLIC, VARIABLE = "weak", "symbolic", "variable"
_owners: dict[type, Any] = dict.fromkeys(
    (bool, int, float, complex, str, list, tuple, type(None), np.ndarray, np.generic, np.float32), WEAK
)
_owners[symbolic.KerasTensor] = SYMBOLIC
owner_by_type = _owners
"""Who owns the values of the types seen so far: a backend, WEAK, SYMBOLIC or VARIABLE."""


_variable_types: set[type] = set()
_NUMBERS = (int, float)


def register_variable_type(kind: type) -> None:
    """Say that values of a type stand for their `.value`, which belongs to their `.backend`."""
    _owners[kind] = VARIABLE
    _variable_types.add(kind)


def owner_of(value: Any) -> Any:
    """Return the backend that owns a value, or WEAK, SYMBOLIC or VARIABLE."""
    try:
        return _owners[type(value)]
    except KeyError:
        return _first_sight(value)


def _first_sight(value: Any) -> Any:
    kind = type(value)
    for base in kind.__mro__[1:-1]:
        if _owners.get(base) in (SYMBOLIC, VARIABLE, WEAK):
            _owners[kind] = _owners[base]
            return _owners[base]
    # Asked by isinstance on the first value: some tracer classes are no subclasses of the array class they pass for.
    owner: Any = next((backend for backend in registry.loaded() if backend.is_tensor(value)), None)
    # Only for what looks like a tensor: to load an engine's adapter takes time.
    like_tensor = hasattr(value, "shape") and hasattr(value, "dtype")
    if owner is None and like_tensor and registry.load_imported(kind.__module__.partition(".")[0]):
        owner = next((backend for backend in registry.loaded() if backend.is_tensor(value)), None)
    if owner is None:
        if not (hasattr(value, "__array__") or isinstance(value, (np.generic, list, tuple))):
            raise TypeError(
                f"ops: cannot use a {kind.__module__}.{kind.__qualname__} as a tensor. Expected a number, list, NumPy"
                f" array, "
                "Variable or a tensor of an engine. Convert it first."
            )
        owner = WEAK
    _owners[kind] = owner
    return owner


def is_tensor(value: Any) -> bool:
    """Return whether the value is a tensor of some engine (symbolic and NumPy arrays included)."""
    if isinstance(value, (np.ndarray, np.generic)):
        return True
    if isinstance(value, (bool, int, float, complex, str, list, tuple, dict, type(None))):
        return False
    try:
        owner = owner_of(value)
    except TypeError:
        return False
    return owner is SYMBOLIC or isinstance(owner, Backend)


def is_concrete(value: Any) -> bool:
    """Return whether the value's numbers are known now: neither symbolic nor traced."""
    owner = owner_of(value)
    if owner is VARIABLE:
        return is_concrete(value.value)
    if owner is SYMBOLIC:
        return False
    if owner is WEAK:
        return True
    looks.count += 1
    traced = owner.is_traced(value)
    looks.unknown += traced
    return not traced


class _Looks(threading.local):
    """How often somebody in this thread asked whether the numbers of a tensor are known, to decide something."""

    count = 0
    unknown = 0
    """How often they were not."""


looks = _Looks()


def look_at(value: Any, check: Callable[[np.ndarray], None]) -> None:
    """Run a check on the numbers of a concrete value. It raises an error or does nothing.

    Engines that run recorded steps again run such a check again, which they cannot with what else Python does.
    """
    owner = owner_of(value)
    if owner is VARIABLE:
        value, owner = value.value, value.backend
    if owner is WEAK:
        check(np.asarray(value))
    else:
        owner.look(value, check)


def dtype_of(value: Any) -> str:
    """Return the name of the dtype of a tensor, Variable, array or Python value."""
    owner = owner_of(value)
    if owner is SYMBOLIC or owner is VARIABLE:
        return value.dtype
    if owner is WEAK:
        return dtypes.strengthen(dtypes.kind_of_python_value(value))
    return owner.dtype_name(value)


def kind_of(value: Any) -> str:
    """Return the dtype's name, or what a Python value counts as in promotion: weak for numbers."""
    return dtypes.kind_of_python_value(value) if owner_of(value) is WEAK else dtype_of(value)


def shape_of(value: Any) -> tuple[Any, ...]:
    """Return the static shape of a tensor, Variable, array or Python value."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return tuple(shape)
    owner = _owners.get(type(value)) or owner_of(value)
    if owner is WEAK:
        return np.shape(value)
    return owner.shape(value)


# -- arguments -------------------------------------------------------------------------------------


def normalize_axis(axis: Any, ndim: int, name: str) -> int:
    """Return the axis counted from the front.

    Raises:
        ValueError: no integer, or beyond the dimensions.
    """
    try:
        index = axis.__index__()
    except AttributeError:
        raise errors.OpError(f"{name}: axis is {axis!r}. Expected an integer. Pass one.") from None
    if not -ndim <= index < ndim:
        raise errors.OpError(
            f"{name}: axis {index} is out of range. Expected -{ndim} <= axis < {ndim}; the tensor has {ndim}"
            f" dimensions."
        )
    return index % ndim


def normalize_axes(axis: Any, ndim: int, name: str) -> tuple[int, ...]:
    """Return sorted axes counted from the front; all of them for None."""
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, (list, tuple)):
        found = sorted(normalize_axis(one, ndim, name) for one in axis)
        if len(set(found)) != len(found):
            raise errors.OpError(f"{name}: axis {axis} names one axis twice. Expected distinct axes.")
        return tuple(found)
    return (normalize_axis(axis, ndim, name),)


def normalize_axis_or_axes(axis: Any, ndim: int, name: str) -> int | tuple[int, ...]:
    """Return one axis counted from the front, or a sorted tuple of several; all of them for None."""
    if axis is not None and not isinstance(axis, (list, tuple)):
        return normalize_axis(axis, ndim, name)
    axes = normalize_axes(axis, ndim, name)
    return axes[0] if len(axes) == 1 else axes


def normalize_shape(shape: Any, name: str) -> tuple:
    """Return a shape as a tuple; an integer stands for one dimension."""
    if isinstance(shape, (list, tuple)):
        return tuple(shape)
    if isinstance(shape, (int, np.integer)):
        return (int(shape),)
    if isinstance(shape, np.ndarray) and shape.ndim == 1:
        return tuple(int(size) for size in shape)
    try:
        return tuple(shape)
    except TypeError:
        raise errors.OpError(f"{name}: shape is {shape!r}. Expected a tuple of integers.") from None


def _kind_of(annotation: Any) -> Kind:
    for item in getattr(annotation, "__metadata__", ()):
        if isinstance(item, Kind):
            return item
    return Kind.PLAIN


# -- ops -------------------------------------------------------------------------------------------


class Op:
    """One declared op: its parameters, rules, body and table of implementations."""

    def __init__(self, declaration: Callable, shape: Callable | None, dtype: Callable, check: Callable | None):
        self.name = declaration.__name__
        self.body = declaration
        self.primitive = shape is not None
        self.shape_rule, self.dtype_rule, self.check = shape, dtype, check
        hints = inspect.get_annotations(declaration, eval_str=True)
        self.signature = inspect.signature(declaration)
        self.kinds = [_kind_of(hints.get(name)) for name in self.signature.parameters]
        self.parameters = list(self.signature.parameters)
        self.tensors = [i for i, kind in enumerate(self.kinds) if kind in _TENSOR_KINDS]
        self.lists = [i for i, kind in enumerate(self.kinds) if kind is Kind.TENSORS]
        self.shapes = [i for i, kind in enumerate(self.kinds) if kind is Kind.SHAPE]
        self.dtype_index = next((i for i, kind in enumerate(self.kinds) if kind is Kind.DTYPE), None)
        self.fast: dict[type, dict[Any, Callable]] = {}
        self._number_dtypes: dict[tuple, tuple] = {}
        self._bodies: dict[Backend, Callable] = {}
        # Nothing to convert, to check or to spell out, only Variables to read: the updates of optimizers.
        plain = not self.shapes and self.dtype_index is None and check is None and dtype is keep
        spelled = {Kind.AXIS, Kind.AXES, Kind.OPTIONAL} & set(self.kinds)
        self._keeps = bool(self.lists) and plain and not spelled and not self.primitive
        self.public = _wrapper(self)

    def implementation(self, backend: Backend) -> Callable:
        """Return the backend's function for this op, or the body of a derived op."""
        if self.primitive:
            found = getattr(backend.ops, self.name, None)
            if found is None:
                raise errors.UnsupportedOp(
                    f"{self.name}: backend {backend.name!r} does not provide this primitive. Use another backend for"
                    f" it, for example "
                    "kerasfront.backend.scope(...)."
                )
            return found
        found = getattr(backend.overrides, self.name, None) if OVERRIDES_ON else None
        return found or self._body_on(backend)

    def _body_on(self, backend: Backend) -> Callable:
        """Return the body with the backend active, in one call of the engine where that is offered."""
        if backend not in self._bodies:
            scoped = self._scoped_body(backend)
            self._bodies[backend] = (backend.in_one_call(scoped) if OVERRIDES_ON else None) or scoped
        return self._bodies[backend]

    # -- the slow path

    def slow(self, arguments: tuple) -> Any:
        """Carry out a call from the beginning."""
        values = list(arguments)
        if self._keeps:
            backend = self._own_lists(values)
            if backend is not None:
                return self.implementation(backend)(*values)
        if self.fast:
            if type(values[-1]) in _NUMBERS and len(values) == 2 == len(self.tensors):
                found = self._with_number(*values)
                if found is not None:
                    return self._call(found[0], found[1:])
            implementation = self._known(values)
            if implementation is not None:
                self._normalize(values)
                return self._call(implementation, values)
        owner = self._own(values)
        if owner is SYMBOLIC:
            return self._symbolic(values, arguments)
        backend = owner or registry.active()
        checked = None if self.check is None else list(values)
        uniform = self._convert(values, backend, checked)
        implementation = self.implementation(backend)
        if self.check is not None:
            self.check(*(checked or values))
        elif uniform and self.tensors and backend is owner:
            self._remember(values, backend, implementation)
        self._normalize(values)
        return self._call(implementation, values)

    def _own_lists(self, values: list) -> Backend | None:
        """Put values for Variables in tensors and lists of them; return the backend if that is all there is to do."""
        owner: Any = None
        for i in self.tensors:
            values[i] = value = values[i].value if type(values[i]) in _variable_types else values[i]
            found = _owners.get(type(value))
            if owner is None:
                owner = found
            if found is not owner:
                return None
        for i in self.lists:
            if type(values[i]) not in (list, tuple):
                return None
            values[i] = items = [one.value if type(one) in _variable_types else one for one in values[i]]
            for kind in set(map(type, items)):
                found = _owners.get(kind)
                if owner is None:
                    owner = found
                if found is not owner:
                    return None
        return owner if isinstance(owner, Backend) else None

    def _with_number(self, x1: Any, x2: Any) -> tuple | None:
        """Return implementation and arguments for a tensor and a Python number, None if the tensor is new here."""
        if type(x1) in _variable_types:
            x1 = x1.value
        backend = _owners.get(type(x1))
        if not self.primitive or self.check is not None or not isinstance(backend, Backend):
            return None
        # The default float type is part of the key: it decides what a number is next to an integer tensor.
        key = type(x1), x1.dtype, type(x2), config.floatx()
        found = self._number_dtypes.get(key)
        if found is None:
            kind = backend.dtype_name(x1)
            targets, _ = _targets(self.dtype_rule, (kind, backend.host_dtype(dtypes.kind_of_python_value(x2))), None)
            fits = tuple(targets) == (kind, kind)
            found = self._number_dtypes[key] = (self.implementation(backend), kind) if fits else ()
        return (found[0], x1, backend.convert_to_tensor(x2, found[1])) if found else None

    def _known(self, values: list) -> Callable | None:
        """Put values for Variables, and return the entry of the fast path if all tensors are alike then."""
        found: list = []
        kind = dtype = None
        for i in self.tensors:
            value = values[i]
            if _owners.get(type(value)) is VARIABLE:
                value = value.value
            if not found:
                kind = type(value)
                if kind not in self.fast:
                    return None
                dtype = value.dtype
            elif type(value) is not kind or value.dtype != dtype:
                return None
            found.append(value)
        implementation = self.fast[kind].get(dtype)  # type: ignore[index]
        if implementation is not None:
            for i, value in zip(self.tensors, found):
                values[i] = value
        return implementation

    def _call(self, implementation: Callable, values: Sequence) -> Any:
        """Call an implementation, and explain what a primitive refuses."""
        if not self.primitive:
            return implementation(*values)
        try:
            return implementation(*values)
        except Exception as error:
            raise self.explain(error, values) from error

    def _own(self, values: list) -> Any:
        """Find the owner of the call; put the values of Variables in their place."""
        owner: Any = None
        for i in self.shapes:
            shape = values[i] = normalize_shape(values[i], self.name) if values[i] is not None else None
            if shape is not None and None in shape:
                owner = SYMBOLIC
        for i in self.tensors:
            owner, values[i] = self._merge_owner(owner, values[i])
        for i in self.lists:
            items = values[i] if isinstance(values[i], (list, tuple)) else self._as_list(values[i])
            if owner is SYMBOLIC and self.primitive is False:
                values[i] = list(items)
                continue
            merged = []
            for item in items:
                owner, item = self._merge_owner(owner, item)
                merged.append(item)
            values[i] = merged
        return owner

    def _as_list(self, value: Any) -> list:
        shape = shape_of(value)
        if not shape or shape[0] is None:
            raise errors.OpError(f"{self.name}: expected a list of tensors, got {value!r}. Put the tensors in a list.")
        return [value[i] for i in range(shape[0])]

    def _merge_owner(self, owner: Any, value: Any) -> tuple[Any, Any]:
        found = owner_of(value)
        if found is WEAK:
            return owner, value
        if found is VARIABLE:
            found = value.backend
            if owner is not SYMBOLIC:
                value = value.value
        if owner is None or owner is found or found is SYMBOLIC:
            return found, value
        if owner is SYMBOLIC:
            return owner, value
        raise errors.BackendError(
            f"{self.name}: tensors of two engines in one op. Expected one engine; got {owner.name!r} and"
            f" {found.name!r}. "
            "Convert one: kerasfront.ops.convert_to_tensor(x) makes a tensor of the active backend."
        )

    def _convert(self, values: list, backend: Backend, checked: list | None = None) -> bool:
        """Turn all tensor arguments into tensors of the dtype that the rule wants; say whether nothing was to do.

        In `checked`, the arguments for the op's check, what came from the host stays there: its numbers are known, even
        where the engine is tracing.
        """
        places: list[tuple[int, int | None]] = [(i, None) for i in self.tensors if values[i] is not None]
        for i in self.lists:
            places.extend((i, j) for j in range(len(values[i])))
        kinds = []
        items = []
        uniform = True
        for i, j in places:
            item = values[i] if j is None else values[i][j]
            weak = owner_of(item) is WEAK
            uniform = uniform and not weak
            kinds.append(backend.host_dtype(dtypes.kind_of_python_value(item)) if weak else backend.dtype_name(item))
            items.append((item, weak))
        wanted = None
        if self.dtype_index is not None:
            given = values[self.dtype_index]
            wanted = values[self.dtype_index] = None if given is None else dtypes.standardize_dtype(given)
        targets, result = _targets(self.dtype_rule, tuple(kinds), wanted)
        if self.dtype_index is not None and self.primitive:
            values[self.dtype_index] = result
        for (i, j), (item, weak), kind, target in zip(places, items, kinds, targets, strict=True):
            if weak:
                if target is None and not self.primitive and isinstance(item, (bool, int, float, complex)):
                    continue
                if checked is not None and j is None:
                    checked[i] = np.asarray(item, target or dtypes.strengthen(kind))
                item = backend.convert_to_tensor(item, target or dtypes.strengthen(kind))
            elif target is not None and target != kind:
                item = backend.ops.cast(item, target)
                uniform = False
            else:
                continue
            if j is None:
                values[i] = item
            else:
                values[i][j] = item
        return uniform and len(set(kinds)) <= 1

    def _remember(self, values: list, backend: Backend, implementation: Callable) -> None:
        """Enter the table of the fast path: all tensors of one type and dtype, nothing to convert."""
        if self.lists or self.shapes or self.dtype_index is not None or Kind.OPTIONAL in self.kinds:
            return
        kinds = {type(values[i]) for i in self.tensors}
        if len(kinds) == 1 and owner_of(values[self.tensors[0]]) is backend:
            dtype = values[self.tensors[0]].dtype
            if hasattr(implementation, "for_dtype"):
                implementation = implementation.for_dtype(dtype)
            self.fast.setdefault(kinds.pop(), {})[dtype] = implementation

    def _scoped_body(self, backend: Backend) -> Callable:
        body = self.body

        @functools.wraps(body)
        def run_body(*values: Any) -> Any:
            if registry.active() is backend:
                return body(*values)
            with registry.scope(backend):
                return body(*values)

        return run_body

    def _normalize(self, values: list) -> None:
        """Spell out axes, which need the dimensions of the first tensor."""
        ndim = -1
        for i, kind in enumerate(self.kinds):
            if kind is Kind.AXIS or kind is Kind.AXES or kind is Kind.AXIS_OR_AXES:
                if ndim < 0:
                    first = values[self.tensors[0]] if self.tensors else values[self.lists[0]][0]
                    ndim = len(first.shape)
                if kind is Kind.AXES:
                    values[i] = normalize_axes(values[i], ndim, self.name)
                elif kind is Kind.AXIS_OR_AXES:
                    values[i] = normalize_axis_or_axes(values[i], ndim, self.name)
                elif values[i] is not None:
                    values[i] = normalize_axis(values[i], ndim, self.name)

    # -- the symbolic backend

    def _symbolic(self, values: list, arguments: tuple) -> Any:
        infer = functools.partial(self._infer if self.primitive else self._infer_by_body, values)
        return symbolic.record(self.public, infer, tuple(arguments), {})

    def _infer_by_body(self, values: list) -> Any:
        if self.dtype_rule is not keep:
            self._cast_symbolic(values)
        self._normalize_symbolic(values)
        if self.check is not None:
            self.check(*values)
        return self.body(*values)

    def _cast_symbolic(self, values: list) -> None:
        places = [i for i in self.tensors if values[i] is not None]
        if self.lists:
            return
        kinds = tuple(kind_of(values[i]) for i in places)
        wanted = None
        if self.dtype_index is not None and values[self.dtype_index] is not None:
            wanted = dtypes.standardize_dtype(values[self.dtype_index])
        targets, _ = _targets(self.dtype_rule, kinds, wanted)
        for i, kind, target in zip(places, kinds, targets, strict=True):
            if target is not None and (target != kind or not isinstance(values[i], symbolic.KerasTensor)):
                values[i] = symbolic.KerasTensor(shape_of(values[i]), target)

    def _normalize_symbolic(self, values: list) -> None:
        if any(kind in _AXIS_HELPERS for kind in self.kinds):
            first = self.tensors[0] if self.tensors else None
            if first is not None and not hasattr(values[first], "shape"):
                values[first] = _spec(values[first])
            self._normalize(values)

    def _infer(self, values: list) -> Any:
        places = [i for i in self.tensors if values[i] is not None]
        kinds = [kind_of(values[i]) for i in places]
        kinds += [kind_of(item) for i in self.lists for item in values[i]]
        wanted = None
        if self.dtype_index is not None and values[self.dtype_index] is not None:
            wanted = dtypes.standardize_dtype(values[self.dtype_index])
        _, result = _targets(self.dtype_rule, tuple(kinds), wanted)
        shapes = self._shapes(values)
        if isinstance(shapes, list):
            results = result if isinstance(result, list) else [result] * len(shapes)
            return tuple(symbolic.KerasTensor(shape, dtype) for shape, dtype in zip(shapes, results, strict=True))
        return symbolic.KerasTensor(shapes, result)

    def _shapes(self, values: list) -> Any:
        """Apply the shape rule to what has shapes."""
        specs = list(values)
        for i in self.tensors:
            specs[i] = None if specs[i] is None else _spec(specs[i])
        for i in self.lists:
            specs[i] = [_spec(item) for item in specs[i]]
        self._normalize(specs)
        try:
            return self.shape_rule(*specs)  # type: ignore[misc]
        except errors.OpError as error:
            message = str(error)
            raise errors.OpError(
                message if message.startswith(self.name + ":") else f"{self.name}: {message}"
            ) from None

    def explain(self, error: Exception, arguments: Any) -> Exception:
        """Return our error where the shape rule refuses the arguments, else the engine's with a note."""
        if isinstance(error, (errors.OpError, errors.UnsupportedOp)):
            return error
        values = list(arguments)
        try:
            self._shapes(values)
        except errors.OpError as ours:
            return ours
        except (TypeError, AttributeError, ValueError, IndexError) as broken:
            error.add_note(f"in op {self.name} (its shape rule could not be applied: {broken})")
            return error
        shown = [shape_of(values[i]) for i in self.tensors if values[i] is not None]
        error.add_note(f"in op {self.name} on shapes {shown}")
        return error


class _Spec:
    """Shape and dtype of an argument, for shape rules; `value` where it is host data."""

    __slots__ = ("dtype", "shape", "value")

    def __init__(self, shape: tuple, dtype: Any, value: Any = None):
        self.shape, self.dtype, self.value = shape, dtype, value


def _spec(value: Any) -> Any:
    if isinstance(value, (symbolic.KerasTensor, _Spec)):
        return value
    return _Spec(shape_of(value), dtype_of(value), value)


@functools.cache
def _targets_cached(rule: Callable, kinds: tuple[str, ...], wanted: str | None, floatx: str) -> tuple:
    return rule(kinds, wanted)


def _targets(rule: Callable, kinds: tuple[str, ...], wanted: str | None) -> tuple:
    from kerasfront.config import floatx

    return _targets_cached(rule, kinds, wanted, floatx())


def keep(kinds: tuple[str, ...], wanted: str | None = None) -> tuple[list[None], str]:
    """The dtype rule that casts nothing; the result has the first argument's dtype."""
    return [None] * len(kinds), dtypes.strengthen(kinds[0]) if kinds else dtypes.standardize_dtype(wanted)


# -- the generated wrapper -------------------------------------------------------------------------


def _wrapper(op: Op) -> Callable:
    """Return the public function of an op: generated source with the op's signature."""
    names = op.parameters
    namespace: dict[str, Any] = {
        "_fast": op.fast, "_slow": op.slow, "_explain": op.explain, "_axis": normalize_axis, "_axes": normalize_axes,
        "_axis_or_axes": normalize_axis_or_axes, "_name": op.name, "_owners": _owners, "_variable": VARIABLE,
    }  # fmt: skip
    header = []
    for name, parameter in op.signature.parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in header:
            header.append("*")
        if parameter.default is parameter.empty:
            header.append(name)
        else:
            namespace[f"_default_{name}"] = parameter.default
            header.append(f"{name}=_default_{name}")
    everything = ", ".join(names) + ","
    lines = [f"def op({', '.join(header)}):"]
    if (
        op.tensors
        and not op.lists
        and not op.shapes
        and op.dtype_index is None
        and Kind.OPTIONAL not in op.kinds
        and op.check is None
    ):
        lines += _fast_path(op, everything)
    lines.append(f"    return _slow(({everything}))")
    exec(_compiled("\n".join(lines)), namespace)
    public = namespace["op"]
    public.__code__ = public.__code__.replace(co_name=op.name, co_filename=f"<op {op.name}>")
    functools.update_wrapper(public, op.body)
    public.op = op
    return public


@functools.cache
def _compiled(source: str) -> Any:
    # Half of the ops share their source with another: compiling it once shortens the import.
    return compile(source, "<op>", "exec")


def _fast_path(op: Op, everything: str) -> list[str]:
    # Local names begin with an underscore: `dtype` and the like may be parameters of the op.
    first, *others = [op.parameters[i] for i in op.tensors]
    # `is` first: the dtypes of some engines compare in Python.
    same = " and ".join(
        f"type({name}) is _kind and ({name}.dtype is _dtype or {name}.dtype == _dtype)" for name in others
    )
    call: list[str] = []
    prepare: list[str] = []
    for name, kind in zip(op.parameters, op.kinds, strict=True):
        helper = _AXIS_HELPERS.get(kind)
        text = name
        if helper:
            # One integer that fits is spelled out here, the rest by the function.
            found = f"({name} % _ndim,)" if kind is Kind.AXES else f"{name} % _ndim"
            fits = f"type({name}) is int and -_ndim <= {name} < _ndim"
            text = f"({found} if {fits} else {helper}({name}, _ndim, _name))"
            prepare = [f"            _ndim = len({first}.shape)"]
        optional = kind is Kind.AXIS and op.signature.parameters[name].default is None
        call.append(f"(None if {name} is None else {text})" if optional else text)
    lines = [f"    _kind = type({first})", "    _table = _fast.get(_kind)", "    if _table is not None:"]
    for name in others:
        lines.append(f"        if type({name}) is not _kind and _owners.get(type({name})) is _variable:")
        lines.append(f"            {name} = {name}.value")
    lines += [
        f"        _dtype = {first}.dtype",
        f"        _implementation = _table.get(_dtype){f' if {same} else None' if same else ''}",
        "        if _implementation is not None:",
        *prepare,
    ]
    if op.primitive:
        return [
            *lines,
            "            try:",
            f"                return _implementation({', '.join(call)})",
            "            except Exception as _error:",
            f"                raise _explain(_error, ({everything})) from _error",
        ]
    return [*lines, f"            return _implementation({', '.join(call)})"]


def primitive(
    *, shape: Callable, dtype: Callable = keep, check: Callable | None = None
) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Declare an op that every backend provides.

    Args:
        shape: rule from the arguments (tensors as objects with `shape` and `dtype`, the rest normalized) to the shape
        of
            the result, or a list of shapes for several results. It raises `errors.OpError` for what does not fit.
        dtype: rule from the kinds of the tensor arguments to `(dtypes to cast to, dtype of the result)`.
        check: called with the converted arguments before the engine; for mistakes that an engine lets pass.
    """
    return functools.partial(_declare, shape=shape, dtype=dtype, check=check)


@overload
def derived(function: Callable[P, Any]) -> Callable[P, Any]: ...


@overload
def derived(
    *, dtype: Callable = keep, check: Callable | None = None
) -> Callable[[Callable[P, Any]], Callable[P, Any]]: ...


def derived(function: Callable | None = None, *, dtype: Callable = keep, check: Callable | None = None) -> Callable:
    """Declare an op by its body on other ops; a backend may override it."""
    if function is None:
        return functools.partial(_declare, shape=None, dtype=dtype, check=check)
    return _declare(function, shape=None, dtype=dtype, check=check)


def _declare(function: Callable, shape: Callable | None, dtype: Callable, check: Callable | None) -> Callable:
    if function.__name__ in OPS:
        raise ValueError(f"op {function.__name__!r}: declared twice. Give one of them another name.")
    op = Op(function, shape, dtype, check)
    OPS[function.__name__] = op.public
    _tables.extend((op.fast, op._number_dtypes, op._bodies))
    return op.public


# What ops remember of engines.
_tables: list[dict] = []


def _forget() -> None:
    """Ask each engine again whether it works: in a forked process it may not."""
    for table in _tables:
        table.clear()


forking.in_child(_forget)
