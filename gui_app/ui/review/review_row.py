"""The row that is looked at: its answer, with what is done about it by mouse or by one key."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QPushButton, QToolButton, QWidget

from gui_app.i18n import _, number
from gui_app.jobs import FieldKind, OutputField, RowState
from gui_app.recipes.new_labels import NewLabel
from gui_app.sentences import cause_title, plain, state_name
from gui_app.store.reading.queries import RowView
from gui_app.ui.look.theme import GAP_M, GAP_S, GAP_XS
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.forms import button_text, readable, tell
from gui_app.ui.pieces.named import named, named_button
from gui_app.ui.pieces.panel import Panel, describe, hbox, plain_tip, text_label, vbox
from gui_app.ui.review.value_editor import ValueEditor

_LONGEST_DETAIL = 160


class ReviewRow(Panel):
    """One field of one row.

    Signals:
        edited: The value made by hand.
        approved, undone, exampled: What was pressed.
        stepped: -1 or +1: the row above or below.
        labelAdded: The `NewLabel` that the model used, to be put onto the list.
    """

    edited = Signal(object)
    approved = Signal()
    undone = Signal()
    exampled = Signal()
    stepped = Signal(int)
    labelAdded = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="card")
        self.setObjectName("reviewRow")
        self._row: RowView | None = None
        self._field: OutputField | None = None
        self.go_on_box = named(QCheckBox(), "reviewNextBox")
        self.go_on_box.setChecked(True)
        self.keys = text_label("small", wrap=True)
        self.keys.setObjectName("reviewKeys")
        self._new_label: NewLabel | None = None
        self._title, self.state = text_label("heading"), text_label("hint", wrap=True)
        self.text, self.reason = text_label(wrap=True), text_label("warning", wrap=True)
        self.text.setObjectName("reviewText")
        self.reason.setObjectName("reviewReason")
        self.add_button = self._action("addLabelButton", "plus")
        self.editor = ValueEditor(self)
        self.approve_button, self.edit_button, self.undo_button, self.example_button = (
            self._action("approveButton", "badge-check"),
            self._action("editButton", "pencil"),
            self._action("undoButton", "undo-2"),
            self._action("exampleButton", "bookmark"),
        )
        self._previous = self._arrow("reviewPreviousButton", "chevron-up", -1)
        self._next = self._arrow("reviewNextButton", "chevron-down", 1)
        self._build()
        self._add_shortcuts()
        self.retranslate()

    def row_id(self) -> int | None:
        """The row that is shown."""
        return None if self._row is None else self._row.row_id

    def show_row(
        self, row: RowView | None, field: OutputField | None, text: str = "", new_label: NewLabel | None = None
    ) -> None:
        """Show the answer to a field.

        Args:
            text: What the row says.
            new_label: What the model answered although it is on no list.
        """
        self._row, self._field, self._new_label = row, field, new_label
        tell(self.text, text, "")
        tell(self.reason, "" if row is None else _why(row), "warning")
        self._show_new_label()
        usable = row is not None and field is not None
        self.editor.setEnabled(usable)
        if row is None or field is None:
            self.editor.show_field(field, None)
            self._title.setText(_("No row chosen"))
            self.state.setText(_("Choose a row in the table to look at its answer here."))
        else:
            self.editor.show_field(field, row.shown(field.name))
            self._title.setText(_("Row {row}").format(row=number(row.row_id)))
            self.state.setText(_about(row, field))
        answered = row is not None and row.state in (RowState.DONE, RowState.NEEDS_REVIEW)
        self.approve_button.setEnabled(usable and answered and row is not None and not row.approved)
        self.edit_button.setEnabled(usable)
        self.example_button.setEnabled(usable and answered)

    def _show_new_label(self) -> None:
        new = self._new_label
        self.add_button.setVisible(new is not None)
        if new is None:
            describe(self.add_button, _("Add to the list"))
        else:
            text = _("Add “{label}” to the list").format(label=plain(new.label, 40))
            self.add_button.setText(button_text(f"{text}  L"))
            what = _("Every row that was answered with it is done then; nothing is sent, nothing is paid.")
            describe(self.add_button, text, _("{what} Key: {key}").format(what=what, key="L"))
            self.add_button.setToolTip(plain_tip(what))

    def retranslate(self) -> None:
        """Set every text. The editor does it by itself."""
        for button, text, key, what in (
            (self.approve_button, _("Approve"), "A", _("Marks the answers of this row as right.")),
            (self.edit_button, _("Edit"), "E", _("Leads to the answer of this row.")),
            (self.undo_button, _("Undo"), "U", _("Takes back the last edit or approval.")),
            (self.example_button, _("Use as example"), "", _("Puts this row with its answer into the prompt.")),
        ):
            button.setText(f"{text}  {key}" if key else text)
            describe(button, text, _("{what} Key: {key}").format(what=what, key=key) if key else what)
            button.setToolTip(plain_tip(what))
        for arrow, name in ((self._previous, _("Previous row")), (self._next, _("Next row"))):
            describe(arrow, name)
            arrow.setToolTip(plain_tip(name))
        self.keys.setText(_("Keys: ↑ ↓ row, 1–9 answer, A approve, E edit, U undo"))
        self.go_on_box.setText(_("Go on to the next row by itself"))
        self.go_on_box.setAccessibleDescription(_("After a row was approved or answered by its number key."))
        self.show_row(self._row, self._field, self.text.text(), self._new_label)

    def _build(self) -> None:
        head = hbox(None, gap=GAP_S)
        head.addWidget(self._title)
        head.addStretch(1)
        for arrow in (self._previous, self._next):
            head.addWidget(arrow)
        buttons = QWidget(self)
        line = FlowLayout(buttons, GAP_XS)
        for button in (self.approve_button, self.edit_button, self.undo_button, self.example_button):
            line.addWidget(button)
        column = vbox(self, (GAP_M, GAP_M, GAP_M, GAP_M), GAP_S)
        column.addLayout(head)
        for label in (self.text, self.state, self.reason):
            column.addWidget(label)
        column.addWidget(self.editor)
        column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)
        for part in (buttons, self.go_on_box, self.keys):
            column.addWidget(part)
        self.add_button.clicked.connect(self._add_label)
        self.editor.chosen.connect(self.edited)
        self.approve_button.clicked.connect(self.approve)
        self.edit_button.clicked.connect(self.editor.begin)
        self.undo_button.clicked.connect(self.undone)
        self.example_button.clicked.connect(self.exampled)

    def _add_shortcuts(self) -> None:
        # Shortcuts of a hidden widget sleep, and a text field keeps what is typed into it for itself.
        for key, act in (
            ("A", self.approve),
            ("E", self.editor.begin),
            ("U", self.undone.emit),
            ("L", self._add_label),
        ):
            QShortcut(QKeySequence(key), self, act)
        for digit in range(10):
            QShortcut(QKeySequence(str(digit)), self, lambda digit=digit: self._choose(digit))
        # Only inside this card: a list or a box beside it needs the arrow keys for itself.
        for arrow, step in ((Qt.Key.Key_Up, -1), (Qt.Key.Key_Down, 1)):
            shortcut = QShortcut(QKeySequence(arrow), self, lambda step=step: self.stepped.emit(step))
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def approve(self) -> None:
        """Approve the row."""
        if self._row is not None and self.approve_button.isEnabled():
            self.approved.emit()
            self._go_on()

    def _add_label(self) -> None:
        if self._new_label is not None:
            self.labelAdded.emit(self._new_label)

    def _choose(self, position: int) -> None:
        field = self._field
        if self.editor.choose_number(position) and field is not None and field.kind is not FieldKind.LABELS:
            self._go_on()

    def _go_on(self) -> None:
        if self.go_on_box.isChecked():
            self.stepped.emit(1)

    def _action(self, name: str, drawing: str) -> QPushButton:
        out = named_button(QPushButton(), name, "", drawing)
        return out

    def _arrow(self, name: str, drawing: str, step: int) -> QToolButton:
        out = named_button(QToolButton(), name, "icon", drawing)
        out.clicked.connect(lambda: self.stepped.emit(step))
        return out


def _why(row: RowView) -> str:
    """Why it failed or needs review, and what the model said, as far as that is short."""
    if row.cause is None or row.state not in (RowState.NEEDS_REVIEW, RowState.FAILED):
        return ""
    title = cause_title(row.cause)
    detail = readable(row.detail[:_LONGEST_DETAIL]).strip()
    return _("{reason}: {detail}").format(reason=title, detail=detail) if detail else title


def _about(row: RowView, field: OutputField) -> str:
    parts = [state_name(row.state)]
    if field.name in row.hand:
        parts.append(_("answered by hand"))
    if row.approved:
        parts.append(_("approved"))
    sure = row.confidence.get(field.name)
    if sure is not None and field.name not in row.hand:
        parts.append(_("the model is {percent} sure").format(percent=f"{sure:.0%}"))
    if row.stale:
        parts.append(_("from an earlier version of the task"))
    return " · ".join(parts)
