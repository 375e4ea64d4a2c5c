"""One contender on one engine, in a process of its own that takes a measurement when it is asked for one.

Started by run.py and scaling.py. Reads lines of JSON, {"workload": name, "count": steps}, and answers each with
{"wall_us": ..., "cpu_us": ...} per step and {"peak_mib": ...} of memory, or {"error": text}. The first question about a
workload prepares it. A workload that has no name in the table comes as a dict of its fields.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def module_name(contender: str, engine: str) -> str:
    """Return the module that holds a contender's workloads."""
    return {"ours": "workloads.ours", "keras": "workloads.keras3"}.get(contender, f"workloads.native_{engine}")


def answers(prepare: Callable, sizes: Any) -> Any:
    """Yield one answer per question."""
    ready: dict[Any, Any] = {}
    for line in sys.stdin:
        question = json.loads(line)
        asked = question["workload"]
        workload = sizes.WORKLOADS[asked] if isinstance(asked, str) else sizes.from_fields(asked)
        try:
            if workload not in ready:
                # Only one workload is kept: the next one finds the memory free.
                ready.clear()
                ready[workload] = prepare(workload, question["count"])
                yield {"ready": workload.name}
            else:
                reset_peak()
                wall, cpu = ready[workload]()
                yield {"wall_us": wall, "cpu_us": cpu, "peak_mib": peak_mib()}
        except Exception as error:  # noqa: BLE001 - whatever it is, the table shows it and the others go on
            yield {"error": f"{type(error).__name__}: {error}"}


def reset_peak() -> None:
    """Count the largest memory of the process from now on, where the system can (Linux)."""
    file = Path("/proc/self/clear_refs")
    if file.exists():
        file.write_text("5", encoding="ascii")


def peak_mib() -> float | None:
    """Return the largest resident memory of the process since `reset_peak`, None where nobody knows."""
    file = Path("/proc/self/status")
    lines = file.read_text(encoding="ascii").splitlines() if file.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)


def main() -> None:
    """Answer until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("contender", choices=("ours", "native", "best", "keras"))
    parser.add_argument("engine")
    parser.add_argument("--cpu", type=int, help="run on this CPU alone")
    options = parser.parse_args()
    # What libraries print must not come between the answers.
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    if options.cpu is not None:
        os.sched_setaffinity(0, {options.cpu})
    sys.path.insert(0, str(Path(__file__).parent))
    sizes = importlib.import_module("workloads.sizes")
    try:
        module = importlib.import_module(module_name(options.contender, options.engine))
    except ImportError as error:
        print(json.dumps({"error": f"cannot be imported: {error}"}), file=out)
        return
    print(json.dumps({"ready": f"{options.contender} on {options.engine}"}), file=out)
    prepare = functools.partial(module.prepare, best=True) if options.contender == "best" else module.prepare
    for answer in answers(prepare, sizes):
        print(json.dumps(answer), file=out)


if __name__ == "__main__":
    main()
