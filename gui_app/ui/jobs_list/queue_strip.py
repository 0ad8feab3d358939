"""Under the list of jobs, while some wait for their turn: how many, and the way on where the queue is held."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from gui_app.i18n import _, ngettext, number
from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.theme import GAP_M, GAP_S, GAP_XS
from gui_app.ui.pieces.panel import Panel, describe, plain_tip, text_label, vbox


class QueueStrip(Panel):
    """Signals: goOnRequested, holdRequested: as named."""

    goOnRequested = Signal()
    holdRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queueStrip")
        self._count, self._held = 0, False
        self.label = text_label("hint", wrap=True)
        self.label.setObjectName("queueLabel")
        self.button = QPushButton()
        self.button.setObjectName("queueButton")
        self.button.clicked.connect(lambda: (self.goOnRequested if self._held else self.holdRequested).emit())
        column = vbox(self, (GAP_M, GAP_S, GAP_M, 0), GAP_XS)
        column.addWidget(self.label)
        column.addWidget(self.button)
        self.hide()

    def show_queue(self, count: int, *, held: bool) -> None:
        """So many jobs wait; nothing is shown when none does."""
        self._count, self._held = count, held
        self.retranslate()
        self.setVisible(count > 0)

    def retranslate(self) -> None:
        """Set every visible text."""
        count = self._count
        if not count:
            return
        if self._held:
            text = ngettext(
                "The queue is held: {count} job waits.", "The queue is held: {count} jobs wait.", self._count
            )
            button, does = _("Continue the queue"), _("Starts the next job once no other runs.")
        else:
            text = ngettext("{count} job waits for its turn.", "{count} jobs wait for their turn.", count)
            button, does = _("Hold the queue"), _("What runs goes on; no other job starts by itself.")
        self.label.setText(text.format(count=number(count)))
        self.button.setText(button)
        self.button.setToolTip(plain_tip(does))
        set_icon(self.button, "play" if self._held else "pause")
        describe(self.button, button, does)
        describe(self, self.label.text())
