"""The system's dialog for files; where there is none, Qt's own, whose words are not all in its catalogue."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog, QTreeView, QWidget

from gui_app.i18n import _

_TYPE = 2


def file_dialog(parent: QWidget | None, title: str, folder: str = "") -> QFileDialog:
    """A dialog that deletes itself when it is done. Shown by `open_dialog`."""
    out = QFileDialog(parent, title, folder)
    out.setLabelText(QFileDialog.DialogLabel.LookIn, _("Look in:"))
    out.setLabelText(QFileDialog.DialogLabel.FileType, _("Files of type:"))
    out.finished.connect(out.deleteLater)
    return out


def open_dialog(dialog: QFileDialog) -> None:
    """Show it."""
    dialog.open()
    details = dialog.findChild(QTreeView, "treeView")
    if details is not None:
        # Qt's own says "Folder" and "File" there in every language; the names end with it anyway.
        details.setColumnHidden(_TYPE, True)
