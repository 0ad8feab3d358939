"""The whole window through AT-SPI, as a screen reader sees it: found and pressed by accessible names alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
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


def read_by(script: str, home: Path, tmp_path: Path, *arguments: str, manager: str | None = None) -> str:
    """Open the window on a screen of its own and have a script go through it. Returns what the script said.

    Args:
        manager: A window manager, for keys that go to the window. The practice models then behave as in the app.
    """
    with practice_in(home, real=manager is not None), own_screen() as display, session_bus() as bus:
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
            # Without a window manager no window has the keyboard; menus take it by themselves.
            running([manager], seen) if manager else nullcontext(),
            running([sys.executable, "-m", "gui_app"], window),
        ):
            here = Path(__file__).parent
            reader = subprocess.run(
                [SYSTEM_PYTHON, str(here / script), *arguments],
                env={
                    **seen,
                    "NO_AT_BRIDGE": "0",
                    "PYTHONPATH": str(here.parent.parent),
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
                capture_output=True,
                text=True,
                timeout=240,
                check=False,
            )
        print(reader.stdout)
        assert reader.stdout.endswith("done\n"), reader.stdout + reader.stderr
    return reader.stdout


def test_everything_has_a_name_and_names_alone_lead_to_an_exported_file(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.xlsx"
    read_by("screen_reader.py", home, tmp_path, str(target))
    rows = python_calamine.CalamineWorkbook.from_path(str(target)).get_sheet_by_index(0).to_python()
    assert len(rows) == 121
    assert rows[0][-1] == "sentiment"
    assert {row[-1] for row in rows[1:]} <= {"positive", "negative", "neutral"}


@pytest.mark.skipif(shutil.which("openbox") is None, reason="needs a window manager: openbox")
def test_menus_dialogs_failures_review_history_and_help_are_told_and_tab_goes_as_it_is_read(
    home: Path, tmp_path: Path
) -> None:
    said = read_by("screen_reader_reviews.py", home, tmp_path, manager="openbox")
    assert said.count("as it should be") == 6
