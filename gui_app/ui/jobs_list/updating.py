"""A newer version of a job's file: a job that follows it, with the answers of the rows that are as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from gui_app.i18n import _
from gui_app.sentences import plain
from gui_app.settings import OPEN_FOLDER, RECENT, Settings
from gui_app.ui.jobs_list.importing import Importing
from gui_app.ui.jobs_list.job_list import JobList
from gui_app.ui.jobs_list.library import Library
from gui_app.ui.pieces.file_dialog import file_dialog, open_dialog
from gui_app.ui.pieces.question import Choice, Question, ask
from gui_app.ui.pieces.tasks import Tasks


class Updating(QObject):
    """Asks whether answers are to be kept, has the newer file read, and puts the former job into the archive.

    Signals:
        jobReady: The path of the job that follows, and of its table.
    """

    jobReady = Signal(object, object)

    def __init__(
        self, settings: Settings, library: Library, jobs: JobList, importing: Importing, window: QWidget
    ) -> None:
        super().__init__(window)
        self._settings, self._library, self._jobs = settings, library, jobs
        self._importing, self._window = importing, window
        self._former: dict[Path, Path] = {}
        self._tasks = Tasks()
        jobs.newerRequested.connect(self.ask)
        importing.finished.connect(self._finished)

    def job_of(self, source: Path) -> Path | None:
        """The job with answers that was made from this very file; the newest if there are several."""
        for item in self._settings.get(RECENT):
            entry = self._jobs.entry(Path(item["path"]))
            if item.get("source") != str(source) or entry is None or entry.error is not None or entry.archived:
                continue
            if entry.import_done and entry.counts.finished:
                return entry.path
        return None

    def former_of(self, job: Path) -> Path | None:
        """The job whose answers are being kept, while a newer file is read into this one."""
        return self._former.get(job)

    def offer(self, former: Path, source: Path, otherwise: Callable[[], None]) -> None:
        """Ask whether the answers of a job from the same file are to be kept; else do something else."""
        self._tasks.start("offer", self._offer(former, source, otherwise))

    def ask(self, former: Path) -> None:
        """Ask for the newer file of a job."""
        source = self._library.source_of(former)
        folder = str(source.parent) if source is not None else self._settings.get(OPEN_FOLDER)
        dialog = file_dialog(self._window, _("Choose the newer version of the table"), folder)
        dialog.setObjectName("newerDialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.update_job(former, Path(name).absolute()))
        open_dialog(dialog)

    def update_job(self, former: Path, source: Path) -> None:
        """Read a newer version of a job's table into a job that follows it."""

        def made(found: tuple[Path, dict[str, object]]) -> None:
            job, read_as = found
            self._former[job] = former
            self._settings.remember_job(job, source)
            self._importing.start(source, job, read_as, former)
            self.jobReady.emit(job, source)
            self._library.refresh()

        self._library.follow(former, made)

    def give_up(self, job: Path) -> Path | None:
        """The newer file was not read: its job goes. Returns the former one, to go back to; None if there is none."""
        former = self._former.pop(job, None)
        if former is not None:
            self._library.drop(job)
        return former

    async def aclose(self) -> None:
        """Ask no more."""
        await self._tasks.aclose()

    async def _offer(self, former: Path, source: Path, otherwise: Callable[[], None]) -> None:
        entry = self._jobs.entry(former)
        text = _(
            "“{name}” was made from this file. Rows that have not changed can keep their answers; only "
            "new and changed rows are then asked."
        )
        question = Question(
            self._window,
            _("There is a job from this file"),
            text.format(name=plain(former.stem if entry is None else entry.name, 60)),
            [
                Choice("keep", _("Keep the answers"), "primary"),
                Choice("new", _("Start a new job")),
                Choice("", _("Cancel")),
            ],
        )
        answer = await ask(question)
        if answer == "keep":
            self.update_job(former, source)
        elif answer == "new":
            otherwise()

    def _finished(self, job: Path) -> None:
        former = self._former.pop(job, None)
        if former is not None:
            self._jobs.archiveRequested.emit(former, True)
