"""Objects as plain data and back, by name: the Keras 3 config format.

An object becomes `{"module", "class_name", "config", "registered_name"}`. On the way back a class is looked up among
three
things only: what the caller passed as `custom_objects`, what was registered with `register_keras_serializable`, and
the classes of this package. Nothing that a file names is ever imported or called otherwise (decision D11).
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from kerasfront import dtypes, errors
from kerasfront.backend import dispatch

_PACKAGE = __name__.partition(".")[0]
# Subpackages whose public classes may be named in a config.
_CLASS_HOMES = (
    "layers", "models", "losses", "metrics", "optimizers", "optimizers.schedules", "initializers", "regularizers",
    "constraints", "random", "dtype_policies",
)  # fmt: skip
# Subpackages whose public functions may be.
_FUNCTION_HOMES = ("activations", "losses", "metrics", "initializers", "ops")

_registered: dict[str, Any] = {}
_names: dict[Any, str] = {}


class _Custom(threading.local):
    objects: tuple[dict[str, Any], ...] = ()


_custom = _Custom()


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable:
    """Return a decorator that lets a class or function be found when a saved model is loaded.

    Args:
        package: the first part of the registered name, `package>name`.
        name: the second part; the class's own for None.

    Raises:
        ValueError: a class without `get_config`.

    Example:
        >>> import kerasfront as keras
        >>> @keras.saving.register_keras_serializable(package="mine")
        ... def double(x):
        ...     return 2 * x
        >>> keras.saving.get_registered_name(double)
        'mine>double'
    """

    def register(value: Any) -> Any:
        if inspect.isclass(value) and not hasattr(value, "get_config"):
            raise ValueError(
                f"register_keras_serializable: {value.__name__} has no get_config. Expected one, so that it can be"
                f" saved. Write it."
            )
        full = f"{package}>{name or value.__name__}"
        _registered[full] = value
        _names[value] = full
        return value

    return register


def get_registered_name(value: Any) -> str:
    """Return the registered name of a class or function, its own name where it is not registered."""
    return _names.get(value, getattr(value, "__name__", type(value).__name__))


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Mapping[str, Any] | None = None
) -> Any:
    """Return what is known by a name: passed now, in a `CustomObjectScope`, or registered; None for nothing."""
    for table in (custom_objects or {}, *reversed(_custom.objects), _registered, module_objects or {}):
        if name in table:
            return table[name]
    return None


class CustomObjectScope:
    """A context in which names stand for objects of yours.

    Args:
        custom_objects: objects by name.
    """

    def __init__(self, custom_objects: Mapping[str, Any]):
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> CustomObjectScope:
        self._previous = _custom.objects
        _custom.objects = (*self._previous, self.custom_objects)
        return self

    def __exit__(self, *exception: object) -> None:
        _custom.objects = self._previous


@contextlib.contextmanager
def _scope(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    with CustomObjectScope(custom_objects or {}):
        yield


def get_custom_objects() -> dict[str, Any]:
    """Return the registered objects by name; changes hold."""
    return _registered


# -- to data ---------------------------------------------------------------------------------------


def serialize_keras_object(value: Any) -> Any:
    """Return a value as data that JSON can hold.

    Raises:
        ValueError: a lambda or an object without `get_config`, which cannot be saved as data.
    """
    if value is None or isinstance(value, (bool, int, float, str)) and not isinstance(value, np.generic):
        return value
    if isinstance(value, (list, tuple)):
        items = [serialize_keras_object(item) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, Mapping):
        return {str(key): serialize_keras_object(item) for key, item in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(value, slice):
        return {"class_name": "__slice__", "config": {"start": value.start, "stop": value.stop, "step": value.step}}
    if isinstance(value, np.ndarray):
        return {"class_name": "__numpy__", "config": {"value": value.tolist(), "dtype": str(value.dtype)}}
    if inspect.isclass(value) and not hasattr(value, "from_config"):
        return dtypes.standardize_dtype(value)
    if inspect.isfunction(value) or inspect.isbuiltin(value) or inspect.isclass(value):
        return _serialize_function(value)
    if hasattr(value, "get_config"):
        return _serialize_instance(value)
    if dispatch.is_tensor(value):
        from kerasfront.ops.creation import convert_to_numpy

        array = convert_to_numpy(value)
        return {"class_name": "__tensor__", "config": {"value": array.tolist(), "dtype": str(array.dtype)}}
    raise ValueError(
        f"serialize: cannot save a {type(value).__module__}.{type(value).__qualname__} as data. Expected an object"
        f" with get_config, a "
        "registered function, or plain values. Give its class get_config() and register it."
    )


def _public_module(value: Any) -> str:
    module = value.__module__
    if module.partition(".")[0] != _PACKAGE:
        return module
    if getattr(value, "__name__", None) == "Functional":
        return "keras.src.models.functional"  # where Keras looks for it: it has no public name there
    home = module.split(".")[1] if "." in module else ""
    if home == "optimizers" and ".schedules" in module:
        home = "optimizers.schedules"
    return f"keras.{home}" if home else "keras"


def _serialize_function(value: Any) -> dict[str, Any]:
    if getattr(value, "__name__", "<lambda>") == "<lambda>":
        raise ValueError(
            "serialize: a lambda cannot be saved, because loading it would run code from a file. Expected a named"
            " function. "
            "Define it with def and decorate it with register_keras_serializable."
        )
    kind = "class" if inspect.isclass(value) else "function"
    module = _public_module(value)
    return {
        "module": "builtins" if module.startswith("keras") and kind == "function" else module,
        "class_name": kind,
        "config": get_registered_name(value),
        "registered_name": kind if module.startswith("keras") else get_registered_name(value),
    }


def _serialize_instance(value: Any) -> dict[str, Any]:
    kind = type(value)
    ours = kind.__module__.partition(".")[0] == _PACKAGE
    result = {
        "module": _public_module(kind),
        "class_name": kind.__name__,
        "config": {key: serialize_keras_object(item) for key, item in value.get_config().items()},
        "registered_name": None if ours else get_registered_name(kind),
    }
    for name in ("build", "compile"):
        getter = getattr(value, f"get_{name}_config", None)
        config = getter() if getter is not None else None
        if config is not None:
            result[f"{name}_config"] = serialize_keras_object(config)
    return result


# -- from data -------------------------------------------------------------------------------------


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True, **_: Any
) -> Any:
    """Return the value that `serialize_keras_object` made data of.

    Args:
        config: the data.
        custom_objects: classes and functions by name, beside the registered ones.
        safe_mode: accepted; loading never runs code from the data, whatever it says.

    Raises:
        ValueError: a name that is not known, or a lambda.
    """
    with _scope(custom_objects):
        return _value_of(config)


def _value_of(config: Any) -> Any:
    if isinstance(config, list):
        return [_value_of(item) for item in config]
    if not isinstance(config, Mapping):
        return config
    if "class_name" not in config:
        return {key: _value_of(item) for key, item in config.items()}
    special = _SPECIAL.get(config["class_name"])
    if special is not None:
        return special(config)
    if config["class_name"] in ("function", "class") and isinstance(config.get("config"), str):
        return _find_function(config["config"])
    return _instance_of(config)


def _array_of(config: Mapping) -> Any:
    inner = config["config"]
    return np.asarray(inner["value"], dtype=dtypes.standardize_dtype(inner["dtype"]))


def _tensor_of(config: Mapping) -> Any:
    from kerasfront.ops.creation import convert_to_tensor

    return convert_to_tensor(_array_of(config))


def _refuse_lambda(config: Mapping) -> Any:
    raise ValueError(
        "deserialize: the file holds a lambda. Expected named functions, since loading never runs code from a file. "
        "Register the function under a name with register_keras_serializable and save the model again."
    )


def _symbolic_of(config: Mapping) -> Any:
    return config


_SPECIAL: dict[str, Callable] = {
    "__tuple__": lambda config: tuple(_value_of(item) for item in config["items"]),
    "__ellipsis__": lambda config: Ellipsis,
    "__slice__": lambda config: slice(*(config["config"][part] for part in ("start", "stop", "step"))),
    "__numpy__": _array_of,
    "__tensor__": _tensor_of,
    "__lambda__": _refuse_lambda,
    "__keras_tensor__": _symbolic_of,
}


def _home(name: str) -> Any:
    try:
        return importlib.import_module(f"{_PACKAGE}.{name}")
    except ModuleNotFoundError as error:
        if error.name == f"{_PACKAGE}.{name}":
            return None
        raise


def _find_function(name: str) -> Any:
    found = get_registered_object(name) or get_registered_object(f"Custom>{name}")
    if found is not None:
        return found
    for home in _FUNCTION_HOMES:
        candidate = getattr(_home(home), name, None) if not name.startswith("_") else None
        if callable(candidate) and getattr(candidate, "__module__", "").partition(".")[0] == _PACKAGE:
            return candidate
    raise _not_found("function", name)


def _not_found(kind: str, name: Any) -> ValueError:
    homes = _FUNCTION_HOMES if kind == "function" else _CLASS_HOMES
    known = [one for home in homes for one in dir(_home(home)) if not one.startswith("_")]
    near = errors.nearest(name, [one for one in known if one[0].isupper() == (kind == "class")])
    return ValueError(
        f"deserialize: unknown {kind} {name!r}. Expected one of this package, a registered one or one passed in"
        f" custom_objects. {f'Did you mean {near!r}? ' if near else ''}"
        f"Decorate its definition with register_keras_serializable, or pass custom_objects={{{name!r}: ...}}."
    )


def _find_class(class_name: str, registered_name: str | None, module: str | None) -> Any:
    for name in (registered_name, class_name):
        found = get_registered_object(name) if name else None
        if found is not None:
            return found
    if module is None or module.partition(".")[0] == "keras":
        # Losses and metrics share names: the home that the config names comes first.
        for home in sorted(_CLASS_HOMES, key=lambda home: module != f"keras.{home}"):
            candidate = getattr(_home(home), class_name, None) if not class_name.startswith("_") else None
            if inspect.isclass(candidate) and candidate.__module__.partition(".")[0] == _PACKAGE:
                return candidate
    raise _not_found("class", class_name)


def _instance_of(config: Mapping) -> Any:
    class_name = config["class_name"]
    if not isinstance(class_name, str):
        raise ValueError(f"deserialize: class_name is {class_name!r}. Expected a string.")
    kind = _find_class(class_name, config.get("registered_name"), config.get("module"))
    inner = config.get("config") or {}
    if not hasattr(kind, "from_config"):
        raise ValueError(
            f"deserialize: {class_name!r} has no from_config. Expected a class that makes objects from data. Write it."
        )
    instance = kind.from_config(dict(inner))
    if config.get("build_config") and hasattr(instance, "build_from_config"):
        instance.build_from_config(_value_of(config["build_config"]))
    if config.get("compile_config") and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(config["compile_config"])
    return instance


def resolve(
    kind: str, identifier: Any, table: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """Return the object that a user meant: the shared body of the `get` functions.

    Args:
        kind: for messages, such as "loss".
        identifier: None, a name, a config dict, a class, or an object, which is returned as it is.
        table: classes and functions by name.
        custom_objects: more of them.

    Raises:
        ValueError: an unknown name (the nearest right one is suggested), or nothing that can be called.
    """
    if identifier is None:
        return None
    if isinstance(identifier, Mapping):
        return deserialize_keras_object(identifier, custom_objects)
    if isinstance(identifier, str):
        found = get_registered_object(identifier, custom_objects) or get_registered_object(
            f"Custom>{identifier}", custom_objects
        )
        found = found or table.get(identifier) or table.get(identifier.lower())
        if found is None:
            raise errors.unknown_name(kind, identifier, table)
    else:
        found = identifier
    if inspect.isclass(found):
        found = found()
    if not callable(found) and not hasattr(found, "get_config"):
        raise ValueError(
            f"{kind}: expected a name, a config, a class or an object that can be called; got {type(found).__name__}"
            f" {found!r}."
        )
    return found
