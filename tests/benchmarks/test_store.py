"""Import, export, and what the window asks of a large job file, against the plainest program that does the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.processes import medians
from tests.benchmarks.reporting import REPEATS, ROOT, Report, chosen, median, sized

pytestmark = pytest.mark.bench

MANY, SOME = sized(1_000_000, 100_000), sized(100_000, 20_000)

# name: what to start from, its rows, our task, the plain one, the target's suffix, the goal
PAIRS = {
    "import CSV": ("csv", MANY, "import_ours", "import_csv_plainly", "rowmill", 1.5),
    "import XLSX": ("xlsx", SOME, "import_ours", "import_xlsx_plainly", "rowmill", 1.3),
    "export CSV": ("answered", MANY, "export_ours", "export_csv_plainly", "csv", 2.0),
    "export XLSX": ("answered", SOME, "export_ours", "export_xlsx_plainly", "xlsx", 1.3),
}
PLAIN = {
    "import CSV": "csv.reader + executemany",
    "import XLSX": "calamine + executemany",
    "export CSV": "csv.writer over the same query",
    "export XLSX": "xlsxwriter alone, rows in memory",
}
GOALS_MS = {
    "open, summary, first 50 rows": 300,
    "counts": 100,
    "filter: failed": 100,
    "count: done": 100,
    "50 rows anywhere, worst of 50": 50,
    "sort by text column": 3000,
    "sort by number column": 3000,
}


def _work(*arguments: str) -> Any:
    command = [sys.executable, "-m", "tests.benchmarks.store_work", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.timeout(3600)
def test_import_and_export_against_the_plainest_program(tmp_path: Path) -> None:
    report = Report("files", "Import and export against the plainest program that does the same")
    raw: dict[str, Any] = {}
    for name in chosen(list(PAIRS)):
        start, rows, ours, plain, suffix, goal = PAIRS[name]
        source = _work("make", start, str(rows))
        runs: dict[str, list[dict[str, Any]]] = {ours: [], plain: []}
        for _ in range(REPEATS):
            for task in (ours, plain):
                report.sample_noise()
                target = tmp_path / f"target.{suffix}"
                runs[task].append(_work(task, source, str(target)))
                for left in tmp_path.glob("target*"):
                    left.unlink()
        mine, other = (medians(runs[task], "wall_s", "cpu_s", "before_mb", "peak_mb") for task in (ours, plain))
        report.add(
            work=f"{name}, {rows:,} rows",
            ours_s=round(mine["wall_s"], 2),
            plain_s=round(other["wall_s"], 2),
            ratio=round(mine["wall_s"] / other["wall_s"], 2),
            goal=goal,
            ours_cpu_s=round(mine["cpu_s"], 2),
            plain_cpu_s=round(other["cpu_s"], 2),
            cpu_ratio=round(mine["cpu_s"] / other["cpu_s"], 2),
            grew_mb=round(mine["peak_mb"] - mine["before_mb"], 1),
            plain_is=PLAIN[name],
        )
        raw[name] = runs
    report.finish(raw)


@pytest.mark.timeout(3600)
def test_what_the_window_asks_of_a_large_job_file() -> None:
    report = Report("questions", f"Questions to a job file of {MANY:,} rows, nine tenths answered")
    source = _work("make", "answered", str(MANY))
    runs = []
    for _ in range(REPEATS):
        report.sample_noise()
        runs.append(_work("questions", source, "-"))
    for name in runs[0]:
        worst = max(run[name] for run in runs)
        report.add(question=name, ms=round(median([run[name] for run in runs]), 1), worst_ms=round(worst, 1),
                   goal_ms=GOALS_MS.get(name))  # fmt: skip
    report.finish(runs)
