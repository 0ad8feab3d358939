"""How many rows are in each state; a click lists them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from gui_app.i18n import _, number
from gui_app.jobs import Counts, RowFilter, RowState
from gui_app.sentences import state_name
from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.states import STATE_ICONS
from gui_app.ui.look.theme import GAP_XS, set_role
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe
from gui_app.ui.pieces.pressing import on_press, set_pressed

_ORDER = (RowState.DONE, RowState.NEEDS_REVIEW, RowState.FAILED, RowState.RUNNING, RowState.WAITING)
_TONES = {
    RowState.DONE: "success",
    RowState.NEEDS_REVIEW: "warning",
    RowState.FAILED: "error",
    RowState.RUNNING: "accent",
    RowState.WAITING: "muted",
}


class CountButtons(Panel):
    """Signals: filterRequested: the `RowFilter` of the state that was clicked, or of all rows."""

    filterRequested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("countsLabel")
        self._counts = Counts()
        self._chosen: RowState | None = None
        line = FlowLayout(self, GAP_XS)
        self.buttons: dict[RowState, QToolButton] = {}
        for state in _ORDER:
            button = named(QToolButton(), f"count_{state.name.lower()}")
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            set_role(button, "count")
            set_icon(button, STATE_ICONS[state], _TONES[state])
            on_press(button, partial(self._pressed, state))
            self.buttons[state] = button
            line.addWidget(button)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every visible text."""
        self.set_counts(self._counts)

    def refit(self) -> None:
        """The buttons are as wide as their words."""
        for button in self.buttons.values():
            button.setMinimumWidth(0)
        self.set_counts(self._counts)

    def set_counts(self, counts: Counts) -> None:
        """Show these. Waiting and done always, the others when there are any."""
        self._counts = counts
        for state, button in self.buttons.items():
            count = counts.of(state)
            text = _("{count} {state}").format(count=number(count), state=state_name(state))
            button.setText(text)
            # Squeezed, a tool button cuts its words in the middle.
            button.setMinimumWidth(button.sizeHint().width())
            button.setVisible(count > 0 or state in (RowState.DONE, RowState.WAITING) or state is self._chosen)
            button.setEnabled(count > 0 or state is self._chosen)
            describe(button, text, _("Press to list only these rows; press again for all."))
        describe(self, _("Counts"), self.text())

    def text(self) -> str:
        """All counts in one line."""
        return ", ".join(button.text() for state, button in self.buttons.items() if self._counts.of(state))

    def show_filter(self, rows: RowFilter) -> None:
        """Mark the state that is listed now."""
        self._chosen = next(iter(rows.states)) if len(rows.states) == 1 else None
        for state, button in self.buttons.items():
            set_pressed(button, state is self._chosen)
        self.set_counts(self._counts)

    def _pressed(self, state: RowState, on: bool) -> None:
        self.filterRequested.emit(RowFilter(states=frozenset([state])) if on else RowFilter())
