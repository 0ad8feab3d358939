"""The history of a task: each version with what came of it, two of them side by side, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QHeaderView,
    QPlainTextEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from gui_app.i18n import _, moment, money, ngettext, number
from gui_app.jobs import OutputField
from gui_app.recipes.template import Template
from gui_app.review import CorrectAnswers, as_label
from gui_app.sentences import plain, state_name
from gui_app.store.queries import JobReader
from gui_app.store.versions import Opinion, Pair, VersionResults, compare_versions, rows_asked, version_results
from gui_app.ui.bridge import JobLink
from gui_app.ui.cell_text import value_text
from gui_app.ui.forms import fill, readable, tell
from gui_app.ui.palette import colours
from gui_app.ui.panel import describe, hbox, plain_tip, text_label, vbox
from gui_app.ui.store_thread import Request
from gui_app.ui.theme import GAP_L, GAP_M, GAP_S, set_role

T = TypeVar("T")

MOST_PAIRS, MOST_ASKED = 1_000, 50


@dataclass(frozen=True)
class Comparison:
    """Two versions on the rows both were asked about.

    Attributes:
        missing: Rows the first was asked about and the second was not.
    """

    first: int
    second: int
    pairs: list[Pair]
    missing: list[int]


def read_comparison(reader: JobReader, first: int, second: int) -> Comparison:
    """On a reading thread."""
    known = set(rows_asked(reader, second))
    missing = [row_id for row_id in rows_asked(reader, first) if row_id not in known]
    return Comparison(first, second, compare_versions(reader, first, second, most=MOST_PAIRS), missing)


class VersionsDialog(QDialog):
    """Signals: backRequested: the `VersionResults` whose task is wanted again. answersRequested: the same, with its
    answers. askRequested: a `VersionResults`, and the row ids to ask it about.
    """

    backRequested = Signal(object)
    answersRequested = Signal(object)
    askRequested = Signal(object, object)

    def __init__(self, link: JobLink, columns: Sequence[str], gold: str | None, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName("versionsDialog")
        self.resize(980, 640)
        self._link, self._columns, self._gold = link, tuple(columns), gold
        self._versions: list[VersionResults] = []
        self._found: Comparison | None = None
        self._can_act, self._is_done = True, False
        self._requests: dict[str, Request] = {}
        self._heading, self._hint = text_label("subtitle", wrap=True), text_label("hint", wrap=True)
        self.list = _table("versionList")
        self.list.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.prompt = QPlainTextEdit()
        self.prompt.setObjectName("versionPrompt")
        self.prompt.setReadOnly(True)
        self.prompt.setTabChangesFocus(True)
        self.back_button, self.answers_button = QPushButton(), QPushButton()
        self.back_button.setObjectName("backButton")
        self.answers_button.setObjectName("backWithAnswersButton")
        self.first_box, self.second_box, self.field_box = QComboBox(), QComboBox(), QComboBox()
        for box, name in (
            (self.first_box, "firstVersionBox"),
            (self.second_box, "secondVersionBox"),
            (self.field_box, "versionFieldBox"),
        ):
            box.setObjectName(name)
        self._compare, self._with = text_label(), text_label()
        self.differ_box = QCheckBox()
        self.differ_box.setObjectName("onlyDifferBox")
        self._summary = text_label(wrap=True)
        self._summary.setObjectName("versionSummary")
        self.ask_button = QPushButton()
        self.ask_button.setObjectName("askSameRowsButton")
        self.pairs = _table("pairTable")
        self.close_button = QPushButton()
        self.close_button.setObjectName("closeVersionsButton")
        self._build()
        self.retranslate()
        self.look()

    def look(self) -> None:
        """Read the versions again."""
        self._ask("versions", version_results, self._show_versions)

    def set_can_act(self, can: bool) -> None:
        """Whether answers can be brought back or asked for now: not while rows are on their way."""
        self._can_act = can
        self._enable()

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def retranslate(self) -> None:
        """Set every text."""
        self.setWindowTitle(_("History of the task"))
        self._heading.setText(_("Versions of this task"))
        self._hint.setText(
            _("Each time rows were sent after the prompt, the results or the model had changed, a version was kept.")
        )
        describe(self.list, self._heading.text())
        describe(self.prompt, _("Prompt of the chosen version"))
        self.back_button.setText(_("Use this version"))
        describe(self.back_button, _("Use this version"), _("Shows its prompt, results and model again."))
        self.answers_button.setText(_("Use it and its answers"))
        describe(
            self.answers_button,
            _("Use it and its answers"),
            _("Also shows again what it answered, in the rows it was asked about. Nothing is sent."),
        )
        for button in (self.back_button, self.answers_button):
            button.setToolTip(plain_tip(button.accessibleDescription()))
        self._compare.setText(_("Compare"))
        self._with.setText(_("with"))
        describe(self.first_box, _("First version"))
        describe(self.second_box, _("Second version"))
        describe(self.field_box, _("Result column"))
        self.differ_box.setText(_("Only rows that differ"))
        describe(self.pairs, _("Answers of both versions"))
        self.close_button.setText(_("Close"))
        self._show_versions(self._versions)

    # Inside

    def _build(self) -> None:
        buttons = vbox(None, gap=GAP_S)
        for button in (self.back_button, self.answers_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        chosen = hbox(None, gap=GAP_M)
        chosen.addWidget(self.prompt, 1)
        chosen.addLayout(buttons)
        self.prompt.setMaximumHeight(96)
        line = hbox(None, gap=GAP_S)
        for part in (self._compare, self.first_box, self._with, self.second_box, self.field_box, self.differ_box):
            line.addWidget(part)
        line.addStretch(1)
        said = hbox(None, gap=GAP_M)
        said.addWidget(self._summary, 1)
        said.addWidget(self.ask_button)
        end = hbox(None)
        end.addStretch(1)
        end.addWidget(self.close_button)
        column = vbox(self, (GAP_L, GAP_L, GAP_L, GAP_L), GAP_S)
        column.addWidget(self._heading)
        column.addWidget(self._hint)
        column.addWidget(self.list, 2)
        column.addLayout(chosen)
        column.addSpacing(GAP_S)
        column.addLayout(line)
        column.addLayout(said)
        column.addWidget(self.pairs, 3)
        column.addLayout(end)
        self.list.itemSelectionChanged.connect(self._version_chosen)
        self.back_button.clicked.connect(lambda: self._emit(self.backRequested))
        self.answers_button.clicked.connect(lambda: self._emit(self.answersRequested))
        self.first_box.currentIndexChanged.connect(self._read_pairs)
        self.second_box.currentIndexChanged.connect(self._read_pairs)
        self.field_box.currentIndexChanged.connect(self._show_pairs)
        self.differ_box.toggled.connect(self._show_pairs)
        self.ask_button.clicked.connect(self._ask_clicked)
        self.close_button.clicked.connect(self.close)
        for button in (self.back_button, self.answers_button, self.ask_button, self.close_button):
            button.setAutoDefault(False)

    def done(self, result: int) -> None:
        """Qt's hook: nothing is called back in a dialog that is gone."""
        self._is_done = True
        for request in self._requests.values():
            request.cancel()
        super().done(result)

    def _ask(self, name: str, question: Callable[[JobReader], T], show: Callable[[T], None]) -> None:
        if self._is_done:
            # The boxes announce another choice while Qt deletes them.
            return
        before = self._requests.get(name)
        if before is not None:
            before.cancel()
        self._requests[name] = self._link.lists.ask(question, show, self._link.failed.emit)

    def _chosen(self) -> VersionResults | None:
        row = self.list.currentRow()
        newest_first = self._versions[::-1]
        return newest_first[row] if 0 <= row < len(newest_first) else None

    def _emit(self, signal: object) -> None:
        version = self._chosen()
        if version is not None:
            signal.emit(version)  # type: ignore[attr-defined]

    def _show_versions(self, versions: list[VersionResults]) -> None:
        known, self._versions = {item.version for item in self._versions}, versions
        row = max(0, self.list.currentRow())
        headings = [_("Version"), _("When"), _("Model"), _("Rows"), _("Done"), _("Cost"), _("Prompt")]
        lines = [_version_line(item) for item in versions[::-1]]
        _fill(self.list, headings, lines)
        self.list.setCurrentCell(min(row, len(lines) - 1), 0)
        names = [(_name(item), item.version) for item in versions]
        for box in (self.first_box, self.second_box):
            fill(box, names)
        if known != {item.version for item in versions} and len(versions) > 1:
            self.first_box.setCurrentIndex(len(versions) - 2)
            self.second_box.setCurrentIndex(len(versions) - 1)
        self._version_chosen()
        self._read_pairs()

    def _version_chosen(self) -> None:
        version = self._chosen()
        shown = "" if version is None else readable(version.recipe.template[:5_000])
        if self.prompt.toPlainText() != shown:
            self.prompt.setPlainText(shown)
        self._enable()

    def _enable(self) -> None:
        version = self._chosen()
        self.back_button.setEnabled(version is not None)
        self.answers_button.setEnabled(version is not None and version.rows > 0 and self._can_act)
        self.ask_button.setEnabled(self._can_act)

    def _read_pairs(self) -> None:
        first, second = self.first_box.currentData(), self.second_box.currentData()
        if first is None or second is None or first == second:
            self._show_comparison(None)
            return
        self._ask("pairs", lambda reader: read_comparison(reader, first, second), self._show_comparison)

    def _show_comparison(self, found: Comparison | None) -> None:
        self._found = found
        fields = self._fields()
        fill(self.field_box, [(plain(field.name, 40), field.name) for field in fields])
        self.field_box.setVisible(len(fields) > 1)
        self._show_pairs()

    def _fields(self) -> list[OutputField]:
        out: dict[str, OutputField] = {}
        for version in (self.second_box.currentData(), self.first_box.currentData()):
            for item in self._versions:
                if item.version == version:
                    for field in item.recipe.fields:
                        out.setdefault(field.name, field)
        return list(out.values())

    def _show_pairs(self) -> None:
        found, name = self._found, str(self.field_box.currentData() or "")
        field = next((item for item in self._fields() if item.name == name), None)
        if found is None or field is None:
            tell(self._summary, _("Choose two versions to see their answers side by side."))
            self.ask_button.hide()
            _fill(self.pairs, [], [])
            return
        same = [_same(pair, name) for pair in found.pairs]
        tell(self._summary, self._summary_text(found, field, same), "")
        self._show_ask(found)
        shown = [
            pair for pair, alike in zip(found.pairs, same, strict=True) if not (alike and self.differ_box.isChecked())
        ]
        at = self._text_column()
        headings = [_("Row"), plain(self._columns[at], 40) if at < len(self._columns) else ""]
        headings += [self.first_box.currentText(), self.second_box.currentText()]
        gold = self._gold_at()
        if gold is not None:
            headings.append(_("Correct"))
        lines = [self._pair_line(pair, name, at, gold) for pair in shown]
        _fill(self.pairs, headings, lines, stretch=1)
        ground = QColor(colours().warning)
        ground.setAlphaF(0.14)
        for y, pair in enumerate(shown):
            if not _same(pair, name):
                for x in (2, 3):
                    item = self.pairs.item(y, x)
                    if item is not None:
                        item.setBackground(ground)

    def _pair_line(self, pair: Pair, name: str, at: int, gold: int | None) -> list[str]:
        line = [number(pair.row_id), plain(pair.cells[at], 200) if at < len(pair.cells) else ""]
        line += [_answer(pair.first, name), _answer(pair.second, name)]
        if gold is not None:
            line.append(plain(pair.cells[gold], 80) if gold < len(pair.cells) else "")
        return line

    def _summary_text(self, found: Comparison, field: OutputField, same: list[bool]) -> str:
        count = len(same)
        text = ngettext(
            "{count} row was asked with both; the answers to {same} are the same.",
            "{count} rows were asked with both; the answers to {same} are the same.",
            count,
        ).format(count=number(count), same=number(sum(same)))
        if count == MOST_PAIRS:
            text += " " + _("More are not shown.")
        gold = self._gold_at()
        if gold is None:
            return text
        correct = CorrectAnswers(field)
        known = [
            (pair, as_label(right)) for pair in found.pairs if (right := correct.read(pair.cells[gold])) is not None
        ]
        if not known:
            return text
        first, second = (
            sum(as_label(opinion(pair).values.get(field.name)) == right for pair, right in known)
            for opinion in (_first, _second)
        )
        return (
            text
            + " "
            + _("Of {count} with a known answer, {first} and {second} are right.").format(
                count=number(len(known)), first=number(first), second=number(second)
            )
        )

    def _show_ask(self, found: Comparison) -> None:
        count = min(MOST_ASKED, len(found.missing))
        self.ask_button.setVisible(count > 0)
        self.ask_button.setText(
            ngettext(
                "Ask version {version} about {n} more row", "Ask version {version} about {n} more rows", count
            ).format(version=found.second, n=number(count))
        )
        describe(
            self.ask_button, self.ask_button.text(), _("Rows that the first version has answered. They are paid for.")
        )
        self._enable()

    def _ask_clicked(self) -> None:
        found = self._found
        version = next((item for item in self._versions if found is not None and item.version == found.second), None)
        if found is not None and version is not None:
            self.askRequested.emit(version, found.missing[:MOST_ASKED])

    def _text_column(self) -> int:
        """The first column that the second version's prompt puts in."""
        for item in self._versions:
            if item.version == self.second_box.currentData():
                used = Template(item.recipe.template, self._columns).columns_used
                return self._columns.index(used[0]) if used else 0
        return 0

    def _gold_at(self) -> int | None:
        return self._columns.index(self._gold) if self._gold in self._columns else None


