"""Which backends there are, and which one is active.

Backends are found by entry points of the group ``kerasfront.backends``, ours and others' alike; the scan happens on
first use. The active one is, in this order: the innermost `scope` of this thread; what `use` set; the environment
variable
``KERASFRONT_BACKEND``; the key "backend" of the settings file; the first installed whose engine imports.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import importlib.util
import os
import sys
import threading
import warnings

from kerasfront import config, errors
from kerasfront.backend import forking
from kerasfront.backend.contract import Backend

GROUP = "kerasfront.backends"
FALLBACK = "numpy"


class _Active(threading.local):
    backend: Backend | None = None


_active = _Active()
_default: Backend | None = None
_loaded: dict[str, Backend] = {}
_lock = forking.lock()


@functools.cache
def _entry_points() -> dict[str, importlib.metadata.EntryPoint]:
    found: dict[str, importlib.metadata.EntryPoint] = {}
    for entry in importlib.metadata.entry_points(group=GROUP):
        other = found.get(entry.name)
        if other is not None and other.value != entry.value:
            warnings.warn(
                f"backend {entry.name!r}: declared twice, by {other.value} and {entry.value}. The first is used;"
                f" uninstall one.",
                stacklevel=3,
            )
            continue
        found[entry.name] = entry
    return found


def refresh() -> None:
    """Look for entry points again, after a backend was installed while the program runs."""
    importlib.metadata.MetadataPathFinder.invalidate_caches()
    _entry_points.cache_clear()


def installed() -> tuple[str, ...]:
    """Return the names of all backends declared, whether their engine is there or not."""
    return tuple(_entry_points())


def available() -> tuple[str, ...]:
    """Return the names of the backends that load, importing each engine."""
    names = []
    for name in installed():
        with contextlib.suppress(errors.BackendNotInstalled):
            get(name)
            names.append(name)
    return tuple(names)


def loaded() -> list[Backend]:
    """Return the backends in use so far."""
    return list(_loaded.values())


def get(name: str) -> Backend:
    """Return the backend of that name, importing its engine on first use.

    Raises:
        ValueError: no such backend is declared.
        BackendNotInstalled: its engine is not installed.
        BackendError: it does not keep the contract.
    """
    backend = _loaded.get(name)
    if backend is None:
        with _lock:
            backend = _loaded.get(name) or _load(name)
    return backend


def _load(name: str) -> Backend:
    entry = _entry_points().get(name)
    if entry is None:
        raise errors.unknown_name("backend", name, installed())
    try:
        backend = entry.load()
    except ImportError as error:
        distribution = entry.dist.name if entry.dist else "kerasfront"
        raise errors.BackendNotInstalled(
            f"backend {name!r}: its engine cannot be imported ({error}). "
            f'Expected an installed engine. Run: pip install "{distribution}[{name}]"'
        ) from error
    if not isinstance(backend, Backend):
        raise errors.BackendError(
            f"backend {name!r}: entry point {entry.value} is a {type(backend).__name__}. Expected an instance of"
            f" Backend. "
            "Point it to one."
        )
    folder = config.compilation_cache()
    if folder is not None:
        backend.keep_compiled(folder)
    _loaded[name] = backend
    return backend


def keep_compiled(folder: str | None) -> None:
    """Have the backends in use so far keep compiled programs in a folder; the others are told when they are loaded."""
    with _lock:
        for backend in _loaded.values():
            backend.keep_compiled(folder)


def load_imported(module: str) -> bool:
    """Load the backends whose engine the user has imported already; say whether any was new.

    Args:
        module: the top-level module that defines a type nobody owns yet.
    """
    new = False
    for name in installed():
        if name not in _loaded and (name in sys.modules or name == module):
            with contextlib.suppress(errors.BackendError):
                get(name)
                new = True
    return new


def active() -> Backend:
    """Return the active backend."""
    return _active.backend or _default or _resolve_default()


def active_name() -> str:
    """Return the name of the active backend."""
    return active().name


def _resolve_default() -> Backend:
    global _default
    configured = os.environ.get("KERASFRONT_BACKEND") or config.file_settings().get("backend")
    with _lock:
        if _default is None:
            _default = get(configured) if configured else _first_importable()
    return _default


def _first_importable() -> Backend:
    # Installed engines come before the fallback, which is always there.
    for name in sorted(installed(), key=lambda name: name == FALLBACK):
        with contextlib.suppress(errors.BackendNotInstalled):
            return get(name)
    raise errors.BackendError(
        "backend: none is declared by an installed distribution. Expected at least the NumPy one. Reinstall kerasfront"
        " with pip."
    )


def use(name: str) -> None:
    """Make a backend the active one of the process. Models made before stay on their engine.

    Args:
        name: the name of an entry point, such as those `installed()` lists.

    Raises:
        ValueError: unknown name. BackendNotInstalled: the engine is missing.

    Example:
        >>> import kerasfront as keras
        >>> keras.backend.use("numpy")
    """
    global _default
    _default = get(name)


class scope:
    """Make a backend the active one of this thread for the length of a `with` block.

    Example:
        >>> import kerasfront as keras
        >>> with keras.backend.scope("numpy"):
        ...     keras.backend.active_name()
        'numpy'
    """

    # No generator behind a decorator: every call of a model enters one.
    __slots__ = ("_chosen", "_previous")

    def __init__(self, backend: str | Backend):
        self._chosen = get(backend) if isinstance(backend, str) else backend

    def __enter__(self) -> Backend:
        self._previous = _active.backend
        _active.backend = self._chosen
        return self._chosen

    def __exit__(self, *exception: object) -> None:
        _active.backend = self._previous


def _check_after_fork() -> None:
    for backend in _loaded.values():
        if not backend.forked():
            forking.leave_behind(backend)


forking.in_child(_check_after_fork)


def host() -> Backend:
    """Return the backend for work on the host, such as drawing initial weights."""
    return get(FALLBACK)
