"""Walks every word of a part of the window: shown now or not, and what a screen reader says."""

from __future__ import annotations

import gettext
from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QTableView,
    QTabWidget,
    QWidget,
)

# Names, figures and keys that are the same in all languages.
SAME_EVERYWHERE = {
    *(
        "Rowmill",
        "OpenAI",
        "Anthropic",
        "Ollama",
        "LM Studio",
        "llama.cpp / llamafile",
        "vLLM",
        "OpenRouter",
        "DeepSeek",
    ),
    *("Qwen (DashScope)", "English", "简体中文", "1", "2", "3", "5", "10", "20", "50", "100"),
}


class Marked(gettext.NullTranslations):
    """A language in which every sentence of the catalogue is marked."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧" if message else ""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


def texts(root: QWidget) -> Iterator[tuple[QWidget, str]]:
    """Every word a user or a screen reader can meet, shown now or not."""
    if root.windowTitle():
        yield root, root.windowTitle()
    for widget in root.findChildren(QWidget):
        parent = widget.parentWidget()
        # What Qt makes by itself has its words from Qt.
        if widget.objectName().startswith("qt_") or isinstance(widget, QScrollBar) or isinstance(parent, QTabBar):
            continue
        inside = isinstance(parent, (QComboBox, QAbstractSpinBox)) and isinstance(widget, QLineEdit)
        if isinstance(widget, QAbstractButton) or (isinstance(widget, QLabel) and widget.pixmap().isNull()):
            yield widget, widget.text()
        if isinstance(widget, (QLineEdit, QPlainTextEdit)) and not inside:
            yield widget, widget.placeholderText()
        if isinstance(widget, QComboBox):
            yield from ((widget, widget.itemText(index)) for index in range(widget.count()))
        if isinstance(widget, QMenu):
            yield from ((widget, action.text()) for action in widget.actions())
        if isinstance(widget, QTableView):
            yield from ((widget, text) for text in _of_table(widget))
        if isinstance(widget, QTabWidget):
            yield from ((widget, widget.tabText(index)) for index in range(widget.count()))
        yield widget, widget.accessibleName()
        yield widget, widget.accessibleDescription()
        yield widget, widget.toolTip()


def foreign(root: QWidget) -> list[str]:
    """Words that did not come out of the catalogue. Data is written with §."""
    left = []
    for widget, text in texts(root):
        bare = text.strip().strip("•").replace("&&", "&")
        # Figures are no words.
        if any(map(str.isalpha, bare)) and "⟦" not in bare and "§" not in bare and bare not in SAME_EVERYWHERE:
            left.append(f"{type(widget).__name__} {widget.objectName()}: {bare}")
    return left


def _of_table(table: QTableView) -> Iterator[str]:
    model = table.model()
    for column in range(model.columnCount()):
        yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        for row in range(min(30, model.rowCount())):
            for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
                yield str(model.index(row, column).data(role) or "")
