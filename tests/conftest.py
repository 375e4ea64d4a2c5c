"""What all tests share: the engines, quiet and on one thread each, and a guard against what tests leave behind."""

import importlib.metadata
import importlib.util
import os
import threading
import time

# Read by the engines and by the oracle when they are imported, so they come first. One thread for each engine:
# the arrays are small, and with xdist the processes would fight for the same cores.
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Its pool of compilers would outlive the test that compiled.
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
# XLA's older code generator needs two thirds of the time for small functions. `XLA_FLAGS= make test` tests with the one
# that users have. XLA ends a process for a flag that it does not know, so only a version that was tried gets this one.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_cpu_multi_thread_eigen=false"
    + (
        " --xla_cpu_use_fusion_emitters=false"
        if importlib.util.find_spec("jaxlib") and importlib.metadata.version("jaxlib").startswith("0.10.")
        else ""
    ),
)

import pytest

from kerasfront import config
from kerasfront.backend import registry, symbolic
from kerasfront.state import scope

pytest_plugins = ["kerasfront.testing.plugin"]

PATIENCE_SECONDS = 3.0


def pytest_xdist_make_scheduler(config, log):
    """Divide the tests among workers by file, but the kit by op: it is as long as all other files together."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByFileAndOp(LoadFileScheduling):
        def _split_scope(self, nodeid):
            # test_case[engine-op-note]; the engines of a case stay together, because they share its reference.
            file, _, case = nodeid.partition("::test_case[")
            return f"{file}::{case.rstrip(']').split('-')[1]}" if case else super()._split_scope(nodeid)

    return ByFileAndOp(config, log)


@pytest.fixture(autouse=True)
def nothing_left_open():
    """Fail a test that leaves a frame, a scope, a setting or a thread behind."""
    before = _surroundings()
    threads = set(threading.enumerate())
    yield
    assert scope.state.frames == ()
    assert symbolic._recording.on is True
    assert _surroundings() == before
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (left := _new_threads(threads)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left


def _surroundings():
    # The default backend is not among them: it is resolved when first asked for.
    return {
        "active": registry._active.backend,
        "autocast": scope.state.autocast,
        "floatx": config.floatx(),
        "epsilon": config.epsilon(),
        "image_data_format": config.image_data_format(),
        "compilation_cache": config.compilation_cache(),
    }


def _new_threads(known):
    # Engines keep daemons of their own, which end with the process.
    return [thread for thread in threading.enumerate() if thread not in known and not thread.daemon]
