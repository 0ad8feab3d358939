"""The settings: made from their declarations, in a few pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QLineEdit, QPushButton, QTabWidget, QWidget

from gui_app.i18n import _
from gui_app.settings import (
    ASK_IDENTICAL_ONCE,
    BACKGROUND,
    CONCURRENCY,
    FIRST_ROW_HEADER,
    LANGUAGE,
    NOTIFY,
    TEXT_SIZE,
    THEME,
    Setting,
)
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_XL, set_role
from gui_app.ui.pieces.forms import Captioned
from gui_app.ui.pieces.named import named, named_button
from gui_app.ui.pieces.panel import describe, hbox, text_label, vbox
from gui_app.ui.pieces.screen_room import resize_within
from gui_app.ui.pieces.scroll_column import ScrollColumn, where_too_low
from gui_app.ui.pieces.tasks import Tasks
from gui_app.ui.services import Services
from gui_app.ui.settings.about_page import AboutPage
from gui_app.ui.settings.key_list import KeyList
from gui_app.ui.settings.settings_controls import CeilingControls, ChoiceControl, SwitchControl
from gui_app.ui.settings.what_leaves import OpenJob, WhatLeaves

PAGES = ("general", "keys", "speed", "privacy", "about")


class SettingsDialog(QDialog):
    """Opened with `open()`. Everything holds at once; there is no OK to press.

    Args:
        jobs_folder: Where job files lie that were not given a place of their own; shown only.
        job: The job that is open, for the page that says what leaves this computer.
        open_url: Opens a folder with the system's program.

    Signals:
        settingChanged: The key of a setting that was just set. The owner saves the settings, and for "language" and
            "theme" switches the application, this dialog included.
        keysChanged: A key was entered or forgotten.
    """

    settingChanged = Signal(str)
    keysChanged = Signal()

    def __init__(
        self,
        services: Services,
        jobs_folder: Path,
        *,
        job: OpenJob | None = None,
        open_url: Callable[[QUrl], object] = QDesktopServices.openUrl,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("settingsDialog")
        self._services, self._jobs_folder, self._open_url = services, jobs_folder, open_url
        self._tasks = Tasks()
        self._title = text_label("subtitle")
        self.tabs = QTabWidget()
        self.tabs.setObjectName("settingsTabs")
        self.tabs.setDocumentMode(True)
        self.folder_edit = named(QLineEdit(str(jobs_folder)), "jobsFolderEdit")
        self.folder_edit.setReadOnly(True)
        self._folder = Captioned(self.folder_edit)
        self._open_folder = named_button(QPushButton(), "openJobsFolderButton", "", "folder-open")
        self.keys = KeyList(services.settings, services.keys, self._tasks)
        self.ceilings = CeilingControls(services.settings)
        self.what_leaves = WhatLeaves(job)
        self.about = AboutPage(self._tasks)
        self._close = named(QPushButton(), "closeSettingsButton")
        self._build()
        self.retranslate()
        resize_within(self, scaled(660, 1.6), scaled(640, 1.2))

    def show_page(self, page: str) -> None:
        """Bring one of `PAGES` to the front."""
        self.tabs.setCurrentIndex(PAGES.index(page))

    async def aclose(self) -> None:
        """Stop what is being looked up."""
        await self._tasks.aclose()

    def changeEvent(self, event: QEvent) -> None:
        """Qt's hook."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def retranslate(self) -> None:
        """Set every text, those of the made controls too."""
        self.setWindowTitle(_("Settings"))
        self._title.setText(_("Settings"))
        names = (_("General"), _("Keys"), _("Speed"), _("What leaves this computer"), _("About"))
        for at, name in enumerate(names):
            self.tabs.setTabText(at, name)
        describe(self.tabs, _("Pages of the settings"))
        for choice in self.findChildren(ChoiceControl):
            choice.retranslate()
        for switch in self.findChildren(SwitchControl):
            switch.retranslate()
        self._folder.say(_("Folder of job files"), _("A job is one file. You can copy, mail or delete it."))
        self._open_folder.setText(_("Open the folder"))
        describe(self._open_folder, _("Open the folder of job files"))
        self._close.setText(_("Close"))
        describe(self._close, _("Close"))

    def _build(self) -> None:
        self.tabs.addTab(self._general(), "")
        self.tabs.addTab(_page(self.keys), "")
        self.tabs.addTab(_page(self.ceilings), "")
        self.tabs.addTab(_page(self.what_leaves), "")
        # Its list and its text scroll by themselves, as long as there is room for both.
        self.tabs.addTab(where_too_low(self.about), "")
        last = hbox(None)
        last.addStretch(1)
        last.addWidget(self._close)
        whole = vbox(self, (GAP_XL, GAP_L, GAP_XL, GAP_L), GAP_M)
        whole.addWidget(self._title)
        whole.addWidget(self.tabs, 1)
        whole.addLayout(last)
        set_role(self._close, "primary")
        self._close.setDefault(True)
        self._close.clicked.connect(self.accept)
        # It may be deleted as soon as it is closed; a keychain that answers later must not find it gone.
        self.finished.connect(lambda: self._tasks.cancel_all())
        self._open_folder.setAutoDefault(False)
        self._open_folder.clicked.connect(lambda: self._open_url(QUrl.fromLocalFile(str(self._jobs_folder))))
        self.ceilings.edited.connect(lambda: self.settingChanged.emit(CONCURRENCY.key))
        self.keys.changed.connect(self.keysChanged)
        self.tabs.currentChanged.connect(self._page_shown)

    def _general(self) -> QWidget:
        out = QWidget()
        column = vbox(out, gap=GAP_M)
        settings = self._services.settings
        for choice in (LANGUAGE, THEME, TEXT_SIZE, FIRST_ROW_HEADER):
            column.addWidget(ChoiceControl(choice, settings, self._changed))
        for switch in (NOTIFY, BACKGROUND, ASK_IDENTICAL_ONCE):
            column.addWidget(SwitchControl(switch, settings, self._changed))
        column.addWidget(self._folder)
        column.addWidget(self._open_folder, 0, Qt.AlignmentFlag.AlignLeft)
        return _page(out)

    def _changed(self, setting: Setting[Any]) -> None:
        self.settingChanged.emit(setting.key)

    def _page_shown(self, index: int) -> None:
        if PAGES[index] == "keys":
            self.keys.look()
        elif PAGES[index] == "about":
            self.about.look()


def _page(content: QWidget) -> ScrollColumn:
    out = ScrollColumn()
    out.column.setContentsMargins(0, GAP_L, GAP_M, GAP_L)
    out.add(content)
    out.column.addStretch(1)
    return out
