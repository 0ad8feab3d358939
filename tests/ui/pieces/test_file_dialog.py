"""Qt's own file dialog, where the system has none: where it begins, and what it says in its columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QDir, QStandardPaths
from PySide6.QtWidgets import QComboBox, QTreeView
from pytestqt.qtbot import QtBot

from gui_app.ui.pieces.file_dialog import file_dialog, open_dialog


def test_the_first_dialog_begins_with_the_users_documents_and_the_next_where_the_last_one_was(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = tmp_path / "Documents"
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _place: str(documents))
    assert _folder(qtbot) == QDir.homePath()
    documents.mkdir()
    assert _folder(qtbot) == str(documents)
    assert _folder(qtbot, str(tmp_path)) == str(tmp_path)


def _folder(qtbot: QtBot, folder: str = "") -> str:
    dialog = file_dialog(None, "Open", folder)
    qtbot.addWidget(dialog)
    return dialog.directory().absolutePath()


def test_sizes_and_dates_are_not_cut_and_kinds_of_files_are_named_in_words(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "a table of reviews.csv").write_bytes(b"x" * 12_345)
    dialog = file_dialog(None, "Open", str(tmp_path))
    dialog.setNameFilters(["Tables (*.csv *.tsv *.txt)"])
    qtbot.addWidget(dialog)
    open_dialog(dialog)
    kinds = dialog.findChild(QComboBox, "fileTypeCombo")
    details = dialog.findChild(QTreeView, "treeView")
    assert kinds is not None and details is not None and kinds.currentText() == "Tables"
    qtbot.waitUntil(lambda: details.model().rowCount(details.rootIndex()) == 1)
    header = details.header()
    qtbot.waitUntil(lambda: all(header.sectionSize(at) >= details.sizeHintForColumn(at) for at in (1, 3)))
    dialog.reject()
