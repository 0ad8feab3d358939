"""A second start hands over its file to the window that is open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pytestqt.qtbot import QtBot

from gui_app import paths
from gui_app.ui.program.single_instance import SingleInstance, door_name

_SECOND_START = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from gui_app.ui.program.single_instance import SingleInstance
app = QCoreApplication([])
sys.exit(0 if SingleInstance(Path(sys.argv[1])).hand_over(sys.argv[2:]) else 1)
"""


def test_a_second_start_hands_its_file_to_the_first(home: Path, qtbot: QtBot, tmp_path: Path) -> None:
    folder = paths.runtime_dir()
    first = SingleInstance(folder)
    assert not first.hand_over([])
    assert first.listen()
    heard: list[list[str]] = []
    first.called.connect(heard.append)
    second = subprocess.Popen([sys.executable, "-c", _SECOND_START, str(folder), str(tmp_path / "x.csv")])
    qtbot.waitUntil(lambda: second.poll() is not None, timeout=30_000)
    assert second.returncode == 0
    assert heard == [[str(tmp_path / "x.csv")]]
    first.close()


def test_the_door_of_a_window_that_was_killed_is_taken_over(home: Path, qtbot: QtBot) -> None:
    folder = paths.runtime_dir()
    door = door_name(folder)
    if door.startswith("/"):
        Path(door).write_text("left over")
    second = SingleInstance(folder)
    assert not second.hand_over([])
    assert second.listen()
    second.close()
