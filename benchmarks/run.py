"""Time kerasfront next to hand-written native loops and Keras 3, in the same run, and print the ratios.

Run: python benchmarks/run.py [--backends jax,torch] [--against native,best,keras] [--quick] [--pin]
                              [--workloads mlp,cnn] [--repeats 3] [--json FILE] [--png FILE] [--readme]

See README.md beside this file for how to read the table.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import report
import starts
from contenders import AGAINST, ENGINES, contenders_on, environment, installed_engines, only_cpu
from rich.console import Console
from workloads.sizes import STARTS, WORKLOADS

HERE = Path(__file__).parent
PATIENCE_SECONDS = 30


class Worker:
    """A process that holds one contender on one engine."""

    def __init__(self, contender: str, engine: str, cpu: int | None):
        self.contender, self.engine = contender, engine
        command = [sys.executable, str(HERE / "worker.py"), contender, engine]
        command += [] if cpu is None else ["--cpu", str(cpu)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(engine, cpu)
        )
        self.problem = self._answer().get("error")

    def ask(self, workload: str | dict, count: int) -> dict[str, Any]:
        """Have the workload prepared or, if it is, measured."""
        if self._process.poll() is not None:
            return {"error": self.problem or "the process has ended"}
        self._process.stdin.write(json.dumps({"workload": workload, "count": count}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        return json.loads(line) if line else {"error": "the process has ended"}


def time_engine(engine: str, options: argparse.Namespace, console: Console) -> list[dict[str, Any]]:
    """Return the measurements of all contenders on one engine, taken in turn."""
    workers = [Worker(contender, engine, only_cpu(options.pin)) for contender in contenders_on(engine, options.against)]
    results = []
    try:
        for name in options.workloads:
            workload = WORKLOADS[name]
            count = workload.quick if options.quick else workload.count
            if engine == "numpy":
                # Slower by an order: gradients of small operations in Python.
                count = max(workload.quick, count // 5)
            asked = [one for one in workers if one.contender != "best" or workload.kind == "train"]
            found = _time_in_turn(asked, name, count, options.repeats)
            results += found
            console.print(f"[dim]{engine} {name}: {report.brief(found)}[/dim]")
    finally:
        for worker in workers:
            worker.close()
    return results


def _time_in_turn(workers: list[Worker], name: str, count: int, repeats: int) -> list[dict[str, Any]]:
    results = [
        {
            "workload": name,
            "engine": one.engine,
            "contender": one.contender,
            "wall_us": [],
            "cpu_us": [],
            "peak_mib": [],
        }
        for one in workers
    ]
    for turn in range(repeats + 1):
        for worker, result in zip(workers, results):
            if "error" in result:
                continue
            answer = worker.ask(name, count)
            if "error" in answer:
                result["error"] = answer["error"]
            elif turn:  # the first question only prepares
                for key in ("wall_us", "cpu_us", "peak_mib"):
                    result[key].append(answer[key])
    return results


def machine(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the numbers depend on."""
    versions = {}
    for package in ("kerasfront", "keras", "numpy", "jax", "torch", "tensorflow", "tensorflow-cpu"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": options.command,
        "cpus": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_at_start": os.getloadavg()[0],
        "pinned": options.pin,
        "quick": options.quick,
        "repeats": options.repeats,
        "versions": versions,
    }


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options."""
    names = [*WORKLOADS, *STARTS]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--backends", type=listed(list(ENGINES)), default=installed_engines(), help="engines, comma-separated"
    )
    parser.add_argument("--against", type=listed(AGAINST), default=AGAINST)
    parser.add_argument("--workloads", type=listed(names), default=names, help=f"of {', '.join(names)}")
    parser.add_argument("--repeats", type=int, default=3, help="measurements per contender; the median counts")
    parser.add_argument("--quick", action="store_true", help="a few steps only: shows that it runs, measures nothing")
    parser.add_argument("--pin", action="store_true", help="one CPU for each contender, and CPU time in the table")
    parser.add_argument("--json", type=Path, help="write the measurements here")
    parser.add_argument("--png", type=Path, help="draw the ratios here")
    parser.add_argument("--readme", action="store_true", help="put the table into the README")
    parser.add_argument("--from-json", type=Path, help="do not measure: show what was written by --json")
    options = parser.parse_args(arguments)
    options.command = " ".join(["python benchmarks/run.py", *without_files(arguments)])
    options.starts = [name for name in options.workloads if name in STARTS]
    options.workloads = [name for name in options.workloads if name in WORKLOADS]
    return options


def without_files(arguments: Sequence[str]) -> list[str]:
    """Return the arguments that say what is measured; where somebody kept the results is nobody else's business."""
    files, kept = ("--json", "--png", "--from-json"), []
    for before, argument in zip(["", *arguments], arguments):
        if before not in files and argument.partition("=")[0] not in (*files, "--readme"):
            kept.append(argument)
    return kept


def listed(choices: list[str]) -> Any:
    """Return a parser of comma-separated names out of some choices."""

    def parse(text: str) -> list[str]:
        names = [name for name in text.split(",") if name]
        for name in names:
            if name not in choices:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(choices)}")
        return names

    return parse


def measure(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Return all measurements, with what they depend on."""
    found = {"machine": machine(options), "results": []}
    start = time.perf_counter()
    for engine in options.backends if options.workloads else ():
        found["results"] += time_engine(engine, options, console)
        _save(found, options, start)  # a long run that is stopped leaves what it has
    if options.starts:
        found["results"] += starts.measure(options, console)
    _save(found, options, start)
    return found


def _save(found: dict[str, Any], options: argparse.Namespace, start: float) -> None:
    found["machine"].update(seconds=round(time.perf_counter() - start), load_at_end=os.getloadavg()[0])
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit code, 1 where a contender of ours failed."""
    options, console = parsed(arguments), report.console()
    found = json.loads(options.from_json.read_text()) if options.from_json else measure(options, console)
    report.show(found, console)
    if options.png:
        report.draw(found, options.png)
    if options.readme:
        report.put_into(HERE.parent / "README.md", report.markdown(found))
    return 1 if any("error" in one for one in found["results"] if one["contender"] == "ours") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
