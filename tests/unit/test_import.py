"""`import kerasfront` is quick and brings in no engine."""

import json
import os
import statistics
import subprocess
import sys

REPEATS = 5
LIMIT_SECONDS = 0.25
ENGINES = {"torch", "jax", "jaxlib", "tensorflow", "autograd"}
HEAVY = {"keras", "sklearn", "matplotlib", "h5py", "pandas", "scipy"}


def processor_seconds(code: str) -> float:
    """Return the processor time of a fresh interpreter that runs `code`.

    Not the time on the clock: that would measure what else runs on the machine, such as the other half of this suite.
    """
    child = subprocess.Popen([sys.executable, "-c", code])
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return usage.ru_utime + usage.ru_stime


def modules_after(code: str) -> set[str]:
    program = f"{code}; import json, sys; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(result.stdout)}


def test_import_takes_less_than_a_quarter_of_a_second():
    processor_seconds("import kerasfront")  # writes the bytecode, reads the disk
    ours = statistics.median(processor_seconds("import kerasfront") for _ in range(REPEATS))
    bare = statistics.median(processor_seconds("pass") for _ in range(REPEATS))
    assert ours - bare < LIMIT_SECONDS


def test_import_brings_in_no_engine_and_nothing_heavy():
    loaded = modules_after("import kerasfront")
    assert "kerasfront" in loaded
    assert loaded & (ENGINES | HEAVY) == set()
    assert not [name for name in loaded if name.startswith("kerasfront_")]


def test_touching_every_public_name_brings_in_no_engine_and_nothing_heavy():
    loaded = modules_after("import kerasfront\nfor name in kerasfront.__all__: getattr(kerasfront, name)\n1")
    assert loaded & (ENGINES | HEAVY) == set()


def test_listing_the_backends_imports_no_engine():
    loaded = modules_after("import kerasfront; kerasfront.backend.installed()")
    assert loaded & ENGINES == set()


def test_chosen_engine_alone_is_imported():
    code = "import kerasfront; kerasfront.backend.use('numpy'); kerasfront.ops.ones((2,))"
    assert modules_after(code) & ENGINES <= {"autograd"}
