"""A limit of 50 requests a second that nobody told: Rowmill's own pace against fixed numbers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks.loopback_server import Manner, ideal_s, ideal_under_limits_s
from tests.benchmarks.processes import contender, loopback, medians
from tests.benchmarks.reporting import REPEATS, SIZE, Report, chosen, sized

pytestmark = pytest.mark.bench

ROWS = sized(1000, 500)
HALF_WAY_S = 6.0 if SIZE == "full" else 4.0
SERVERS = {
    "50/s, headers": Manner(0.3, limits=((0.0, 50.0),)),
    "50/s, no headers": Manner(0.3, limits=((0.0, 50.0),), headers=False),
    "50/s then 25/s, headers": Manner(0.3, limits=((0.0, 50.0), (HALF_WAY_S, 25.0))),
    "50/s then 25/s, no headers": Manner(0.3, limits=((0.0, 50.0), (HALF_WAY_S, 25.0)), headers=False),
    "50/s then 100/s, headers": Manner(0.3, limits=((0.0, 50.0), (HALF_WAY_S, 100.0))),
    "50/s then 100/s, no headers": Manner(0.3, limits=((0.0, 50.0), (HALF_WAY_S, 100.0)), headers=False),
    "50/s, refused late": Manner(0.3, limits=((0.0, 50.0),), headers=False, late=True),
    "no limit": Manner(0.3),
}
SPEEDS: dict[str, int | None] = {"Automatic": None, "fixed 10": 10, "fixed 20": 20, "fixed 100": 100, "fixed 200": 200}
GOALS = {"50/s, headers": 1.05, "50/s, no headers": 1.05, "no limit": None}


@pytest.mark.timeout(3600)
def test_the_pace_under_a_limit_that_nobody_told() -> None:
    report = Report("pace", f"Pace: {ROWS:,} rows at 300 ms, wall over the ideal under the server's limit")
    raw: dict[str, list[dict[str, Any]]] = {}
    names, speeds = chosen(list(SERVERS)), {name: SPEEDS[name] for name in chosen(list(SPEEDS))}
    with contender("Rowmill's pace", "tests.benchmarks.peers.rowmill_run") as rowmill:
        for name in names:
            manner = SERVERS[name]
            for _ in range(REPEATS):
                for speed, at_once in speeds.items():
                    if at_once is not None and "then" in name:
                        continue
                    report.sample_noise()
                    with loopback(manner) as server:
                        found = rowmill.do(base_url=server.base_url, rows=ROWS, at_once=at_once or 0, extra="openai")
                        raw.setdefault(f"{name}: {speed}", []).append({**found, **server.seen()})
            for speed in speeds:
                if runs := raw.get(f"{name}: {speed}"):
                    _line(report, name, manner, speed, runs)
    report.note("refused: 429 answers as a share of all requests; goal under 2%")
    report.note(
        "without a limit, the ideal is that of 100 at once; Automatic is to be no worse than the best fixed number"
    )
    report.finish(raw)


def _line(report: Report, name: str, manner: Manner, speed: str, runs: list[dict[str, Any]]) -> None:
    best = ideal_under_limits_s(ROWS, manner) if manner.limits else ideal_s([manner.latency_s] * ROWS, 100)
    middle = medians(runs, "wall_s", "requests", "refused", "most_out", "answers")
    report.add(
        server=name,
        speed=speed,
        ideal_s=round(best, 2),
        wall_s=round(middle["wall_s"], 2),
        over_ideal=round(middle["wall_s"] / best, 3),
        goal=GOALS.get(name, 1.25) if speed == "Automatic" else None,
        refused=int(middle["refused"]),
        refused_share=f"{middle['refused'] / max(1.0, middle['requests']):.1%}",
        most_at_once=int(middle["most_out"]),
        answers=int(middle["answers"]),
    )
