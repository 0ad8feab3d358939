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


@pytest.mark.timeout(1800)
def test_the_start_of_the_packaged_window(tmp_path: Path) -> None:
    missing = [str(path) for path in PROGRAMS.values() if not path.is_file()]
    if missing:
        pytest.skip(f"not built: {', '.join(missing)}")
    report = Report("package-start", "The packaged program, from its start until its window is shown")
    shown: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    usable: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    with own_screen("1280x800x24") as display, watching(display) as screen:
        environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "ROWMILL_HOME": str(tmp_path)}
        for _ in range(max(9, REPEATS)):
            for name, program in PROGRAMS.items():
                report.sample_noise()
                first, last = _start(program, screen, environment)
                shown[name].append(first)
                usable[name].append(last)
    for name, words in (("empty", "empty PySide6 window, packaged"), ("ours", "Rowmill, packaged")):
        report.add(
            window=words,
            shown_s=round(median(shown[name]), 3),
            usable_s=round(median(usable[name]), 3),
            shown_ratio=round(median(shown[name]) / median(shown["empty"]), 2),
            usable_ratio=round(median(usable[name]) / median(usable["empty"]), 2),
            goal=1.5,
        )
    report.note("shown: the window is on the screen; usable: and its program has come to rest, ready for a click")
    report.finish({"shown": shown, "usable": usable})


def _start(program: Path, screen: Screen, environment: dict[str, str]) -> tuple[float, float]:
    screen.wait_for(False)
    began = time.monotonic()
    with subprocess.Popen([str(program)], env=environment, stderr=subprocess.DEVNULL) as process:
        screen.wait_for(True)
        first = time.monotonic() - began
        last = _at_rest(psutil.Process(process.pid)) - began
        process.terminate()
        process.wait(30)
    return first, last


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
