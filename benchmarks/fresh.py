"""One contender's start on one engine, in a process that has done nothing before; started by starts.py.

Run: python benchmarks/fresh.py PROGRAM WORKLOAD CONTENDER ENGINE [CPU]

Prints wall time and CPU time in microseconds. `import` is timed here too, so nothing is imported before that Python has
not imported already: no argparse, no typing, and the workloads (which need NumPy) only where they are used.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False  # what typing has for type checkers, without its import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def imports(workload: str, contender: str, engine: str) -> Callable[[], ModuleType]:
    """Return the import of what a user imports, with the engine; "front" has none."""
    module = {"ours": "kerasfront", "native": engine, "keras": "keras"}[contender]

    def run() -> ModuleType:
        found = __import__(module)
        if contender == "ours" and engine != "front":
            found.backend.get(engine)
        return found

    return run


def build(workload: str, contender: str, engine: str) -> Callable[[], object]:
    """Return the making of a model; nobody waits for the last weights, which is half a millisecond on JAX."""
    module, sizes = _imported(contender, engine)
    return lambda: module.model_for(sizes.STARTS[workload])


def first_step(workload: str, contender: str, engine: str) -> Callable[[], object]:
    """Return the making of a model and one training step, whose loss is read: what others prepare with."""
    module, sizes = _imported(contender, engine)
    return lambda: module.prepare(sizes.STARTS[workload], 1)


def _imported(contender: str, engine: str) -> tuple[ModuleType, ModuleType]:
    """Return the contender's module and the sizes of the workloads."""
    imports("import", contender, engine)()
    import importlib

    from worker import module_name
    from workloads import sizes

    return importlib.import_module(module_name(contender, engine)), sizes


PROGRAMS = {"import": imports, "build": build, "train": first_step}


def main(program: str, workload: str, contender: str, engine: str, cpu: str | None = None) -> None:
    """Time one program."""
    if cpu is not None:
        os.sched_setaffinity(0, {int(cpu)})
    if contender != "keras":
        # Where Keras is installed, TensorFlow imports it.
        sys.modules["keras"] = None
    run = PROGRAMS[program](workload, contender, engine)
    wall, cpu_time = time.perf_counter(), time.process_time()
    made = run()  # kept: freeing it is not timed
    wall, cpu_time = time.perf_counter() - wall, time.process_time() - cpu_time
    del made
    print(wall * 1e6, cpu_time * 1e6)


if __name__ == "__main__":
    main(*sys.argv[1:])
