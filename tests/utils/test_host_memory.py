"""What a loop keeps of the host's memory, and when it goes back."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import kerasfront as keras
from kerasfront.utils import host_memory

MIB = 1 << 20

pytestmark = pytest.mark.skipif(host_memory._glibc() is None, reason="only glibc's malloc is set")


def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / MIB


def grown_by_a_freed_block(mib=100):
    before = resident_mib()
    block = np.ones(mib * MIB, "uint8")
    assert resident_mib() > before + mib / 2
    del block
    return resident_mib() - before


def test_memory_stays_inside_and_goes_back_after_a_long_loop(monkeypatch):
    monkeypatch.setattr(host_memory, "_LONG_LOOP_SECONDS", 0)
    with host_memory.kept():
        pass
    assert grown_by_a_freed_block() < 20
    with host_memory.kept():
        assert grown_by_a_freed_block() > 80
        before = resident_mib()
        with host_memory.kept():
            pass
        assert resident_mib() > before - 20
    assert resident_mib() < before - 80
    assert grown_by_a_freed_block() < 20


def test_what_lasts_as_long_as_a_loop_goes_back_by_itself(monkeypatch):
    monkeypatch.setattr(host_memory, "_LONG_LOOP_SECONDS", 0)
    with host_memory.returned():
        assert grown_by_a_freed_block() < 20
    with host_memory.kept():
        with host_memory.returned():
            assert grown_by_a_freed_block() < 20
        assert grown_by_a_freed_block() > 80
    assert grown_by_a_freed_block() < 20


def test_memory_of_other_threads_stays_too():
    kept = []

    def work():
        # Their heaps have 64 MiB each.
        before = resident_mib()
        blocks = [np.ones(20 * MIB, "uint8") for _ in range(5)]
        del blocks
        kept.append(resident_mib() - before)

    with host_memory.kept():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert kept[0] > 80


def test_an_error_ends_it_too(monkeypatch):
    monkeypatch.setattr(host_memory, "_LONG_LOOP_SECONDS", 0)
    with pytest.raises(KeyError), host_memory.kept():
        grown_by_a_freed_block()
        raise KeyError
    assert host_memory._running == 0
    assert grown_by_a_freed_block() < 20


class Watch(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def look(self, *_):
        self.seen.append(host_memory._running)
        if len(self.seen) == 3:
            raise KeyboardInterrupt

    on_train_batch_end = on_test_batch_end = on_predict_batch_end = look


@pytest.mark.parametrize("loop", ["fit", "evaluate", "predict"])
def test_loops_keep_memory_and_an_interrupt_ends_it(loop):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    x, y = np.ones((8, 3), "float32"), np.ones((8, 2), "float32")
    watch = Watch()
    with pytest.raises(KeyboardInterrupt):
        getattr(model, loop)(x, *((y,) if loop != "predict" else ()), batch_size=2, verbose=0, callbacks=[watch])
    assert watch.seen == [1, 1, 1] and host_memory._running == 0


@pytest.mark.parametrize(
    "setting", [{"KERASFRONT_KEEP_MEMORY": "0"}, {"MALLOC_TRIM_THRESHOLD_": "1000000"}], ids=["off", "own"]
)
def test_the_environment_has_the_last_word(setting):
    program = "from kerasfront.utils import host_memory; assert host_memory._glibc() is None"
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **setting}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
