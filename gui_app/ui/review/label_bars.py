"""How often each answer was given, as bars. A click on a bar shows its rows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from gui_app.i18n import _, ngettext, number, percent
from gui_app.jobs import FieldValue
from gui_app.sentences import plain
from gui_app.ui.look.palette import colours
from gui_app.ui.look.theme import GAP_S
from gui_app.ui.pieces.panel import Panel, clear, describe, text_label, vbox
from gui_app.ui.pieces.pressing import on_press, set_pressed
from gui_app.ui.table.cell_text import value_text

MOST = 24
_SPACE = 8


class LabelBar(QAbstractButton):
    """One answer: its name, its count, and a bar that fills its share of the track."""

    def __init__(self, value: FieldValue, count: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.value, self.count = value, count
        self._all = 1
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_count(self, count: int, total: int) -> None:
        """New figures: this one's and the sum of all."""
        self.count, self._all = count, max(1, total)
        name = self._name()
        self.setText(name.replace("&", "&&"))
        rows = ngettext("{n} row", "{n} rows", count).format(n=number(count))
        describe(self, f"{name}: {rows}, {percent(count / self._all)}", _("Shows only these rows; again, all rows."))
        self.update()

    def sizeHint(self) -> QSize:
        """Qt's hook."""
        return QSize(200, self.fontMetrics().height() + 18)

    def minimumSizeHint(self) -> QSize:
        """Qt's hook."""
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's hook."""
        look, metrics = colours(), QFontMetrics(self.font())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.isChecked() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.selection if self.isChecked() else look.hover))
            painter.drawRoundedRect(frame, 6, 6)
        if self.hasFocus() or self.isChecked():
            painter.setPen(QColor(look.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame, 6, 6)
        figures = f"{number(self.count)}   {percent(self.count / self._all, 1)}"
        inside = self.rect().adjusted(_SPACE, 4, -_SPACE, -11)
        width = metrics.horizontalAdvance(figures)
        painter.setPen(QColor(look.text if self.value is not None else look.muted))
        name = metrics.elidedText(self._name(), Qt.TextElideMode.ElideRight, inside.width() - width - 12)
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        painter.setPen(QColor(look.muted))
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figures)
        track = QRectF(_SPACE, self.height() - 9, self.width() - 2 * _SPACE, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.pressed))
        painter.drawRoundedRect(track, 2, 2)
        track.setWidth(max(4.0, track.width() * self.count / self._all))
        painter.setBrush(QColor(look.accent_fill if self.value is not None else look.muted))
        painter.drawRoundedRect(track, 2, 2)

    def _name(self) -> str:
        return plain(value_text(self.value), 80) if self.value not in (None, "", ()) else _("(no answer)")


class LabelBars(Panel):
    """The bars of one field.

    Signals:
        picked: The value to show only, or `Ellipsis` for all rows again.
    """

    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("labelBars")
        self._counts: tuple[tuple[FieldValue, int], ...] = ()
        self._bars: list[LabelBar] = []
        self._none = text_label("hint", wrap=True)
        self._more = text_label("hint", wrap=True)
        self._column = vbox(None, gap=2)
        column = vbox(self, gap=GAP_S // 2)
        column.addLayout(self._column)
        column.addWidget(self._more)
        column.addWidget(self._none)
        self.retranslate()

    def set_counts(self, counts: Sequence[tuple[FieldValue, int]]) -> None:
        """The values and how often each is there, the commonest first. Safe to call at every event."""
        if tuple(counts) == self._counts:
            return
        self._counts = tuple(counts)
        shown = self._counts[:MOST]
        if [bar.value for bar in self._bars] != [value for value, _n in shown]:
            checked = [bar.value for bar in self._bars if bar.isChecked()]
            clear(self._column)
            self._bars = [self._bar(value, n, value in checked) for value, n in shown]
        self.retranslate()

    def select(self, value: object) -> None:
        """Mark one value as the one that is shown; `Ellipsis` marks none."""
        for bar in self._bars:
            set_pressed(bar, value is not Ellipsis and bar.value == value)

    def bars(self) -> list[LabelBar]:
        """The bars, from top to bottom."""
        return list(self._bars)

    def retranslate(self) -> None:
        """Set every text."""
        describe(self, _("Answers and how often each was given"), _("Click one to see only its rows."))
        total = sum(n for _value, n in self._counts)
        for bar, (_value, n) in zip(self._bars, self._counts, strict=False):
            bar.set_count(n, total)
        hidden = len(self._counts) - len(self._bars)
        self._more.setVisible(hidden > 0)
        self._more.setText(ngettext("and {n} other answer", "and {n} other answers", hidden).format(n=number(hidden)))
        self._none.setVisible(not self._counts)
        self._none.setText(_("As soon as there are answers, you see here how often each was given."))

    def _bar(self, value: FieldValue, count: int, checked: bool) -> LabelBar:
        bar = LabelBar(value, count)
        set_pressed(bar, checked)
        on_press(bar, lambda on: self._clicked(bar, on))
        self._column.addWidget(bar)
        return bar

    def _clicked(self, bar: LabelBar, on: bool) -> None:
        self.select(bar.value if on else Ellipsis)
        self.picked.emit(bar.value if on else Ellipsis)
