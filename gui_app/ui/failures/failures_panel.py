"""The Failures tab: what went wrong, grouped by cause, with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from gui_app.i18n import _, ngettext, number
from gui_app.jobs import Cause, RowFilter, RowState
from gui_app.store.reading.queries import FailureGroup
from gui_app.ui.failures.failure_card import GroupCard, rows_of
from gui_app.ui.look.icons import IconLabel
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_S
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.forms import tell
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, text_label, vbox
from gui_app.ui.pieces.scroll_column import ScrollColumn


def why_held(held: str) -> str:
    """Why nothing can be asked again just now; "" when it can."""
    if held == "elsewhere":
        return _("This job is open elsewhere: rows are asked again from there.")
    if held:
        return _("Rows are on their way. Failures can be retried once the job has ended or is paused.")
    return ""


class FailuresPanel(Panel):
    """All groups of one job.

    Signals:
        retryRequested: The `RowFilter` of the rows to ask again, with the recipe as it stands.
        modelRequested: The same, but another model should be chosen first: show the Model tab.
        showRequested: The `RowFilter` of the rows to show in the table.
        settingsRequested: Open the settings.
        remedyRequested: "wait", "shorten", "longer", "label" or "answer", and the `FailureGroup` it is wanted for.
        replyRequested: Row id: what came back for it is wanted, for `show_reply`.
    """

    retryRequested = Signal(object)
    modelRequested = Signal(object)
    showRequested = Signal(object)
    settingsRequested = Signal()
    remedyRequested = Signal(str, object)
    replyRequested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="page")
        self._cards: dict[tuple[Cause, RowState], GroupCard] = {}
        self._groups: tuple[FailureGroup, ...] = ()
        self._held = ""
        self._heading = text_label("subtitle", wrap=True)
        self._sub = text_label("hint", wrap=True)
        self.retry_button = named(QPushButton(), "retryButton", "primary")
        self.retry_button.clicked.connect(lambda: self.retryRequested.emit(self._failed()))
        self.model_button = named(QPushButton(), "retryOtherModelButton")
        self.model_button.clicked.connect(lambda: self.modelRequested.emit(self._failed()))
        # Beside the buttons that are grey because of it: nobody rests the mouse on a grey button to learn why.
        self._why = text_label("hint", wrap=True)
        self._why.setObjectName("retryHeldLabel")
        self._empty_icon = IconLabel("circle-check", "muted", 40)
        self._empty_icon.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty = text_label("hint", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._scroll = ScrollColumn()
        self._scroll.body.setObjectName("failureList")
        self._build()
        self.retranslate()

    def set_groups(self, groups: Sequence[FailureGroup]) -> None:
        """Show these, the largest first among those of one state. Safe to call at every event."""
        ordered = tuple(sorted(groups, key=lambda group: (group.state is not RowState.FAILED, -group.count)))
        if ordered == self._groups:
            return
        self._groups = ordered
        wanted = {(group.cause, group.state): group for group in ordered}
        for key in [key for key in self._cards if key not in wanted]:
            card = self._cards.pop(key)
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        for position, (key, group) in enumerate(wanted.items()):
            known = self._cards.get(key)
            if known is None:
                self._cards[key] = known = self._new_card(group)
            known.update_group(group)
            if self._list.indexOf(known) != position:
                self._list.removeWidget(known)
                self._list.insertWidget(position, known)
                known.show()
        self.retranslate()

    def set_held(self, held: str) -> None:
        """Whether nothing can be asked again just now: "moving", "elsewhere", or "" when it can."""
        if held != self._held:
            self._held = held
            self.retranslate()

    def count(self) -> int:
        """How many rows failed, for the tab's name."""
        return sum(group.count for group in self._groups if group.state is RowState.FAILED)

    def retranslate(self) -> None:
        """Set every text. The cards do it by themselves."""
        failed = self.count()
        review = sum(group.count for group in self._groups if group.state is RowState.NEEDS_REVIEW)
        self._heading.setText(
            ngettext("{n} row failed", "{n} rows failed", failed).format(n=number(failed))
            if failed
            else _("No row failed")
        )
        tell(
            self._sub,
            ngettext("{n} row needs review.", "{n} rows need review.", review).format(n=number(review))
            if review
            else "",
        )
        self.retry_button.setText(ngettext("Retry {n} failure", "Retry {n} failures", failed).format(n=number(failed)))
        why = why_held(self._held)
        describe(self.retry_button, _("Retry failures"), why or _("Asks every failed row again."))
        self.retry_button.setEnabled(not why)
        tell(self._why, why if self._groups else "")
        for card in self._cards.values():
            card.set_held(why)
        self.model_button.setText(_("Retry with another model"))
        describe(self.model_button, _("Retry with another model"), _("Leads to the Model tab first."))
        self._buttons.setVisible(failed > 0)
        self._scroll.body.setAccessibleName(_("Failures by cause"))
        self._empty.setText(_("Rows that fail, or whose answers need a look, are listed here by cause."))
        self._empty.setVisible(not self._groups)
        self._empty_icon.setVisible(not self._groups)

    def remedy_button(self, name: str, group: FailureGroup) -> QWidget:
        """Where a remedy of this group was pressed: what it offers opens there."""
        card = self._cards.get((group.cause, group.state))
        return self if card is None else card.remedy_buttons[name]

    def show_reply(self, row_id: int, raw: str | None) -> None:
        """What came back for a row; None where nothing did."""
        for card in self._cards.values():
            card.show_reply(row_id, raw)

    def _remedy(self, card: GroupCard, name: str) -> None:
        if name == "model":
            self.modelRequested.emit(rows_of(card.group))
        elif name == "settings":
            self.settingsRequested.emit()
        else:
            self.remedyRequested.emit(name, card.group)

    def _failed(self) -> RowFilter:
        return RowFilter(states=frozenset({RowState.FAILED}))

    def _new_card(self, group: FailureGroup) -> GroupCard:
        card = GroupCard(group)
        card.retry.connect(lambda: self.retryRequested.emit(rows_of(card.group)))
        card.show_rows.connect(lambda: self.showRequested.emit(rows_of(card.group)))
        card.remedy.connect(lambda name: self._remedy(card, name))
        card.reply.connect(lambda: self.replyRequested.emit(card.group.example_row_id))
        card.set_held(why_held(self._held))
        return card

    def _build(self) -> None:
        self._buttons = QWidget()
        line = FlowLayout(self._buttons, GAP_S)
        line.addWidget(self.retry_button)
        line.addWidget(self.model_button)
        self._list = vbox(None, gap=GAP_M)
        column = self._scroll.column
        for part in (self._heading, self._sub, self._buttons, self._why):
            column.addWidget(part)
        column.addLayout(self._list)
        column.addSpacing(GAP_L)
        column.addWidget(self._empty_icon)
        column.addWidget(self._empty)
        column.addStretch(1)
        vbox(self).addWidget(self._scroll)
