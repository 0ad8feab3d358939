"""The help: one page that can be searched, beside the list of its parts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFont, QKeySequence, QShortcut, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QSplitter, QTextEdit, QVBoxLayout, QWidget

from gui_app import paths
from gui_app.errors import StorageError
from gui_app.i18n import _, ngettext, number
from gui_app.ui.help.help_text import BULLET, HelpPart, help_parts
from gui_app.ui.look.palette import colours
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_S, GAP_XS
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, hbox, text_label, vbox
from gui_app.ui.pieces.screen_room import resize_within
from gui_app.ui.pieces.search_edit import SearchEdit
from gui_app.ui.window_actions import keys_told

_TOPIC = int(Qt.ItemDataRole.UserRole) + 1


class HelpWindow(Panel):
    """A window by itself, so that it can stay open beside the work and beside any dialog."""

    # Qt tells of changes before and after the object's own life.
    _parts: Sequence[HelpPart] = ()

    def __init__(self) -> None:
        super().__init__(role="page")
        self.setObjectName("helpWindow")
        self.setWindowFlag(Qt.WindowType.Window)
        self.setMinimumSize(420, 280)
        resize_within(self, scaled(940, 1.3), scaled(720, 1.2))
        self._places: dict[str, int] = {}
        self.search = SearchEdit()
        self.search.setObjectName("helpSearchEdit")
        self._told = text_label("hint")
        self.list = named(QListWidget(), "helpList")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setWordWrap(True)
        self.list.setStyleSheet("QListWidget::item { padding: 3px 6px; }")
        self.text = QTextEdit()
        self.text.setObjectName("helpText")
        self.text.setReadOnly(True)
        self.text.document().setDocumentMargin(GAP_M)
        self.text.setTabChangesFocus(True)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._lay_out()
        self._connect()
        self.retranslate()

    def _lay_out(self) -> None:
        head = hbox(None, gap=GAP_M)
        head.addWidget(self.search, 1)
        head.addWidget(self._told)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.list)
        split.addWidget(self.text)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        split.setSizes([270, 670])
        column: QVBoxLayout = vbox(self, (GAP_L, GAP_L, GAP_L, GAP_L), GAP_M)
        column.addLayout(head)
        column.addWidget(split, 1)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(lambda: self.next_hit())
        self.search.downPressed.connect(self.list.setFocus)
        self.list.currentItemChanged.connect(lambda item, _before: self._go(item) if item is not None else None)
        self.list.itemClicked.connect(self._go)
        for keys, work in (("Escape", self._leave), ("F3", self.next_hit), ("Ctrl+F", self._focus_search)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(work)

    def retranslate(self) -> None:
        """Read the page again, in the language in use."""
        self.setWindowTitle(_("Help for Rowmill"))
        self.setAccessibleName(self.windowTitle())
        self.search.retranslate()
        self.search.setPlaceholderText(_("Find in the help"))
        describe(
            self.search, _("Find in the help"), _("Lists the parts with these words. Enter goes to the next place.")
        )
        describe(self.list, _("Parts of the help"))
        describe(self.text, _("Help"))
        topic = self.topic()
        self._parts = help_parts({"keyboard": keys_told(), "logs": [_log_folder()]})
        self._write()
        self._search()
        self.show_topic(topic)

    def topic(self) -> str:
        """The part that is chosen; "" for none."""
        item = self.list.currentItem()
        return "" if item is None else str(item.data(_TOPIC))

    def show_topic(self, topic: str) -> None:
        """Go to a part; one that is not listed now is listed again."""
        if topic not in self._places:
            return
        if topic not in self.listed():
            self.search.clear()
        for at in range(self.list.count()):
            if self.list.item(at).data(_TOPIC) == topic:
                self.list.setCurrentRow(at)
        self._scroll_to(topic)

    def listed(self) -> list[str]:
        """The parts that the search lets through."""
        return [str(self.list.item(at).data(_TOPIC)) for at in range(self.list.count())]

    def next_hit(self) -> None:
        """Go to the next place with the first of the words."""
        words = self._words()
        if words and not self.text.find(words[0]):
            self.text.moveCursor(QTextCursor.MoveOperation.Start)
            self.text.find(words[0])

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook: headings are as large as the letters in use."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange) and self._parts:
            topic = self.topic()
            self._write()
            self._mark()
            self._scroll_to(topic)

    # The page

    def _write(self) -> None:
        self.text.clear()
        self._places.clear()
        cursor = self.text.textCursor()
        for part in self._parts:
            self._write_title(cursor, part)
            for block in part.blocks:
                self._write_block(cursor, block)
        self.text.moveCursor(QTextCursor.MoveOperation.Start)

    def _write_title(self, cursor: QTextCursor, part: HelpPart) -> None:
        block, letters = QTextBlockFormat(), QTextCharFormat()
        block.setHeadingLevel(2)
        block.setTopMargin(GAP_L + GAP_S if self._places else 0)
        block.setBottomMargin(GAP_S)
        letters.setFontWeight(QFont.Weight.Bold)
        letters.setFontPointSize(1.25 * self.text.font().pointSizeF())
        self._begin(cursor, block, letters)
        self._places[part.topic] = cursor.blockNumber()
        cursor.insertText(part.title)

    def _write_block(self, cursor: QTextCursor, text: str) -> None:
        block = QTextBlockFormat()
        block.setLineHeight(125, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        block.setBottomMargin(GAP_S)
        if text.startswith(BULLET):
            # The lines below the first begin where its words do.
            dot = "•  "
            wide = self.text.fontMetrics().horizontalAdvance(dot)
            block.setLeftMargin(GAP_XS + wide)
            block.setTextIndent(-wide)
            text = dot + text[len(BULLET) :]
        self._begin(cursor, block, QTextCharFormat())
        cursor.insertText(text)

    def _begin(self, cursor: QTextCursor, block: QTextBlockFormat, letters: QTextCharFormat) -> None:
        if self._places:
            cursor.insertBlock(block, letters)
        else:
            cursor.setBlockFormat(block)
            cursor.setBlockCharFormat(letters)
            cursor.setCharFormat(letters)

    def _scroll_to(self, topic: str) -> None:
        if topic not in self._places:
            return
        document = self.text.document()
        block = document.findBlockByNumber(self._places[topic])
        self.text.setTextCursor(QTextCursor(block))
        top = document.documentLayout().blockBoundingRect(block).top()
        self.text.verticalScrollBar().setValue(round(top))

    def _go(self, item: QListWidgetItem) -> None:
        self._scroll_to(str(item.data(_TOPIC)))

    # The search

    def _words(self) -> list[str]:
        return self.search.text().casefold().split()

    def _search(self) -> None:
        words = self._words()
        self.list.blockSignals(True)
        self.list.clear()
        for part in self._parts:
            if part.has(words):
                item = QListWidgetItem(part.title)
                item.setData(_TOPIC, part.topic)
                self.list.addItem(item)
        self.list.blockSignals(False)
        hits = self._mark()
        if not words:
            self._told.setText("")
        elif self.list.count():
            self._told.setText(ngettext("{count} place", "{count} places", hits).format(count=number(hits)))
            self._scroll_to(self.listed()[0])
            self.next_hit()
        else:
            self._told.setText(_("Nothing found. Try another word."))
        self._told.setAccessibleName(self._told.text())
        self._told.setVisible(bool(words))

    def _mark(self) -> int:
        """Put a ground under every word that is looked for. Returns how many there are."""
        marked = []
        letters = QTextCharFormat()
        letters.setBackground(QColor(colours().selection))
        letters.setForeground(QColor(colours().text))
        document = self.text.document()
        for word in self._words():
            cursor = document.find(word)
            while not cursor.isNull():
                place = QTextEdit.ExtraSelection()
                place.cursor, place.format = cursor, letters
                marked.append(place)
                cursor = document.find(word, cursor)
        self.text.setExtraSelections(marked)
        return len(marked)

    def _leave(self) -> None:
        if self.search.text():
            self.search.clear()
        else:
            self.close()

    def _focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()


def _log_folder() -> str:
    try:
        return str(paths.log_dir())
    except StorageError:
        return "?"


def help_window(before: HelpWindow | None, beside: QWidget) -> HelpWindow:
    """The window, opened beside another one, or brought to the front when it is open already."""
    window = before if before is not None else HelpWindow()
    if not window.isVisible():
        corner = beside.frameGeometry().topLeft()
        window.move(corner.x() + 60, corner.y() + 60)
        window.show()
    window.raise_()
    window.activateWindow()
    return window