def _first(pair: Pair) -> Opinion:
    return pair.first


def _second(pair: Pair) -> Opinion:
    return pair.second


def _same(pair: Pair, name: str) -> bool:
    return as_label(pair.first.values.get(name)) == as_label(pair.second.values.get(name))


def _answer(opinion: Opinion, name: str) -> str:
    value = opinion.values.get(name)
    return state_name(opinion.state) if value is None else value_text(value)


def _name(item: VersionResults) -> str:
    return _("Version {number}, {model}").format(number=item.version, model=plain(item.recipe.model, 30) or "–")


def _version_line(item: VersionResults) -> list[str]:
    return [
        _("{number} (in use)").format(number=item.version) if item.latest else number(item.version),
        moment(item.created_at),
        plain(item.recipe.model, 40),
        number(item.rows),
        number(item.done),
        money(item.cost_usd) if item.cost_usd else "",
        plain(" ".join(item.recipe.template.split()), 120),
    ]


def _table(name: str) -> QTableWidget:
    out = QTableWidget()
    out.setObjectName(name)
    set_role(out, "boxed")
    out.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    out.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    out.setTabKeyNavigation(False)
    out.setWordWrap(False)
    out.verticalHeader().hide()
    out.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    out.horizontalHeader().setHighlightSections(False)
    out.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    out.setStyleSheet("QTableWidget::item { padding: 0 6px; } QHeaderView::section { padding: 4px 6px; }")
    return out


def _fill(table: QTableWidget, headings: Sequence[str], lines: Sequence[Sequence[str]], stretch: int = -1) -> None:
    table.blockSignals(True)
    table.clear()
    table.setColumnCount(len(headings))
    table.setRowCount(len(lines))
    table.setHorizontalHeaderLabels(list(headings))
    for y, line in enumerate(lines):
        for x, text in enumerate(line):
            item = QTableWidgetItem(text)
            item.setToolTip(plain_tip(text) if len(text) > 30 else "")
            table.setItem(y, x, item)
    last = len(headings) - 1 if stretch < 0 else stretch
    for x in range(len(headings)):
        mode = QHeaderView.ResizeMode.Stretch if x == last else QHeaderView.ResizeMode.ResizeToContents
        table.horizontalHeader().setSectionResizeMode(x, mode)
    table.blockSignals(False)
