"""Gradients and compiled functions of stateful code.

`value_and_grad` and `function` take plain functions that read and assign Variables. They open a `Frame`, so that the
engine
sees a pure function of values, and put the new values in place when all went well: all of them or none.
"""

from __future__ import annotations

import functools
import importlib
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasfront import dtypes, errors, tree
from kerasfront.backend import dispatch, registry
from kerasfront.backend.contract import Backend
from kerasfront.state import interrupts, scope, sharing, thread_state, whole
from kerasfront.state.variable import Variable


def _is_engine_tensor(value: Any) -> bool:
    return dispatch.is_tensor(value)


def value_and_grad(
    fn: Callable[[], Any], variables: Sequence[Variable], has_aux: bool = False
) -> tuple[Any, list[Any]]:
    """Run a function and differentiate its result by Variables.

    Args:
        fn: takes nothing; returns a scalar float tensor, the loss, or `(loss, aux)` with `has_aux`.
            Assignments to Variables made in it survive.
        variables: what to differentiate by.
        has_aux: whether `fn` returns further results beside the loss.

    Returns:
        `(loss, gradients)` or `((loss, aux), gradients)`; one gradient per Variable, None where the loss does not
        depend on it.

    Raises:
        ValueError: the loss is no scalar or no float; something in `variables` is no Variable.

    Example:
        >>> import kerasfront as keras
        >>> w = keras.Variable(3.0)
        >>> loss, (gradient,) = keras.value_and_grad(lambda: w * w, [w])
        >>> float(loss), float(gradient)
        (9.0, 6.0)
    """
    variables = list(variables)
    for variable in variables:
        if not isinstance(variable, Variable):
            raise ValueError(
                f"value_and_grad: expected Variables, got a {type(variable).__name__}. Pass model.trainable_variables."
            )
    backend = variables[0].backend if variables else registry.active()
    found: dict[str, Any] = {}

    def pure(values: list[Any]) -> tuple[Any, list[Any]]:
        frame = scope.Frame(variables, values)
        with frame:
            result = fn()
            if has_aux and (not isinstance(result, tuple) or len(result) != 2):
                raise ValueError(
                    f"value_and_grad: expected fn to return (loss, aux) because has_aux=True; got"
                    f" {type(result).__name__}."
                )
            loss, aux = result if has_aux else (result, None)
            loss = _checked_loss(loss, backend)
        leaves, spec = tree.flatten_with_spec(aux)
        places = [i for i, leaf in enumerate(leaves) if _is_engine_tensor(leaf)]
        found.update(frame=frame, leaves=leaves, spec=spec, places=places)
        return loss, [leaves[i] for i in places] + [frame.values[key] for key in frame.written]

    if not variables:
        loss, extra = pure([])
        gradients: list[Any] = []
    else:
        loss, extra, gradients = backend.value_and_grad(pure, [variable.raw for variable in variables])
    frame, leaves, places = found["frame"], found["leaves"], found["places"]
    for place, leaf in zip(places, extra, strict=False):
        leaves[place] = leaf
    scope.hand_outwards(frame, dict(zip(frame.written, extra[len(places) :], strict=True)))
    return ((loss, tree.unflatten(found["spec"], leaves)) if has_aux else loss), gradients


def _checked_loss(loss: Any, backend: Backend) -> Any:
    if isinstance(loss, Variable):
        loss = loss.value
    if dispatch.owner_of(loss) is dispatch.WEAK:
        loss = backend.convert_to_tensor(loss, dtypes.strengthen(dtypes.kind_of_python_value(loss)))
    shape, name = dispatch.shape_of(loss), dispatch.dtype_of(loss)
    if shape != () or not dtypes.is_float(name):
        raise ValueError(
            f"value_and_grad: the loss must be a scalar float. Expected shape () and a float dtype; got {shape},"
            f" {name}. Reduce it, for example with ops.mean."
        )
    return loss


