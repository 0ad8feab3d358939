"""The window: jobs at the left, the first page or one job beside them, messages over the foot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from gui_app.i18n import _
from gui_app.settings import BACKGROUND, SEEN, Settings
from gui_app.ui.window.window_frame import WindowFrame

if TYPE_CHECKING:
    from PySide6.QtGui import QAction, QCloseEvent

    from gui_app.store.copies import JobGlance
    from gui_app.ui.job.job_page import JobPage
    from gui_app.ui.jobs_list.importing import Importing
    from gui_app.ui.jobs_list.job_waits import JobWaits
    from gui_app.ui.jobs_list.library import Library
    from gui_app.ui.jobs_list.nights import Nights
    from gui_app.ui.jobs_list.updating import Updating
    from gui_app.ui.later.later import Later
    from gui_app.ui.pieces.status_message import StatusMessage
    from gui_app.ui.pieces.tasks import Tasks
    from gui_app.ui.services import Services
    from gui_app.ui.window.ahead import Ahead
    from gui_app.ui.window.first_picture import FirstPicture
    from gui_app.ui.window.job_list_fold import JobListFold
    from gui_app.ui.window.keeping import Keeping
    from gui_app.ui.window.leaving import Leaving
    from gui_app.ui.window.opening import Opening
    from gui_app.ui.window.reading import Reading
    from gui_app.ui.window.seen import Seen
    from gui_app.ui.window.spare import Spare
    from gui_app.ui.window.warming import Warming
    from gui_app.ui.window.window_dialogs import WindowDialogs
    from gui_app.ui.window.window_title import WindowTitle
    from gui_app.ui.window.worker_events import WorkerEvents


class MainWindow(WindowFrame):
    """Everything that is seen. `aclose` ends it in order; `closed` is emitted when it has ended.

    Made in two halves, so that it is on the screen early: the first is what is seen at first and Qt alone;
    `furnishing` adds what works behind that, and `begin` does what was pressed, dropped or typed in between.

    Signals:
        closed: Nothing of the window runs any more; the application can end.
        jobMoved: An event of a job that is under way.
        jobEnded: A job that ran has ended: its name and its last event. For a message of the system.
    """

    closed = Signal()
    jobMoved = Signal(object)
    jobEnded = Signal(str, object)

    status: StatusMessage
    seen: Seen
    title: WindowTitle
    later: Later
    waits: JobWaits
    library: Library
    importing: Importing
    updating: Updating
    opening: Opening
    nights: Nights
    dialogs: WindowDialogs
    leaving: Leaving
    events: WorkerEvents
    keys: dict[str, QAction]
    _services: Services
    _reading: Reading
    _keeping: Keeping
    _picture: FirstPicture
    _spare: Spare
    _warming: Warming
    _ahead: Ahead
    _tasks: Tasks

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(settings, parent)
        self._is_closing = self._is_closed = self._in_background = self._is_first_listed = False
        self.page: JobPage | None = None
        self._fold: JobListFold | None = None
        self._connect_first()

    @classmethod
    def whole(cls, services: Services, parent: QWidget | None = None) -> MainWindow:
        """Both halves at once."""
        out = cls(services.settings, parent)
        for _step in out.furnishing(services):
            pass
        out.begin()
        return out

    def furnishing(self, services: Services) -> Iterator[None]:
        """Add all that works behind what is seen, with a breath wherever some milliseconds have gone by."""
        self.jobs.furnish()
        yield
        self.empty.furnish()
        yield
        self._furnish(services)
        yield
        self._furnish_keys()
        self._connect()
        yield

    def _furnish(self, services: Services) -> None:
        # Not at the top of the file: what is seen first has no use for them.
        from gui_app.ui.jobs_list.importing import Importing
        from gui_app.ui.jobs_list.job_waits import JobWaits
        from gui_app.ui.jobs_list.library import Library
        from gui_app.ui.jobs_list.nights import Nights
        from gui_app.ui.jobs_list.updating import Updating
        from gui_app.ui.later.later import Later
        from gui_app.ui.pieces.status_message import StatusMessage
        from gui_app.ui.pieces.tasks import Tasks
        from gui_app.ui.window.first_picture import FirstPicture
        from gui_app.ui.window.job_list_fold import JobListFold
        from gui_app.ui.window.keeping import Keeping
        from gui_app.ui.window.leaving import Leaving
        from gui_app.ui.window.opening import Opening
        from gui_app.ui.window.reading import Reading
        from gui_app.ui.window.seen import Seen
        from gui_app.ui.window.spare import Spare
        from gui_app.ui.window.warming import Warming
        from gui_app.ui.window.window_dialogs import WindowDialogs
        from gui_app.ui.window.window_title import WindowTitle
        from gui_app.ui.window.worker_events import WorkerEvents

        self._services = services
        self._tasks = Tasks()
        self.title = WindowTitle(self)
        self.status = StatusMessage(self)
        self._keeping = Keeping(services.settings, self.status, self)
        self.seen = Seen(services.settings)
        self.later = Later(services, self)
        self.waits = JobWaits(self.later, self.jobs, self.status, self)
        self.library = Library(services.settings, self.jobs, self.status, self)
        self.importing = Importing(services.worker, self)
        self.updating = Updating(services.settings, self.library, self.jobs, self.importing, self)
        self.opening = Opening(services.settings, self.library, self.importing, self.updating, self)
        self.nights = Nights(services, self)
        self.dialogs = WindowDialogs(services, self.status, self)
        self.leaving = Leaving()
        self.events = WorkerEvents(services.worker, self)
        self._fold = JobListFold(self, self.jobs)
        self._reading = Reading(self)
        self._warming = Warming(services.worker, self)
        self._spare = Spare(services, self.later, self.centre)
        self._picture = FirstPicture(self.centre)

    def _furnish_keys(self) -> None:
        from gui_app.ui.window.key_work import key_work
        from gui_app.ui.window_actions import add_actions

        self.keys = add_actions(self, key_work(self))
        self.retranslate()

    def begin(self) -> None:
        """Everything is there: do what was asked for meanwhile, and read the list of jobs."""
        from gui_app.ui.window.ahead import Ahead

        self.library.refresh_soon()
        self._ahead = Ahead(self._spare, self)
        self._early.end(self.keys)

    def _connect_first(self) -> None:
        soon = self._early.soon
        self.empty.openRequested.connect(lambda: soon(lambda: self.opening.ask()))
        self.empty.sampleRequested.connect(lambda sample: soon(lambda: self.opening.open_sample(sample)))
        self.jobs.newRequested.connect(lambda: soon(self.show_empty))
        self.jobs.settingsRequested.connect(lambda: soon(self.show_settings))
        self.jobs.helpRequested.connect(lambda: soon(lambda: self.show_help("start")))

    def _connect(self) -> None:
        from gui_app.ui.window.following import Following

        Following(self)
        self.jobs.opened.connect(lambda path: self.show_job(path, self.library.source_of(path)))
        self.opening.jobReady.connect(self.show_job)
        self.updating.jobReady.connect(self.show_job)
        self.empty.away.opened.connect(lambda path: self.show_job(path, self.library.source_of(path)))
        self.library.listed.connect(self._listed)
        self.library.listed.connect(self.nights.look_after)
        self.library.gone.connect(self._leave)
        self.library.gone.connect(self.waits.forget)
        self.library.renamed.connect(self._renamed)
        self.later.queue.refused.connect(lambda _job, _why: self.end_behind())
        self.events.moved.connect(self.jobMoved)
        self.events.ended.connect(self.jobEnded)

    def retranslate(self) -> None:
        """Set every visible text that is the window's own."""
        from gui_app.ui.window_actions import say_actions, with_keys

        say_actions(self.keys)
        self.waits.show()
        self.jobs.new_button.setToolTip(with_keys(_("New job"), "new"))
        self.jobs.settings_button.setToolTip(with_keys(_("Settings"), "settings"))
        self.jobs.help_button.setToolTip(with_keys(_("Help"), "help"))
        self.empty.drop.button.setToolTip(with_keys(_("Choose a file"), "open"))

    def refit(self) -> None:
        """Larger letters need more room."""
        if self._fold is not None:
            self._fold.fit_soon()

    def _fold_for(self, page: JobPage | None) -> None:
        if self._fold is not None:
            self._fold.show_page(page)

    def lead_to_the_jobs(self) -> None:
        """Where the list of jobs has given way, into it all the same."""
        if self._fold is not None:
            self._fold.lead_there()

    # What is in the middle

    def show_empty(self) -> None:
        """The first page."""
        self._picture.show()
        self.centre.setCurrentWidget(self.empty)
        self._close_page()
        self._fold_for(None)
        self.jobs.mark(None)
        self.empty.drop.button.setFocus()
        self.title.show_job(None)

    def show_job(self, path: Path, source: Path | None = None) -> None:
        """Open a job beside the list."""
        if self.page is not None and self.page.path == path:
            self.centre.setCurrentWidget(self.page)
            return
        before = self.page
        page = self.page = self._spare.take()
        page.said.connect(self.status.say)
        page.renamed.connect(lambda name: self._renamed(path, name))
        page.importSettingsChosen.connect(lambda chosen: self._reading.again(page, chosen))
        page.importCancelled.connect(lambda: self.importing.cancel(path))
        page.exportRequested.connect(lambda: self.dialogs.show_export(page))
        page.settingsRequested.connect(self.show_settings)
        # A table that was just dropped is not in the list yet: its name comes with what is read of the job.
        page.link.overviewChanged.connect(lambda overview: self._called_so(page, overview.summary.name))
        page.ready.connect(lambda: self._picture.show() if self.page is page else None)
        page.show_job(path, source)
        self._picture.hold()
        self.centre.addWidget(page)
        focused = self.centre.focusWidget()
        if focused is not None:
            # It goes to the rows below. Qt would look through all parts of the window for the next one to have it.
            focused.clearFocus()
        self.centre.setCurrentWidget(page)
        self._fold_for(page)
        self._drop_page(before)
        self.jobs.show_shelf_of(path)
        self.jobs.mark(path)
        entry = self.jobs.entry(path)
        self.title.show_job(path, "" if entry is None else entry.name)
        page.table.setFocus()
        self._warming.start_soon()

    def _called_so(self, page: JobPage, name: str) -> None:
        if self.page is page:
            self.title.show_job(page.path, name)

    def _close_page(self) -> None:
        before, self.page = self.page, None
        self._drop_page(before)

    def _drop_page(self, page: JobPage | None) -> None:
        if page is not None:
            self.centre.removeWidget(page)
            self.leaving.leave(page)

    def _listed(self, entries: list[JobGlance]) -> None:
        if not self._is_first_listed:
            self._is_first_listed = True
            from gui_app.ui.window.away import news

            seen = self.settings.get(SEEN)
            self.empty.away.show_news(news(entries, seen))
            self.later.queue.keep_only(entry.path for entry in entries)

    def _leave(self, path: Path) -> None:
        """Somebody takes this job's file away."""
        if self.page is not None and self.page.path == path:
            self.page.close_now()
            self.show_empty()

    def _renamed(self, path: Path, name: str) -> None:
        if self.page is not None and self.page.path == path:
            self.page.title.show_name(name)
            self.title.show_job(path, name)
        self.library.refresh()

    # Dialogs

    def show_settings(self) -> None:
        """The settings."""
        self.dialogs.show_settings(self.page)

    def show_help(self, topic: str) -> None:
        """A part of the help page."""
        self.dialogs.show_help(topic)

    def running(self) -> set[Path]:
        """The jobs that are under way."""
        return self.events.running

    def end_behind(self) -> None:
        """Behind a hidden window the last job to end ends the program."""
        if self._in_background and not self.running() and not self.later.queue.goes_on:
            self.quit()

    def open_file(self, path: Path) -> None:
        """Open whatever it is."""
        self.opening.open(path)

    # Closing

    def closeEvent(self, event: QCloseEvent) -> None:
        """Qt's hook: ends in order, and only then closes."""
        if self._is_closed:
            event.accept()
            return
        event.ignore()
        if not self._is_closing:
            self._early.soon(lambda: self._tasks.start("close", self._close()))

    def quit(self) -> None:
        """End without a question, as when the system asks for it: running jobs are paused."""
        if not self._is_closing:
            self._tasks.start("close", self.aclose())

    async def _close(self) -> None:
        if self.running() and not self._in_background:
            if self.settings.get(BACKGROUND):
                answer = "background"
            else:
                from gui_app.ui.window.closing import ask_about_running

                answer = await ask_about_running(self, len(self.running()))
            if answer == "background":
                self.go_to_background()
            if answer != "quit":
                return
        await self.aclose()

    def go_to_background(self) -> None:
        """Hide; running jobs go on, and the last one to end ends the program."""
        self.seen.note_all(self.jobs.entries(), closing=False)
        self._in_background = True
        self.hide()

    def come_back(self) -> None:
        """Show the window again, in front."""
        self._in_background = False
        if self.isMinimized():
            self.showNormal()
        else:
            self.show()
        self.raise_()
        self.activateWindow()

    async def aclose(self) -> None:
        """Store what was typed, end what goes on, tell `closed`."""
        if self._is_closing:
            return
        self._is_closing = True
        self._ahead.stop()
        self._spare.close()
        self._keep_all()
        self.events.close()
        self.status.dismiss()
        await self.later.aclose()
        await self.nights.aclose()
        await self.dialogs.aclose()
        await self.updating.aclose()
        await self.importing.aclose()
        page, self.page = self.page, None
        if page is not None:
            await page.aclose()
        await self.leaving.aclose()
        await self._warming.aclose()
        await self._services.worker.close()
        await self.library.aclose()
        await self._keeping.aclose()
        self._is_closed = True
        self.close()
        self.closed.emit()

    def keep_now(self) -> None:
        """The session ends, and with it we, perhaps as soon as this returns: what is to be kept is on the disk."""
        self._keep_all()
        self._keeping.wait()

    def _keep_all(self) -> None:
        if not self._in_background:
            # What ends behind a hidden window was seen by nobody.
            self.seen.note_all(self.jobs.entries(), closing=True)
        self._keep_geometry()
        self.settings.save_soon()
