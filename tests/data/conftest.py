"""Fixtures of the tests of data sources: host data needs no other engine, and no source leaves a thread behind."""

import multiprocessing
import threading
import time

import pytest

from kerasfront.backend import registry


@pytest.fixture(autouse=True)
def host_engine():
    with registry.scope("numpy"):
        yield


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """Fail a test that leaks a thread or a worker process."""
    threads = set(threading.enumerate())
    processes = set(multiprocessing.active_children())
    yield
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _left(threads, processes):
        time.sleep(0.02)
    assert not _left(threads, processes)


def _left(threads, processes):
    # Engines start threads of their own.
    ours = [thread for thread in set(threading.enumerate()) - threads if thread.name.startswith("kerasfront")]
    return ours + list(set(multiprocessing.active_children()) - processes)
