"""The pace against very many kinds of provider, in virtual time: `python -m tests.benchmarks.pace_grid [PART...]`.

Each line is a kind of limit, each column a way to answer. A field says how long the rows took over the best possible
time, and what share of the calls was refused. PART chooses the lines whose name contains it.
"""

from __future__ import annotations

import heapq
import itertools
import json
import os
import random
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gui_app.providers.catalog import MOST_CONCURRENCY
from tests.engine.limited_servers import AtOnce, Bucket, Limit, NoLimit, Way, run_rows

CEILING = MOST_CONCURRENCY
START = 20
BEST_FIXED = 200
"""Calls at once of the best possible time: a number that somebody who knows the provider would set."""
SEEDS = (1, 2)
ONLY = tuple(filter(None, os.environ.get("PACE_WAYS", "").split(",")))
"""The columns; all when empty."""


@dataclass(frozen=True)
class Case:
    """So many rows against a provider.

    Attributes:
        rates: (from when, calls a second) in order of time; empty: no limit of this kind.
        at_once: A limit of calls at the same time.
    """

    name: str
    rows: int
    way: Way
    rates: tuple[tuple[float, float], ...] = ()
    burst: float = 0.0
    at_once: int | None = None

    def limit(self) -> Limit:
        if self.at_once is not None:
            return AtOnce(self.at_once)
        return Bucket(*self.rates, cap=max(1.0, self.burst)) if self.rates else NoLimit()

    def ideal_s(self, most: int, seed: int) -> float:
        """How long it takes somebody who knows everything, with `most` calls at once."""
        rng, limit = random.Random(seed), self.limit()
        free = [0.0] * min(most, self.at_once or most)
        now = ended = 0.0
        for _ in range(self.rows):
            now = max(now, free[0])
            if isinstance(limit, Bucket) and not limit.enter(now):
                now = self._next(limit, now)
            back = now + self.way.draw(rng)
            heapq.heapreplace(free, back)
            ended = max(ended, back)
        return ended

    @staticmethod
    def _next(limit: Bucket, now: float) -> float:
        while True:
            now += max(limit.wait_s(now), 1e-6)
            if limit.enter(now):
                return now


@dataclass(frozen=True)
class Found:
    """What became of a case: medians over the seeds of the time over the ideal, the share refused at worst."""

    over: float
    refused: float
    count: int


def run_case(case: Case, *, start: int | None = START, ceiling: int = CEILING) -> Found:
    """The median of time over the ideal and the worst share of refusals, over the seeds."""
    seeds = SEEDS if case.way.spread else SEEDS[:1]
    over, refused, count = [], [], []
    for seed in seeds:
        run = run_rows(case.limit(), rows=case.rows, way=case.way, ceiling=ceiling, start=start, seed=seed)
        over.append(run.seconds / case.ideal_s(BEST_FIXED, seed))
        refused.append(run.refused_share)
        count.append(run.refused)
    return Found(statistics.median(over), max(refused), max(count))


WAYS = {
    "early": Way(refusal_s=0.01),
    "late": Way(refusal_s=None),
    "late~": Way(refusal_s=None, spread=0.5),
    "early~": Way(refusal_s=0.01, spread=0.5),
    "told": Way(refusal_s=0.01, told="arrival"),
    "told late~": Way(refusal_s=None, spread=0.5, told="response"),
}
LATENCIES_S = (0.1, 0.3, 1.0, 2.0)


def lines() -> Iterator[Case]:
    """A case for each line of the table, without its way to answer but for the latency."""
    for latency_s, rows in itertools.product(LATENCIES_S, (300, 1000, 3000, 10_000)):
        yield Case(f"none {latency_s} s x{rows}", rows, Way(latency_s))
    for rate, burst_s, latency_s in itertools.product((10, 50, 200, 500), (0.1, 1.0, 10.0), LATENCIES_S):
        if rate * latency_s > BEST_FIXED:
            continue
        # At a slow limit a run of some minutes is enough.
        for rows in (1000, 3000) if rate >= 50 else (1000,):
            name = f"{rate}/s burst {burst_s} s, {latency_s} s x{rows}"
            yield Case(name, rows, Way(latency_s), ((0.0, rate),), rate * burst_s)
    for at_once, latency_s in itertools.product((20, 60), LATENCIES_S):
        yield Case(f"{at_once} at once, {latency_s} s x1000", 1000, Way(latency_s), at_once=at_once)
    for after, burst_s, latency_s in itertools.product((25, 100), (0.2, 1.0), (0.3, 1.0)):
        name = f"50 then {after}/s burst {burst_s} s, {latency_s} s x1000"
        yield Case(name, 1000, Way(latency_s), ((0.0, 50.0), (7.0, after)), 50 * burst_s)


def main(parts: list[str]) -> None:
    """Print the table; with `--json FILE` first, write it there, too."""
    out = Path(parts[1]) if parts[:1] == ["--json"] else None
    parts = parts[2:] if out else parts
    found: dict[str, dict[str, tuple[float, float, int]]] = {}
    ways = {way: manner for way, manner in WAYS.items() if not ONLY or way in ONLY}
    print(f"{'':36}" + "".join(f"{name:>17}" for name in ways))
    for case in lines():
        name, latency_s = case.name, case.way.latency_s
        if parts and not any(part in name for part in parts):
            continue
        cells = {
            way: run_case(replace(case, way=replace(manner, latency_s=latency_s)))
            for way, manner in ways.items()
            if not _same(name, way)
        }
        found[name] = {way: (cell.over, cell.refused, cell.count) for way, cell in cells.items()}
        print(f"{name:36}" + "".join(_text(cells.get(way)) for way in ways), flush=True)
    if out:
        out.write_text(json.dumps(found))


def _same(name: str, way: str) -> bool:
    """Without a limit nothing is refused or told, and a limit of calls at once is never told."""
    return (name.startswith("none") and way not in ("early", "early~")) or ("at once" in name and "told" in way)


def _text(cell: Found | None) -> str:
    return f"{'':>17}" if cell is None else f"{cell.over:>8.2f} {cell.refused:>7.1%} "


if __name__ == "__main__":
    main(sys.argv[1:])
