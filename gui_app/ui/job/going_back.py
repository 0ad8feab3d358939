"""Opens the history of a task, and does what is chosen there: go back, with or without answers, ask for more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from gui_app.i18n import ngettext, number
from gui_app.store.edits import Change, JobEditor
from gui_app.store.reading.versions import VersionResults, rows_asked
from gui_app.ui.versions.versions_dialog import VersionsDialog

if TYPE_CHECKING:
    from gui_app.ui.job.job_page import JobPage


class GoingBack(QObject):
    """One job's history."""

    def __init__(self, page: JobPage) -> None:
        super().__init__(page)
        self._page = page
        self.dialog: VersionsDialog | None = None
        page.side.task.historyRequested.connect(self.show)
        page.link.overviewChanged.connect(lambda _overview: self._follow())

    def show(self) -> None:
        """The versions, in front."""
        page = self._page
        if self.dialog is not None:
            self.dialog.raise_()
            return
        dialog = self.dialog = VersionsDialog(page.link, page.columns, page.feed.gold_name(), page.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.backRequested.connect(self._back)
        dialog.answersRequested.connect(self._back_with_answers)
        dialog.askRequested.connect(self._ask)
        dialog.finished.connect(self._closed)
        dialog.set_can_act(not page.is_moving())
        dialog.show()

    def close(self) -> None:
        """The job is left."""
        if self.dialog is not None:
            self.dialog.close()

    def _closed(self) -> None:
        self.dialog = None

    def _follow(self) -> None:
        if self.dialog is not None:
            self.dialog.set_can_act(not self._page.is_moving())
            self.dialog.look()

    def _back(self, version: VersionResults) -> None:
        self._page.side.task.use_recipe(version.recipe)
        self._page.show_page("task")

    def _back_with_answers(self, version: VersionResults) -> None:
        if self._page.is_moving():
            return
        self._back(version)
        link = self._page.link

        def bring(row_ids: list[int]) -> None:
            link.edit(lambda editor: _bring(editor, row_ids, version.version), self._tell)

        link.lists.ask(lambda reader: rows_asked(reader, version.version), bring, self._page.show_error)

    def _ask(self, version: VersionResults, row_ids: list[int]) -> None:
        self._back(version)
        self._page.doing.ask_with(version.recipe, row_ids)

    def _tell(self, change: Change) -> None:
        count = len(change.row_ids)
        self._page.said.emit(
            ngettext(
                "{count} row shows its earlier answer again.", "{count} rows show their earlier answers again.", count
            ).format(count=number(count))
        )


def _bring(editor: JobEditor, row_ids: list[int], version: int) -> Change:
    editor.use_version(version)
    return editor.bring_back(row_ids, version=version)
