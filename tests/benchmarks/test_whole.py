"""Whole programs, from the command to its end: `rowmill run` beside scripts of what people use instead."""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.loopback_server import Manner, ideal_s
from tests.benchmarks.peers.measured import PROMPT, text_of
from tests.benchmarks.processes import installed, loopback, medians
from tests.benchmarks.reporting import REPEATS, ROOT, Report, chosen, median, sized

pytestmark = pytest.mark.bench

AT_ONCE = 50
MANNER = Manner()
SHAPES = (10, sized(2000, 500))


@dataclass(frozen=True)
class Way:
    """A program that gets the rows answered and ends.

    Attributes:
        provider: Rowmill's, which reads a CSV file, keeps a job file and writes a CSV file.
        module: A peer's, which has its prompts in memory and throws the answers away.
        packages: As in `test_live`.
    """

    name: str
    provider: str = ""
    module: str = ""
    packages: tuple[str, ...] | None = None


WAYS = (
    Way("Rowmill, responses", "openai"),
    Way("Rowmill, compatible", "compatible"),
    Way("SDK and gather", module="plain_sdk"),
    Way("curator", module="curator_llm", packages=("bespokelabs-curator",)),
    Way("LangChain", module="langchain_abatch", packages=("langchain-openai", "langchain")),
)


def _to_measure() -> dict[Way, Path]:
    """The ways that can be had, each with its Python."""
    found = {}
    for way in WAYS:
        if way.name in chosen([one.name for one in WAYS]):
            python = Path(sys.executable) if way.packages is None else installed(way.packages[0], way.packages)
            if python is not None:
                found[way] = python
    return found


@pytest.mark.timeout(3600)
def test_whole_commands_against_whole_scripts() -> None:
    report = Report("whole", "Whole programs, from the command to its end: CPU with all their children, wall time")
    ways, raw = _to_measure(), {}
    for rows in SHAPES:
        runs: dict[Way, list[dict[str, float]]] = {way: [] for way in ways}
        # The first one of each is not counted: what is compiled and read from the disk once.
        for repeat in range(REPEATS + 1):
            for way, python in ways.items():
                report.sample_noise()
                run = _measured(way, python, rows)
                if repeat:
                    runs[way].append(run)
        ours = median([run["cpu_s"] for way in ways if way.provider for run in runs[way]])
        ideal = ideal_s((MANNER.latency_of(row) for row in range(rows)), min(rows, AT_ONCE))
        for way, found in runs.items():
            middle = medians(found, "cpu_s", "wall_s")
            report.add(
                work=f"{rows:,} rows, {AT_ONCE} at once, 200 ms",
                way=way.name,
                ideal_s=round(ideal, 2),
                wall_s=round(middle["wall_s"], 2),
                cpu_s=round(middle["cpu_s"], 2),
                cpu_of_ours=round(middle["cpu_s"] / ours, 2),
            )
        raw[rows] = {way.name: found for way, found in runs.items()}
    report.note("Rowmill reads a CSV file, keeps every answer in a job file and writes a CSV file; the scripts have")
    report.note("their prompts in memory and throw the answers away")
    report.note("goals: LangChain >= 5 times and curator >= 3 times our CPU")
    report.finish(raw)


def _measured(way: Way, python: Path, rows: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name, loopback(MANNER) as server:
        folder = Path(name)
        if way.provider:
            with _measuring() as found:
                _run_rowmill(way.provider, folder, rows, server.base_url)
        else:
            order = {"base_url": server.base_url, "rows": rows, "at_once": AT_ONCE}
            with _measuring() as found:
                _run_script(way.module, python, order)
        # curator asks something of its own first.
        assert server.seen()["requests"] in ((rows,) if way.provider else (rows, rows + 1)), (way, server.seen())
    return found


@contextmanager
def _measuring() -> Iterator[dict[str, float]]:
    """Of the processes that are started in this block and have ended by its end."""
    found: dict[str, float] = {}
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    yield found
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found["wall_s"] = time.perf_counter() - began
    found["cpu_s"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run_script(module: str, python: Path, order: dict[str, Any]) -> None:
    done = subprocess.run(
        [str(python), "-m", f"tests.benchmarks.peers.{module}"],
        input=json.dumps(order) + "\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
    )
    assert json.loads(done.stdout).get("answers") == order["rows"], done.stdout + done.stderr


def _run_rowmill(provider: str, folder: Path, rows: int, base_url: str) -> None:
    table, out = folder / "rows.csv", folder / "answers.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *((number, text_of(number)) for number in range(rows))])
    subprocess.run(
        [
            *(sys.executable, "-m", "gui_app", "run", str(table), "--out", str(out)),
            *("--prompt", PROMPT, "--field", "label=label:good|bad", "--concurrency", str(AT_ONCE)),
            *("--provider", provider, "--base-url", base_url, "--model", "gpt-6-luna"),
        ],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "ROWMILL_HOME": str(folder / "home"), "OPENAI_API_KEY": "k", "ROWMILL_API_KEY": "k"},
    )
    with out.open(encoding="utf-8-sig", newline="") as file:
        assert [line["label"] for line in csv.DictReader(file)] == ["good"] * rows
