"""The dialogs of the window: settings, export, go to row. All opened, none waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QInputDialog, QWidget

from gui_app import i18n, paths
from gui_app.i18n import _
from gui_app.settings import LANGUAGE, TEXT_SIZE, THEME
from gui_app.ui.look.qt_words import use_qt_words
from gui_app.ui.look.theme import apply_text_size, apply_theme
from gui_app.ui.pieces.status_message import StatusMessage
from gui_app.ui.pieces.tasks import Tasks
from gui_app.ui.services import Services

if TYPE_CHECKING:
    from gui_app.ui.exporting.exporting import Exporting
    from gui_app.ui.help.help_window import HelpWindow
    from gui_app.ui.job.job_page import JobPage
    from gui_app.ui.settings.settings_dialog import SettingsDialog
    from gui_app.ui.settings.what_leaves import OpenJob


class WindowDialogs(QObject):
    """Opens them, and does what they ask for."""

    def __init__(self, services: Services, status: StatusMessage, window: QWidget) -> None:
        super().__init__(window)
        self._services, self._status, self._window = services, status, window
        self._settings_dialog: SettingsDialog | None = None
        self._export: Exporting | None = None
        self.help: HelpWindow | None = None
        self._tasks = Tasks()

    def show_settings(self, page: JobPage | None) -> None:
        """The settings; what is changed there holds at once."""
        if self._settings_dialog is not None:
            self._settings_dialog.raise_()
            return
        from gui_app.ui.settings.settings_dialog import SettingsDialog

        dialog = self._settings_dialog = SettingsDialog(
            self._services, paths.jobs_dir(), job=_open_job(page), parent=self._window
        )
        dialog.settingChanged.connect(self._setting_changed)
        if page is not None:
            dialog.keysChanged.connect(page.side.model.keys_changed)
        dialog.finished.connect(self._settings_closed)
        dialog.open()

    def show_help(self, topic: str) -> None:
        """The help page, at one of its parts."""
        from gui_app.ui.help.help_window import help_window

        self.help = help_window(self.help, self._window)
        self.help.show_topic(topic)

    def show_export(self, page: JobPage) -> None:
        """The export of a job."""
        if page.overview is not None and (self._export is None or not self._export.is_open()):
            from gui_app.ui.exporting.exporting import Exporting

            self._export = Exporting(self._services, page, self._window)

    def ask_row(self, page: JobPage) -> None:
        """Ask which row to go to."""
        if not page.model.list.total:
            return
        from gui_app.ui.pieces.input_dialog import input_dialog, open_input_dialog

        dialog = input_dialog(self._window, "goToDialog", _("Go to row"), _("Number of the row"))
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setIntRange(1, page.model.list.total)
        dialog.setIntValue(page.table.current_row_id() or 1)
        dialog.intValueSelected.connect(lambda row_id: self._go_to(page, row_id))
        open_input_dialog(dialog)

    async def aclose(self) -> None:
        """Close what is open, stop what it does."""
        if self._export is not None:
            await self._export.aclose()
        if self._settings_dialog is not None:
            self._settings_dialog.close()
        if self.help is not None:
            self.help.close()
            self.help.deleteLater()
            self.help = None
        await self._tasks.aclose()

    def _settings_closed(self) -> None:
        dialog, self._settings_dialog = self._settings_dialog, None
        if dialog is not None and not self._tasks.start("end settings", _end(dialog)):
            dialog.deleteLater()

    def _setting_changed(self, key: str) -> None:
        settings = self._services.settings
        settings.save_soon()
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            return
        if key == LANGUAGE.key:
            i18n.set_language(settings.get(LANGUAGE))
            speak_another_language(app)
        elif key == THEME.key:
            apply_theme(app, settings.get(THEME))
        elif key == TEXT_SIZE.key:
            apply_text_size(app, int(settings.get(TEXT_SIZE)))

    def _go_to(self, page: JobPage, row_id: int) -> None:
        if not page.table.go_to(row_id):
            self._status.say(_("This row is not listed now. Choose “All rows” above the table to list every row."))
        page.table.setFocus()


def _open_job(page: JobPage | None) -> OpenJob | None:
    from gui_app.ui.settings.what_leaves import OpenJob

    if page is None or page.overview is None:
        return None
    summary, side = page.overview.summary, page.side
    return OpenJob(
        summary.name,
        side.recipe(),
        summary.columns,
        side.run_options().lane,
        with_key=side.account().key is not None,
        rows_sent=page.overview.totals.requests,
    )


async def _end(dialog: SettingsDialog) -> None:
    try:
        await dialog.aclose()
    finally:
        dialog.deleteLater()


def speak_another_language(app: QApplication) -> None:
    """Tell every widget that the language has changed."""
    use_qt_words(app)
    for window in app.topLevelWidgets():
        QApplication.sendEvent(window, QEvent(QEvent.Type.LanguageChange))
