"""The Review tab: what was answered how often, the current row's answer, and how far the answers are right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QPushButton, QWidget

from gui_app.i18n import _, number
from gui_app.jobs import Cause, FieldValue, OutputField, RowFilter, RowState
from gui_app.recipes.new_labels import NewLabel, new_labels
from gui_app.sentences import plain
from gui_app.store.reading.queries import RowView
from gui_app.ui.look.theme import GAP_XS, set_role
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.forms import Captioned, calm_wheel, choose, shrinking_box
from gui_app.ui.pieces.in_steps import MadeInSteps
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.once import once
from gui_app.ui.pieces.panel import Panel, describe, plain_tip, text_label, vbox
from gui_app.ui.pieces.pressing import on_press, set_pressed
from gui_app.ui.pieces.scroll_column import ScrollColumn
from gui_app.ui.review.agreement_view import AgreementView, Result
from gui_app.ui.review.asked_text import asked_text
from gui_app.ui.review.label_bars import LabelBars
from gui_app.ui.review.review_row import ReviewRow
from gui_app.ui.review.second_opinion import SecondOpinionPart

_ALL, _NEEDS_REVIEW, _EDITED, _OPEN = "all", "review", "edited", "open"


class ReviewPanel(MadeInSteps):
    """Goes through the answers of one job.

    Keys, while this panel is in front and no text is being typed: A approves, E edits, U undoes, and a number chooses
    the label at that place for the current row. The arrow keys go from row to row, in the table as here.

    Args:
        ahead: It is made before there is a job, by `make_more`.

    Signals:
        editRequested: Row id, field name, the value made by hand.
        approveRequested: A list of row ids.
        undoRequested: Take back the last edit or approval.
        exampleRequested: Row id: put it into the prompt as an example.
        filterRequested: The `RowFilter` that the table should show; the empty one for all rows.
        rowRequested: Row id: lead the table to it.
        goldColumnChanged: The name of the column of correct answers, or None.
        fieldChanged: The name of the field whose counts and agreement are wanted.
        stepRequested: -1 or +1: the row above or below.
        orderRequested: The name of the field by whose confidence rows are to be listed, the least sure first; "" for
            the order they were in.
    """

    editRequested = Signal(int, str, object)
    approveRequested = Signal(object)
    undoRequested = Signal()
    exampleRequested = Signal(int)
    filterRequested = Signal(object)
    rowRequested = Signal(int)
    goldColumnChanged = Signal(object)
    fieldChanged = Signal(str)
    stepRequested = Signal(int)
    orderRequested = Signal(str)
    labelAdded = Signal(object)

    def __init__(self, parent: QWidget | None = None, *, ahead: bool = False) -> None:
        super().__init__(parent, role="page")
        self._fields: tuple[OutputField, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._asked: tuple[str, ...] = ()
        self._row: RowView | None = None
        self._picked: object = Ellipsis
        self._waiting = 0
        self._filling = False
        if not ahead:
            self.make_at_once()

    def _make(self) -> Iterator[None]:
        # From the outside in: a widget that gets its parent later has all its children dressed once more.
        self._scroll = ScrollColumn(self)
        inside = self._scroll.body
        self.card = ReviewRow(inside)
        yield
        self.field_box = shrinking_box(name="reviewFieldBox")
        self._field_part = Captioned(self.field_box, inside)
        self.bars = LabelBars(inside)
        self.search_edit = named(QLineEdit(), "reviewSearchEdit")
        self.search_edit.setClearButtonEnabled(True)
        self._search_soon = once(self, 250, self._filter)
        self._which = QButtonGroup(self)
        self._which_buttons = {name: self._which_button(name) for name in (_ALL, _NEEDS_REVIEW, _EDITED, _OPEN)}
        self.unsure_button = named(QPushButton(), "leastSureButton")
        self.unsure_button.setCheckable(True)
        set_role(self.unsure_button, "count")
        self.gold_box = shrinking_box(name="goldColumnBox")
        self._gold_part = Captioned(self.gold_box, inside)
        yield
        self.agreement = AgreementView(inside)
        yield
        self.second = SecondOpinionPart(inside)
        self._bars_caption = text_label("heading", wrap=True)
        yield
        self._build()

    # What is shown

    def set_fields(self, fields: Sequence[OutputField]) -> None:
        """The output fields of the recipe whose answers are shown."""
        if tuple(fields) == self._fields:
            return
        self._fields = tuple(fields)
        self._fill_fields()
        self._show_row()

    def set_asked(self, asked: Sequence[str]) -> None:
        """The columns that the prompt puts in: what the current row says there is shown with its answer."""
        if tuple(asked) != self._asked:
            self._asked = tuple(asked)
            self._show_row()

    def set_columns(self, columns: Sequence[str], gold: str | None = None) -> None:
        """The file's columns, and the one that holds correct answers, if one was chosen before."""
        self._columns = tuple(columns)
        self._fill_columns()
        self._filling = True
        choose(self.gold_box, gold)
        self._filling = False

    def set_label_counts(self, field: str, counts: Sequence[tuple[FieldValue, int]]) -> None:
        """How often each value of a field was given; passed over when another field is shown by now."""
        if field == self.field_name():
            self.bars.set_counts(counts)

    def set_has_confidence(self, has: bool) -> None:
        """Whether the model says how sure it is."""
        self.unsure_button.setVisible(has)

    def set_needs_review(self, count: int) -> None:
        """How many rows wait in that queue."""
        if count != self._waiting:
            self._waiting = count
            self._say_which()

    def set_order_lost(self) -> None:
        """The rows are in another order now."""
        self.unsure_button.setChecked(False)

    def set_row(self, row: RowView | None) -> None:
        """The current row of the table."""
        self._row = row
        self._show_row()

    def set_agreement(self, result: Result | None) -> None:
        """The comparison with the correct answers; None while there is none."""
        self.agreement.show_result(result)

    def set_filter(self, shown: RowFilter) -> None:
        """The filter in use, wherever it was set: bars and buttons follow."""
        self._filling = True
        value = shown.field_value
        here = value is not None and value[0] == self.field_name()
        self._picked = value[1] if here and value is not None else Ellipsis
        self.bars.select(self._picked)
        set_pressed(self._which_buttons[_which_of(shown)], True)
        if self.search_edit.text().strip() != shown.search.strip():
            self.search_edit.setText(shown.search)
        self._filling = False

    def field_name(self) -> str:
        """The field that is looked at; "" when there is none."""
        return str(self.field_box.currentData() or "")

    def row_filter(self) -> RowFilter:
        """What the bars, the buttons and the search ask for together."""
        which = next(name for name, button in self._which_buttons.items() if button.isChecked())
        picked = self._picked
        return RowFilter(
            states=frozenset({RowState.NEEDS_REVIEW}) if which == _NEEDS_REVIEW else frozenset(),
            field_value=None if picked is Ellipsis else (self.field_name(), picked),  # type: ignore[arg-type]
            search=self.search_edit.text().strip(),
            edited=True if which == _EDITED else None,
            approved=False if which == _OPEN else None,
        )

    def retranslate(self) -> None:
        """Set every text. The parts do it by themselves."""
        self._field_part.say(_("Result column"))
        self._bars_caption.setText(_("Answers"))
        self.search_edit.setPlaceholderText(_("Search in rows and answers"))
        describe(self.search_edit, _("Search in rows and answers"))
        self._say_which()
        self.unsure_button.setText(_("Least sure first"))
        unsure = _("Lists the rows first where the model was least sure. Rows asked overnight have no such figure.")
        describe(self.unsure_button, _("Least sure first"), unsure)
        self.unsure_button.setToolTip(plain_tip(unsure))
        self._gold_part.say(
            _("Column of correct answers"),
            _("If some rows have a known answer, choose its column to see how often the model is right."),
        )
        self._fill_fields()
        self._fill_columns()
        self._show_row()

    # Inside

    def _say_which(self) -> None:
        waiting = _("Needs review")
        if self._waiting:
            waiting = _("{title} ({count})").format(title=waiting, count=number(self._waiting))
        for name, text in (
            (_ALL, _("All")),
            (_NEEDS_REVIEW, waiting),
            (_EDITED, _("Edited by hand")),
            (_OPEN, _("Not approved")),
        ):
            self._which_buttons[name].setText(text)
            describe(self._which_buttons[name], text, _("Shows only these rows in the table."))

    def _build(self) -> None:
        scroll = self._scroll
        which = QWidget(scroll.body)
        flow = FlowLayout(which, GAP_XS)
        for button in self._which_buttons.values():
            flow.addWidget(button)
        flow.addWidget(self.unsure_button)
        scroll.add(self._field_part, self.card, self._bars_caption, self.bars, which, self.search_edit)
        scroll.add(Panel(role="separator"), self._gold_part, self.agreement)
        scroll.add(Panel(role="separator"), self.second)
        scroll.column.addStretch(1)
        vbox(self).addWidget(scroll)
        calm_wheel(self.field_box, self.gold_box)
        self.field_box.currentIndexChanged.connect(self._field_chosen)
        self.gold_box.currentIndexChanged.connect(self._gold_chosen)
        self.bars.picked.connect(self._bar_picked)
        self.search_edit.textChanged.connect(self._search_typed)
        self.search_edit.returnPressed.connect(self._filter)
        self.card.edited.connect(self._edited)
        self.card.approved.connect(self._approved)
        self.card.undone.connect(self.undoRequested)
        self.card.exampled.connect(self._use_as_example)
        self.card.stepped.connect(self.stepRequested)
        self.card.labelAdded.connect(self.labelAdded)
        for view in (self.agreement, self.second.view):
            view.filterRequested.connect(self.filterRequested)
            view.rowRequested.connect(self.rowRequested)
        self.unsure_button.toggled.connect(lambda on: self.orderRequested.emit(self.field_name() if on else ""))
        self.unsure_button.hide()

    def _which_button(self, name: str) -> QPushButton:
        out = named(QPushButton(), f"review_{name}")
        out.setCheckable(True)
        set_pressed(out, name == _ALL)
        set_role(out, "count")
        on_press(out, lambda on: self._filter() if on else None)
        self._which.addButton(out)
        return out

    def _fill_fields(self) -> None:
        was, filling = self.field_name(), self._filling
        self._filling = True
        self.field_box.clear()
        for field in self._fields:
            self.field_box.addItem(plain(field.name, 60), field.name)
        choose(self.field_box, was)
        self._filling = filling
        self._field_part.setVisible(len(self._fields) > 1)
        if self.field_name() != was:
            self._field_chosen()

    def _fill_columns(self) -> None:
        chosen, filling = self.gold_box.currentData(), self._filling
        self._filling = True
        self.gold_box.clear()
        self.gold_box.addItem(_("None"), None)
        for column in self._columns:
            self.gold_box.addItem(plain(column, 60), column)
        choose(self.gold_box, chosen)
        self._filling = filling

    def _field(self) -> OutputField | None:
        return next((field for field in self._fields if field.name == self.field_name()), None)

    def _show_row(self) -> None:
        row = self._row
        text = "" if row is None else asked_text(row.cells, self._columns, self._asked)
        self.card.show_row(row, self._field(), text, self._new_label())

    def _new_label(self) -> NewLabel | None:
        """What the model answered to the row although it is on no list, if it could be put onto one."""
        row = self._row
        if row is None or row.cause is not Cause.OFF_LIST or row.state is not RowState.NEEDS_REVIEW:
            return None
        return next(iter(new_labels([(row.detail, 1)], self._fields)), None)

    def _field_chosen(self) -> None:
        if self._filling:
            return
        self.bars.set_counts(())
        self._picked = Ellipsis
        self.set_agreement(None)
        self._show_row()
        if self.field_name():
            self.fieldChanged.emit(self.field_name())

    def _gold_chosen(self) -> None:
        if not self._filling:
            self.set_agreement(None)
            self.goldColumnChanged.emit(self.gold_box.currentData())

    def _bar_picked(self, value: object) -> None:
        self._picked = value
        self._filter()

    def _search_typed(self) -> None:
        if not self._filling:
            self._search_soon.start()

    def _filter(self) -> None:
        self._search_soon.stop()
        if not self._filling:
            self.filterRequested.emit(self.row_filter())

    def _approved(self) -> None:
        if self._row is not None:
            self.approveRequested.emit([self._row.row_id])

    def _edited(self, value: object) -> None:
        if self._row is not None:
            self.editRequested.emit(self._row.row_id, self.field_name(), value)

    def _use_as_example(self) -> None:
        if self._row is not None:
            self.exampleRequested.emit(self._row.row_id)


def _which_of(shown: RowFilter) -> str:
    if shown.states == frozenset({RowState.NEEDS_REVIEW}):
        return _NEEDS_REVIEW
    if shown.edited:
        return _EDITED
    return _OPEN if shown.approved is False else _ALL
