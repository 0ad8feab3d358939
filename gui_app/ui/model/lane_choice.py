"""Both lanes side by side: what the rows that wait cost and take in each, made from the rows that were tried."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from gui_app.i18n import _, soon
from gui_app.jobs import Lane
from gui_app.ui.look.icons import IconLabel
from gui_app.ui.look.theme import GAP_M, GAP_S, GAP_XS, set_role
from gui_app.ui.model.estimating import Estimated, lane_minutes, lane_money
from gui_app.ui.pieces.forms import tell
from gui_app.ui.pieces.panel import Panel, describe, hbox, text_label, vbox
from gui_app.ui.pieces.pressing import on_press, set_pressed

_ICONS = {Lane.NOW: "play", Lane.OVERNIGHT: "moon"}
_NARROWEST = 128


class LaneCard(QPushButton):
    """One lane: its name, its money, its time, and what is special about it. Pressed when it is the chosen one."""

    def __init__(self, lane: Lane, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lane = lane
        self.setObjectName(f"{lane.value}LaneCard")
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        set_role(self, "lane")
        self.title, self.money = text_label("heading"), text_label("subtitle", wrap=True)
        self.time, self.note = text_label("hint", wrap=True), text_label("small", wrap=True)
        head = hbox(None, gap=GAP_S)
        head.addWidget(IconLabel(_ICONS[lane], "accent", 16))
        head.addWidget(self.title, 1)
        column = vbox(self, (GAP_M, GAP_S, GAP_M, GAP_S), GAP_XS)
        column.addLayout(head)
        for label in (self.money, self.time, self.note):
            column.addWidget(label)
        column.addStretch(1)
        for label in (self.title, self.money, self.time, self.note):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def say(self, title: str, money: str, when: str, note: str) -> None:
        """Set its lines; "" leaves one out."""
        self.title.setText(title)
        tell(self.money, money, "subtitle")
        tell(self.time, when, "hint")
        tell(self.note, note, "small")
        describe(self, title, ". ".join(part for part in (money, when, note) if part))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Qt's hook: as tall as its words need at its width, not as a button's text would be."""
        layout = self.layout()
        assert layout is not None
        return QSize(_NARROWEST, layout.heightForWidth(max(_NARROWEST, self.width())))

    def minimumSizeHint(self) -> QSize:
        """Qt's hook."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Qt's hook: another width needs another height."""
        super().resizeEvent(event)
        self.updateGeometry()


class LaneChoice(Panel):
    """The two lanes as two cards, of which one is chosen; shown when there is something to compare.

    Signals:
        chosen: A `Lane`, by the user.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None, *, now: Callable[[], float] = time.time) -> None:
        super().__init__(parent)
        self.setObjectName("laneChoice")
        self._now = now
        self._lane = Lane.NOW
        self._found: Estimated | None = None
        self._offered, self._practice = True, False
        self._left = True
        self.cards = {lane: LaneCard(lane) for lane in Lane}
        self._hint = text_label("small", wrap=True)
        line = hbox(None, gap=GAP_S)
        for card in self.cards.values():
            line.addWidget(card, 1)
            on_press(card, partial(self._pressed, card.lane))
        column = vbox(self, gap=GAP_XS)
        column.addLayout(line)
        column.addWidget(self._hint)
        self.retranslate()

    def set_lane(self, lane: Lane) -> None:
        """Show which one is chosen."""
        self._lane = lane
        for card in self.cards.values():
            set_pressed(card, card.lane is lane)

    def set_offered(self, offered: bool, *, practice: bool = False) -> None:
        """Whether the provider has an overnight lane; `practice`: its nights last a minute."""
        self._offered, self._practice = offered, practice
        self.cards[Lane.OVERNIGHT].setEnabled(offered)
        self.retranslate()

    def show_estimate(self, found: Estimated | None) -> None:
        """What the rows that wait cost and take; None: not known, because none was tried."""
        self._found = found
        self.retranslate()

    def set_left(self, left: bool) -> None:
        """Whether any rows are left to be tried."""
        if left != self._left:
            self._left = left
            self.retranslate()

    def retranslate(self) -> None:
        """Set every visible text."""
        describe(self, _("When the rows are asked"))
        found, comparable = self._found, self._offered and self._found is not None
        now, overnight = self.cards[Lane.NOW], self.cards[Lane.OVERNIGHT]
        if found is None:
            now.say(_("Now"), "", "", "")
            overnight.say(_("Overnight"), "", "", "")
        else:
            now.say(_("Now"), lane_money(found, Lane.NOW), self._now_time(found), "")
            overnight.say(
                _("Overnight"), lane_money(found, Lane.OVERNIGHT), self._overnight_time(), self._price_note(found)
            )
        for card in self.cards.values():
            card.setVisible(comparable)
        untold = self._offered and found is None and self._left
        tell(self._hint, _("Try some rows to see here what each way costs.") if untold else "", "small")
        self.set_lane(self._lane)

    def _now_time(self, found: Estimated) -> str:
        return _("about {range}").format(range=lane_minutes(found.figures.now))

    def _overnight_time(self) -> str:
        if self._practice:
            return _("Practice nights last about a minute.")
        return _("Ready by {moment} at the latest.").format(moment=soon(self._now() + 86_400))

    def _price_note(self, found: Estimated) -> str:
        if found.free or found.figures.overnight.low_usd is None or found.figures.overnight.has_price:
            return ""
        return _("Full price: no lower one is known for this model.")

    def _pressed(self, lane: Lane, _on: bool) -> None:
        # A press on the chosen one must not leave none chosen.
        self.set_lane(lane)
        self.chosen.emit(lane)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook: the arrow keys go from one to the other."""
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            other = next((card for card in self.cards.values() if not card.hasFocus() and card.isEnabled()), None)
            if other is not None:
                other.setFocus()
        else:
            super().keyPressEvent(event)
