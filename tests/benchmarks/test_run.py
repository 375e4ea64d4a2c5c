"""The benchmark command runs, and what it reports is what it measured."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STARTS = ("import", "build", "first-step", "first-step-50")
NAMES = ("mlp", "tiny", "call", "predict", "add", *STARTS)
MACHINE = {
    "date": "2026-01-01 00:00 UTC", "command": "python benchmarks/run.py", "cpus": 2, "architecture": "x86_64",
    "load_at_start": 0.1, "load_at_end": 0.2, "python": "3.11.7", "pinned": False, "quick": False, "repeats": 3,
    "versions": {"numpy": "2.0"},
}  # fmt: skip


def run(*arguments, **variables):
    environment = {**os.environ, "COLUMNS": "160", **variables}
    command = [sys.executable, str(ROOT / "benchmarks" / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)


def written(file, ours, native, error=None):
    results = [
        {"workload": "mlp", "engine": "jax", "contender": name, "wall_us": times, "cpu_us": times}
        for name, times in (("ours", ours), ("native", native))
    ]
    if error:
        results[0]["error"] = error
    file.write_text(json.dumps({"machine": MACHINE, "results": results}))
    return str(file)


def test_a_quick_run_measures_every_workload_on_one_engine(tmp_path):
    file = tmp_path / "runs.json"
    chosen = "--backends", "numpy", "--workloads", ",".join(NAMES)
    done = run(*chosen, "--quick", "--repeats", "1", "--json", str(file))
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(file.read_text())
    times = {(one["workload"], one["engine"]): one["wall_us"] for one in found["results"]}
    assert set(times) == {(name, "numpy") for name in NAMES} | {("import", "front")}
    assert all(len(one) == 1 and one[0] > 0 for one in times.values())
    assert found["machine"]["quick"] and "no measurement" in done.stdout


def test_starts_are_timed_beside_a_native_loop_on_one_cpu(tmp_path):
    if not importlib.util.find_spec("jax"):
        pytest.skip("needs jax")
    file = tmp_path / "runs.json"
    chosen = "--backends", "jax", "--workloads", "build,first-step", "--against", "native,best"
    done = run(*chosen, "--quick", "--pin", "--json", str(file))
    assert done.returncode == 0, done.stderr + done.stdout
    found = {(one["workload"], one["contender"]): one for one in json.loads(file.read_text())["results"]}
    assert set(found) == {(name, who) for name in ("build", "first-step") for who in ("ours", "native")}
    for contender in ("ours", "native"):
        built, stepped = found["build", contender], found["first-step", contender]
        assert 0 < built["cpu_us"][0] < stepped["cpu_us"][0] < 1.1 * stepped["wall_us"][0]


def test_a_start_that_fails_shows_and_the_others_go_on(tmp_path):
    (tmp_path / "autograd.py").write_text("raise ImportError('a broken engine')")
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = run("--backends", "numpy", "--workloads", "import", "--quick", PYTHONPATH=paths)
    assert done.returncode == 1
    assert "numpy, ours: " in done.stdout and "a broken engine" in done.stdout
    assert "front import: ours" in done.stdout


def test_a_fresh_process_has_imported_nothing_when_imports_are_timed():
    program = "import sys; before = {*sys.modules}; import fresh; print(*sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT / "benchmarks")
    assert set(done.stdout.split()) <= {"__future__", "fresh"}, done.stderr


def test_ratios_are_those_of_the_medians(tmp_path):
    file = written(tmp_path / "runs.json", ours=[100.0, 300.0, 900.0], native=[200.0, 150.0, 1.0])
    done = run("--from-json", file, "--png", str(tmp_path / "runs.png"))
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if "jax" in line and "mlp" in line]
    assert [cell.strip() for cell in line.split("│")[3:10]] == ["300", "150", "-", "-", "2.00", "-", "-"]
    assert (tmp_path / "runs.png").read_bytes().startswith(b"\x89PNG")


def test_a_failure_of_ours_shows_in_the_exit_code(tmp_path):
    done = run("--from-json", written(tmp_path / "runs.json", ours=[], native=[1.0], error="ValueError: no"))
    assert done.returncode == 1
    assert "ValueError: no" in done.stdout


def test_an_unknown_engine_is_refused():
    done = run("--backends", "theano")
    assert done.returncode == 2
    assert "theano" in done.stderr and "torch" in done.stderr


def test_a_quick_scaling_run_measures_every_point_and_draws(tmp_path):
    file, picture = tmp_path / "scaling.json", tmp_path / "scaling.png"
    command = [sys.executable, str(ROOT / "benchmarks" / "scaling.py"), "--backends", "numpy", "--quick"]
    command += ["--repeats", "1", "--json", str(file), "--png", str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(file.read_text())["results"]
    scales = {"layers", "width", "batch", "samples", "samples in a file"}
    assert {(one["scale"], one["ours"] > 0) for one in found} == {(scale, True) for scale in scales}
    assert len(found) == 2 * len(scales)
    assert picture.read_bytes().startswith(b"\x89PNG")
    program = "import json, sys, scaling; print(scaling.markdown(json.load(open(sys.argv[1]))))"
    shown = subprocess.run(
        [sys.executable, "-c", program, file], cwd=ROOT / "benchmarks", capture_output=True, text=True
    )
    assert "`python benchmarks/scaling.py --backends numpy --quick --repeats 1`" in shown.stdout, shown.stderr
    lines = [line for line in shown.stdout.splitlines() if line.startswith("| numpy | ")]
    assert [line.split(" | ")[1] for line in lines] == list(dict.fromkeys(one["scale"] for one in found))
