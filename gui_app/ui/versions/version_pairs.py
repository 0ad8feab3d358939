"""Two versions of a task side by side: what each answered to the same rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QComboBox, QPushButton, QWidget

from gui_app.i18n import _, ngettext, number, one_after_another
from gui_app.jobs import OutputField
from gui_app.recipes.template import Template
from gui_app.review import CorrectAnswers, as_label
from gui_app.sentences import plain, state_name
from gui_app.store.reading.queries import JobReader
from gui_app.store.reading.versions import Opinion, Pair, VersionResults, compare_versions, rows_asked
from gui_app.ui.look.palette import colours
from gui_app.ui.look.theme import GAP_M, GAP_S
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.forms import fill, tell
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, hbox, text_label, vbox
from gui_app.ui.pieces.plain_tables import fill_table, plain_table
from gui_app.ui.table.cell_text import value_text

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


Ask = Callable[[Callable[[JobReader], Comparison], Callable[[Comparison], None]], None]
"""Asks a reading thread, and calls back with the answer."""


class VersionPairs(Panel):
    """Signals: askRequested: a `VersionResults`, and the row ids to ask it about."""

    askRequested = Signal(object, object)

    def __init__(self, ask: Ask, columns: Sequence[str], gold: str | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ask, self._columns, self._gold = ask, tuple(columns), gold
        self._versions: list[VersionResults] = []
        self._found: Comparison | None = None
        self.first_box, self.second_box, self.field_box = QComboBox(), QComboBox(), QComboBox()
        for box, name in (
            (self.first_box, "firstVersionBox"),
            (self.second_box, "secondVersionBox"),
            (self.field_box, "versionFieldBox"),
        ):
            box.setObjectName(name)
            # Its versions come after it is shown.
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._compare, self._with = text_label(), text_label()
        self.differ_box = named(QCheckBox(), "onlyDifferBox")
        self.summary = text_label(wrap=True)
        self.summary.setObjectName("versionSummary")
        self.ask_button = named(QPushButton(), "askSameRowsButton")
        self.ask_button.setAutoDefault(False)
        self.table = plain_table("pairTable")
        self._build()
        self.retranslate()

    def show_versions(self, versions: list[VersionResults]) -> None:
        """The versions to choose from. With a new one, the newest is compared with the one that was asked most.

        Not with the one before: often that was tried on other rows, and nothing would be there to compare.
        """
        known, self._versions = {item.version for item in self._versions}, versions
        names = [(_name(item), item.version) for item in versions]
        for box in (self.first_box, self.second_box):
            fill(box, names)
        if known != {item.version for item in versions} and len(versions) > 1:
            newest = len(versions) - 1
            for box, at in ((self.first_box, _asked_most(versions[:newest])), (self.second_box, newest)):
                box.blockSignals(True)
                box.setCurrentIndex(at)
                box.blockSignals(False)
        self._read_pairs()

    def retranslate(self) -> None:
        """Set every text."""
        self._compare.setText(_("Compare"))
        self._with.setText(_("with"))
        describe(self.first_box, _("First version"))
        describe(self.second_box, _("Second version"))
        describe(self.field_box, _("Result column"))
        self.differ_box.setText(_("Only rows that differ"))
        describe(self.table, _("Answers of both versions"))
        self.show_versions(self._versions)

    def _build(self) -> None:
        line = FlowLayout(None, GAP_S, one_line=True)
        for part in (self._compare, self.first_box, self._with, self.second_box, self.field_box, self.differ_box):
            line.addWidget(part)
        said = hbox(None, gap=GAP_M)
        said.addWidget(self.summary, 1)
        said.addWidget(self.ask_button)
        column = vbox(self, gap=GAP_S)
        column.addLayout(line)
        column.addLayout(said)
        column.addWidget(self.table, 1)
        self.first_box.currentIndexChanged.connect(self._read_pairs)
        self.second_box.currentIndexChanged.connect(self._read_pairs)
        self.field_box.currentIndexChanged.connect(self._show_pairs)
        self.differ_box.toggled.connect(self._show_pairs)
        self.ask_button.clicked.connect(self._ask_clicked)

    def _read_pairs(self) -> None:
        first, second = self.first_box.currentData(), self.second_box.currentData()
        if first is None or second is None or first == second:
            self._show_comparison(None)
            return
        self._ask(lambda reader: read_comparison(reader, first, second), self._show_comparison)

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
            tell(self.summary, _("Choose two versions to see their answers side by side."))
            self.ask_button.hide()
            fill_table(self.table, [], [])
            return
        same = [_same(pair, name) for pair in found.pairs]
        tell(self.summary, self._summary_text(found, field, same), "")
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
        fill_table(self.table, headings, lines, stretch=1, figures=(0,))
        ground = QColor(colours().warning)
        ground.setAlphaF(0.14)
        for y, pair in enumerate(shown):
            if not _same(pair, name):
                for x in (2, 3):
                    item = self.table.item(y, x)
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
            text = one_after_another(text, _("More are not shown."))
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
        right = _(
            "Of the {count} with a known answer, the first version has {first} right, the second {second}."
        ).format(count=number(len(known)), first=number(first), second=number(second))
        return one_after_another(text, right)

    def _show_ask(self, found: Comparison) -> None:
        count = min(MOST_ASKED, len(found.missing))
        self.ask_button.setVisible(count > 0)
        self.ask_button.setText(
            ngettext(
                "Ask version {version} about {n} more row", "Ask version {version} about {n} more rows", count
            ).format(version=found.second, n=number(count))
        )
        describe(
            self.ask_button,
            self.ask_button.text(),
            _("Rows that the first version has answered. Asking them costs money."),
        )

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


def _asked_most(versions: Sequence[VersionResults]) -> int:
    """The last of those with the most rows."""
    return max(range(len(versions)), key=lambda at: (versions[at].rows, at))


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
