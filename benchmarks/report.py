"""What was measured, as a table, as Markdown and as a picture."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from workloads.sizes import STARTS, WORKLOADS

TITLES = {name: workload.title for name, workload in {**WORKLOADS, **STARTS}.items()}
START, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"
# One run cannot tell ratios in here from 1.
NO_DIFFERENCE = (0.85, 1.15)


def median(result: dict[str, Any] | None, key: str) -> float | None:
    """Return the median of a contender's measurements, None where it has none."""
    values = [value for value in (result or {}).get(key) or () if value is not None]
    return statistics.median(values) if values else None


def figure(value: float | None) -> str:
    """Return microseconds with three figures, or a dash."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def ratio(ours: float | None, theirs: float | None) -> str:
    """Return how many times their time ours takes."""
    return f"{ours / theirs:.2f}" if ours and theirs else "-"


def brief(results: list[dict[str, Any]]) -> str:
    """Return one workload's contenders and their times in one line."""
    figures = [one.get("error") or figure(median(one, "wall_us")) for one in results]
    return ", ".join(f"{one['contender']} {text}" for one, text in zip(results, figures))


def rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row per workload and engine: the medians of wall time, CPU time and memory, and errors."""
    table: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found["results"]:
        row = table.setdefault(
            (one["workload"], one["engine"]), {"workload": one["workload"], "engine": one["engine"], "errors": {}}
        )
        row[one["contender"]] = median(one, "wall_us")
        row[one["contender"] + "_cpu"] = median(one, "cpu_us")
        row[one["contender"] + "_mib"] = median(one, "peak_mib")
        if "error" in one:
            row["errors"][one["contender"]] = one["error"]
    order = list(TITLES)
    return sorted(table.values(), key=lambda row: order.index(row["workload"]))


def memory_rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return those rows that tell what training takes of memory."""
    return [row for row in rows(found) if row.get("ours_mib") and WORKLOADS[row["workload"]].kind == "train"]


def _cells(row: dict[str, Any], clock: str) -> list[str]:
    ours, *others = (row.get(name + clock) for name in ("ours", "native", "best", "keras"))
    return [figure(ours), *map(figure, others), *(ratio(ours, theirs) for theirs in others)]


MEMORY_TITLE = "largest resident memory of the process in training, MiB, medians"
HEADINGS = ("ours", "native", "best native", "Keras 3", "ours / native", "ours / best", "ours / Keras")
_HEAD = ("| workload | engine | " + " | ".join(HEADINGS) + " |", "|---|---|" + "---:|" * len(HEADINGS))
RATIOS = 4


# Columns of text, where nobody's window limits them: the table of a pinned run needs as many.
_WIDTH = 220


def console() -> Console:
    """Return where to print: to a terminal in its width, else wide enough for every table."""
    found = Console()
    return found if found.is_terminal else Console(width=_WIDTH)


def show(found: dict[str, Any], console: Console) -> None:
    """Print the table; with pinned processes CPU time beside wall time."""
    machine = found["machine"]
    table = Table(title="microseconds per step, call or start, medians", caption=conditions(machine))
    table.add_column("workload", min_width=max(map(len, TITLES)))
    table.add_column("engine")
    for clock in ("", " (CPU)") if machine["pinned"] else ("",):
        for heading in HEADINGS:
            table.add_column(heading + clock, justify="right")
    before = None
    for row in rows(found):
        if before not in (None, row["workload"]):
            table.add_section()
        title = row["workload"] if before != row["workload"] else ""
        before = row["workload"]
        cells = [_coloured(cell, i) for i, cell in enumerate(_cells(row, ""))]
        cells += _cells(row, "_cpu") if machine["pinned"] else []
        table.add_row(title, row["engine"], *cells)
    console.print(table)
    if memory_rows(found):
        _show_memory(found, console)
    for row in rows(found):
        for contender, error in row["errors"].items():
            console.print(f"[red]{row['workload']}, {row['engine']}, {contender}: {error}[/red]")


def _show_memory(found: dict[str, Any], console: Console) -> None:
    table = Table(title=MEMORY_TITLE)
    table.add_column("workload")
    table.add_column("engine")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for row in memory_rows(found):
        table.add_row(row["workload"], row["engine"], *_cells(row, "_mib"))
    console.print(table)


def _coloured(cell: str, column: int) -> str:
    if column < RATIOS or cell == "-":
        return cell
    value, (low, high) = float(cell), NO_DIFFERENCE
    return f"[green]{cell}[/green]" if value < low else f"[red]{cell}[/red]" if value > high else cell


