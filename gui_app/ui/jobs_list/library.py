"""The window's jobs: the shelf on its thread, the list that shows it, and undo for what was taken away."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLineEdit, QWidget

from gui_app import paths
from gui_app.i18n import _
from gui_app.sentences import plain
from gui_app.settings import RECENT, Settings
from gui_app.ui.feed.store_thread import StoreThread
from gui_app.ui.jobs_list.job_list import JobList
from gui_app.ui.pieces.input_dialog import input_dialog, open_input_dialog
from gui_app.ui.pieces.status_message import StatusMessage

if TYPE_CHECKING:
    from gui_app.store.copies import JobGlance
    from gui_app.ui.jobs_list.copy_saving import CopySaving
    from gui_app.ui.jobs_list.job_shelf import JobShelf


_SOON_MS = 30


class Library(QObject):
    """Signals: gone: a job's path was taken away, so nobody may hold it open. renamed: path and new name.
    listed: the jobs there are, as `JobGlance`s.
    """

    gone = Signal(object)
    listed = Signal(object)
    renamed = Signal(object, str)

    def __init__(self, settings: Settings, jobs: JobList, status: StatusMessage, window: QWidget) -> None:
        super().__init__(window)
        self._settings, self._list, self._status, self._window = settings, jobs, status, window
        self.shelf: StoreThread[JobShelf] = StoreThread(_open_shelf, "jobs", self)
        self.copies: CopySaving | None = None
        jobs.renameRequested.connect(self._ask_name)
        jobs.duplicateRequested.connect(lambda path: self._duplicate(path, with_answers=True))
        jobs.duplicateEmptyRequested.connect(lambda path: self._duplicate(path, with_answers=False))
        jobs.copyRequested.connect(self._ask_where)
        jobs.deleteRequested.connect(self._delete)
        jobs.archiveRequested.connect(self._archive)
        jobs.folderRequested.connect(_show_folder)

    def refresh_soon(self) -> None:
        """Read the list for the first time, once what is shown first is on the screen."""
        QTimer.singleShot(_SOON_MS, self, self._begin)

    def _begin(self) -> None:
        self.refresh()
        self.shelf.ask(lambda shelf: shelf.delete_aside(), lambda _none: None, lambda _error: None)

    def refresh(self) -> None:
        """Read the list again."""
        recent = [Path(item["path"]) for item in self._settings.get(RECENT)]
        self.shelf.ask(lambda shelf: shelf.entries(recent), self._show, self._fail)

    def _show(self, entries: list[JobGlance]) -> None:
        self._list.show_entries(entries)
        self.listed.emit(entries)

    def create(self, name: str, done: Callable[[Path], None]) -> None:
        """An empty job; `done` gets its path."""
        self.shelf.ask(lambda shelf: shelf.create(name), done, self._fail)

    def follow(self, former: Path, done: Callable[[tuple[Path, dict[str, object]]], None]) -> None:
        """An empty job for a newer version of a job's table; `done` gets its path and how the table is read."""
        self.shelf.ask(lambda shelf: shelf.follow(former), done, self._fail)

    def archive(self, path: Path, archived: bool, done: Callable[[], None] = lambda: None) -> None:
        """Put a job away, or take it out again."""

        def archived_it(_none: None) -> None:
            self.refresh()
            done()

        self.shelf.ask(lambda shelf: shelf.archive(path, archived), archived_it, self._fail)

    def drop(self, path: Path) -> None:
        """Take a job away that never held a row."""
        self.gone.emit(path)
        self._settings.forget_job(path)
        self.shelf.ask(lambda shelf: shelf.forget(path), lambda _none: self.refresh(), self._fail)

    def rename(self, path: Path, name: str) -> None:
        """Give a job another name."""
        self.shelf.ask(lambda shelf: shelf.rename(path, name), lambda _none: self._renamed(path, name), self._fail)

    def source_of(self, path: Path) -> Path | None:
        """The table a job came from, where it is known."""
        for item in self._settings.get(RECENT):
            if item["path"] == str(path) and item.get("source"):
                return Path(item["source"])
        return None

    async def aclose(self) -> None:
        """End the threads."""
        if self.copies is not None:
            await self.copies.aclose()
        await self.shelf.aclose(finish=True)

    def _renamed(self, path: Path, name: str) -> None:
        self.renamed.emit(path, name)
        self.refresh()

    def _ask_name(self, path: Path) -> None:
        entry = self._list.entry(path)
        dialog = input_dialog(self._window, "renameDialog", _("Rename the job"), _("Name of the job"))
        dialog.setTextValue("" if entry is None else entry.name)
        line = dialog.findChild(QLineEdit)
        if line is not None:
            line.setMaxLength(120)
        dialog.textValueSelected.connect(lambda text: self._take_name(path, " ".join(text.split())))
        open_input_dialog(dialog)

    def _take_name(self, path: Path, name: str) -> None:
        if name:
            self.rename(path, name)

    def _ask_where(self, path: Path) -> None:
        if self.copies is None:
            from gui_app.ui.jobs_list.copy_saving import CopySaving

            self.copies = CopySaving(_open_shelf, self._status, _show_folder, self._window)
        entry = self._list.entry(path)
        self.copies.ask(path, path.stem if entry is None else entry.name)

    def _duplicate(self, path: Path, *, with_answers: bool) -> None:
        entry = self._list.entry(path)
        name = _("Copy of {name}").format(name=path.stem if entry is None else entry.name)
        self.shelf.ask(
            lambda shelf: shelf.duplicate(path, name, with_answers=with_answers),
            lambda _path: self._duplicated(name),
            self._fail,
        )

    def _duplicated(self, name: str) -> None:
        self.refresh()
        self._status.say(_("“{name}” was made.").format(name=plain(name, 60)))

    def _delete(self, path: Path) -> None:
        entry = self._list.entry(path)
        name = path.stem if entry is None else entry.name
        self.gone.emit(path)

        def deleted(aside: Path) -> None:
            self.refresh()
            self._status.say(
                _("“{name}” was deleted.").format(name=plain(name, 60)),
                action=_("Undo"),
                act=lambda: self._bring_back(aside, path),
                gone=lambda: self._forget(aside),
            )

        self.shelf.ask(lambda shelf: shelf.set_aside(path), deleted, self._fail)

    def _archive(self, path: Path, archived: bool) -> None:
        entry = self._list.entry(path)
        name = plain(path.stem if entry is None else entry.name, 60)
        text = _("“{name}” is in the archive now.") if archived else _("“{name}” is out of the archive.")

        def told() -> None:
            self._status.say(text.format(name=name), action=_("Undo"), act=lambda: self.archive(path, not archived))

        self.archive(path, archived, told)

    def _bring_back(self, aside: Path, path: Path) -> None:
        self.shelf.ask(lambda shelf: shelf.bring_back(aside, path), lambda _none: self.refresh(), self._fail)

    def _forget(self, aside: Path) -> None:
        self.shelf.ask(lambda shelf: shelf.forget(aside), lambda _none: None, self._fail)

    def _fail(self, error: BaseException) -> None:
        self.refresh_quietly()
        self._status.tell_error(error)

    def refresh_quietly(self) -> None:
        """As `refresh`, but an error is not told again."""
        recent = [Path(item["path"]) for item in self._settings.get(RECENT)]
        self.shelf.ask(lambda shelf: shelf.entries(recent), self._list.show_entries, lambda _error: None)


def _open_shelf() -> JobShelf:
    # On its own thread, and so is what it imports: SQLite and the whole store.
    from gui_app.ui.jobs_list.job_shelf import JobShelf

    return JobShelf(paths.jobs_dir())


def _show_folder(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(os.fspath(path.parent)))
