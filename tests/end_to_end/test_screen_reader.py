"""The whole window through AT-SPI, as a screen reader sees it: found and pressed by accessible names alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import python_calamine

from tests.helpers.screen import own_screen
from tests.helpers.session_bus import session_bus
from tests.helpers.terminal import practice_in

LAUNCHER = next(
    (path for path in ("/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher")
     if Path(path).exists()),
    None,
)  # fmt: skip
SYSTEM_PYTHON = "/usr/bin/python3"


def _can_read() -> bool:
    if LAUNCHER is None or shutil.which("Xvfb") is None or not Path(SYSTEM_PYTHON).exists():
        return False
    return subprocess.run([SYSTEM_PYTHON, "-c", "import pyatspi"], capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not _can_read(), reason="needs Xvfb, at-spi2-core and python3-pyatspi of the system"),
]


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def test_everything_has_a_name_and_names_alone_lead_to_an_exported_file(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.xlsx"
    with practice_in(home), own_screen() as display, session_bus() as bus:
        seen = {**os.environ, "DISPLAY": display, "DBUS_SESSION_BUS_ADDRESS": bus, "XDG_RUNTIME_DIR": str(tmp_path)}
        window = {
            **seen,
            "QT_QPA_PLATFORM": "xcb",
            "QT_ACCESSIBILITY": "1",
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
            "NO_AT_BRIDGE": "0",
        }
        assert LAUNCHER is not None
        with (
            running([LAUNCHER, "--launch-immediately"], seen),
            running([sys.executable, "-m", "gui_app"], window),
        ):
            reader = subprocess.run(
                [SYSTEM_PYTHON, str(Path(__file__).with_name("screen_reader.py")), str(target)],
                env={**seen, "NO_AT_BRIDGE": "0"},
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
        print(reader.stdout)
        assert reader.stdout.endswith("done\n"), reader.stdout + reader.stderr
    rows = python_calamine.CalamineWorkbook.from_path(str(target)).get_sheet_by_index(0).to_python()
    assert len(rows) == 121
    assert rows[0][-1] == "sentiment"
    assert {row[-1] for row in rows[1:]} <= {"positive", "negative", "neutral"}
