"""The system's dialog for files; where there is none, Qt's own, whose words are not all in its catalogue."""

from __future__ import annotations

from PySide6.QtCore import QDir, QSize, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QHeaderView, QTreeView, QWidget

from gui_app.i18n import _
from gui_app.ui.look.sizes import scaled

_NAME, _SIZE, _TYPE, _DATE = range(4)


def file_dialog(parent: QWidget | None, title: str, folder: str = "") -> QFileDialog:
    """A dialog that deletes itself when it is done. Shown by `open_dialog`.

    Args:
        folder: "": the user's documents, and not wherever the program was started.
    """
    out = QFileDialog(parent, title, folder or _documents())
    out.setLabelText(QFileDialog.DialogLabel.LookIn, _("Look in:"))
    out.setLabelText(QFileDialog.DialogLabel.FileType, _("Files of type:"))
    # A list of endings says nothing to most people, and is cut.
    out.setOption(QFileDialog.Option.HideNameFilterDetails)
    out.finished.connect(out.deleteLater)
    return out


def open_dialog(dialog: QFileDialog) -> None:
    """Show it."""
    dialog.open()
    details = dialog.findChild(QTreeView, "treeView")
    if details is not None:
        # Qt's own says "Folder" and "File" there in every language; the names end with it anyway.
        details.setColumnHidden(_TYPE, True)
        # Its columns would be too narrow for a size and a date.
        header = details.header()
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column in (_SIZE, _DATE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(False)
        dialog.resize(dialog.size().expandedTo(QSize(scaled(760), scaled(480))))


def _documents() -> str:
    places = QStandardPaths.StandardLocation
    folder = QStandardPaths.writableLocation(places.DocumentsLocation)
    return folder if folder and QDir(folder).exists() else QDir.homePath()
