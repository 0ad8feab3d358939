"""How far the answers agree with correct ones: figures, tables per label and of confusion, the rows that differ."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from gui_app.i18n import _, ngettext, number, one_after_another, percent
from gui_app.jobs import RowFilter
from gui_app.review import Agreement, Finding, LabelFigures, NumberAgreement, SetAgreement, agreement_in_words
from gui_app.sentences import filled, plain
from gui_app.ui.look.palette import colours
from gui_app.ui.look.theme import GAP_S
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, plain_tip, text_label, vbox
from gui_app.ui.pieces.plain_tables import height_of_lines, make_plain

Result = Agreement | NumberAgreement | SetAgreement

MOST_LABELS, MOST_ROWS, MOST_HEIGHT = 40, 200, 340
_ROW_ID, _PAIR = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole


class AgreementView(Panel):
    """Shows one comparison: with correct answers, or (`second`) of two answers to the same rows.

    Signals:
        filterRequested: A `RowFilter` of the rows behind a cell or a list.
        rowRequested: The row id of one disagreement.
    """

    filterRequested = Signal(object)
    rowRequested = Signal(int)

    def __init__(self, parent: QWidget | None = None, *, second: bool = False) -> None:
        self._result: Result | None = None
        self._second = second
        super().__init__(parent)
        self.label = text_label("subtitle", wrap=True)
        self.label.setObjectName(self._name("agreementLabel"))
        self._more = text_label("hint", wrap=True)
        self._warnings = text_label("warning", wrap=True)
        self._per_label_caption, self._confusion_caption, self._rows_caption = (
            text_label("heading", wrap=True),
            text_label("heading", wrap=True),
            text_label("heading", wrap=True),
        )
        self._confusion_note = text_label("hint", wrap=True)
        self.per_label = _table(self._name("perLabelTable"), self)
        self.confusion = _table(self._name("confusionTable"), self)
        # One click, or Enter on the keyboard.
        self.confusion.cellClicked.connect(self._cell_chosen)
        self.confusion.cellActivated.connect(self._cell_chosen)
        self.rows = named(QListWidget(self), self._name("disagreementList"), "boxed")
        self.rows.setUniformItemSizes(True)
        self.rows.setStyleSheet("QListWidget::item { padding: 3px 6px; } QListWidget { padding: 3px 0; }")
        self.rows.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.itemClicked.connect(self._row_chosen)
        self.rows.itemActivated.connect(self._row_chosen)
        self._all = named(QPushButton(), self._name("showDisagreementsButton"))
        self._all.clicked.connect(self._show_all)
        column = vbox(self, gap=GAP_S)
        parts: tuple[QWidget, ...] = (self.label, self._more, self._warnings, self._per_label_caption, self.per_label)
        parts += (self._confusion_caption, self._confusion_note, self.confusion, self._rows_caption, self.rows)
        for part in parts:
            column.addWidget(part)
        column.addWidget(self._all, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_result(None)

    def _name(self, name: str) -> str:
        return f"second_{name}" if self._second else name

    def show_result(self, result: Result | None) -> None:
        """Show a comparison; None hides everything. The same one again moves nothing."""
        if result is None or result != self._result:
            self._result = result
            self.retranslate()

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook: the confusion table's grounds are colours of the theme."""
        if event.type() == QEvent.Type.PaletteChange and isinstance(self._result, Agreement):
            self._show_confusion(self._result)
        super().changeEvent(event)

    def retranslate(self) -> None:
        """Set every text."""
        result = self._result
        self.setVisible(result is not None)
        self._per_label_caption.setText(_("Each label"))
        if self._second:
            self._confusion_caption.setText(_("First and second answers"))
            self._confusion_note.setText(
                _("Each line is a second answer, each column a first one. Click to see the rows.")
            )
        else:
            self._confusion_caption.setText(_("Correct answers and given answers"))
            self._confusion_note.setText(
                _("Each line is a correct answer, each column what the model gave. Click to see the rows.")
            )
        describe(self.per_label, _("Figures for each label"))
        describe(self.confusion, self._confusion_caption.text(), self._confusion_note.text())
        describe(self.label, _("Agreement"))
        describe(self.rows, _("Rows that differ"), _("Enter leads to the row."))
        describe(self._all, _("Show them in the table"))
        if result is None:
            return
        if isinstance(result, Agreement):
            self._show_labels(result)
        elif isinstance(result, SetAgreement):
            self._show_sets(result)
        else:
            self._show_numbers(result)
        warnings = [] if self._second else result.warnings()
        self._warnings.setVisible(bool(warnings))
        self._warnings.setText("\n".join(map(finding_text, warnings)))

    def _show_labels(self, result: Agreement) -> None:
        self._headline(result.accuracy, result.agreed, result.compared, result.interval)
        kappa = result.kappa
        self._say_more(
            ""
            if kappa is None
            else _("Cohen's kappa {kappa} ({words}): agreement beyond what chance would give.").format(
                kappa=f"{kappa:.2f}", words=_(agreement_in_words(kappa))
            )
        )
        self._show_per_label(result.per_label() if result.compared else [])
        self._show_confusion(result)
        found = result.disagreements(MOST_ROWS + 1)
        texts = [
            (
                item.row_id,
                self._differs().format(
                    row=number(item.row_id),
                    given=_("no answer") if item.given is None else plain(item.given, 40),
                    correct=plain(item.correct, 40),
                ),
            )
            for item in found
        ]
        self._show_rows(texts, result.compared - result.agreed + result.not_answered)

    def _differs(self) -> str:
        if self._second:
            return _("Row {row}: first {given}, then {correct}")
        return _("Row {row}: {given}, correct is {correct}")

    def _show_sets(self, result: SetAgreement) -> None:
        self._headline(result.exact_share, result.exact, result.rows, result.interval)
        overall = result.overall
        self._say_more(
            ""
            if overall.f1 is None
            else _("Over all labels: precision {precision}, recall {recall}, F1 {f1}.").format(
                precision=_share(overall.precision), recall=_share(overall.recall), f1=_share(overall.f1)
            )
        )
        self._show_per_label(result.per_label())
        self._show_confusion(None)
        self._show_rows([(i, _("Row {row}").format(row=number(i))) for i in result.different], len(result.different))

    def _show_numbers(self, result: NumberAgreement) -> None:
        self._headline(result.exact_share, result.exact, result.rows, result.interval)
        if result.mean_absolute_error is None or result.mean_error is None or result.within_one_share is None:
            self._say_more("")
        else:
            self._say_more(
                _("{share} are off by at most 1. On average {error} off ({bias}).").format(
                    share=percent(result.within_one_share),
                    error=number(round(result.mean_absolute_error, 2)),
                    bias=_bias(result.mean_error),
                )
            )
        self._show_per_label([])
        self._show_confusion(None)
        rows = result.furthest_off(MOST_ROWS + 1)
        self._show_rows([(i, _("Row {row}").format(row=number(i))) for i in rows], len(result.different))

    def _headline(self, share: float | None, right: int, of: int, interval: tuple[float, float] | None) -> None:
        if share is None or interval is None:
            self.label.setText(_("Nothing to compare yet"))
            return
        self.label.setText(
            _("{share} agree ({right} of {of})").format(share=percent(share), right=number(right), of=number(of))
        )
        describe(
            self.label,
            self.label.text(),
            _("The true share lies between {low} and {high}, 19 times in 20.").format(
                low=percent(interval[0], 1), high=percent(interval[1])
            ),
        )

    def _say_more(self, text: str) -> None:
        interval = self._result.interval if self._result is not None else None
        parts = [text] if text else []
        if interval is not None:
            parts.insert(
                0,
                _("The true share lies between {low} and {high}, 19 times in 20.").format(
                    low=percent(interval[0], 1), high=percent(interval[1])
                ),
            )
        self._more.setText(one_after_another(*parts))
        self._more.setVisible(bool(parts))

    def _show_per_label(self, lines: Sequence[LabelFigures]) -> None:
        lines = [] if self._second else lines[:MOST_LABELS]
        headings = [_("Name"), _("Rows"), _("Precision"), _("Recall"), _("F1")]
        tips = [
            "",
            _("Rows where this is the correct answer"),
            _("Of the rows that were given this label, the share where it is right"),
            _("Of the rows where this label is right, the share that were given it"),
            _("Precision and recall in one figure: their harmonic mean"),
        ]
        cells = [
            [plain(line.label, 60), number(line.correct), _share(line.precision), _share(line.recall), _share(line.f1)]
            for line in lines
        ]
        _fill(self.per_label, headings, cells)
        for column, tip in enumerate(tips):
            item = self.per_label.horizontalHeaderItem(column)
            if item is not None:
                item.setToolTip(plain_tip(tip))
        self.per_label.setVisible(bool(lines))
        self._per_label_caption.setVisible(bool(lines))

    def _show_confusion(self, result: Agreement | None) -> None:
        order = result.order()[:MOST_LABELS] if result is not None and result.compared else []
        shown = len(order) > 1
        for part in (self.confusion, self._confusion_caption, self._confusion_note):
            part.setVisible(shown)
        if result is None or not shown:
            return
        names = [plain(label, 16) for label in order]
        table = [["", *names]]
        for correct, name in zip(order, names, strict=True):
            table.append([name, *(number(result.count(given, correct)) for given in order)])
        _fill(self.confusion, table[0], table[1:])
        largest = max(result.count(given, correct) for given in order for correct in order) or 1
        look = colours()
        for y, correct in enumerate(order):
            for x, given in enumerate(order, start=1):
                item, n = self.confusion.item(y, x), result.count(given, correct)
                if item is None:
                    continue
                item.setData(_PAIR, (given, correct))
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                if n:
                    ground = QColor(look.success if given == correct else look.error)
                    ground.setAlphaF(0.10 + 0.25 * n / largest)
                    item.setBackground(ground)
                if self._second:
                    said = _("{n} rows answered {given} first and {correct} then")
                else:
                    said = _("{n} rows answered {given} where {correct} is correct")
                what = said.format(n=number(n), given=plain(given, 40), correct=plain(correct, 40))
                item.setData(Qt.ItemDataRole.AccessibleTextRole, what)
                item.setToolTip(plain_tip(what))

    def _show_rows(self, rows: Sequence[tuple[int, str]], total: int) -> None:
        self.rows.clear()
        for row_id, text in rows[:MOST_ROWS]:
            item = QListWidgetItem(text)
            item.setData(_ROW_ID, row_id)
            self.rows.addItem(item)
        heading = ngettext("{n} row that differs", "{n} rows that differ", total).format(n=number(total))
        self._rows_caption.setText(heading)
        describe(self.rows, heading, _("Enter leads to the row."))
        self._all.setText(_("Show them in the table"))
        describe(self._all, _("Show them in the table"), heading)
        for part in (self._rows_caption, self.rows, self._all):
            part.setVisible(total > 0)
        line = self.rows.sizeHintForRow(0) if rows else 0
        self.rows.setFixedHeight(min(6, max(1, len(rows))) * line + 4)

    def _cell_chosen(self, row: int, column: int) -> None:
        item = self.confusion.item(row, column)
        pair = item.data(_PAIR) if item is not None else None
        if isinstance(self._result, Agreement) and isinstance(pair, (tuple, list)):
            ids = tuple(self._result.rows_of(str(pair[0]), str(pair[1])))
            if ids:
                self.filterRequested.emit(RowFilter(row_ids=ids))

    def _row_chosen(self, item: QListWidgetItem) -> None:
        self.rowRequested.emit(int(item.data(_ROW_ID)))

    def _show_all(self) -> None:
        result = self._result
        if isinstance(result, Agreement):
            ids = tuple(item.row_id for item in result.disagreements())
        elif isinstance(result, NumberAgreement):
            ids = tuple(result.furthest_off())
        else:
            ids = tuple(result.different) if result is not None else ()
        self.filterRequested.emit(RowFilter(row_ids=ids))


