"""The small dialog that asks for one name or number, with the same margins everywhere."""

from __future__ import annotations

from PySide6.QtWidgets import QInputDialog, QLayout, QWidget

from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.theme import GAP_L

_WIDTH = 340


def input_dialog(parent: QWidget, name: str, title: str, label: str) -> QInputDialog:
    """Made, not opened: what is typed at first is the caller's. It deletes itself when it is finished."""
    out = QInputDialog(parent)
    out.setObjectName(name)
    out.setWindowTitle(title)
    out.setLabelText(label)
    out.finished.connect(out.deleteLater)
    return out


def open_input_dialog(dialog: QInputDialog) -> None:
    """Open it, with room for a name."""
    # It makes its layout when it is first asked for its size, and that one would hold it to its least size.
    dialog.sizeHint()
    layout = dialog.layout()
    if layout is not None:
        layout.setSizeConstraint(QLayout.SizeConstraint.SetDefaultConstraint)
        layout.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_L)
    dialog.setMinimumWidth(scaled(_WIDTH))
    dialog.open()
