"""The packaged program: how long its window takes, beside an empty window from the same kind of package.

Build both before: `make package` and `.venv/bin/python packaging/build --empty-window`.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.benchmarks.reporting import REPEATS, ROOT, Report, median
from tests.benchmarks.screen_watch import Screen, watching
from tests.helpers.screen import own_screen

pytestmark = pytest.mark.bench

FROZEN = ROOT / "build" / "frozen"
PROGRAMS = {"empty": FROZEN / "empty-window" / "rowmill", "ours": FROZEN / "rowmill" / "rowmill"}
_QUIET_S = 0.15
_CORNER, _MIDDLE = (5, 795), (690, 250)
"""Where the pointer rests, and a spot somewhat above the button "Choose a file"."""
_BUTTON = 0x3559D8


@pytest.mark.timeout(1800)
def test_the_start_of_the_packaged_window(tmp_path: Path) -> None:
    missing = [str(path) for path in PROGRAMS.values() if not path.is_file()]
    if missing:
        pytest.skip(f"not built: {', '.join(missing)}")
    report = Report("package-start", "The packaged program, from its start until its window is drawn")
    starts: dict[str, list[dict[str, float]]] = {name: [] for name in PROGRAMS}
    with own_screen("1280x800x24") as display, watching(display) as screen:
        environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "ROWMILL_HOME": str(tmp_path)}
        for program in PROGRAMS.values():
            _start(program, screen, environment, answers=False)
        for _ in range(max(15, REPEATS)):
            for name, program in PROGRAMS.items():
                report.sample_noise()
                starts[name].append(_start(program, screen, environment, answers=name == "ours"))
    middle = {
        name: {key: median([start[key] for start in found]) for key in found[0]} for name, found in starts.items()
    }
    empty = middle["empty"]["drawn"]
    for name, words in (("empty", "empty PySide6 window, packaged"), ("ours", "Rowmill, packaged")):
        found = middle[name]
        answered = found.get("answered")
        report.add(
            window=words,
            drawn_s=round(found["drawn"], 3),
            ratio=round(found["drawn"] / empty, 2),
            goal=1.5 if name == "ours" else None,
            answered_s=None if answered is None else round(answered, 3),
            answered_ratio=None if answered is None else round(answered / empty, 2),
            at_rest_s=round(found["at_rest"], 3),
        )
    report.note("drawn: the window has its colour; answered: a button has changed its look under a pointer")
    report.note("that was moved onto it at once; at rest: the program has done all it does by itself after a start")
    report.finish(starts)


def _start(program: Path, screen: Screen, environment: dict[str, str], *, answers: bool) -> dict[str, float]:
    """When it was drawn, answered and came to rest, in seconds since its start."""
    screen.wait_for(False)
    screen.point_at(*_CORNER)
    ground = screen.pixel(*_MIDDLE)
    out: dict[str, float] = {}
    began = time.monotonic()
    with subprocess.Popen([str(program)], env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            screen.wait_for_change(*_MIDDLE, before=ground)
            out["drawn"] = time.monotonic() - began
            if answers:
                button = _MIDDLE[0], screen.find_below(*_MIDDLE, _BUTTON) + 4
                screen.point_at(*button)
                screen.wait_for_change(*button, before=_BUTTON)
                out["answered"] = time.monotonic() - began
            out["at_rest"] = _at_rest(psutil.Process(process.pid)) - began
        finally:
            process.terminate()
            process.wait(30)
    return out


def _at_rest(process: psutil.Process) -> float:
    """The time since which the program has used no more processor than a blinking cursor."""
    used, since = _used(process), time.monotonic()
    while time.monotonic() - since < _QUIET_S:
        time.sleep(0.01)
        now = _used(process)
        if now > used:
            used, since = now, time.monotonic()
    return since


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
