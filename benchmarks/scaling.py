"""Show how the time of a training step grows with the work in it, and how the front's share of it vanishes.

Run: python benchmarks/scaling.py [--backends jax,torch] [--repeats 3] [--quick] [--pin]
                                  [--json FILE] [--png FILE] [--readme]

A multi-layer perceptron is trained by kerasfront and by the loop written by hand for the same engine, in turn, along
these scales: layers, width, batch, and samples in the data set, in memory and in a file that is mapped into memory.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import report
import run
from contenders import ENGINES, contenders_on, installed_engines, only_cpu
from rich.console import Console
from rich.table import Table
from workloads.sizes import Workload

FEATURES = 64
SCALES: dict[str, tuple[int, ...]] = {
    "layers": (1, 4, 16, 64),
    "width": (16, 64, 256, 1024),
    "batch": (8, 64, 512, 4096),
    "samples": (2_000, 20_000, 200_000),
    "samples in a file": (2_000, 20_000, 200_000),
}
QUICK = 2
# Enough steps that the clock and the epoch's own cost do not show, few enough for a minute on each scale.
STEPS, LEAST_STEPS, SAMPLES_A_MEASUREMENT = 60, 8, 80_000


@dataclasses.dataclass(frozen=True)
class Point:
    """One place on a scale: what is varied, its size, and the workload with its number of steps."""

    scale: str
    size: int
    workload: Workload
    steps: int


def workload_of(units: tuple[int, ...] = (64, 64), batch: int = 64, memory_mapped: bool = False) -> Workload:
    """Return the perceptron, of a middle size in all that is not given."""
    return Workload("mlp", "", "train", (FEATURES,), batch, 0, 0, units, memory_mapped)


def points(quick: bool = False) -> list[Point]:
    """Return all places on all scales; the first two of each for a trial run."""
    return [
        _point(scale, size, quick) for scale, every in SCALES.items() for size in (every[:QUICK] if quick else every)
    ]


def _point(scale: str, size: int, quick: bool) -> Point:
    workload = {
        "layers": lambda: workload_of(units=(64,) * size),
        "width": lambda: workload_of(units=(size, size)),
        "batch": lambda: workload_of(batch=size),
        "samples": workload_of,
        "samples in a file": lambda: workload_of(memory_mapped=True),
    }[scale]()
    steps = max(LEAST_STEPS, min(STEPS, SAMPLES_A_MEASUREMENT // workload.batch))
    if scale.startswith("samples"):
        steps = size // workload.batch
    return Point(scale, size, workload, LEAST_STEPS if quick else steps)


def measure_engine(engine: str, options: argparse.Namespace, console: Console) -> list[dict[str, Any]]:
    """Return the measurements of ours and the native loop at every point, taken in turn."""
    cpu = only_cpu(options.pin)
    workers = [run.Worker(contender, engine, cpu) for contender in contenders_on(engine, ["native"])]
    results = []
    try:
        for point in points(options.quick):
            fields = dataclasses.asdict(point.workload)
            found: dict[str, Any] = {"engine": engine, "scale": point.scale, "size": point.size}
            times: dict[str, list] = {worker.contender: [] for worker in workers}
            for turn in range(options.repeats + 1):
                for worker in workers:
                    answer = worker.ask(fields, point.steps)
                    if "error" in answer:
                        raise SystemExit(f"{engine}, {point.scale} {point.size}, {worker.contender}: {answer['error']}")
                    if turn:  # the first question only prepares
                        times[worker.contender].append(answer["cpu_us" if options.pin else "wall_us"])
            found.update({name: report.median({"us": several}, "us") for name, several in times.items()})
            results.append(found)
            console.print(f"[dim]{engine} {point.scale} {point.size}: {found['ours']:,.0f} us a step[/dim]")
    finally:
        for worker in workers:
            worker.close()
    return results


def share(row: dict[str, Any]) -> float | None:
    """Return which part of our time is not in the native loop's; below 0 where we are faster."""
    return None if row.get("native") is None else 1 - row["native"] / row["ours"]


