"""Important sentences under the header: what stopped, what is offline, what may be paid twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QToolButton, QWidget

from gui_app.i18n import _, ngettext, number
from gui_app.ui.look.icons import IconLabel, set_icon
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_S, GAP_XS, set_role
from gui_app.ui.pieces.help_link import HelpLink
from gui_app.ui.pieces.named import named_button
from gui_app.ui.pieces.panel import Panel, describe, hbox, text_label, vbox

_ICONS = {"": ("info", "accent"), "warning": ("triangle-alert", "warning"), "error": ("circle-alert", "error")}


@dataclass(frozen=True)
class Notice:
    """One sentence with what can be done about it.

    Attributes:
        key: Two notices with the same key are the same matter; a closed one stays closed until it is gone.
        tone: "", "warning" or "error".
        actions: Button text and what it does.
        topic: The part of the help page about it; "" for none.
    """

    key: str
    text: str
    tone: str = ""
    actions: tuple[tuple[str, Callable[[], None]], ...] = ()
    closable: bool = True
    topic: str = ""


class BannerArea(Panel):
    """Shows the notices that hold, one below the other, and nothing when there are none.

    Signals:
        focusLeft: What had the keyboard here has gone.
    """

    focusLeft = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bannerArea")
        self._column = vbox(self, (GAP_L, 0, GAP_L, GAP_S), GAP_S)
        self._told: list[Notice] = []
        self._wanted: list[Notice] = []
        self._shown: list[tuple[Notice, QWidget]] = []
        self._closed: set[str] = set()
        self._low = self._unfolded = False
        self._more = named_button(QPushButton(), "moreNoticesButton", "link", "chevron-down", "accent")
        self._more.clicked.connect(self._unfold)
        self._more.hide()
        self._column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def show_notices(self, notices: Sequence[Notice]) -> None:
        """Show exactly these."""
        self._told = list(notices)
        self._closed &= {notice.key for notice in notices}
        self._wanted = [notice for notice in notices if notice.key not in self._closed]
        if len(self._wanted) < 2:
            self._unfolded = False
        self._show()

    def set_low(self, low: bool) -> None:
        """Where there is little height, the first one stands for all until the others are wanted."""
        if low != self._low:
            self._low, self._unfolded = low, False
            self._show()

    def _unfold(self) -> None:
        self._unfolded = True
        self._show()

    def _show(self) -> None:
        wanted = self._wanted[:1] if self._low and not self._unfolded else self._wanted
        left = len(self._wanted) - len(wanted)
        self._more.setVisible(left > 0)
        if left:
            text = ngettext("Show {count} more message", "Show {count} more messages", left)
            self._more.setText(text.format(count=number(left)))
            describe(self._more, self._more.text())
        if [_comparable(n) for n in wanted] == [_comparable(n) for n, _w in self._shown]:
            return
        focused = QApplication.focusWidget()
        was_inside = focused is not None and self.isAncestorOf(focused)
        for _notice, widget in self._shown:
            self._column.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._shown = [(notice, self._frame(notice)) for notice in wanted]
        for at, (_notice, widget) in enumerate(self._shown):
            self._column.insertWidget(at, widget)
        self.setVisible(bool(self._shown))
        if was_inside:
            self.focusLeft.emit()

    def layout_margins(self, side: int) -> None:
        """How far the notices stand from the sides."""
        self._column.setContentsMargins(side, 0, side, GAP_S)

    def texts(self) -> list[str]:
        """The sentences that are shown."""
        return [notice.text for notice, _widget in self._shown]

    def _frame(self, notice: Notice) -> QWidget:
        frame = Panel(self, role="banner")
        set_role(frame, "banner", notice.tone)
        frame.setObjectName(f"notice_{notice.key}")
        column = vbox(frame, (GAP_M, GAP_S, GAP_S, GAP_S), GAP_XS)
        line: QHBoxLayout = hbox(None, gap=GAP_M)
        column.addLayout(line)
        line.addWidget(icon := IconLabel(*_ICONS[notice.tone]), 0, Qt.AlignmentFlag.AlignVCenter)
        label = text_label(wrap=True)
        label.setText(notice.text)
        label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        describe(frame, notice.text)
        line.addWidget(label, 1)
        offers = self._offers(notice)
        if len(offers) > 1:
            # Beside the sentence, several would leave it a narrow column.
            below = hbox(None, gap=GAP_M)
            below.addSpacing(icon.sizeHint().width() + GAP_M)
            for offer in offers:
                below.addWidget(offer)
            below.addStretch(1)
            column.addLayout(below)
        else:
            for offer in offers:
                line.addWidget(offer, 0, Qt.AlignmentFlag.AlignVCenter)
        if notice.closable:
            close = QToolButton()
            set_role(close, "icon")
            set_icon(close, "x")
            describe(close, _("Close this message"))
            close.clicked.connect(lambda: self._close(notice.key))
            line.addWidget(close, 0, Qt.AlignmentFlag.AlignVCenter)
        return frame

    @staticmethod
    def _offers(notice: Notice) -> list[QWidget]:
        """What can be done about it: buttons, and the way to the help page."""
        out: list[QWidget] = []
        for text, action in notice.actions:
            button = QPushButton(text)
            button.clicked.connect(action)
            out.append(button)
        if notice.topic:
            out.append(HelpLink(notice.topic))
        return out

    def _close(self, key: str) -> None:
        # All of them once more: what is closed counts as closed and not as gone.
        self._closed.add(key)
        self.show_notices(self._told)


def _comparable(notice: Notice) -> tuple[str, str, str, tuple[str, ...]]:
    return notice.key, notice.text, notice.tone, tuple(text for text, _action in notice.actions)
