"""Short messages over the foot of the window: what was done, with Undo where there is one, and what goes on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QToolButton, QWidget

from gui_app.i18n import _
from gui_app.sentences import explain
from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.theme import GAP_M, GAP_S, GAP_XL, set_role
from gui_app.ui.pieces.help_link import want_help
from gui_app.ui.pieces.help_topics import topic_of
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, hbox, text_label

_FOOT = 136
"""Above the buttons at the foot of a job, so that none is covered."""
_SHOWN_MS, _WITH_ACTION_MS = 7_000, 12_000


class StatusMessage(Panel):
    """Floats over its parent, so that nothing below it moves when it comes and goes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, role="card")
        self._over = parent
        self._action: Callable[[], None] | None = None
        self._gone: Callable[[], None] | None = None
        self._cancel: Callable[[], None] | None = None
        self.label: QLabel = text_label(wrap=False)
        self.label.setObjectName("statusMessage")
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setFixedWidth(140)
        self.progress.setTextVisible(False)
        self.button = named(QPushButton(), "statusAction", "link")
        self.close_button = QToolButton()
        set_role(self.close_button, "icon")
        set_icon(self.close_button, "x")
        line = hbox(self, (GAP_M, GAP_S, GAP_S, GAP_S), GAP_S)
        line.addWidget(self.label)
        line.addWidget(self.progress, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.button)
        line.addWidget(self.close_button)
        self.button.clicked.connect(self._act)
        self.close_button.clicked.connect(self.dismiss)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        parent.installEventFilter(self)
        self.hide()
        self.retranslate()

    def retranslate(self) -> None:
        """Set every visible text that stays."""
        describe(self.close_button, _("Close this message"))

    def refit(self) -> None:
        """Larger letters need more room at once, not with the next message."""
        if self.isVisible():
            self._place()

    def say(
        self,
        text: str,
        *,
        action: str = "",
        act: Callable[[], None] | None = None,
        gone: Callable[[], None] | None = None,
    ) -> None:
        """Show a message for some seconds.

        Args:
            action, act: A button, such as Undo, and what it does.
            gone: Called when the message goes and the button was not pressed.
        """
        self._leave()
        self._action, self._gone, self._cancel = act, gone, None
        self.progress.hide()
        self.button.setText(action)
        self.button.setVisible(act is not None)
        self._show(text)
        self._timer.start(_WITH_ACTION_MS if act is not None else _SHOWN_MS)

    def tell_error(self, error: BaseException) -> None:
        """Show what went wrong, with a way to its part of the help page."""
        topic = topic_of(error)
        self.say(explain(error), action=_("More about this"), act=lambda: want_help(self, topic))

    def show_progress(self, text: str, fraction: float, cancel: Callable[[], None]) -> None:
        """Show how far something is, with a button that cancels it; stays until `say` or `dismiss`."""
        if self._cancel is None:
            self._leave()
        self._timer.stop()
        self._action, self._cancel = cancel, cancel
        self.progress.setValue(round(1000 * fraction))
        self.progress.show()
        self.button.setText(_("Cancel"))
        self.button.show()
        self._show(text, quiet=self.isVisible())

    def dismiss(self) -> None:
        """Take the message away."""
        self._timer.stop()
        self._leave()
        self._cancel = None
        self.hide()

    def _leave(self) -> None:
        gone, self._gone, self._action = self._gone, None, None
        if gone is not None:
            gone()

    def _act(self) -> None:
        action, self._action, self._gone = self._action, None, None
        self.dismiss()
        if action is not None:
            action()

    def _show(self, text: str, *, quiet: bool = False) -> None:
        self.label.setText(text)
        describe(self.label, text)
        self.show()
        self._place()
        self.raise_()
        if not quiet and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.label, text))

    def _place(self) -> None:
        parent = self._over
        room = parent.width() - 2 * GAP_XL
        self.label.setWordWrap(False)
        self.adjustSize()
        if self.width() > room:
            self.label.setWordWrap(True)
            self.resize(room, self.heightForWidth(room) if self.hasHeightForWidth() else self.sizeHint().height())
        self.move((parent.width() - self.width()) // 2, parent.height() - self.height() - _FOOT)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt's hook: stays where it belongs when the window changes its size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)
