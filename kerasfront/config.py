"""Process-wide settings: default float type, fuzz factor, image layout, home folder.

They are read at start from ``~/.kerasfront/kerasfront.json`` (keys ``floatx``, ``epsilon``,
``image_data_format``, ``backend``) where that file exists.
"""

from __future__ import annotations

import functools
import json
import os
import pathlib
from collections.abc import Callable
from typing import Any

from kerasfront import errors

FLOAT_TYPES = ("float16", "bfloat16", "float32", "float64")
DATA_FORMATS = ("channels_last", "channels_first")

_settings: dict[str, Any] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "max_epochs": None,
    "max_steps_per_epoch": None,
    "interactive_logging": True,
}


def home() -> pathlib.Path:
    """Return the folder for settings and downloaded data: ``KERASFRONT_HOME`` or ``~/.kerasfront``."""
    configured = os.environ.get("KERASFRONT_HOME")
    return pathlib.Path(configured).expanduser() if configured else pathlib.Path.home() / ".kerasfront"


@functools.cache
def file_settings() -> dict[str, Any]:
    """Return what the settings file says, an empty dict where there is none.

    Raises:
        ValueError: the file is there but is no JSON object.
    """
    path = home() / "kerasfront.json"
    try:
        text = path.read_text()
    except OSError:
        return {}
    try:
        settings = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not valid JSON ({error}). Correct the file or remove it.") from error
    if not isinstance(settings, dict):
        raise ValueError(f"{path}: expected a JSON object, got {type(settings).__name__}. Correct the file.")
    return settings


def floatx() -> str:
    """Return the default float type, "float32" unless it was set.

    Example:
        >>> import kerasfront as keras
        >>> keras.config.floatx()
        'float32'
    """
    return _settings["floatx"]


def set_floatx(value: str) -> None:
    """Set the default float type.

    Args:
        value: "float16", "bfloat16", "float32" or "float64".

    Raises:
        ValueError: any other value.
    """
    if value not in FLOAT_TYPES:
        raise errors.unknown_name("floatx", value, FLOAT_TYPES)
    _settings["floatx"] = value


def epsilon() -> float:
    """Return the small number that keeps divisions and logarithms finite, 1e-7 unless it was set."""
    return _settings["epsilon"]


def set_epsilon(value: float) -> None:
    """Set the small number used to keep divisions and logarithms finite.

    Raises:
        ValueError: the value is not a positive number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ValueError(f"set_epsilon: expected a positive number, got {value!r}. The default is 1e-7.")
    _settings["epsilon"] = float(value)


def image_data_format() -> str:
    """Return the default layout of images: "channels_last" or "channels_first"."""
    return _settings["image_data_format"]


def set_image_data_format(data_format: str) -> None:
    """Set the default layout of images.

    Raises:
        ValueError: neither "channels_last" nor "channels_first".
    """
    _settings["image_data_format"] = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """Return a valid layout: the default for None.

    Raises:
        ValueError: neither "channels_last" nor "channels_first".
    """
    if data_format is None:
        return _settings["image_data_format"]
    if data_format not in DATA_FORMATS:
        raise errors.unknown_name("data_format", data_format, DATA_FORMATS)
    return data_format


def backend() -> str:
    """Return the name of the active backend."""
    from kerasfront.backend import registry  # settings lie below the backends

    return registry.active_name()


def set_backend(name: str) -> None:
    """Make an engine the active one of the process, as `backend.use` does.

    Raises:
        ValueError: no such engine. BackendNotInstalled: it is not installed.
    """
    from kerasfront.backend import registry  # settings lie below the backends

    registry.use(name)


def max_epochs() -> int | None:
    """Return the most epochs that a `fit` may run, None for no limit."""
    return _settings["max_epochs"]


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit the epochs of every `fit` to come, for a quick trial of a long program.

    The environment variable ``KERASFRONT_MAX_EPOCHS`` sets it at start.

    Args:
        max_epochs: a positive number, None for no limit.

    Raises:
        ValueError: anything else.
    """
    _settings["max_epochs"] = _limit("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """Return the most steps of an epoch, of `evaluate` and of `predict`; None for no limit."""
    return _settings["max_steps_per_epoch"]


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit the steps of every epoch, `evaluate` and `predict` to come, for a quick trial of a long program.

    The environment variable ``KERASFRONT_MAX_STEPS_PER_EPOCH`` sets it at start.

    Args:
        max_steps_per_epoch: a positive number, None for no limit.

    Raises:
        ValueError: anything else.
    """
    _settings["max_steps_per_epoch"] = _limit("max_steps_per_epoch", max_steps_per_epoch)


def _limit(name: str, value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"{name}: expected a positive integer or None, got {value!r}. Pass None for no limit.")
    return value


def is_interactive_logging_enabled() -> bool:
    """Return whether progress and summaries are printed; else they go to Python's `logging`."""
    return _settings["interactive_logging"]


def enable_interactive_logging() -> None:
    """Print progress and summaries, which is the default."""
    _settings["interactive_logging"] = True


def disable_interactive_logging() -> None:
    """Send progress and summaries to the logger "kerasfront" of Python's `logging`, at level INFO.

    Progress is then a line per epoch.
    """
    _settings["interactive_logging"] = False


def is_traceback_filtering_enabled() -> bool:
    """Return whether printed tracebacks leave out the frames of kerasfront; False unless it was asked for."""
    return _tracebacks().is_traceback_filtering_enabled()


def enable_traceback_filtering() -> None:
    """Leave the frames of kerasfront out of the tracebacks that Python prints for errors nobody caught."""
    _tracebacks().enable_traceback_filtering()


def disable_traceback_filtering() -> None:
    """Print whole tracebacks, which is the default."""
    _tracebacks().disable_traceback_filtering()


def _tracebacks() -> Any:
    from kerasfront.utils import tracebacks  # settings lie below the tools

    return tracebacks


def dtype_policy() -> Any:
    """Return the dtype policy of layers that are given none."""
    from kerasfront import dtype_policies  # settings lie below the policies

    return dtype_policies.dtype_policy()


def set_dtype_policy(policy: Any) -> None:
    """Set the dtype policy of layers that are given none; None goes back to the default float type.

    Raises:
        ValueError: an unknown name.
    """
    from kerasfront import dtype_policies  # settings lie below the policies

    dtype_policies.set_dtype_policy(policy)


def _load() -> None:
    setters: dict[str, Callable[[Any], None]] = {
        "floatx": set_floatx,
        "epsilon": set_epsilon,
        "image_data_format": set_image_data_format,
    }
    for key, setter in setters.items():
        if key in file_settings():
            setter(file_settings()[key])
    for variable, limit in (
        ("KERASFRONT_MAX_EPOCHS", set_max_epochs),
        ("KERASFRONT_MAX_STEPS_PER_EPOCH", set_max_steps_per_epoch),
    ):
        text = os.environ.get(variable)
        if text:
            limit(int(text) if text.isdecimal() else text)  # type: ignore[arg-type]


_load()
