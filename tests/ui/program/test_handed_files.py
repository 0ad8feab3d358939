"""A double click on macOS: the file comes as an event to the program that runs already."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from gui_app.ui.program.handed_files import HandedFiles


def test_a_file_handed_to_the_program_is_told_until_it_is_closed(qapp: QApplication, tmp_path: Path) -> None:
    told: list[str] = []
    handed = HandedFiles(qapp)
    handed.opened.connect(told.append)
    QApplication.sendEvent(qapp, QFileOpenEvent(str(tmp_path / "水.csv")))
    assert told == [str(tmp_path / "水.csv")]
    handed.close()
    QApplication.sendEvent(qapp, QFileOpenEvent(str(tmp_path / "later.csv")))
    assert len(told) == 1