class Pure(sharing.Face):
    """The pure face of a stateful function for one structure of its arguments.

    Args:
        fn: the function.
        variables: those behind the values.
        spec: the structure of the arguments.
        statics: their leaves, `TENSOR` where a tensor comes.
        likeness: returns what functions that do the same have in common, None for one that shares nothing.
    """

    def __init__(
        self,
        fn: Callable,
        variables: list[Variable],
        spec: Any,
        statics: tuple,
        likeness: Callable[[], Any] = lambda: None,
    ):
        super().__init__()
        self.fn, self.variables, self.spec, self.statics = fn, variables, spec, statics
        self.likeness = likeness

    def __call__(self, values: list[Any], inputs: list[Any]) -> tuple[list[Any], list[Any]]:
        args = self.arguments(inputs)
        frame = scope.Frame(self.variables, values, closed=True)
        # Frames of a caller are shut out: what is lifted here comes in through `values` alone.
        outer, scope.state.frames = scope.state.frames, ()
        try:
            with frame:
                outputs = _without_variables(self.fn(*args))
        finally:
            scope.state.frames = outer
        known = self._known()
        missing = {**frame.unlifted, **{key: variable for key, variable in frame.written.items() if key not in known}}
        if missing:
            raise MoreState(list(missing.values()))
        return self._results(frame, outputs)

    def arguments(self, inputs: list[Any]) -> tuple:
        """Put tensors back into the structure of the function's arguments."""
        moving = iter(inputs)
        return tree.unflatten(self.spec, [next(moving) if static is TENSOR else static for static in self.statics])

    def _known(self) -> set[int]:
        return {id(variable) for variable in self.variables}

    def _results(self, frame: scope.Frame, outputs: Any) -> tuple[list[Any], list[Any]]:
        form = self.form
        leaves, form.output_spec = tree.flatten_with_spec(outputs)
        form.output_places = [i for i, leaf in enumerate(leaves) if _is_engine_tensor(leaf)]
        tensors = [leaves[i] for i in form.output_places]
        form.output_statics = [None if i in set(form.output_places) else leaf for i, leaf in enumerate(leaves)]
        form.written = [i for i, variable in enumerate(self.variables) if id(variable) in frame.written]
        return tensors, [frame.values[id(self.variables[i])] for i in form.written]

    @property
    def reads_only(self) -> bool:
        """Whether a trace has shown that it assigns no Variable."""
        return self.form.output_spec is not None and not self.form.written

    def rebuild(self, tensors: list[Any]) -> Any:
        """Put the tensors back into the structure that the function returned."""
        form = self.form
        if len(tensors) == len(form.output_statics):
            return tree.unflatten(form.output_spec, tensors)
        leaves = list(form.output_statics)
        for place, tensor in zip(form.output_places, tensors, strict=True):
            leaves[place] = tensor
        return tree.unflatten(form.output_spec, leaves)


class MoreState(Exception):
    """Tracing met Variables that were not lifted."""

    def __init__(self, variables: list[Variable]):
        super().__init__(f"{len(variables)} more Variables")
        self.variables = variables


class _Tensor:
    def __repr__(self) -> str:
        return "<tensor>"


TENSOR = _Tensor()


# In each a function may find more of its Variables: branches that Python takes one after the other.
MOST_ROUNDS = 5


class _Entry(NamedTuple):
    """A function for one structure of its arguments."""

    pure: Pure
    face: Pure | sharing.Shared
    """What the engine sees of it."""
    run: Callable | None
    """What the engine has made of that; None where the function runs as it is."""
    loops: dict[Any, Any]
    """The compiled loops over it, see `Repeated`."""


