"""One answer of the current row, to be corrected by hand: buttons for labels, a line or a box for the rest."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QPushButton, QWidget

from gui_app.i18n import _
from gui_app.jobs import FieldKind, FieldValue, OutputField
from gui_app.sentences import plain
from gui_app.ui.look.theme import GAP_S, GAP_XS, set_role
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.forms import button_text, tell
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, clear, describe, hbox, text_label, vbox
from gui_app.ui.pieces.pressing import on_press, set_pressed
from gui_app.ui.table.hand_value import editable_text, typed_value

MOST_BUTTONS = 60


class _TextBox(QPlainTextEdit):
    """Ctrl+Enter keeps what is typed, Esc drops it."""

    kept = Signal()
    dropped = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.kept.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.dropped.emit()
        else:
            super().keyPressEvent(event)


class ValueEditor(Panel):
    """Shows the value of one field and takes another.

    Signals:
        chosen: The value made by hand.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field: OutputField | None = None
        self._value: FieldValue = None
        self._buttons: list[tuple[FieldValue, QPushButton]] = []
        self._line = QWidget()
        self._flow = FlowLayout(self._line, GAP_XS)
        self.edit = named(QLineEdit(), "answerEdit")
        self.edit.returnPressed.connect(self._keep_line)
        self.box = _TextBox()
        self.box.setObjectName("answerBox")
        self.box.setTabChangesFocus(True)
        self.box.setFixedHeight(96)
        self.box.kept.connect(self._keep_box)
        self.box.dropped.connect(self._show_value)
        self._save = named(QPushButton(), "saveAnswerButton")
        self._save.clicked.connect(self._save_clicked)
        self._wrong = text_label("error", wrap=True)
        self._wrong.hide()
        typed = hbox(None, gap=GAP_XS)
        typed.addWidget(self.edit, 1)
        typed.addWidget(self.box, 1)
        typed.addWidget(self._save, 0, Qt.AlignmentFlag.AlignBottom)
        column = vbox(self, gap=GAP_S // 2)
        column.addWidget(self._line)
        column.addLayout(typed)
        column.addWidget(self._wrong)
        self.retranslate()

    def show_field(self, field: OutputField | None, value: FieldValue) -> None:
        """Show this field's value of the current row; None: there is no row."""
        if field != self._field:
            self._field = field
            self._make_buttons()
        self._value = value
        self._show_value()

    def choose_number(self, position: int) -> bool:
        """Choose the label at a position, counted from 1, or that very number. False where there is none."""
        if _is_short_scale(self._field):
            button = next((button for value, button in self._buttons if value == position), None)
        else:
            button = self._buttons[position - 1][1] if 1 <= position <= len(self._buttons) else None
        if button is None or not self.isEnabled():
            return False
        button.click()
        return True

    def begin(self) -> None:
        """Lead the keyboard to the value."""
        if self._buttons:
            checked = next((button for _v, button in self._buttons if button.isChecked()), self._buttons[0][1])
            checked.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        target = self.box if self.box.isVisibleTo(self) else self.edit
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)
        target.selectAll()

    def retranslate(self) -> None:
        """Set every text."""
        self._save.setText(_("Save"))
        describe(self._save, _("Save the answer"))
        describe(self.edit, _("Answer"), _("Enter keeps what you typed as the answer of this row."))
        describe(self.box, _("Answer"), _("Ctrl+Enter keeps what you typed as the answer of this row."))
        if self._buttons:
            self._make_buttons()
            self._show_value()

    def _make_buttons(self) -> None:
        clear(self._flow)
        self._buttons = []
        field = self._field
        choices: list[tuple[FieldValue, str]] = []
        if field is not None and field.kind in (FieldKind.LABEL, FieldKind.LABELS):
            choices = [(label, plain(label, 40)) for label in field.labels[:MOST_BUTTONS]]
        elif field is not None and field.kind is FieldKind.YES_NO:
            choices = [(True, _("Yes")), (False, _("No"))]
        elif field is not None and _is_short_scale(field):
            choices = [(number, str(number)) for number in _scale(field)]
        for position, (value, text) in enumerate(choices, start=1):
            # The key of a number is the number itself.
            key = f"{position}  " if position <= 9 and not _is_short_scale(field) else ""
            button = named(QPushButton(button_text(key + text)), "answerButton")
            button.setCheckable(True)
            set_role(button, "count")
            pressed = value if _is_short_scale(field) else position
            describe(button, text, _("Key {n}").format(n=pressed) if position <= 10 and pressed != 10 else "")
            on_press(button, partial(self._pressed, value))
            self._buttons.append((value, button))
            self._flow.addWidget(button)
            button.show()
        is_text = field is not None and field.kind is FieldKind.TEXT
        self._line.setVisible(bool(choices))
        self.box.setVisible(is_text)
        self.edit.setVisible(field is not None and not choices and not is_text)
        self._save.setVisible(field is not None and not choices)
        self._line.updateGeometry()

    def _show_value(self) -> None:
        tell(self._wrong, "")
        chosen = self._value if isinstance(self._value, tuple) else (self._value,)
        for value, button in self._buttons:
            set_pressed(button, value in chosen and self._value is not None)
        text = editable_text(self._value)
        if self.edit.text() != text:
            self.edit.setText(text)
        if self.box.toPlainText() != text:
            self.box.setPlainText(text)

    def _pressed(self, value: FieldValue, _on: bool) -> None:
        field = self._field
        if field is not None and field.kind is FieldKind.LABELS:
            old = self._value if isinstance(self._value, tuple) else ()
            chosen = set(old) ^ {str(value)}
            self._keep(tuple(label for label in field.labels if label in chosen))
        else:
            self._keep(value)

    def _save_clicked(self) -> None:
        if self.box.isVisibleTo(self):
            self._keep_box()
        else:
            self._keep_line()

    def _keep_line(self) -> None:
        field = self._field
        if field is None:
            return
        value = typed_value(field, self.edit.text())
        if value is None:
            tell(self._wrong, self._why_not(field), "error")
        else:
            self._keep(value)

    def _keep_box(self) -> None:
        self._keep(self.box.toPlainText())

    def _keep(self, value: FieldValue) -> None:
        self._value = value
        self._show_value()
        self.chosen.emit(value)

    def _why_not(self, field: OutputField) -> str:
        if field.minimum is not None and field.maximum is not None:
            return _("Enter a number from {low} to {high}.").format(
                low=f"{field.minimum:.15g}", high=f"{field.maximum:.15g}"
            )
        return _("Enter a whole number.") if field.whole else _("Enter a number.")


def _is_short_scale(field: OutputField | None) -> bool:
    """A rating such as 1 to 5, which is answered by one key."""
    if field is None or field.kind is not FieldKind.NUMBER or not field.whole:
        return False
    return field.minimum is not None and field.maximum is not None and 0 <= field.minimum < field.maximum <= 9


def _scale(field: OutputField) -> range:
    assert field.minimum is not None and field.maximum is not None
    return range(math.ceil(field.minimum), math.floor(field.maximum) + 1)
