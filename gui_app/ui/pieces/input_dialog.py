"""The small dialog that asks for one name or number, with the same margins everywhere."""

from __future__ import annotations

from PySide6.QtWidgets import QInputDialog, QWidget

from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.theme import GAP_L

_WIDTH = 340


def input_dialog(parent: QWidget, name: str, title: str, label: str) -> QInputDialog:
    """Made, not opened: `textValue` or the integers are the caller's. It deletes itself when it is finished."""
    out = QInputDialog(parent)
    out.setObjectName(name)
    out.setWindowTitle(title)
    # The label brings the layout into being.
    out.setLabelText(label)
    layout = out.layout()
    if layout is not None:
        layout.setContentsMargins(GAP_L, GAP_L, GAP_L, GAP_L)
    out.setMinimumWidth(scaled(_WIDTH))
    out.finished.connect(out.deleteLater)
    return out
