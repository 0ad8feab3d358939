"""The columns of the file as chips: a click puts one into the prompt, and so does dragging it there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from gui_app.i18n import _, ngettext
from gui_app.sentences import plain
from gui_app.ui.look.theme import GAP_S, set_role
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.forms import button_text
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, clear, describe, plain_tip, text_label, vbox, widgets_of

COLUMN_MIME = "application/x-rowmill-column"
"""A dragged column's name, as UTF-8."""

FEW, MOST = 12, 200
"""So many chips are shown at first, and at the very most; the search finds the others."""


class Chip(QPushButton):
    """One column. Arrow keys go from chip to chip, so that a wide file is one stop for the Tab key."""

    def __init__(self, column: str, parent: QWidget | None = None) -> None:
        super().__init__(button_text(plain(column, 28)), parent)
        self.column = column
        self._pressed_at: QPoint | None = None
        set_role(self, "chip")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook: a button would take the arrow keys for Tab; the line of chips knows better."""
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Qt's hook."""
        self._pressed_at = event.position().toPoint() if event.button() == Qt.MouseButton.LeftButton else None
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Qt's hook: a press that moves becomes a drag."""
        super().mouseMoveEvent(event)
        start = self._pressed_at
        if start is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        if (event.position().toPoint() - start).manhattanLength() < QApplication.startDragDistance():
            return
        self._pressed_at = None
        self.setDown(False)
        drag = QDrag(self)
        drag.setMimeData(column_mime(self.column))
        drag.setPixmap(self.grab())
        drag.setHotSpot(start)
        drag.exec(Qt.DropAction.CopyAction)


def column_mime(column: str) -> QMimeData:
    """What a dragged chip carries; other programs get the place as text."""
    data = QMimeData()
    data.setData(COLUMN_MIME, QByteArray(column.encode("utf-8", "surrogatepass")))
    data.setText("{" + column + "}")
    return data


class ColumnChips(Panel):
    """All columns of the file, the first ones shown at once.

    Signals:
        chosen: A column's name.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("columnChips")
        self._columns: tuple[str, ...] = ()
        self._all = False
        self._search = named(QLineEdit(), "columnSearch")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._lay_out)
        self._line = QWidget()
        self._flow = FlowLayout(self._line, GAP_S // 2 + 1)
        self._more = named(QPushButton(), "moreColumnsButton", "link")
        self._more.clicked.connect(self._show_all)
        self._none = text_label("hint", wrap=True)
        column = vbox(self, gap=GAP_S)
        for part in (self._search, self._line, self._none):
            column.addWidget(part)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self.retranslate()

    def set_columns(self, columns: Sequence[str]) -> None:
        """Show these columns."""
        if tuple(columns) != self._columns:
            self._columns = tuple(columns)
            self._all = False
            self._search.clear()
            self._lay_out()

    def chips(self) -> list[Chip]:
        """The chips that are shown, in order."""
        return [widget for widget in widgets_of(self._flow) if isinstance(widget, Chip)]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook: arrow keys go from chip to chip."""
        step = 1 if event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Down) else -1
        arrow = event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
        chips = self.chips()
        focused = [chip.hasFocus() for chip in chips]
        if not arrow or True not in focused:
            super().keyPressEvent(event)
            return
        target = chips[(focused.index(True) + step) % len(chips)]
        for chip in chips:
            chip.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        target.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        target.setFocus(Qt.FocusReason.TabFocusReason)

    def retranslate(self) -> None:
        """Set every text."""
        describe(self, _("Columns"), _("Click a column to put it into the prompt, or drag it there."))
        self._search.setPlaceholderText(_("Find a column"))
        describe(self._search, _("Find a column"))
        self._lay_out()

    def _show_all(self) -> None:
        self._all = True
        self._lay_out()
        if chips := self.chips():
            chips[min(FEW, len(chips) - 1)].setFocus(Qt.FocusReason.TabFocusReason)

    def _lay_out(self) -> None:
        wanted = self._search.text().strip().casefold()
        found = [column for column in self._columns if wanted in column.casefold()]
        shown = found[: MOST if self._all or wanted else FEW]
        clear(self._flow)
        for index, column in enumerate(shown):
            chip = Chip(column, self._line)
            chip.setFocusPolicy(Qt.FocusPolicy.ClickFocus if index else Qt.FocusPolicy.StrongFocus)
            chip.setToolTip(plain_tip(plain(column, 300)))
            describe(
                chip, _("Column {name}").format(name=plain(column, 100)), _("Puts this column's place into the prompt.")
            )
            chip.clicked.connect(lambda _checked=False, name=column: self.chosen.emit(name))
            self._flow.addWidget(chip)
            chip.show()
        hidden = len(found) - len(shown)
        self._search.setVisible(len(self._columns) > FEW)
        self._none.setText(
            _("No column has this in its name.") if self._columns else _("The file's columns come here.")
        )
        self._none.setVisible(not found)
        self._line.setVisible(bool(found))
        self._more.setVisible(hidden > 0 and not self._all)
        self._more.setText(ngettext("Show {n} more column", "Show {n} more columns", hidden).format(n=hidden))
        self._line.updateGeometry()
