"""“More about this”: a small button beside a sentence, which leads to its part of the help page."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from gui_app.i18n import _
from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.theme import set_role
from gui_app.ui.pieces.panel import describe

_WRONG = ("error", "warning")


@runtime_checkable
class ShowsHelp(Protocol):
    """The window that a widget is in."""

    def show_help(self, topic: str) -> None:
        """Show a part of the help page."""


def want_help(asking: QWidget, topic: str) -> None:
    """Ask the window that a widget is in for a part of the help page."""
    above: QWidget | None = asking
    while above is not None and not isinstance(above, ShowsHelp):
        # Out of dialogs too, whose parent is the window they belong to.
        above = above.parentWidget()
    if above is not None:
        above.show_help(topic)


class HelpLink(QPushButton):
    """Asks for one part of the help page."""

    def __init__(self, topic: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.topic = topic
        self.setObjectName("moreButton")
        self.setAutoDefault(False)
        set_role(self, "link")
        set_icon(self, "circle-question-mark", "accent")
        self.clicked.connect(lambda: want_help(self, self.topic))
        self.retranslate()

    def retranslate(self) -> None:
        """Set every visible text."""
        self.setText(_("More about this"))
        describe(self, _("More about this"), _("Opens the help page at the part about this sentence."))

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


def link_under(label: QLabel, topic: str) -> HelpLink:
    """A link that is shown while a label shows an error. The caller puts it under the label."""
    link = HelpLink(topic)
    link.hide()
    label.installEventFilter(_Follower(label, link))
    return link


class _Follower(QObject):
    def __init__(self, label: QLabel, link: HelpLink) -> None:
        super().__init__(label)
        self._label, self._link = label, link

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent, QEvent.Type.DynamicPropertyChange):
            label = self._label
            self._link.setVisible(not label.isHidden() and label.property("role") in _WRONG and bool(label.text()))
        return super().eventFilter(watched, event)