def show(found: dict[str, Any], console: Console) -> None:
    """Print a row for each point."""
    clock = "CPU time" if found["machine"]["pinned"] else "wall time"
    table = Table(title=f"{clock} of a training step in microseconds", caption=report.conditions(found["machine"]))
    for heading in ("engine", "scale", "size", "ours", "native", "ours - native", "the front's share"):
        table.add_column(heading, justify="left" if heading in ("engine", "scale") else "right")
    before = None
    for row in found["results"]:
        if before not in (None, (row["engine"], row["scale"])):
            table.add_section()
        before = (row["engine"], row["scale"])
        native, part = row.get("native"), share(row)
        gap = "-" if native is None else f"{row['ours'] - native:,.0f}"
        table.add_row(
            row["engine"], row["scale"], f"{row['size']:,}", report.figure(row["ours"]), report.figure(native), gap,
            "-" if part is None else f"{part:.0%}",
        )  # fmt: skip
    console.print(table)


def markdown(found: dict[str, Any]) -> str:
    """Return the table for the README of the benchmarks: a line for each scale of an engine, its sizes side by side."""
    machine = found["machine"]
    lines = [
        f"`{machine['command']}`: {report.conditions(machine)}.",
        f"{report.clock(machine)} in µs per training step, medians of {machine['repeats']},",
        "ours / the plain native loop's.",
        "",
        "| engine | scale | from small to large |",
        "|---|---|---|",
    ]
    for engine, scale in dict.fromkeys((row["engine"], row["scale"]) for row in found["results"]):
        chosen = [row for row in found["results"] if (row["engine"], row["scale"]) == (engine, scale)]
        cells = [
            f"{row['size']:,}: {report.figure(row['ours'])} / {report.figure(row.get('native'))}" for row in chosen
        ]
        lines.append(f"| {engine} | {scale} | {'; '.join(cells)} |")
    return "\n".join(lines)


def draw(found: dict[str, Any], file: Path) -> None:
    """Draw the time of a step along each scale, ours and native, one row of pictures for each engine."""
    import matplotlib

    matplotlib.use("Agg")  # draw to a file: a server has no screen
    import matplotlib.pyplot as plt

    rows = found["results"]
    engines, scales = (list(dict.fromkeys(row[key] for row in rows)) for key in ("engine", "scale"))
    size = (2.9 * len(scales), 0.9 + 2.3 * len(engines))
    figure, axes = plt.subplots(len(engines), len(scales), figsize=size, squeeze=False, sharey="row")
    for line, engine in zip(axes, engines):
        for axis, scale in zip(line, scales):
            chosen = [row for row in rows if row["engine"] == engine and row["scale"] == scale]
            for name, style in (("ours", "o-"), ("native", "s--")):
                drawn = [(row["size"], row[name]) for row in chosen if row.get(name) is not None]
                if drawn:
                    axis.plot(
                        *zip(*drawn), style, label="kerasfront" if name == "ours" else "native loop", markersize=4
                    )
            axis.set(xscale="log", yscale="log", title=f"{engine}: {scale}")
            axis.grid(alpha=0.3, which="both")
        line[0].set_ylabel("µs a step")
    axes[-1][0].legend(fontsize=8)
    figure.text(0.01, 0.005, report.conditions(found["machine"]), fontsize=6, color="0.4")
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    figure.savefig(file, dpi=120)
    plt.close(figure)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backends", type=run.listed(list(ENGINES)), default=installed_engines())
    parser.add_argument("--repeats", type=int, default=3, help="measurements per contender; the median counts")
    parser.add_argument("--quick", action="store_true", help="small sizes only: shows that it runs, measures nothing")
    parser.add_argument("--pin", action="store_true", help="one CPU for each contender, and CPU time in the table")
    parser.add_argument("--json", type=Path, help="write the measurements here")
    parser.add_argument("--png", type=Path, help="draw the times here")
    parser.add_argument("--readme", action="store_true", help="put the table into the README of the benchmarks")
    options = parser.parse_args(arguments)
    options.command = " ".join(["python benchmarks/scaling.py", *run.without_files(arguments)])
    return options


def main(arguments: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    options, console = parsed(arguments), report.console()
    found: dict[str, Any] = {"machine": run.machine(options), "results": []}
    for engine in options.backends:
        found["results"] += measure_engine(engine, options, console)
    found["machine"]["load_at_end"] = os.getloadavg()[0]
    show(found, console)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    if options.png:
        draw(found, options.png)
    if options.readme:
        report.put_into(Path(__file__).with_name("README.md"), markdown(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