class Function:
    """A function of tensors that reads and assigns Variables, run as one step.

    After each call either all assignments hold or none: an exception drops them, and a Ctrl-C waits until they are in
    place.

    Args:
        fn: takes nested structures of tensors; other leaves (None, strings, Python numbers and bools) are constants of
            the trace. Returns a nested structure, whose form depends on the form of its arguments only.
        variables: the Variables it uses, as far as known; others are found when it is traced.
        jit_compile: True for the engine's just-in-time compiler, False for without, None to choose.
        eager: run without compiling, still as one step.
        lock: shared by the functions of one model, so that they take turns.
        likeness: takes the Variables and returns what is equal, and hashable, for functions that do the same to theirs;
            None where that cannot be told. What the engine compiles for one of them serves all.
    """

    def __init__(
        self,
        fn: Callable,
        variables: Sequence[Variable] = (),
        jit_compile: bool | None = None,
        eager: bool = False,
        lock: Any = None,
        likeness: Callable[[list[Variable]], Any] | None = None,
    ):
        self._likeness = likeness
        self._fn, self._jit_compile, self._eager = fn, jit_compile, eager
        self._variables = _distinct(variables)
        self._lock = lock or threading.RLock()
        self._runs: dict[Any, _Entry] = {}
        # The engine, if it runs the function as it is.
        self._plain: Backend | None = None
        self._loops: dict[Any, Any] = {}
        # What traces since the last run have found.
        self._found: list[Sequence[Variable]] = []

    def __reduce_ex__(self, protocol: Any) -> Any:
        # One that a decorator has put in the place of its function is found there again.
        name, module = getattr(self._fn, "__qualname__", ""), getattr(self._fn, "__module__", None)
        if getattr(sys.modules.get(module or ""), name, None) is self:
            return _by_name, (module, name)
        # What was compiled belongs to the process, the lock to whoever made it.
        return Function, (self._fn, self._variables, self._jit_compile, self._eager)

    @property
    def fn(self) -> Callable:
        """The function as it was given."""
        return self._fn

    @property
    def variables(self) -> list[Variable]:
        """The Variables that are known so far."""
        return list(self._variables)

    @property
    def jit_compile(self) -> bool | None:
        """Whether the engine's just-in-time compiler is to be used; None to choose."""
        return self._jit_compile

    @property
    def lock(self) -> Any:
        """What is held while the function runs."""
        return self._lock

    @property
    def compiles(self) -> bool:
        """Whether the engine compiled it, in the last call."""
        return not self._eager and self._plain is None

    @property
    def has_loops(self) -> bool:
        """Whether it has been repeated over many batches."""
        return any(entry.loops for entry in self._runs.values())

    def __call__(self, *args: Any) -> Any:
        """Run the function."""
        if scope.state.frames:
            return self._fn(*args)
        backend = self._variables[0].backend if self._variables else registry.active()
        leaves, spec = tree.flatten_with_spec(args)
        if self._plain is backend:
            return self._run_plainly(backend, spec, leaves)
        statics, inputs = tensors_apart(leaves)
        before = thread_state.noted()
        try:
            with self._lock, registry.scope(backend):
                return self._run(backend, spec, statics, inputs)
        except BaseException:
            thread_state.put_back(before)
            raise

    def _run_plainly(self, backend: Backend, spec: Any, leaves: list[Any]) -> Any:
        """Run the function on an engine that does not compile it: nothing has to be looked up or lifted."""
        tensors = [as_tensor(leaf, backend) if _is_engine_tensor(leaf) else leaf for leaf in leaves]
        before = thread_state.noted()
        try:
            with self._lock, registry.scope(backend):
                return self._step_eagerly(tree.unflatten(spec, tensors))
        except BaseException:
            thread_state.put_back(before)
            raise

    def _run(self, backend: Backend, spec: Any, statics: tuple, inputs: list[Any]) -> Any:
        while True:
            entry = self.entry(backend, spec, statics)
            if entry.run is None:
                self._plain = backend
                return self._step_eagerly(entry.pure.arguments([as_tensor(leaf, backend) for leaf in inputs]))
            try:
                return self._step(entry, [_as_input(leaf, backend) for leaf in inputs])
            except MoreState as more:
                self.know(more.variables)
            except sharing.Unlike:
                self.stand_alone()

    def entry(self, backend: Backend, spec: Any, statics: tuple) -> _Entry:
        """Return what there is for one structure of the arguments, the same one for the same Variables."""
        key = (backend.name, spec, statics)
        entry = self._runs.get(key)
        if entry is None:
            variables = list(self._variables)
            likeness = functools.partial(self._likeness or _nothing, variables)
            pure = Pure(self._fn, variables, spec, statics, likeness)
            alike = likeness() if backend.shares_compiled and not self._eager else None
            if alike is None:
                run = None if self._eager else backend.compile(pure, self._jit_compile)
                entry = _Entry(pure, pure, None if run is pure else run, self._loops)
            else:
                shared = sharing.shared_by((*key, self._jit_compile), alike)
                pure.form = shared.form
                shared.run = shared.run or backend.compile(shared, self._jit_compile)
                entry = _Entry(pure, shared, shared.run, shared.loops)
            self._runs[key] = entry
        return entry

    def stand_alone(self) -> None:
        """Share nothing from now on."""
        self._likeness = None
        self._runs.clear()

    def know(self, variables: Sequence[Variable]) -> None:
        """Add Variables that the function turned out to use; what was compiled without them is dropped.

        Raises:
            ValueError: each trace finds others, and will do so for ever.
        """
        self._runs.clear()
        self._loops.clear()
        self._found.append(variables)
        if len(self._found) > MOST_ROUNDS:
            made, self._found = {id(one) for found in self._found for one in found}, []
            self._variables = [one for one in self._variables if id(one) not in made]
            raise ValueError(
                f"{getattr(self._fn, '__qualname__', self._fn)}: makes Variables anew each time it is traced. Expected "
                f"the same ones in each run; got others {MOST_ROUNDS + 1} times, at last {_named(variables)}. Make "
                "layers and Variables once, in `__init__` or `build`, not where they are used."
            )
        self._variables = _distinct([*self._variables, *variables])

    def has_run(self) -> None:
        """Note that all the Variables are known which the function uses."""
        self._found = []

    def _step_eagerly(self, args: tuple) -> Any:
        with whole.together():
            outputs = self._fn(*args)
        if _is_engine_tensor(outputs) or (type(outputs) is dict and not outputs):
            return outputs
        return _without_variables(outputs)

    def _step(self, entry: _Entry, inputs: list[Any]) -> Any:
        pure = entry.pure
        with sharing.running(pure):
            if pure.reads_only:
                return pure.rebuild(self._run_and_assign(entry, inputs))
            with interrupts.deferred():
                tensors = self._run_and_assign(entry, inputs)
        return pure.rebuild(tensors)

    def _run_and_assign(self, entry: _Entry, inputs: list[Any]) -> list[Any]:
        pure, variables = entry.pure, entry.pure.variables
        tensors, new = entry.run([variable.handle for variable in variables], inputs)  # type: ignore[misc]
        if self._found:
            self.has_run()
        # Not `reads_only`: the run may have traced anew, for another shape.
        if pure.written:
            with interrupts.deferred(firm=True):
                for place, handle in zip(pure.written, new, strict=True):
                    variables[place].take_handle(handle)
        return tensors


