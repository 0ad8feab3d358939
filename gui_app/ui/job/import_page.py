"""The import line: what was found in the file, changeable in place, and how far the reading is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QProgressBar, QPushButton, QWidget

from gui_app.i18n import _, ngettext, number
from gui_app.sentences import plain
from gui_app.store.reading.queries import JobSummary
from gui_app.ui.look.icons import IconLabel
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.theme import GAP_S, set_role
from gui_app.ui.pieces.elided_label import ElidedLabel
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, hbox, plain_tip, text_label

_ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "gb18030": "GB18030",
    "big5hkscs": "Big5",
    "cp932": "Shift-JIS",
    "euc_kr": "EUC-KR",
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "iso8859-15": "ISO 8859-15",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
}

_AROUND = 38
"""What the stylesheet puts around the text of a quiet box, its arrow included."""


class ImportLine(Panel):
    """What the file is taken for. A change reads it again, until rows have been sent.

    Signals:
        settingsChosen: The user's choices, as `ImportSettings.to_dict` names them; what is not in it is detected.
        cancelRequested: The reading is to be cancelled.
    """

    settingsChosen = Signal(dict)
    cancelRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("importLine")
        self._summary: JobSummary | None = None
        self._chosen: dict[str, Any] = {}
        self._can_read_again = False
        self._reading: float | None = None
        self._locked = True
        self.source = ElidedLabel()
        set_role(self.source, "hint")
        self.dimensions = text_label("hint")
        # It gives way: the list of jobs would be squeezed for it while the file is read.
        self.read_as = ElidedLabel()
        set_role(self.read_as, "hint")
        self.encoding, self.separator, self.header, self.sheet = (QComboBox() for _part in range(4))
        self._boxes = (self.sheet, self.encoding, self.separator, self.header)
        # All encodings at once, without a scroll bar beside so short a list.
        self.encoding.setMaxVisibleItems(len(_ENCODINGS))
        self._first, self._rest = QWidget(), QWidget()
        line = hbox(self._first, gap=GAP_S)
        line.addWidget(IconLabel("file-spreadsheet", "muted", 16))
        line.addWidget(self.source)
        line.addWidget(self.dimensions)
        line.addStretch(1)
        line = hbox(self._rest, (GAP_S, 0, 0, 0), gap=GAP_S)
        line.addWidget(self.read_as)
        for box, name, key in (
            (self.sheet, "sheetBox", "sheet"),
            (self.encoding, "encodingBox", "encoding"),
            (self.separator, "separatorBox", "separator"),
            (self.header, "headerBox", "header"),
        ):
            box.setObjectName(name)
            set_role(box, "quiet")
            box.activated.connect(lambda _index, which=box, what=key: self._choose(what, which.currentData()))
            line.addWidget(box)
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setFixedWidth(120)
        self.progress.setTextVisible(False)
        self.cancel = named(QPushButton(), "cancelImportButton", "quiet")
        self.cancel.clicked.connect(self.cancelRequested)
        line.addWidget(self.progress, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.cancel)
        line.addStretch(1)
        self._lines = hbox(self, gap=GAP_S)
        self._lines.addWidget(self._first)
        self._lines.addWidget(self._rest, 1)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every visible text."""
        describe(self, _("The file"), _("How the file was read. A change reads it again."))
        describe(self.encoding, _("Encoding"))
        describe(self.separator, _("Separator"))
        describe(self.header, _("First row"))
        describe(self.sheet, _("Sheet"))
        describe(self.progress, _("Reading the file"))
        self.cancel.setText(_("Cancel"))
        describe(self.cancel, _("Cancel reading"), _("Stops reading the file and drops this job."))
        if self._summary is not None:
            self.show_summary(self._summary, can_read_again=self._can_read_again)

    def refit(self) -> None:
        """The boxes are as wide as their words."""
        for box in self._boxes:
            box.clear()
        if self._summary is not None:
            self.show_summary(self._summary, can_read_again=self._can_read_again)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's hook: with large letters there are two lines."""
        super().resizeEvent(event)
        self._show_progress()

    def _fit(self) -> None:
        fits = self.width() >= self._first.minimumSizeHint().width() + self._wanted_by_rest() + GAP_S
        wanted = QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        if self._lines.direction() != wanted:
            self._lines.setDirection(wanted)

    def _wanted_by_rest(self) -> int:
        """What the second part takes, shown now or not."""
        if self._reading is not None:
            parts: tuple[QWidget, ...] = (self.progress, self.cancel)
        else:
            parts = (self.read_as,) if self._locked else tuple(box for box in self._boxes if box.count())
        # A box asks for its longest item, but is as wide as the chosen one.
        return sum((part.minimumWidth() or part.sizeHint().width()) + GAP_S for part in parts) + GAP_S

    def minimumSizeHint(self) -> QSize:
        """Qt's hook: as narrow as the wider of the two lines, when it has to be."""
        hint = super().minimumSizeHint()
        if scaled(100) <= 100:
            return hint
        return QSize(max(part.minimumSizeHint().width() for part in (self._first, self._rest)), hint.height())

    def show_summary(self, summary: JobSummary, *, can_read_again: bool) -> None:
        """Show what was found.

        Args:
            can_read_again: The source file is known and there. Rows that were sent lock the table anyway.
        """
        self._summary, self._can_read_again = summary, can_read_again
        found = summary.import_settings
        self.source.set_whole(plain(summary.source_name, 60))
        self.dimensions.setText(_size_of(summary.counts.rows, len(summary.columns)))
        self._fill_encoding(found)
        self._fill_separator(found)
        self._fill_header(found)
        self._fill_sheet(summary)
        self._locked = summary.sent or not can_read_again or not summary.import_done
        if summary.sent:
            why = _("Rows have been sent, so the table stays as it is. To read the file otherwise, start a new job.")
        elif not can_read_again:
            why = _("The file this job came from is not known or not there any more.")
        else:
            why = _("A change reads the file again.")
        shown = [box.currentText() for box in self._boxes if box.count() and box.currentText()]
        read_as = " · ".join(shown)
        self.read_as.set_whole(read_as)
        self.read_as.setToolTip(plain_tip(why))
        self._first.setToolTip(plain_tip(f"{read_as}\n{why}"))
        for box in self._boxes:
            box.setToolTip(plain_tip(why))
        self._show_progress()

    def show_progress(self, fraction: float | None) -> None:
        """How far the reading is, 0 to 1; None when it is over."""
        self._reading = fraction
        self._show_progress()

    def _show_progress(self) -> None:
        reading = self._reading is not None
        self._fit()
        # While the file is read there is no room for both, and nothing to choose yet.
        # Nor is it worth a second line once it cannot be changed; a tooltip has it then.
        in_two = self._lines.direction() == QBoxLayout.Direction.TopToBottom
        self.read_as.setVisible((self._locked or reading) and not in_two)
        self._rest.setVisible(not in_two or not self._locked or reading)
        for box in self._boxes:
            box.setVisible(not self._locked and not reading and box.count() > 0)
        self.progress.setVisible(reading)
        self.cancel.setVisible(reading)
        if self._reading is not None:
            self.progress.setValue(round(1000 * self._reading))

    def _choose(self, what: str, value: Any) -> None:
        if self._summary is not None and self._summary.import_settings.get(what) != value:
            self._chosen[what] = value
            if what == "encoding":
                # Another encoding may hold another separator and header.
                self._chosen = {"encoding": value}
            self.settingsChosen.emit(dict(self._chosen))

    def _fill_encoding(self, found: Mapping[str, Any]) -> None:
        current = found.get("encoding")
        items = [(name, code) for code, name in _ENCODINGS.items() if code != "utf-8-sig"]
        if current == "utf-8-sig":
            current = "utf-8"
        if not current:
            items = []
        elif current not in [code for _name, code in items]:
            items.insert(0, (str(current).upper(), current))
        _fill(self.encoding, items, current)

    def _fill_separator(self, found: Mapping[str, Any]) -> None:
        current = found.get("separator")
        names = [
            (_("comma (,)"), ","),
            (_("semicolon (;)"), ";"),
            (_("tab"), "\t"),
            (_("bar (|)"), "|"),
            (_("none: one column"), ""),
        ]
        if current is None:
            names = []
        elif current not in [value for _name, value in names]:
            names.append((plain(str(current), 5), current))
        _fill(self.separator, names, current)

    def _fill_header(self, found: Mapping[str, Any]) -> None:
        names = [(_("first row: names"), True), (_("first row: data"), False)]
        _fill(self.header, names if found.get("header") is not None else [], found.get("header"))

    def _fill_sheet(self, summary: JobSummary) -> None:
        names = [(plain(name, 40), name) for name in summary.sheets]
        _fill(self.sheet, names, summary.import_settings.get("sheet"))


def _size_of(rows: int, columns: int) -> str:
    return _("{rows} × {columns}").format(
        rows=ngettext("{n} row", "{n} rows", rows).format(n=number(rows)),
        columns=ngettext("{n} column", "{n} columns", columns).format(n=number(columns)),
    )


def _fill(box: QComboBox, items: list[tuple[str, Any]], current: Any) -> None:
    shown = [(box.itemText(at), box.itemData(at)) for at in range(box.count())]
    box.blockSignals(True)
    if shown != items:
        box.clear()
        for text, value in items:
            box.addItem(text, value)
    values = [value for _text, value in items]
    box.setCurrentIndex(values.index(current) if current in values else -1)
    # Its own size hint forgets what the stylesheet puts around the text.
    widths = [box.fontMetrics().horizontalAdvance(text) for text, _value in items] or [0]
    box.setFixedWidth((widths[values.index(current)] if current in values else max(widths)) + _AROUND)
    box.view().setMinimumWidth(max(widths) + _AROUND)
    box.blockSignals(False)
