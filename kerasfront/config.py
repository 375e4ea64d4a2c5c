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
    "compilation_cache": None,
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


def compilation_cache() -> str | None:
    """Return the folder in which engines keep compiled programs from one run to the next, None if there is none.

    Example:
        >>> import kerasfront as keras
        >>> keras.config.compilation_cache() is None
        True
    """
    return _settings["compilation_cache"]


def set_compilation_cache(folder: str | os.PathLike | None) -> None:
    """Keep compiled programs in a folder, so that the next run of a program need not compile them again.

    Off by default. It holds for engines that are loaded already and for those to come. JAX keeps all that it compiles.
    It has no effect on the others: NumPy and TensorFlow keep nothing, and what PyTorch compiles with `jit_compile=True`
    it always keeps, in a folder of its own.
    What an engine finds in the folder it runs. So use a folder in which only you can write: whoever else can write
    there can have any code run in your name. A folder that is made here is yours alone. Nothing is ever removed from
    it; remove it whole when it has grown too large.

    The environment variable ``KERASFRONT_COMPILATION_CACHE`` sets it at start.

    Args:
        folder: a folder, made if it is missing; None to keep nothing from now on.

    Raises:
        ValueError: the folder is no path, is a file, or cannot be made or written to.

    Example:
        >>> import tempfile
        >>> import kerasfront as keras
        >>> keras.config.set_compilation_cache(tempfile.mkdtemp())
        >>> keras.config.set_compilation_cache(None)
    """
    from kerasfront.backend import registry  # settings lie below the backends

    _settings["compilation_cache"] = _folder("folder", folder)
    registry.keep_compiled(_settings["compilation_cache"])


def _folder(name: str, folder: Any) -> str | None:
    """Return the absolute path of a folder that can be written to."""
    if folder is None:
        return None
    import tempfile  # late: `import kerasfront` does without it

    if not isinstance(folder, (str, os.PathLike)) or not os.fspath(folder):
        raise ValueError(f"{name}: expected the path of a folder or None, got {folder!r}. Pass None to keep nothing.")
    path = pathlib.Path(folder).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise ValueError(
            f"{name}: expected a folder that can be written to, got {str(path)!r} ({error.strerror}). Name another"
            f" folder, or change who may write there."
        ) from error
    return str(path)


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
    # No engine is loaded yet; each is told when it is.
    variable = "KERASFRONT_COMPILATION_CACHE"
    _settings["compilation_cache"] = _folder(variable, os.environ.get(variable) or None)


_load()
