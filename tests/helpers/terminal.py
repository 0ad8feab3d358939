"""Rowmill as a terminal sees it, and the practice server it finds there."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gui_app.practice import launch
from gui_app.practice.faults import Faults
from tests.helpers.practice import Practice

LABEL = "sentiment=label:positive|negative|neutral"
REVIEWS = [
    ("007", "Wonderful, I love it", "2026-01-31"),
    ("1e5", "Terrible, broken and awful", ""),
    ("12345678901234567890", "很好，我很喜欢", "x"),
    ("0x10", "The parcel came on Tuesday", "=1+1"),
    ("5", "Excellent and great, very happy", 'a, "b"\nc'),
]
COLUMNS = ("id", "review", "note")
PROMPT = "Which sentiment?\n\nText:\n{review}"


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> dict[str, Any]:
        """The last line of `--json`."""
        line = json.loads(self.out.splitlines()[-1])
        assert isinstance(line, dict)
        return line


def rowmill(*words: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Done:
    """Run a command to its end, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-m", "gui_app", *map(str, words)],
        capture_output=True,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        timeout=100,
        check=False,
    )
    done = Done(run.returncode, run.stdout.decode(), run.stderr.decode())
    assert "Traceback" not in done.err, done.err
    return done


def start(*words: str | Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a command; the caller sees to its end."""
    return subprocess.Popen(
        [sys.executable, "-m", "gui_app", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **(env or {})},
    )


@contextmanager
def practice_in(home: Path, faults: Faults | None = None, **options: Any) -> Iterator[Practice]:
    """A practice server in the test's own process, where every Rowmill with this home finds it."""
    folder = home / "practice"
    folder.mkdir(parents=True, exist_ok=True)
    with Practice(folder, faults, **options) as server:
        launch.write_state(folder, server.port, server.token, os.getpid())
        try:
            yield server
        finally:
            launch.write_state(folder, server.port, server.token, 0)


def write_reviews(path: Path, rows: Sequence[Sequence[str]] = REVIEWS, columns: Sequence[str] = COLUMNS) -> Path:
    """A CSV as somebody might bring it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode("utf-8"))
    return path


def many_reviews(count: int) -> list[tuple[str, str, str]]:
    """Rows that are all different; every third one good, bad, neither."""
    words = ("wonderful", "terrible", "rectangular")
    return [(str(number), f"Item {number} is {words[number % 3]}", "") for number in range(1, count + 1)]


def expected_label(number: int) -> str:
    """What the practice model says of `many_reviews`' row, counted from 1."""
    return ("positive", "negative", "neutral")[number % 3]


def read_csv(path: Path) -> list[list[str]]:
    """All lines of an exported CSV, the mark at its beginning checked and removed."""
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
