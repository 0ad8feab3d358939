"""One cell in full, under the table: plain text, with control and direction characters made visible."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QToolButton, QWidget

from gui_app.i18n import _, number
from gui_app.sentences import plain
from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.theme import GAP_L, GAP_S, set_role
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, hbox, text_label, vbox

SHOWN_CHARACTERS = 200_000
"""A 10 MB cell would freeze the window for seconds."""


class ReadingPane(Panel):
    """Follows the current cell while it is open.

    Signals:
        closed: The user has read enough.
        stepped: -1 or +1: the row above or below.
    """

    closed = Signal()
    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="bar")
        self._shown: tuple[int, str, str, str] | None = None
        self._where = text_label("heading")
        self._size = text_label("hint")
        self.text = named(QPlainTextEdit(), "readingText")
        self.text.setReadOnly(True)
        self.text.setUndoRedoEnabled(False)
        self._up, self._down, self._close = QToolButton(), QToolButton(), QToolButton()
        for button, drawing in ((self._up, "chevron-up"), (self._down, "chevron-down"), (self._close, "x")):
            set_role(button, "icon")
            set_icon(button, drawing)
        self._up.clicked.connect(lambda: self.stepped.emit(-1))
        self._down.clicked.connect(lambda: self.stepped.emit(1))
        self._close.clicked.connect(self.closed)
        line = hbox(None, gap=GAP_S)
        line.addWidget(self._where)
        line.addWidget(self._size)
        line.addStretch(1)
        for button in (self._up, self._down, self._close):
            line.addWidget(button)
        column = vbox(self, (GAP_L, GAP_S, GAP_L, GAP_S), GAP_S)
        column.addLayout(line)
        column.addWidget(self.text, 1)
        self.setMinimumHeight(120)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every visible text."""
        for button, name in (
            (self._up, _("Row above")),
            (self._down, _("Row below")),
            (self._close, _("Close the reading pane")),
        ):
            describe(button, name)
            button.setToolTip(name)
        describe(self.text, _("Whole cell"), _("The text of the current cell, in full."))
        if self._shown is not None:
            self.show_cell(*self._shown)

    def show_cell(self, row_id: int, heading: str, text: str, note: str = "") -> None:
        """Show a cell's whole text, with a sentence about its row under it."""
        self._shown = (row_id, heading, text, note)
        self._where.setText(_("Row {row}, {column}").format(row=number(row_id), column=plain(heading, 60)))
        cut = text[:SHOWN_CHARACTERS]
        size = _("{count} characters").format(count=number(len(text)))
        if len(cut) < len(text):
            size = _("{count} characters, the first {shown} shown").format(
                count=number(len(text)), shown=number(len(cut))
            )
        self._size.setText(size)
        lines = "\n".join(plain(line, SHOWN_CHARACTERS) for line in cut.splitlines())
        self.text.setPlainText(f"{lines}\n\n{note}" if note else lines)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
