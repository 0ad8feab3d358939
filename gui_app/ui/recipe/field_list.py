"""The output fields as a small editable list: one card for each result column."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QPushButton,
    QWidget,
)

from gui_app.i18n import _
from gui_app.jobs import FieldKind, OutputField
from gui_app.ui.look.theme import GAP_S
from gui_app.ui.pieces.named import named_button
from gui_app.ui.pieces.panel import Panel, describe, vbox
from gui_app.ui.recipe.field_card import FieldCard, refusal


class FieldList(Panel):
    """All output fields of a recipe; there is always at least one.

    Signals:
        changed: Any of them.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fieldList")
        self.cards: list[FieldCard] = []
        self._cards = vbox(None, gap=GAP_S)
        self._add = named_button(QPushButton(), "addFieldButton", "link", "plus", "accent")
        self._add.clicked.connect(self._add_clicked)
        column = vbox(self, gap=GAP_S)
        column.addLayout(self._cards)
        column.addWidget(self._add, 0, Qt.AlignmentFlag.AlignLeft)
        self.retranslate()

    def fields(self) -> tuple[OutputField, ...]:
        """The fields as typed, in order."""
        return tuple(card.field() for card in self.cards)

    def set_fields(self, fields: Sequence[OutputField]) -> None:
        """Show these; nothing is announced."""
        if fields == self.fields():
            return
        for card in self.cards[len(fields) :]:
            self._drop(card)
        del self.cards[len(fields) :]
        # A card takes long to make: those that are there show what is next.
        for card, field in zip(self.cards, fields, strict=False):
            card.show_field(field)
        for field in fields[len(self.cards) :]:
            self._append(field)
        self._check()

    def add_label(self, name: str, label: str) -> None:
        """Put a label at the end of a field's list, as if it were typed there."""
        for card in self.cards:
            field = card.field()
            if field.name == name and label not in field.labels:
                card.set_labels((*field.labels, label))

    def problem(self) -> str:
        """The first thing that keeps the fields from being used; "" when all is well."""
        if not self.cards:
            return _("Add at least one result column.")
        return next((text for text in self._problems() if text), "")

    def retranslate(self) -> None:
        """Set every text. The cards do it by themselves."""
        describe(self, _("Result columns"), _("Each becomes a column of its own beside your data."))
        self._add.setText(_("Add a result column"))
        describe(self._add, _("Add a result column"))
        self._check()

    def _problems(self) -> list[str]:
        out = [card.problem() for card in self.cards]
        for at in range(1, len(self.cards)):
            # Only what is wrong between the fields is left to find: two of the same name.
            if not any(out[: at + 1]):
                out[at] = refusal([card.field() for card in self.cards[: at + 1]])
        return out

    def _check(self) -> None:
        for card, problem in zip(self.cards, self._problems(), strict=True):
            card.show_problem(problem)
            card.remove_button.setEnabled(len(self.cards) > 1)
            card.up_button.setVisible(card is not self.cards[0])

    def _add_clicked(self) -> None:
        card = self._append(OutputField("", FieldKind.TEXT))
        self._changed()
        card.name_edit.setFocus(Qt.FocusReason.TabFocusReason)

    def _append(self, field: OutputField) -> FieldCard:
        card = FieldCard(field, self)
        card.changed.connect(self._changed)
        card.removed.connect(lambda: self._remove(card))
        card.moved.connect(lambda: self._move_up(card))
        self.cards.append(card)
        self._cards.addWidget(card)
        card.show()
        return card

    def _remove(self, card: FieldCard) -> None:
        at = self.cards.index(card)
        self.cards.remove(card)
        self._drop(card)
        self._changed()
        # The focus stays in the list, where the keyboard left it.
        if self.cards:
            self.cards[min(at, len(self.cards) - 1)].name_edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _move_up(self, card: FieldCard) -> None:
        at = self.cards.index(card)
        self.cards.insert(at - 1, self.cards.pop(at))
        self._cards.removeWidget(card)
        self._cards.insertWidget(at - 1, card)
        self._changed()
        (card.up_button if at > 1 else card.name_edit).setFocus(Qt.FocusReason.OtherFocusReason)

    def _drop(self, card: FieldCard) -> None:
        self._cards.removeWidget(card)
        card.hide()
        card.setParent(None)
        card.deleteLater()

    def _changed(self) -> None:
        self._check()
        self.changed.emit()
