"""The pytest plugin of the kit: options `--kf-backend`, `--kf-judge` and `--kf-conformance`, and the fixture `engine`.

Loaded by name, `-p kerasfront.testing.plugin`, or by `pytest_plugins` in a conftest. It imports nothing of the front
before a test asks for `engine`, so it costs a test run that does not use it nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

SEED = 1234


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the kit."""
    group = parser.getgroup("kerasfront")
    group.addoption(
        "--kf-backend",
        metavar="NAMES",
        help="backends to run on, with commas between; default: all that are installed and load",
    )
    group.addoption(
        "--kf-conformance",
        metavar="FILE",
        help="list of gaps of the backend under test; default: conformance.toml in its package",
    )
    group.addoption(
        "--kf-judge",
        metavar="NAMES",
        help="judges to put the cases before, with commas between; default: all",
    )


def chosen_judges(config: pytest.Config) -> tuple[str, ...]:
    """Return the judges that this run is about.

    Raises:
        pytest.UsageError: `--kf-judge` names one that there is not.
    """
    from kerasfront.testing.judges import JUDGES

    chosen = config.getoption("--kf-judge")
    names = tuple(name.strip() for name in chosen.split(",")) if chosen else tuple(JUDGES)
    unknown = [name for name in names if name not in JUDGES]
    if unknown:
        raise pytest.UsageError(f"--kf-judge: there is no {unknown[0]!r}; the judges are {', '.join(JUDGES)}")
    return names


def engines(config: pytest.Config) -> tuple[str, ...]:
    """Return the backends that this run is about.

    Raises:
        pytest.UsageError: `--kf-backend` names one that is not declared.
    """
    from kerasfront.backend import registry

    chosen = config.getoption("--kf-backend")
    if not chosen:
        return registry.available()
    names = tuple(name.strip() for name in chosen.split(","))
    unknown = [name for name in names if name not in registry.installed()]
    if unknown:
        raise pytest.UsageError(
            f"--kf-backend: {unknown[0]!r} is not installed; found {', '.join(registry.installed())}"
        )
    return names


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that asks for `engine` once for each backend."""
    marked = any("engine" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "engine" in metafunc.fixturenames and not marked:
        metafunc.parametrize("engine", engines(metafunc.config), indirect=True)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep what the engines made when imported out of garbage collection: a sixth of the time of the kit."""
    if session.items:
        gc.collect()
        gc.freeze()


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a backend, which is active and freshly seeded during the test."""
    import kerasfront as keras

    with keras.backend.scope(request.param):
        keras.utils.set_random_seed(SEED)
        yield request.param
