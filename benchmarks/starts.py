"""What it takes to start working, each time in a fresh process: imports, the first model, the first step."""

from __future__ import annotations

import argparse
import compileall
import importlib.util
import itertools
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import report
from contenders import contenders_on, environment, only_cpu
from rich.console import Console
from workloads.sizes import STARTS

FRESH = Path(__file__).with_name("fresh.py")


class Job(NamedTuple):
    """What one process is started for: a line of the table, who is in it, and which program of fresh.py that is."""

    name: str
    engine: str
    contender: str
    program: str

    def measured(self, cpu: int | None) -> tuple[float, float]:
        """Return wall time and CPU time in microseconds.

        Raises:
            RuntimeError: the process failed.
        """
        arguments = (self.program, self.name, self.contender, self.engine, *(() if cpu is None else (str(cpu),)))
        command, variables = [sys.executable, str(FRESH), *arguments], environment(self.engine, cpu)
        done = subprocess.run(command, env=variables, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or ["the process has ended"])[-1])
        # What libraries print stands before.
        wall, cpu_time = map(float, done.stdout.split()[-2:])
        return wall, cpu_time


def jobs(names: Sequence[str], engines: Sequence[str], against: Sequence[str]) -> Iterator[Job]:
    """Yield what is started, the contenders of a line one after the other; the best native loop has no other start."""
    for name in names:
        program = STARTS[name].kind
        if program == "import":
            yield Job(name, "front", "ours", program)
        for engine in engines:
            for contender in contenders_on(engine, against):
                if contender != "best":
                    yield Job(name, engine, contender, program)


def measure(options: argparse.Namespace, console: Console) -> list[dict[str, Any]]:
    """Return the measurements, the contenders of a line in turn."""
    compile_bytecode(options.backends)
    results = []
    chosen = jobs(options.starts, options.backends, options.against)
    for (name, engine), line in itertools.groupby(chosen, key=lambda job: (job.name, job.engine)):
        found = _time_in_turn(list(line), 1 if options.quick else options.repeats, only_cpu(options.pin))
        results += found
        console.print(f"[dim]{engine} {name}: {report.brief(found)}[/dim]")
    return results


def compile_bytecode(engines: Sequence[str]) -> None:
    """Compile our modules, so that they have their bytecode as installed packages have."""
    for module in ("kerasfront", *(f"kerasfront_{engine}" for engine in engines)):
        spec = importlib.util.find_spec(module)
        if spec and spec.submodule_search_locations:
            compileall.compile_dir(spec.submodule_search_locations[0], quiet=2)


def _time_in_turn(line: list[Job], repeats: int, cpu: int | None) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = [
        {"workload": job.name, "engine": job.engine, "contender": job.contender, "wall_us": [], "cpu_us": []}
        for job in line
    ]
    for _ in range(repeats):
        for job, result in zip(line, results):
            if "error" in result:
                continue
            try:
                wall, cpu_time = job.measured(cpu)
            except RuntimeError as error:
                result["error"] = str(error)
                continue
            result["wall_us"].append(wall)
            result["cpu_us"].append(cpu_time)
    return results