def finding_text(finding: Finding) -> str:
    """A warning in the user's language; shares as percentages."""
    details = {
        key: percent(value) if key in ("low", "high", "share") and isinstance(value, float) else value
        for key, value in finding.details.items()
    }
    return filled(finding.sentence, details)


class _Figures(QTableWidget):
    """As tall as its lines. The names take the room there is, as long as all columns fit beside them."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's hook."""
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Share out the room."""
        across = self.horizontalHeader()
        columns = range(self.columnCount())
        wide = sum(max(across.sectionSizeHint(x), self.sizeHintForColumn(x)) for x in columns)
        fits = wide <= self.width() - 2 * self.frameWidth()
        if columns:
            mode = QHeaderView.ResizeMode.Stretch if fits else QHeaderView.ResizeMode.ResizeToContents
            across.setSectionResizeMode(0, mode)
        scroll = 0 if fits else self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(min(height_of_lines(self, MOST_LABELS) + scroll, MOST_HEIGHT))


def _table(name: str, parent: QWidget) -> _Figures:
    out = _Figures(parent)
    make_plain(out, name)
    across = out.horizontalHeader()
    across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    across.setMinimumSectionSize(30)
    across.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter)
    return out


def _fill(table: _Figures, headings: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    table.clear()
    table.setColumnCount(len(headings))
    table.setRowCount(len(cells))
    table.setHorizontalHeaderLabels(list(headings))
    for y, line in enumerate(cells):
        for x, text in enumerate(line):
            item = QTableWidgetItem(text)
            if x:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(y, x, item)
    table.fit()


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value, 1)


def _bias(mean_error: float) -> str:
    if abs(mean_error) < 0.005:
        return _("neither too high nor too low")
    size = number(round(abs(mean_error), 2))
    return _("{n} too high").format(n=size) if mean_error > 0 else _("{n} too low").format(n=size)
