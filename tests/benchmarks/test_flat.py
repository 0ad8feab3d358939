"""Memory and time a row of the worker, from a thousand rows to a million: both should stay flat."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.benchmarks.loopback_server import Manner
from tests.benchmarks.processes import contender, loopback
from tests.benchmarks.reporting import SIZE, Report

pytestmark = pytest.mark.bench

SIZES: dict[str, tuple[int, ...]] = {"quick": (1000, 10_000, 30_000), "full": (1000, 10_000, 200_000)}
if os.environ.get("ROWMILL_BENCH_MILLION"):
    SIZES["full"] = (1000, 10_000, 200_000, 1_000_000)


@pytest.mark.timeout(7200)
def test_a_run_of_any_length_takes_the_same_memory() -> None:
    report = Report("flat", "Worker's memory and time a row, zero-latency server, 64 at once")
    raw: list[dict[str, Any]] = []
    for rows in SIZES.get(SIZE, SIZES["quick"]):
        report.sample_noise()
        # A process each, so that what one run leaves behind is not taken for the next one's.
        with contender("flat", "tests.benchmarks.peers.rowmill_run") as rowmill, loopback(Manner(0.0)) as server:
            rowmill.do(base_url=server.base_url, rows=500, at_once=64, extra="openai")
            found = {"rows": rows, **rowmill.do(base_url=server.base_url, rows=rows, at_once=64, extra="openai")}
        raw.append(found)
        report.add(
            rows=rows,
            wall_s=round(found["wall_s"], 2),
            wall_ms_a_row=round(found["wall_s"] / rows * 1000, 3),
            loop_ms_a_row=round(found["loop_cpu_s"] / rows * 1000, 3),
            cpu_ms_a_row=round(found["cpu_s"] / rows * 1000, 3),
            before_mb=round(found["before_mb"], 1),
            peak_mb=round(found["peak_mb"], 1),
            grew_mb=round(found["peak_mb"] - found["before_mb"], 1),
        )
    report.note("goal: the peak grows by less than 20 MB from 1,000 to 1,000,000 rows; time a row within 10%")
    report.note("measured after a first run of 500 rows in the same process")
    report.finish(raw)
