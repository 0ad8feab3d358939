"""What of the window is seen first, of Qt alone: the jobs, the first page, its keys, its place on the screen."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QAbstractButton, QSplitter, QStackedWidget, QWidget

from gui_app.settings import WINDOW_GEOMETRY, WINDOW_LAYOUT, Settings
from gui_app.ui.jobs_list.job_list import JobList
from gui_app.ui.pieces.panel import FirstPanel, vbox
from gui_app.ui.pieces.screen_room import resize_within
from gui_app.ui.window.early import Early
from gui_app.ui.window.empty_page import EmptyPage

if TYPE_CHECKING:
    from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QKeyEvent


_WISH = QSize(1280, 800)


class WindowFrame(FirstPanel):
    """Lays out what is seen, and takes keys and files that are dropped; `MainWindow` brings it to life."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mainWindow")
        self.setWindowTitle("Rowmill")
        self.setAccessibleName("Rowmill")
        self.setAcceptDrops(True)
        room = self.screen().availableSize()
        self.setMinimumSize(min(860, room.width()), min(560, room.height()))
        resize_within(self, _WISH.width(), _WISH.height())
        self._is_tight = self.size() != _WISH
        self.settings = settings
        self._early = Early()
        self.jobs = JobList()
        self.empty = EmptyPage()
        self.centre = QStackedWidget()
        self.centre.addWidget(self.empty)
        self._lay_out()
        self._restore_geometry()
        self.empty.drop.button.setFocus()

    def _lay_out(self) -> None:
        self.splitter = QSplitter()
        self.splitter.addWidget(self.jobs)
        self.splitter.addWidget(self.centre)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([216, 1064])
        vbox(self).addWidget(self.splitter)

    def open_file(self, path: Path) -> None:
        """A file was dropped. The window knows what to do with it."""
        raise NotImplementedError

    # Place and size

    def show_first(self) -> None:
        """Show it where it was; the very first time, on a small screen, with all there is."""
        if self._is_tight and not self.settings.get(WINDOW_GEOMETRY):
            self.showMaximized()
        else:
            self.show()
        # Only now is its width known, and nothing is drawn yet.
        self.empty.refit()

    def _restore_geometry(self) -> None:
        for setting, restore in ((WINDOW_GEOMETRY, self.restoreGeometry), (WINDOW_LAYOUT, self.splitter.restoreState)):
            try:
                restore(base64.b64decode(self.settings.get(setting), validate=True))
            except (ValueError, binascii.Error):
                continue

    def _keep_geometry(self) -> None:
        """In the settings; whoever calls this saves them."""
        for setting, state in ((WINDOW_GEOMETRY, self.saveGeometry()), (WINDOW_LAYOUT, self.splitter.saveState())):
            self.settings.set(setting, base64.b64encode(state.data()).decode("ascii"))

    # Keys

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Qt's hook, at each Tab: parts come and go with the job, and Tab follows what is seen."""
        from gui_app.ui.pieces.focus_order import order_focus

        order_focus(self)
        return super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook: Enter presses the button that has the focus, as Space does. Qt has that in dialogs only."""
        from PySide6.QtCore import Qt

        button = self.focusWidget()
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or not isinstance(button, QAbstractButton):
            self._early.take_key(event.keyCombination())
            super().keyPressEvent(event)
        else:
            button.click()

    # Dropping files

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Qt's hook."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.empty.drop.set_over(True)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Qt's hook."""
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Qt's hook."""
        self.empty.drop.set_over(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Qt's hook."""
        self.empty.drop.set_over(False)
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self._early.soon(lambda: self.open_file(Path(files[0])))
