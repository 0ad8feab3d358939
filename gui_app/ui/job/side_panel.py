"""The right side of a job: Task, Model, Failures, Review; one at a time, chosen by the segments on top."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QStackedWidget, QToolButton, QWidget

from gui_app.i18n import _
from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.theme import GAP_S, GAP_XS, set_role
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.panel import Panel, describe, hbox, vbox
from gui_app.ui.pieces.pressing import on_press, set_pressed

NARROWEST = 380


class SidePanel(Panel):
    """Signals: shown: the name of the page that came to the front. closed: the panel is to be folded away."""

    shown = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="panel")
        self.setObjectName("sidePanel")
        self._titles: dict[str, Callable[[], str]] = {}
        self._buttons: dict[str, QToolButton] = {}
        self._pages: dict[str, QWidget] = {}
        self._counts: dict[str, str] = {}
        self._group = QButtonGroup(self)
        self.stack = QStackedWidget(self)
        segments = QWidget()
        self._segments = FlowLayout(segments, 0, one_line=True)
        self._close = QToolButton()
        set_role(self._close, "icon")
        set_icon(self._close, "panel-right-close")
        self._close.clicked.connect(self.closed)
        head = Panel(self, role="header")
        line = hbox(head, (GAP_S, 0, GAP_S, 0))
        line.addWidget(segments, 1)
        # On the level of the words of the first line, however many there are.
        corner = vbox(None, (0, GAP_XS, 0, 0))
        corner.addWidget(self._close)
        corner.addStretch(1)
        line.addLayout(corner)
        column = vbox(self)
        column.addWidget(head)
        column.addWidget(self.stack, 1)
        self.retranslate()
        self.refit()

    def add_page(self, name: str, title: Callable[[], str], page: QWidget) -> None:
        """Another page; `title` is asked again when the language changes."""
        button = _Segment(self)
        button.setObjectName(f"{name}Segment")
        button.setCheckable(True)
        set_role(button, "segment")
        on_press(button, lambda on: self.show_page(name) if on else None)
        self._group.addButton(button)
        self._segments.addWidget(button)
        self._titles[name], self._buttons[name], self._pages[name] = title, button, page
        self.stack.addWidget(page)
        if len(self._pages) == 1:
            set_pressed(button, True)
        self._show_titles()

    def show_page(self, name: str) -> None:
        """Bring a page to the front."""
        set_pressed(self._buttons[name], True)
        self.stack.setCurrentWidget(self._pages[name])
        self.shown.emit(name)

    def focus_segment(self) -> None:
        """Lead the keyboard to the segment in front; Tab then goes into its page."""
        self._buttons[self.current()].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def current(self) -> str:
        """The page in front."""
        front = self.stack.currentWidget()
        return next(name for name, page in self._pages.items() if page is front)

    def step(self, by: int) -> None:
        """To the segment beside this one."""
        names = list(self._pages)
        name = names[(names.index(self.current()) + by) % len(names)]
        self.show_page(name)
        self._buttons[name].setFocus()

    def set_count(self, name: str, count: str) -> None:
        """A number beside a page's title; "" for none."""
        if self._counts.get(name, "") != count:
            self._counts[name] = count
            self._show_titles()

    def retranslate(self) -> None:
        """Set every visible text."""
        describe(self, _("Settings of the job"))
        describe(self._close, _("Hide this panel"))
        self._close.setToolTip(_("Hide this panel"))
        self._show_titles()

    def refit(self) -> None:
        """Wider with larger letters."""
        self.setMinimumWidth(scaled(NARROWEST, 1.5))
        self._show_titles()

    def _show_titles(self) -> None:
        for name, button in self._buttons.items():
            count = self._counts.get(name, "")
            title = self._titles[name]()
            text = _("{title} ({count})").format(title=title, count=count) if count else title
            button.setText(text)
            describe(button, text)
            # Bold when chosen: as wide as it will then be, so that nothing moves.
            metrics = button.fontMetrics()
            button.setMinimumWidth(round(metrics.horizontalAdvance(text) * 1.12) + 24)


class _Segment(QToolButton):
    """Arrow keys go from segment to segment."""

    def __init__(self, panel: SidePanel) -> None:
        super().__init__(panel)
        self._panel = panel

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._panel.step(step)