def conditions(machine: dict[str, Any]) -> str:
    """Return in one sentence where and when the numbers were taken."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items() if name != "kerasfront")
    load = f"load {machine['load_at_start']:.1f} to {machine['load_at_end']:.1f}"
    place = f"{machine['cpus']} CPUs ({machine['architecture']}, {load}), Python {machine['python']}"
    return (
        f"{machine['date']}, {place}, {versions}"
        f"{', pinned to one CPU' if machine['pinned'] else ''}{', QUICK: no measurement' if machine['quick'] else ''}"
    )


def clock(machine: dict[str, Any]) -> str:
    """Return what was measured, as the head of a table says it."""
    return "CPU time of the process" if machine["pinned"] else "Wall time"


def markdown(found: dict[str, Any]) -> str:
    """Return the table for the README."""
    machine = found["machine"]
    key = "_cpu" if machine["pinned"] else ""
    lines = [
        f"`{machine['command']}`: {conditions(machine)}.",
        f"{clock(machine)} in µs per step, call or start, medians of {machine['repeats']}, contenders in turn;",
        "native is a loop written by hand in the engine, best native its fastest form (see benchmarks/README.md).",
        "Absolute times move between machines;",
        "a ratio from 0.85 to 1.15 in one run is no difference.",
        "",
        *_HEAD,
    ]
    lines += _markdown_rows(rows(found), key)
    if memory_rows(found):
        lines += ["", f"{MEMORY_TITLE[0].upper()}{MEMORY_TITLE[1:]}, in the same run:", ""]
        lines += _HEAD
        lines += _markdown_rows(memory_rows(found), "_mib")
    return "\n".join(lines)


def _markdown_rows(found: list[dict[str, Any]], key: str) -> list[str]:
    lines, before = [], None
    for row in found:
        title = TITLES[row["workload"]] if before != row["workload"] else ""
        before = row["workload"]
        lines.append(f"| {title} | {row['engine']} | " + " | ".join(_cells(row, key)) + " |")
    return lines


def put_into(readme: Path, text: str) -> None:
    """Replace what stands between the marks of a file.

    Raises:
        ValueError: the file lacks the marks.
    """
    whole = readme.read_text(encoding="utf-8")
    before, start, rest = whole.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"{readme.name}: no place for the table. Expected the lines {START} and {END}. Put them in.")
    readme.write_text(f"{before}{START}\n{text}\n{END}{after}", encoding="utf-8")


def draw(found: dict[str, Any], file: Path) -> None:
    """Draw, for each engine, our time as a multiple of the other contenders' time."""
    import matplotlib

    matplotlib.use("Agg")  # draw to a file: a server has no screen
    import matplotlib.pyplot as plt

    lines = [row for row in rows(found) if row.get("native") or row.get("keras")]
    engines = list(dict.fromkeys(row["engine"] for row in lines))
    if not engines:
        raise ValueError("--png: nothing to compare. Expected native or Keras measurements. Pass --against native.")
    names = [name for name in TITLES if any(row["workload"] == name for row in lines)]
    size = (3.2 + 3.4 * len(engines), 1.6 + 0.38 * len(names))
    figure_, axes = plt.subplots(1, len(engines), figsize=size, sharey=True, squeeze=False)
    for axis, engine in zip(axes[0], engines):
        _draw_engine(axis, engine, names, [row for row in lines if row["engine"] == engine], found["machine"])
    axes[0][0].set_yticks(range(len(names)), [TITLES[name].partition(",")[0] for name in names])
    axes[0][0].invert_yaxis()
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure_.legend(handles, labels, loc="upper right", ncols=2, frameon=False)
    figure_.suptitle("Time of kerasfront over that of ...", x=0.02, ha="left", fontsize=12)
    figure_.text(0.02, 0.01, conditions(found["machine"]), fontsize=6, color="0.4", ha="left")
    figure_.tight_layout(rect=(0, 0.03, 1, 0.98))
    figure_.savefig(file, dpi=130)
    plt.close(figure_)


def _draw_engine(axis: Any, engine: str, names: list[str], lines: list[dict], machine: dict) -> None:
    clock = "_cpu" if machine["pinned"] else ""
    axis.axvspan(*NO_DIFFERENCE, color="0.92", zorder=0)
    axis.axvline(1, color="0.4", linewidth=1)
    largest = 1.5
    for contender, label, marker in (
        ("native", "native loop", "o"),
        ("best", "best native", "s"),
        ("keras", "Keras 3", "D"),
    ):
        points = [
            (names.index(row["workload"]), row["ours" + clock] / row[contender + clock])
            for row in lines
            if row.get("ours" + clock) and row.get(contender + clock)
        ]
        largest = max([largest, *(max(value, 1 / value) for _, value in points)])
        axis.scatter([value for _, value in points], [place for place, _ in points], marker=marker, label=label, s=34)
    axis.set(xscale="log", title=engine, xlim=(1 / largest / 1.3, largest * 1.3))
    ticks = (0.1, 0.25, 0.5, 1, 2, 4, 10) if math.log10(largest) < 1.2 else (0.01, 0.1, 1, 10, 100)
    axis.set_xticks([value for value in ticks if 1 / largest / 1.3 < value < largest * 1.3])
    axis.get_xaxis().set_major_formatter(lambda value, _: f"{value:g}x")
    axis.minorticks_off()
    axis.grid(axis="y", alpha=0.25)
    axis.text(0.02, 1.01, "faster", transform=axis.transAxes, fontsize=7, color="0.4", va="bottom")
