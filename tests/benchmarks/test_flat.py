"""Memory and time a row of the worker, from a thousand rows to a million: both should stay flat."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.benchmarks.loopback_server import Manner
from tests.benchmarks.processes import contender, loopback, medians
from tests.benchmarks.reporting import REPEATS, SIZE, Report

pytestmark = pytest.mark.bench

SIZES: dict[str, tuple[int, ...]] = {"quick": (1000, 10_000, 30_000), "full": (1000, 10_000, 100_000)}
if os.environ.get("ROWMILL_BENCH_MILLION"):
    SIZES["full"] = (1000, 10_000, 100_000, 1_000_000)
REPEATED_TO = 10_000
"""Longer runs are their own repetition."""


@pytest.mark.timeout(7200)
def test_a_run_of_any_length_takes_the_same_memory() -> None:
    report = Report("flat", "Worker's memory and time a row, zero-latency server, 64 at once")
    raw: dict[int, list[dict[str, Any]]] = {}
    sizes = SIZES.get(SIZE, SIZES["quick"])
    for repeat in range(REPEATS):
        for rows in sizes:
            if repeat == 0 or rows <= REPEATED_TO:
                report.sample_noise()
                raw.setdefault(rows, []).append(_run(rows))
    for rows in sizes:
        middle = medians(raw[rows], "wall_s", "loop_cpu_s", "cpu_s", "start_s", "before_mb", "peak_mb")
        report.add(
            rows=rows,
            runs=len(raw[rows]),
            wall_ms_a_row=round(middle["wall_s"] / rows * 1000, 3),
            loop_ms_a_row=round(middle["loop_cpu_s"] / rows * 1000, 3),
            cpu_ms_a_row=round(middle["cpu_s"] / rows * 1000, 3),
            start_s=round(middle["start_s"], 3),
            before_mb=round(middle["before_mb"], 1),
            peak_mb=round(middle["peak_mb"], 1),
            grew_mb=round(middle["peak_mb"] - middle["before_mb"], 1),
        )
    report.note(
        "goal: the peak grows by less than 20 MB from 1,000 to 1,000,000 rows; time a row within 10%; start 1 s"
    )
    report.note("measured after a first run of 500 rows in the same process")
    report.finish(raw)


def _run(rows: int) -> dict[str, Any]:
    # A process each, so that what one run leaves behind is not taken for the next one's.
    with contender("flat", "tests.benchmarks.peers.rowmill_run") as rowmill, loopback(Manner(0.0)) as server:
        rowmill.do(base_url=server.base_url, rows=500, at_once=64, extra="openai")
        return rowmill.do(base_url=server.base_url, rows=rows, at_once=64, extra="openai")
