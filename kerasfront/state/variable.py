"""Variables: the only things that change."""

from __future__ import annotations

import importlib
import itertools
import threading
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from kerasfront import dtypes, errors
from kerasfront.backend import dispatch, registry
from kerasfront.backend.contract import Backend
from kerasfront.backend.operators import OPS, Operators
from kerasfront.state import interrupts, scope, structure
from kerasfront.state.untraced import untraced

_names = itertools.count()
# NumPy's functions behind the operators, by the op of that meaning.
_OPERATORS = {
    "add": "add", "subtract": "subtract", "multiply": "multiply", "divide": "true_divide",
    "floor_divide": "floor_divide", "remainder": "mod", "power": "power", "matmul": "matmul", "less": "less",
    "less_equal": "less_equal", "greater": "greater", "greater_equal": "greater_equal", "equal": "equal",
    "not_equal": "not_equal",
}  # fmt: skip
_AGGREGATIONS = ("none", "mean", "sum", "only_first_replica")


class _Path(threading.local):
    scopes: tuple[name_scope, ...] = ()


_path = _Path()


class name_scope:
    """A context that goes in front of the paths of Variables made in it.

    Args:
        name: without slashes.
        caller: who opens the scope; it goes once into the path where it opens the same name twice in a row.
        deduplicate: whether `caller` has that meaning.
        override_parent: a path that takes the place of the scopes around this one.

    Raises:
        ValueError: the name is no string or has a slash.

    Example:
        >>> import kerasfront as keras
        >>> with keras.name_scope("encoder"):
        ...     keras.Variable(0.0, name="scale").path
        'encoder/scale'
    """

    def __init__(self, name: str, caller: Any = None, deduplicate: bool = True, override_parent: str | None = None):
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"name_scope: name is {name!r}. Expected a string without '/'. Nest scopes instead.")
        self.name, self.caller = name, caller
        self.deduplicate, self.override_parent = deduplicate, override_parent

    def __enter__(self) -> name_scope:
        outer = self._outer = _path.scopes
        again = self.deduplicate and self.caller is not None and outer and outer[-1].caller is self.caller
        if not (again and outer[-1].name == self.name):
            _path.scopes = (*outer, self)
        return self

    def __exit__(self, *exception: object) -> None:
        _path.scopes = self._outer


def current_path() -> str:
    """Return the names of the open name scopes joined by slashes."""
    parts: list[str] = []
    for one in _path.scopes:
        if one.override_parent is not None:
            parts = [part for part in one.override_parent.split("/") if part]
        parts.append(one.name)
    return "/".join(parts)