def _named(variables: Sequence[Variable]) -> str:
    return " and ".join(f"{one.path!r} of shape {one.shape}" for one in variables[:2])


def _without_variables(outputs: Any) -> Any:
    """Return the outputs with the present values of Variables in their places."""
    return tree.map_structure(lambda leaf: leaf.raw if isinstance(leaf, Variable) else leaf, outputs)


def _by_name(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def _nothing(variables: list[Variable]) -> None:
    return None


def _distinct(variables: Sequence[Variable]) -> list[Variable]:
    return list({id(variable): variable for variable in variables}.values())


def tensors_apart(leaves: list[Any]) -> tuple[tuple, list[Any]]:
    """Return the leaves with `TENSOR` in the place of each tensor, and the tensors; NumPy arrays are such."""
    statics, tensors = [], []
    for leaf in leaves:
        if _is_engine_tensor(leaf):
            tensors.append(leaf)
            leaf = TENSOR
        statics.append(leaf)
    return tuple(statics), tensors


def as_tensor(leaf: Any, backend: Backend) -> Any:
    """Return what a function of tensors was given as a tensor of the engine it runs on."""
    owner = dispatch.owner_of(leaf)
    if owner is backend:
        return leaf
    if owner is dispatch.WEAK:
        return backend.convert_to_tensor(leaf, None)
    if isinstance(owner, Backend):
        return backend.from_other(leaf)
    raise errors.BackendError(f"function: cannot run on {leaf!r}. Expected tensors with values.")


def _as_input(leaf: Any, backend: Backend) -> Any:
    return backend.compiled_input(leaf) if type(leaf) is np.ndarray else as_tensor(leaf, backend)


def function(
    fn: Callable | None = None, variables: Sequence[Variable] = (), jit_compile: bool | None = None, **options: Any
) -> Callable:
    """Compile a function of tensors that reads and assigns Variables; usable as a decorator.

    See `Function` for the arguments. On engines that do not trace, the function runs as it is, as one step.

    Example:
        >>> import kerasfront as keras
        >>> count = keras.Variable(0.0, trainable=False)
        >>> @keras.function
        ... def step(x):
        ...     count.assign(count + 1.0)
        ...     return keras.ops.sum(x) * count
        >>> float(step(keras.ops.ones((3,)))), float(step(keras.ops.ones((3,))))
        (3.0, 6.0)
    """
    if fn is None:
        return lambda wrapped: Function(wrapped, variables, jit_compile, **options)
    return Function(fn, variables, jit_compile, **options)
