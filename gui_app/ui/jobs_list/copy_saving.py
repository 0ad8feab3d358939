"""A copy of a job in a file of the user's choice, also of one that is running just now."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from gui_app.i18n import _
from gui_app.paths import JOB_SUFFIX
from gui_app.sentences import plain
from gui_app.ui.feed.store_thread import StoreThread
from gui_app.ui.pieces.status_message import StatusMessage

if TYPE_CHECKING:
    from gui_app.ui.jobs_list.job_shelf import JobShelf


class CopySaving(QObject):
    """Asks where and copies on a thread of its own: a large job takes a while, and the list goes on meanwhile.

    Args:
        show: Called with a file whose folder is to be shown.
    """

    def __init__(
        self, open_shelf: Callable[[], JobShelf], status: StatusMessage, show: Callable[[Path], None], window: QWidget
    ) -> None:
        super().__init__(window)
        self._open_shelf, self._status, self._show, self._window = open_shelf, status, show, window
        self._thread: StoreThread[JobShelf] | None = None

    def ask(self, job: Path, name: str) -> None:
        """Ask where the copy is to lie, and make it there."""
        dialog = QFileDialog(self._window, _("Save a copy of the job"))
        dialog.setObjectName("saveCopyDialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([_("Jobs (*.rowmill)"), _("All files (*)")])
        dialog.setDefaultSuffix(JOB_SUFFIX.removeprefix("."))
        dialog.setDirectory(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
        dialog.selectFile(f"{_file_name(name)}{JOB_SUFFIX}")
        dialog.fileSelected.connect(lambda target: self.save(job, Path(target)))
        dialog.open()

    def save(self, job: Path, target: Path) -> None:
        """Make the copy. The dialog has asked whether an older file gives way."""
        name = plain(target.name, 60)
        self._status.say(_("“{name}” is being saved…").format(name=name))
        if self._thread is None:
            self._thread = StoreThread(self._open_shelf, "copies", self)
        self._thread.ask(
            lambda shelf: shelf.save_copy(job, target), lambda _none: self._saved(target), self._status.tell_error
        )

    def _saved(self, target: Path) -> None:
        text = _("The copy lies in {folder} as “{name}”. What comes in from now on is not in it.").format(
            folder=plain(os.fspath(target.parent), 70), name=plain(target.name, 60)
        )
        self._status.say(text, action=_("Show in its folder"), act=lambda: self._show(target))

    async def aclose(self) -> None:
        """End the thread, when a copy that was begun is whole."""
        if self._thread is not None:
            await self._thread.aclose(finish=True)

    def close(self) -> None:
        """As `aclose`, for a window without a loop."""
        if self._thread is not None:
            self._thread.close(finish=True)


def _file_name(name: str) -> str:
    return "".join("-" if c in '/\\:*?"<>|' or ord(c) < 32 else c for c in name).strip(" .")[:80] or "job"