class Variable(Operators):
    """A tensor that can be assigned to.

    The value is kept on the host until the engine is first needed, so that building a model imports none. The
    Variable belongs to the backend that is active when it is made; `move_to` changes that.

    Args:
        initializer: a value, a callable `(shape, dtype) -> value`, or the name of an initializer.
        shape: dimensions; needed for a callable.
        dtype: None for the value's own, or the default float type for a callable.
        trainable: whether optimizers change it.
        autocast: whether it is read in the compute dtype inside layers of a mixed policy.
        aggregation, synchronization: accepted for compatibility.
        name: without slashes.

    Raises:
        ValueError: a callable without shape, a shape with unknown sizes, or a name with a slash.

    Example:
        >>> import numpy as np
        >>> import kerasfront as keras
        >>> v = keras.Variable(np.zeros((2,), "float32"))
        >>> _ = v.assign_add([1.0, 2.0])
        >>> v.numpy()
        array([1., 2.], dtype=float32)
    """

    __slots__ = (
        "__weakref__", "_backend", "_dtype", "_handle", "_host", "_shape", "_trainable", "aggregation", "autocast",
        "_constraint", "_overwrite_with_gradient", "_regularizer", "name", "path", "synchronization",
    )  # fmt: skip

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
    ):
        self.name = name or f"variable_{next(_names)}"
        if not isinstance(self.name, str) or "/" in self.name:
            raise ValueError(f"Variable: name is {name!r}. Expected a string without '/'. Choose another name.")
        if aggregation not in (None, *_AGGREGATIONS):
            raise errors.unknown_name("Variable aggregation", aggregation, _AGGREGATIONS)
        self.path = f"{current_path()}/{self.name}" if _path.scopes else self.name
        self.aggregation, self.synchronization = aggregation or "none", synchronization
        self.autocast, self._trainable = bool(autocast), bool(trainable)
        self._regularizer = self._constraint = None
        self._overwrite_with_gradient = False
        self._backend: Backend | None = None
        self._handle: Any = None
        self._host = self._initial(initializer, shape, dtype)
        if isinstance(self._host, np.ndarray):
            self._dtype, self._shape = dtypes.standardize_dtype(self._host.dtype), self._host.shape
        else:
            backend = self._backend = dispatch.owner_of(self._host)
            self._dtype, self._shape = backend.dtype_name(self._host), backend.shape(self._host)
            self._handle = untraced(backend, lambda: backend.create_handle(self._host, self._trainable))
            self._host = None
        if self._backend is None:
            self._backend = registry.active()

    def _initial(self, initializer: Any, shape: Any, dtype: Any) -> Any:
        """Return the first value: a host array of our own, or an engine's tensor."""
        if isinstance(initializer, str) and (shape is not None or dtypes.standardize_dtype(dtype) != "string"):
            # Initializers lie above Variables; they are asked for by name only when one is named.
            initializer = importlib.import_module("kerasfront.initializers").get(initializer)
        if callable(initializer):
            if shape is None:
                raise ValueError(
                    f"Variable {self.name!r}: shape is missing. Expected one for an initializer that is a function."
                    f" Pass shape=."
                )
            shape = tuple(shape) if isinstance(shape, (list, tuple)) else (shape,)
            if any(not isinstance(size, (int, np.integer)) or size < 0 for size in shape):
                raise ValueError(f"Variable {self.name!r}: shape is {shape}. Expected known sizes of 0 or more.")
            value = untraced(registry.active(), lambda: initializer(shape, dtype=dtypes.standardize_dtype(dtype)))
        else:
            value = initializer
        owner = dispatch.owner_of(value)
        if owner is dispatch.VARIABLE:
            value, owner = value.value, value.backend
        if owner is dispatch.SYMBOLIC:
            raise ValueError(f"Variable {self.name!r}: the initial value is symbolic. Expected a value known now.")
        name = None if dtype is None and not callable(initializer) else dtypes.standardize_dtype(dtype)
        if owner is dispatch.WEAK:
            name = name or dtypes.strengthen(dtypes.kind_of_python_value(value))
            array = np.array(value, dtype=_numpy_dtype(name))
        else:
            array = value if name in (None, owner.dtype_name(value)) else owner.ops.cast(value, name)
        found = array.shape if isinstance(array, np.ndarray) else owner.shape(array)
        if shape is not None and tuple(shape if isinstance(shape, (list, tuple)) else (shape,)) != tuple(found):
            raise ValueError(f"Variable {self.name!r}: expected an initial value of shape {shape}; got {tuple(found)}.")
        return array

    # -- what it is

    @property
    def backend(self) -> Backend:
        """The backend that holds the value."""
        return self._backend  # type: ignore[return-value]

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""
        return self._shape

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self._shape)

    @property
    def dtype(self) -> str:
        """The dtype in which it is read: the compute dtype inside a layer of a mixed policy."""
        cast_to = scope.state.autocast
        if cast_to is not None and self.autocast and dtypes.is_float(self._dtype):
            return cast_to
        return self._dtype

    @property
    def trainable(self) -> bool:
        """Whether optimizers change it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        structure.forget()

    @property
    def regularizer(self) -> Callable[[Any], Any] | None:
        """The penalty on its value: a function of a tensor that returns a scalar."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value: Callable[[Any], Any] | None) -> None:
        self._regularizer = self._checked_function("regularizer", value)

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """The function that is applied to its value after each update."""
        return self._constraint

    @constraint.setter
    def constraint(self, value: Callable[[Any], Any] | None) -> None:
        self._constraint = self._checked_function("constraint", value)

    def _checked_function(self, what: str, value: Any) -> Any:
        if value is not None and not callable(value):
            raise ValueError(
                f"Variable {self.name!r}: {what} is {value!r}. Expected a function of a tensor, or None. Make one with"
                f" keras.{what}s.get."
            )
        return value

    @property
    def overwrite_with_gradient(self) -> bool:
        """Whether optimizers put the gradient in place of the value instead of stepping along it."""
        return self._overwrite_with_gradient

    @overwrite_with_gradient.setter
    def overwrite_with_gradient(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise TypeError(
                f"Variable {self.name!r}: overwrite_with_gradient is {value!r}. It must be a boolean. Pass True or"
                f" False."
            )
        self._overwrite_with_gradient = value

    # -- reading

    @property
    def handle(self) -> Any:
        """What the engine keeps for it."""
        if self._handle is None:
            # Copy: a host array of the user's, or one that is still referenced elsewhere, must not change with ours.
            backend = self.backend
            self._handle = untraced(
                backend,
                lambda: backend.create_handle(backend.convert_to_tensor(self._host, self._dtype), self._trainable),
            )
            self._host = None
        return self._handle

    @property
    def raw(self) -> Any:
        """The present value as a tensor, in its own dtype."""
        value = scope.lookup(self) if scope.state.frames else None
        if value is not None:
            return value
        handle = self._handle if self._handle is not None else self.handle
        return self._backend.read_handle(handle)  # type: ignore[union-attr]

    @property
    def value(self) -> Any:
        """The present value as a tensor, in the compute dtype inside a layer of a mixed policy."""
        state = scope.state
        if state.autocast is None:
            # What `raw` does, without its calls: every op on a weight comes through here.
            handle = self._handle
            for frame in reversed(state.frames):
                value = frame.values.get(id(self))
                if value is not None:
                    return value
                if frame.closed:
                    return self.raw
            return self._backend.read_handle(handle) if handle is not None else self.raw  # type: ignore[union-attr]
        value = self.raw
        cast_to = state.autocast
        if cast_to is not None and cast_to != self._dtype and self.autocast and dtypes.is_float(self._dtype):
            return self.backend.ops.cast(value, cast_to)
        return value

    def numpy(self) -> np.ndarray:
        """Return the value on the host."""
        if self._handle is None and not scope.in_frame():
            return np.array(self._host)
        return self.backend.to_numpy(self.raw)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        # `array + variable` is our addition and keeps gradients; other functions of NumPy get the values.
        name = _OPERATORS.get(ufunc.__name__)
        if name is not None and method == "__call__" and not kwargs:
            return OPS[name](*inputs)
        values = [value.numpy() if isinstance(value, Variable) else value for value in inputs]
        return getattr(ufunc, method)(*values, **kwargs)

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __len__(self) -> int:
        return self._shape[0]

    def __repr__(self) -> str:
        shown = "" if scope.in_frame() else f", value={self.numpy()}"
        return f"<Variable path={self.path}, shape={self._shape}, dtype={self._dtype}{shown}>"

    # -- writing

    def assign(self, value: Any) -> Any:
        """Replace the value and return it as a tensor.

        Raises:
            ValueError: the shape differs.
        """
        backend = self.backend
        handle = self._handle
        if value is handle or (
            type(value) is type(handle)
            and value.dtype is handle.dtype
            and value.shape == handle.shape
            and dispatch.owner_by_type.get(type(value)) is backend
        ):
            # As most: a tensor of the kind that is there already.
            self.put(value)
            return value
        owner = dispatch.owner_of(value)
        if owner is dispatch.VARIABLE:
            value, owner = value.raw, value.backend
        if owner is dispatch.WEAK:
            value = backend.convert_to_tensor(value, self._dtype)
        elif owner is dispatch.SYMBOLIC:
            self._check_shape(value.shape)
            return value
        elif owner is not backend:
            value = backend.from_other(value)
        if backend.dtype_name(value) != self._dtype:
            value = backend.ops.cast(value, self._dtype)
        self._check_shape(backend.shape(value))
        self.put(value)
        return value

    def _check_shape(self, shape: tuple) -> None:
        if tuple(shape) != tuple(self._shape) and not (None in shape and len(shape) == len(self._shape)):
            raise ValueError(
                f"Variable {self.path!r}: cannot assign a value of another shape. Expected {self._shape}; got"
                f" {tuple(shape)}."
            )

    def put(self, value: Any) -> None:
        """Store a tensor of the right engine, shape and dtype in the innermost frame, or in the handle."""
        frames = scope.state.frames
        if frames:
            key, frame = id(self), frames[-1]
            frame.values[key], frame.written[key] = value, self
        elif value is not self._handle:
            self._handle = self.backend.write_handle(self.handle, value)

    def assign_add(self, value: Any) -> Any:
        """Add to the value."""
        return self.assign(self._combined("add", value))

    def assign_sub(self, value: Any) -> Any:
        """Subtract from the value."""
        return self.assign(self._combined("subtract", value))

    def _combined(self, op: str, value: Any) -> Any:
        from kerasfront.backend.operators import OPS

        with scope.autocast_scope(None):
            return OPS[op](self, value)

    def take_handle(self, handle: Any) -> None:
        """Keep a handle that a compiled function returned."""
        self._handle = handle

    def move_to(self, backend: Backend) -> None:
        """Keep the value in another engine from now on."""
        move_all([self], backend)

    def _handle_in(self, backend: Backend, value: np.ndarray) -> Any:
        """Return what another engine would keep for the value; None for one that no engine has needed so far."""
        if self._handle is None:
            return None
        return untraced(
            backend, lambda: backend.create_handle(backend.convert_to_tensor(value, self._dtype), self._trainable)
        )

    # -- copies

    def __getstate__(self) -> dict[str, Any]:
        kept = (
            "name",
            "path",
            "aggregation",
            "synchronization",
            "autocast",
            "regularizer",
            "constraint",
            "overwrite_with_gradient",
        )
        fields = {key: getattr(self, key) for key in kept}
        return {
            **fields,
            "value": self.numpy(),
            "trainable": self._trainable,
            "dtype": self._dtype,
            "engine": self.backend.name,
        }

    def __setstate__(self, fields: dict[str, Any]) -> None:
        fields = dict(fields)
        self._host, self._trainable, self._dtype = fields.pop("value"), fields.pop("trainable"), fields.pop("dtype")
        self._handle, self._shape, self._backend = None, self._host.shape, registry.get(fields.pop("engine"))
        for key, value in fields.items():
            setattr(self, key, value)

    def __deepcopy__(self, memo: dict) -> Variable:
        import copy

        clone = Variable.__new__(Variable)
        memo[id(self)] = clone
        clone.__setstate__(copy.deepcopy(self.__getstate__(), memo))
        return clone


def move_all(variables: Iterable[Variable], backend: Backend) -> None:
    """Keep the values of Variables in another engine from now on: of all of them, or of none where one cannot move.

    Raises:
        BackendError: an engine that has no such dtype (float64 where 64-bit types are off, say).
    """
    moving = [one for one in {id(one): one for one in variables}.values() if one.backend is not backend]
    values = [variable.numpy() for variable in moving]
    handles = [variable._handle_in(backend, value) for variable, value in zip(moving, values, strict=True)]
    with interrupts.deferred(firm=True):
        for variable, value, handle in zip(moving, values, handles, strict=True):
            variable._host, variable._handle = (value, None) if handle is None else (None, handle)
            variable._backend = backend


def _numpy_dtype(name: str) -> Any:
    import ml_dtypes

    return getattr(ml_dtypes, name) if name == "bfloat16" or name.startswith("float8") else name


dispatch.register_variable_type(Variable)

Initializer = Callable[..., Any]
