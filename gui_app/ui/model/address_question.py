"""Asks about a server's address that came with a job or a recipe, before anything is sent there."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from gui_app.i18n import _
from gui_app.sentences import plain
from gui_app.ui.look.theme import GAP_M, GAP_S
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.panel import Panel, describe, text_label, vbox


class AddressQuestion(Panel):
    """Stands in the form, so that nothing is in the way of looking around first.

    Signals:
        agreed, declined: The user's answer; it is closed then.
    """

    agreed = Signal()
    declined = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="banner")
        self.setProperty("tone", "warning")
        self.setObjectName("addressQuestion")
        self._address = ""
        self._text = text_label(wrap=True)
        self._agree, self._decline = QPushButton(), QPushButton()
        self._agree.setObjectName("agreeAddressButton")
        self._decline.setObjectName("declineAddressButton")
        self._agree.clicked.connect(lambda: self._close(agreed=True))
        self._decline.clicked.connect(lambda: self._close(agreed=False))
        buttons = QWidget()
        line = FlowLayout(buttons, GAP_S)
        line.addWidget(self._agree)
        line.addWidget(self._decline)
        column = vbox(self, (GAP_M, GAP_M, GAP_M, GAP_M), GAP_S)
        column.addWidget(self._text)
        column.addWidget(buttons)
        self.hide()
        self.retranslate()

    def ask(self, address: str) -> None:
        """Ask about this address; "" closes the question without an answer."""
        self._address = address
        self.setVisible(bool(address))
        self.retranslate()

    def is_open(self) -> bool:
        """Whether an answer is awaited."""
        return bool(self._address)

    def retranslate(self) -> None:
        """Set every text."""
        self._text.setText(
            _(
                "This recipe wants to send your rows to {address}. "
                "Agree only if you know whose server that is: it can read all of them."
            ).format(address=plain(self._address, 120))
        )
        self._agree.setText(_("Use this server"))
        self._decline.setText(_("Do not use it"))
        describe(self, _("A server to agree to"), self._text.text())
        describe(self._agree, _("Use this server"), self._text.text())
        describe(self._decline, _("Do not use this server"))

    def _close(self, *, agreed: bool) -> None:
        self.ask("")
        (self.agreed if agreed else self.declined).emit()
