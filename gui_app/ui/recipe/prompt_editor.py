"""The prompt's editor: plain text, with the file's columns as pills and a gentle mark under names that are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QMimeData, QRectF, QSize, QStringListModel, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextLine,
)
from PySide6.QtWidgets import QCompleter, QPlainTextEdit, QSizePolicy, QTextEdit, QWidget

from gui_app.recipes.template import Place, Template
from gui_app.ui.look.palette import colours
from gui_app.ui.recipe.column_chips import COLUMN_MIME

MOST_CHARACTERS = 100_000
"""A paste beyond it is cut: a megabyte pasted by mistake must not freeze the window. Nothing else is."""
LEAST_LINES, MOST_LINES = 7, 24
"""As high as its text within these; a longer one scrolls."""
MOST_MARKS = 300
"""Further places work, but are not coloured: thousands would make each key slow."""


class PromptEdit(QPlainTextEdit):
    """Edits a prompt template. Only plain text gets in, whatever was copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("promptEdit")
        # Tab goes on to the next control: a prompt needs no tabs, a keyboard user needs a way out.
        self.setTabChangesFocus(True)
        self._columns: tuple[str, ...] = ()
        self._spans: list[tuple[int, int, Place]] = []
        self._names = QStringListModel(self)
        self._completer = QCompleter(self._names, self)
        self._completer.setWidget(self)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._completer.setMaxVisibleItems(8)
        popup = self._completer.popup()
        assert popup is not None
        self._popup = popup
        self._completer.activated[str].connect(self._complete)  # type: ignore[index]
        self.textChanged.connect(self._mark)
        self._height = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)

    def sizeHint(self) -> QSize:
        """Qt's hook: as high as the text, so that what comes below it is in sight."""
        # The document of such an editor counts its height in lines.
        lines = max(LEAST_LINES, min(MOST_LINES, round(self.document().size().height())))
        around = self.contentsMargins()
        margins = 2 * self.document().documentMargin() + around.top() + around.bottom()
        return QSize(super().sizeHint().width(), round(lines * self.fontMetrics().lineSpacing() + margins) + 2)

    def minimumSizeHint(self) -> QSize:
        """Qt's hook."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def _fit(self) -> None:
        height = self.sizeHint().height()
        if height != self._height:
            self._height = height
            self.updateGeometry()

    def text(self) -> str:
        """The template, character for character (`toPlainText` would turn no-break spaces into plain ones)."""
        return self.document().toRawText().replace("\u2029", "\n").replace("\u2028", "\n")

    def set_text(self, text: str) -> None:
        """Show another template. One step of undo, so that a preset chosen by mistake is taken back with Ctrl+Z."""
        if text == self.text():
            return
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self.setTextCursor(cursor)

    def set_columns(self, columns: Sequence[str]) -> None:
        """The columns whose names count as places."""
        self._columns = tuple(columns)
        self._names.setStringList(list(columns))
        self._mark()

    def template(self) -> Template:
        """The text, read against the columns."""
        return Template(self.text(), self._columns)

    def insert_column(self, column: str) -> None:
        """Put a column's place where the cursor is, in place of what is selected."""
        cursor = self.textCursor()
        before = self._character(cursor.selectionStart() - 1)
        # "Review:{text}" reads worse than "Review: {text}"; at a line's start and inside brackets nothing is added.
        space = " " if before.isalnum() or (before in ",.:;!?" and before) else ""
        # An edit of its own, or undo would take the words typed before it along.
        cursor.beginEditBlock()
        cursor.insertText(f"{space}{{{column}}}")
        cursor.endEditBlock()
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Qt's hook."""
        return source.hasFormat(COLUMN_MIME) or source.hasText()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Qt's hook: text only. Formats, pictures and invisible characters stay behind."""
        if source.hasFormat(COLUMN_MIME):
            self.insert_column(bytes(source.data(COLUMN_MIME).data()).decode("utf-8", "replace"))
            return
        room = MOST_CHARACTERS - self.document().characterCount()
        self.textCursor().insertText(pasted(source.text())[: max(0, room)])
        self.ensureCursorVisible()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook: a `{` offers the columns."""
        if self._popup.isVisible() and event.key() in (
            Qt.Key.Key_Enter,
            Qt.Key.Key_Return,
            Qt.Key.Key_Escape,
            Qt.Key.Key_Tab,
            Qt.Key.Key_Backtab,
        ):
            event.ignore()
            return
        super().keyPressEvent(event)
        if event.text():
            self._offer()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Qt's hook."""
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._popup.hide()
        super().focusOutEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook: the marks have the theme's colours."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_popup"):
            self._mark()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's hook: the pills lie under the text."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours().accent_soft))
        for start, end, place in self._spans:
            if place.known:
                for box in self._boxes(start, end):
                    painter.drawRoundedRect(box, 5, 5)
        painter.end()
        super().paintEvent(event)

    def _mark(self) -> None:
        """Find the places again and colour them. Formats only: nothing is written into the undo history."""
        text = self.text()
        places = Template(text, self._columns).places() if self._columns else ()
        offsets = _utf16_offsets(text)
        self._spans = [(offsets(place.start), offsets(place.end), place) for place in places[:MOST_MARKS]]
        look = colours()
        known, unknown = QTextCharFormat(), QTextCharFormat()
        known.setForeground(QColor(look.accent))
        unknown.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        unknown.setUnderlineColor(QColor(look.warning))
        marks = []
        for start, end, place in self._spans:
            mark = QTextEdit.ExtraSelection()
            mark.cursor = QTextCursor(self.document())
            mark.cursor.setPosition(start)
            mark.cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            mark.format = known if place.known else unknown
            marks.append(mark)
        self.setExtraSelections(marks)
        self.viewport().update()

    def _boxes(self, start: int, end: int) -> list[QRectF]:
        """Where a span is on the screen: one box for each line it is on."""
        out: list[QRectF] = []
        block: QTextBlock = self.document().findBlock(start)
        bottom = self.viewport().height()
        while block.isValid() and block.position() < end:
            place = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if place.top() > bottom:
                break
            layout, length = block.layout(), block.length() - 1
            first, last = max(0, start - block.position()), min(length, end - block.position())
            for number in range(layout.lineCount()):
                line: QTextLine = layout.lineAt(number)
                left, right = max(first, line.textStart()), min(last, line.textStart() + line.textLength())
                if left < right:
                    x1, x2 = _x(line, left), _x(line, right)
                    out.append(QRectF(place.left() + x1 - 2, place.top() + line.y(), x2 - x1 + 4, line.height()))
            block = block.next()
        return out

    def _character(self, position: int) -> str:
        return self.document().characterAt(position) if position >= 0 else ""

    def _typed_name(self) -> str | None:
        """What stands between an open `{` and the cursor; None when no `{` is open on this line."""
        cursor = self.textCursor()
        before = cursor.block().text()[: cursor.positionInBlock()]
        opened = before.rpartition("{")
        return opened[2] if opened[1] and "}" not in opened[2] and not cursor.hasSelection() else None

    def _offer(self) -> None:
        typed = self._typed_name()
        if typed is None or not self._columns or len(typed) > 60:
            self._popup.hide()
            return
        self._completer.setCompletionPrefix(typed)
        if self._completer.completionCount() == 0:
            self._popup.hide()
            return
        self._popup.setCurrentIndex(self._completer.completionModel().index(0, 0))
        where = self.cursorRect().translated(self.viewport().pos())
        where.setWidth(min(320, self._popup.sizeHintForColumn(0) + 40))
        self._completer.complete(where)

    def _complete(self, column: str) -> None:
        typed = self._typed_name()
        if typed is None:
            return
        cursor = self.textCursor()
        cursor.movePosition(
            QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, len(typed.encode("utf-16-le")) // 2
        )
        closing = "" if self._character(self.textCursor().position()) == "}" else "}"
        cursor.insertText(column + closing)
        self.setTextCursor(cursor)


def pasted(text: str) -> str:
    """Text as it is put in by a paste: one kind of line end, nothing that cannot be seen."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return text.translate(_UNSEEN)


_UNSEEN = {
    **dict.fromkeys(code for code in range(0x20) if chr(code) not in "\n\t"),
    **dict.fromkeys(map(ord, "\x7f\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffc")),
}


def _x(line: QTextLine, position: int) -> float:
    found: Any = line.cursorToX(position)
    # The binding gives the position back beside the x.
    return float(found[0] if isinstance(found, tuple) else found)


def _utf16_offsets(text: str) -> Callable[[int], int]:
    """A function from character positions to Qt's, which counts an emoji as two."""
    if text.isascii() or max(text, default="") <= "\uffff":
        return lambda position: position
    return lambda position: len(text[:position].encode("utf-16-le", "surrogatepass")) // 2
