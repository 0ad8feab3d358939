"""A button that does the usual thing, and a narrow one joined to it with the other ways."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.theme import set_role
from gui_app.ui.pieces.menus import pop_up
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import hbox


class SplitButton(QWidget):
    """Two buttons and not one with two halves, which a screen reader could open but never press.

    Args:
        button: The usual thing. The narrow one is enabled as it is.
    """

    def __init__(self, button: QToolButton, menu: QMenu, *, name: str, role: str = "") -> None:
        super().__init__()
        self.more = named(QToolButton(), name)
        # Not a menu of the button's own: Qt shows such a one to no screen reader, or lets it wait until it is closed.
        self.more.clicked.connect(lambda: pop_up(menu, self.more))
        button.setProperty("joined", "left")
        self.more.setProperty("joined", "right")
        self._button, self._role = button, ""
        self._dress(role)
        for part in (button, self.more):
            # As high as its neighbours in a line.
            part.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        line = hbox(self)
        line.addWidget(button)
        line.addWidget(self.more)
        self.more.setEnabled(button.isEnabled())
        button.installEventFilter(self)

    def set_role(self, role: str) -> None:
        """ "primary" for what comes next, else ""."""
        if role != self._role:
            self._dress(role)

    def _dress(self, role: str) -> None:
        self._role = role
        set_icon(self.more, "chevron-down", "on_accent" if role == "primary" else "muted")
        for part in (self._button, self.more):
            set_role(part, role)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt's hook: enabled together."""
        if event.type() == QEvent.Type.EnabledChange and isinstance(watched, QWidget):
            self.more.setEnabled(watched.isEnabledTo(self))
        return super().eventFilter(watched, event)
