"""Live calls: Rowmill's whole path against what people use instead, through one server, in one run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.loopback_server import Manner, ideal_s
from tests.benchmarks.processes import Contender, contender, installed, loopback, medians, version_of
from tests.benchmarks.reporting import ONLY, REPEATS, SIZE, Report, chosen, sized

pytestmark = pytest.mark.bench


@dataclass(frozen=True)
class Shape:
    """So many rows, so many at once, through a server of this manner."""

    name: str
    rows: int
    at_once: int
    manner: Manner
    goal: float | None = None

    @property
    def ideal_s(self) -> float:
        """What it takes if nothing but the answers takes time."""
        return ideal_s((self.manner.latency_of(row) for row in range(self.rows)), self.at_once)


_HEAVY = Manner(latency_s=0.2, sigma=1.1, longest_s=10.0, seed=7)
SHAPES = (
    Shape("500x50 at 200 ms", sized(500, 300), 50, Manner()),
    Shape("2000x50 at 200 ms", sized(2000, 1000), 50, Manner(), goal=1.12),
    Shape("2000x200 at 200 ms", 2000, 200, Manner()),
    Shape("10000x200 at 200 ms", sized(10_000, 1000), 200, Manner(), goal=1.5),
    Shape("2000x100 heavy tail", sized(2000, 1000), 100, _HEAVY, goal=1.05),
)
# What runs in two or three minutes on a quiet machine.
QUICK = ("500x50 at 200 ms", "10000x200 at 200 ms")


def _names_a_shape() -> bool:
    return any(shape.name.startswith(ONLY) for shape in SHAPES) if ONLY else False


def sized_names() -> tuple[str, ...]:
    """The shapes of this run."""
    return tuple(shape.name for shape in SHAPES) if SIZE == "full" else QUICK


@dataclass(frozen=True)
class Entrant:
    """A way to get the rows answered.

    Attributes:
        packages: Installed into an environment of its own; the first one's version is shown. None: Rowmill's own.
        chunk: Rows that are waited for together.
    """

    name: str
    module: str
    packages: tuple[str, ...] | None = None
    chunk: int | None = None
    extra: str | None = None


ENTRANTS = (
    Entrant("raw aiohttp", "raw_aiohttp"),
    Entrant("Rowmill, responses", "rowmill_run", extra="openai"),
    Entrant("Rowmill, compatible", "rowmill_run", extra="compatible"),
    Entrant("SDK and gather", "plain_sdk"),
    Entrant("curator", "curator_llm", ("bespokelabs-curator",)),
    Entrant("litellm", "litellm_gather", ("litellm",)),
    Entrant("LangChain", "langchain_abatch", ("langchain-openai", "langchain")),
    Entrant("LangChain by 100", "langchain_abatch", ("langchain-openai", "langchain"), chunk=100),
)


@pytest.fixture
def field() -> Iterator[dict[Entrant, Contender]]:
    """All entrants that can be had, started and warmed up."""
    with ExitStack() as stack:
        started: dict[Entrant, Contender] = {}
        server = stack.enter_context(loopback(Manner(latency_s=0.0)))
        names = chosen([entrant.name for entrant in ENTRANTS])
        for entrant in ENTRANTS:
            if entrant.name not in names:
                continue
            python: Path | None = None
            if entrant.packages is not None:
                python = installed(entrant.packages[0], entrant.packages)
                if python is None:
                    continue
            one = stack.enter_context(contender(entrant.name, f"tests.benchmarks.peers.{entrant.module}", python))
            try:
                one.do(base_url=server.base_url, rows=20, at_once=10, extra=entrant.extra)
            except RuntimeError as error:
                print(f"\n  {entrant.name} is left out: {error}")
                continue
            started[entrant] = one
        yield started


@pytest.mark.timeout(3600)
def test_live_calls_against_what_people_use_instead(field: dict[Entrant, Contender]) -> None:
    report = Report("live", "Live calls: wall time over the ideal, CPU a row, memory")
    raw: dict[str, dict[str, list[dict[str, Any]]]] = {}
    names = chosen([shape.name for shape in SHAPES]) if _names_a_shape() else sized_names()
    shapes = [shape for shape in SHAPES if shape.name in names]
    for shape in shapes:
        runs: dict[str, list[dict[str, Any]]] = {entrant.name: [] for entrant in field}
        raw[shape.name] = runs
        for _ in range(REPEATS):
            for entrant, one in field.items():
                report.sample_noise()
                with loopback(shape.manner) as server:
                    order = {"rows": shape.rows, "at_once": shape.at_once, "chunk": entrant.chunk}
                    found = one.do(base_url=server.base_url, extra=entrant.extra, **order)
                    runs[entrant.name].append({**found, **server.seen()})
        ours = [run for name, found in runs.items() if name.startswith("Rowmill") for run in found]
        ours_s = medians(ours, "cpu_s")["cpu_s"]
        for entrant in field:
            _line(report, shape, entrant, runs[entrant.name], ours_s)
    for entrant in field:
        if entrant.packages is not None and entrant.chunk is None:
            python = installed(entrant.packages[0], entrant.packages)
            report.note(f"{entrant.name}: {entrant.packages[0]} {version_of(python, entrant.packages[0])}")
    report.note(f"SDK: openai {version_of(None, 'openai')}, aiohttp {version_of(None, 'aiohttp')}")
    report.note(
        "goals: loop <= 1.4 ms and CPU <= 2 ms a row for Rowmill; LangChain >= 5 times and curator >= 3 times it"
    )
    report.note("CPU: of the thread the event loop runs on, and of the whole process with its store; curator's loop")
    report.note("runs beside the measured thread, so its first figure means nothing")
    report.finish(raw)


def _line(report: Report, shape: Shape, entrant: Entrant, runs: list[dict[str, Any]], ours_s: float) -> None:
    middle = medians(runs, "wall_s", "loop_cpu_s", "cpu_s", "before_mb", "peak_mb", "answers")
    ours = entrant.name.startswith("Rowmill")
    report.add(
        work=f"{shape.name} ({shape.rows:,})",
        way=entrant.name,
        ideal_s=round(shape.ideal_s, 2),
        wall_s=round(middle["wall_s"], 2),
        over_ideal=round(middle["wall_s"] / shape.ideal_s, 3),
        goal=shape.goal if ours and shape.goal else None,
        loop_ms_a_row=round(middle["loop_cpu_s"] / shape.rows * 1000, 2),
        cpu_ms_a_row=round(middle["cpu_s"] / shape.rows * 1000, 2),
        cpu_of_ours=round(middle["cpu_s"] / ours_s, 1),
        peak_mb=round(middle["peak_mb"]),
        grew_mb=round(middle["peak_mb"] - middle["before_mb"], 1),
        answers=int(middle["answers"]),
    )
