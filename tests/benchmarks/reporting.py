"""What all measurements share: sizes, the machine's noise, tables on the terminal and JSON files beside them.

From the environment: ROWMILL_BENCH=quick|full, ROWMILL_BENCH_REPEATS=3, ROWMILL_BENCH_MILLION=1 (a million rows where
that takes many minutes), and ROWMILL_BENCH_ONLY="Rowmill,10000x200" (names that contenders, shapes, servers or speeds
begin with).
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "benchmarks"

# quick: a tenth or so of the rows; full: the shapes of the goals.
SIZE = os.environ.get("ROWMILL_BENCH", "quick")
REPEATS = int(os.environ.get("ROWMILL_BENCH_REPEATS", "3"))
ONLY = tuple(name for name in os.environ.get("ROWMILL_BENCH_ONLY", "").split(",") if name)
"""Only entrants and shapes whose name begins so; all when empty."""


def sized(full: int, quick: int) -> int:
    """The number of rows, by the size of this run."""
    return full if SIZE == "full" else quick


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """Those that ROWMILL_BENCH_ONLY names; all where it names none of them."""
    found = tuple(name for name in names if name.startswith(ONLY)) if ONLY else ()
    return found or tuple(names)


def noise() -> tuple[float, float]:
    """How long a fixed loop takes just now, in ms of the clock and of CPU: a busy machine stretches the first."""
    began, cpu = time.perf_counter(), time.thread_time()
    total = 0
    for number in range(400_000):
        total += number & 7
    assert total
    return (time.perf_counter() - began) * 1000, (time.thread_time() - cpu) * 1000


def median(values: Sequence[float]) -> float:
    """The middle one, or NaN of none."""
    return statistics.median(values) if values else float("nan")


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class Report:
    """Collects one measurement's rows; prints a table and writes `build/benchmarks/NAME.json`."""

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title
        self.rows: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self._noise: list[tuple[float, float]] = [noise()]

    def sample_noise(self) -> None:
        """To be called between two runs."""
        self._noise.append(noise())

    def add(self, **values: Any) -> None:
        """One line of the table; the names are its headings."""
        self.rows.append(values)

    def note(self, text: str) -> None:
        """A line under the table."""
        self.notes.append(text)

    def finish(self, raw: Any = None) -> None:
        """Print and write."""
        self.sample_noise()
        walls, cpus = zip(*self._noise, strict=True)
        stretched = (
            f"machine noise: a fixed loop of {median(cpus):.0f} ms CPU took {median(walls):.0f} ms "
            f"({min(walls):.0f} to {max(walls):.0f})"
        )
        print(f"\n\n{self.title}  [{SIZE}, {REPEATS} repetitions, medians]\n")
        print(table(self.rows))
        for note in [*self.notes, f"{stretched}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"]:
            print(f"  {note}")
        FOLDER.mkdir(parents=True, exist_ok=True)
        data = {
            "title": self.title,
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "size": SIZE,
            "repeats": REPEATS,
            "machine": {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()},
            "noise_ms": [[round(wall, 2), round(cpu, 2)] for wall, cpu in self._noise],
            "rows": self.rows,
            "notes": self.notes,
            "raw": raw,
        }
        (FOLDER / f"{self.name}.json").write_text(json.dumps(data, indent=1, default=str) + "\n", "utf-8")


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Columns of text, numbers to the right."""
    if not rows:
        return "  (nothing was measured)"
    headings = list(dict.fromkeys(name for row in rows for name in row))
    lines = [headings, *([_text(row.get(name)) for name in headings] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headings))]
    numeric = [all(_is_number(row.get(name)) for row in rows) for name in headings]

    def line(cells: Sequence[str]) -> str:
        return (
            "  "
            + "  ".join(
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(cells, widths, numeric, strict=True)
            ).rstrip()
        )

    return "\n".join([line(headings), "  " + "  ".join("-" * width for width in widths), *map(line, lines[1:])])


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, int | float)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
