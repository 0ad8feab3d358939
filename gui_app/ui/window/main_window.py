"""The window: jobs at the left, the first page or one job beside them, messages over the foot."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QSplitter, QStackedWidget, QToolButton, QWidget

from gui_app.engine.events import JobProgress
from gui_app.errors import StorageError
from gui_app.i18n import _
from gui_app.jobs import JobState
from gui_app.sentences import explain
from gui_app.settings import BACKGROUND, SEEN, WINDOW_GEOMETRY, WINDOW_LAYOUT
from gui_app.ui.jobs_list.importing import Importing
from gui_app.ui.jobs_list.job_list import JobList
from gui_app.ui.jobs_list.job_waits import JobWaits
from gui_app.ui.jobs_list.library import Library
from gui_app.ui.jobs_list.nights import Nights
from gui_app.ui.jobs_list.updating import Updating
from gui_app.ui.later.later import Later
from gui_app.ui.pieces.focus_order import order_focus
from gui_app.ui.pieces.help_link import HelpWanted
from gui_app.ui.pieces.help_topics import topic_of
from gui_app.ui.pieces.panel import Panel, vbox
from gui_app.ui.pieces.status_message import StatusMessage
from gui_app.ui.pieces.tasks import Tasks
from gui_app.ui.services import Services
from gui_app.ui.window.ahead import Ahead
from gui_app.ui.window.away import news, states_seen
from gui_app.ui.window.empty_page import EmptyPage
from gui_app.ui.window.opening import Opening
from gui_app.ui.window.window_dialogs import WindowDialogs
from gui_app.ui.window.window_title import WindowTitle
from gui_app.ui.window_actions import add_actions, say_actions, with_keys
from gui_app.worker.protocol import WorkerLost

if TYPE_CHECKING:
    from gui_app.store.copies import JobGlance
    from gui_app.ui.job.job_page import JobPage

_MOVING = (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)


class MainWindow(Panel):
    """Everything that is seen. `aclose` ends it in order; `closed` is emitted when it has ended.

    Signals:
        closed: Nothing of the window runs any more; the application can end.
        jobMoved: An event of a job that is under way.
        jobEnded: A job that ran has ended: its name and its last event. For a message of the system.
    """

    closed = Signal()
    jobMoved = Signal(object)
    jobEnded = Signal(str, object)

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mainWindow")
        self.title = WindowTitle(self)
        self.setAcceptDrops(True)
        self.setMinimumSize(860, 560)
        self.resize(1280, 800)
        self._services = services
        self._tasks = Tasks()
        self._leaving: set[asyncio.Task[None]] = set()
        self._running: set[Path] = set()
        # The worker takes seconds to start: begun while the user reads, so that the first run need not wait for it,
        # and not at once, so that it does not slow down what is shown first.
        self._warming: asyncio.Task[None] | None = None
        self._warm_up = QTimer(self)
        self._warm_up.setSingleShot(True)
        self._warm_up.setInterval(2_500)
        self._warm_up.timeout.connect(lambda: self._start_worker())
        self._is_closing = self._is_closed = self._in_background = self._is_first_listed = False
        self.page: JobPage | None = None
        self.jobs = JobList()
        self.empty = EmptyPage()
        self.centre = QStackedWidget()
        self.centre.addWidget(self.empty)
        self._lay_out()
        self.status = StatusMessage(self)
        self.later = Later(services, self)
        self.waits = JobWaits(self.later, self.jobs, self.status, self)
        self.library = Library(services.settings, self.jobs, self.status, self)
        self.importing = Importing(services.worker, self)
        self.updating = Updating(services.settings, self.library, self.jobs, self.importing, self)
        self.opening = Opening(services.settings, self.library, self.importing, self.updating, self.status, self)
        self.nights = Nights(services, self)
        self.dialogs = WindowDialogs(services, self.status, self)
        self.keys = add_actions(self, self._work())
        self._connect()
        self._unsubscribe = services.worker.subscribe(self._take)
        self._restore_geometry()
        self.retranslate()
        self.library.refresh_soon()
        self._ahead = Ahead(self)
        self.empty.drop.button.setFocus()

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.jobs)
        self.splitter.addWidget(self.centre)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([240, 1040])
        vbox(self).addWidget(self.splitter)

    def _connect(self) -> None:
        self.empty.openRequested.connect(self.opening.ask)
        self.empty.sampleRequested.connect(self.opening.open_sample)
        self.jobs.opened.connect(lambda path: self.show_job(path, self.library.source_of(path)))
        self.jobs.newRequested.connect(self.show_empty)
        self.jobs.settingsRequested.connect(self.show_settings)
        self.opening.jobReady.connect(self.show_job)
        self.updating.jobReady.connect(self.show_job)
        self.empty.away.opened.connect(lambda path: self.show_job(path, self.library.source_of(path)))
        self.library.listed.connect(self._listed)
        self.library.listed.connect(self.nights.look_after)
        self.library.gone.connect(self._leave)
        self.library.gone.connect(self.waits.forget)
        self.later.queue.refused.connect(lambda _job, _why: self._end_behind())
        self.library.renamed.connect(self._renamed)
        self.importing.progressed.connect(self._import_moved)
        self.importing.finished.connect(lambda job: self._import_moved(job, None))
        self.importing.cancelled.connect(self._import_cancelled)
        self.importing.failed.connect(self._import_failed)

    def _work(self) -> dict[str, Callable[[], object]]:
        def on_page(do: Callable[[JobPage], object]) -> Callable[[], object]:
            return lambda: do(self.page) if self.page is not None else None

        return {
            "open": self.opening.ask,
            "new": self.show_empty,
            "run": on_page(lambda page: page.run()),
            "try": on_page(lambda page: page.run_bar.try_button.click()),
            "pause": on_page(lambda page: page.run_bar.pause_button.click()),
            "export": on_page(lambda page: page.run_bar.export_button.click()),
            "find": on_page(lambda page: page.filter_bar.focus_search()),
            "go_to": self._ask_row,
            "retry": on_page(lambda page: page.retry_failed()),
            "undo": on_page(lambda page: page.edits.undo()),
            "side": on_page(lambda page: page.show_side(page.side.isHidden())),
            "task": on_page(lambda page: _lead_to(page, "task")),
            "model": on_page(lambda page: _lead_to(page, "model")),
            "failures": on_page(lambda page: _lead_to(page, "failures")),
            "review": on_page(lambda page: _lead_to(page, "review")),
            "jobs": self.jobs.list.setFocus,
            "settings": self.show_settings,
            "help": lambda: self.dialogs.show_help(self._topic()),
            "quit": self.close,
        }

    def retranslate(self) -> None:
        """Set every visible text that is the window's own."""
        say_actions(self.keys)
        self.waits.show()
        self.setAccessibleName("Rowmill")
        self.jobs.new_button.setToolTip(with_keys(_("New job"), "new"))
        self.jobs.settings_button.setToolTip(with_keys(_("Settings"), "settings"))
        self.jobs.help_button.setToolTip(with_keys(_("Help"), "help"))
        self.empty.drop.button.setToolTip(with_keys(_("Choose a file"), "open"))

    # What is in the middle

    def show_empty(self) -> None:
        """The first page."""
        self.centre.setCurrentWidget(self.empty)
        self._close_page()
        self.jobs.mark(None)
        self.empty.drop.button.setFocus()
        self.title.show_job(None)

    def show_job(self, path: Path, source: Path | None = None) -> None:
        """Open a job beside the list."""
        if self.page is not None and self.page.path == path:
            self.centre.setCurrentWidget(self.page)
            return
        from gui_app.ui.job.job_page import JobPage

        before = self.page
        page = self.page = JobPage(self._services, path, source, self.later, self.centre)
        page.said.connect(self.status.say)
        page.renamed.connect(lambda name: self._renamed(path, name))
        page.importSettingsChosen.connect(lambda chosen: self._read_again(page, chosen))
        page.importCancelled.connect(lambda: self.importing.cancel(path))
        page.exportRequested.connect(lambda: self.dialogs.show_export(page))
        page.settingsRequested.connect(self.show_settings)
        # A table that was just dropped is not in the list yet: its name comes with what is read of the job.
        page.link.overviewChanged.connect(lambda overview: self._called_so(page, overview.summary.name))
        self.centre.addWidget(page)
        self.centre.setCurrentWidget(page)
        self._drop_page(before)
        self.jobs.mark(path)
        entry = self.jobs.entry(path)
        self.title.show_job(path, "" if entry is None else entry.name)
        page.table.setFocus()
        self._warm_up.start()

    def _called_so(self, page: JobPage, name: str) -> None:
        if self.page is page:
            self.title.show_job(page.path, name)

    def _start_worker(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._warming = loop.create_task(self._services.worker.start(), name="start the worker")

    def _close_page(self) -> None:
        before, self.page = self.page, None
        self._drop_page(before)

    def _drop_page(self, page: JobPage | None) -> None:
        if page is None:
            return
        self.centre.removeWidget(page)
        page.hide()
        try:
            # Kept until it has stored what was typed and let go of its file.
            task = asyncio.get_running_loop().create_task(self._let_go(page), name="leave a job")
        except RuntimeError:
            page.close_now()
            page.deleteLater()
            return
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _let_go(self, page: JobPage) -> None:
        try:
            await page.aclose()
        finally:
            page.deleteLater()

    def _listed(self, entries: list[JobGlance]) -> None:
        if not self._is_first_listed:
            self._is_first_listed = True
            seen = self._services.settings.get(SEEN)
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

    # Reading tables

    def _import_moved(self, job: Path, share: float | None) -> None:
        if self.page is not None and self.page.path == job:
            self.page.show_import(share)
        if share is None:
            self.library.refresh()

    def _import_cancelled(self, job: Path) -> None:
        if not self._back_to_former(job):
            self.library.drop(job)
        self.status.say(_("Reading was cancelled."))

    def _back_to_former(self, job: Path) -> bool:
        """After a newer version of a table was not read: the job that was there is shown again."""
        former = self.updating.give_up(job)
        if former is None:
            return False
        self.show_job(former, self.library.source_of(former))
        return True

    def _import_failed(self, job: Path, error: BaseException) -> None:
        if self._back_to_former(job) and self.page is not None:
            self.page.show_error(error)
            return
        page = self.page if self.page is not None and self.page.path == job else None
        if page is not None and page.model.rowCount():
            page.show_import(None)
            page.show_error(error)
        else:
            # Nothing came of it: the sentence stands where the next file can be chosen.
            self.library.drop(job)
            self.empty.show_problem(explain(error), topic_of(error))

    def _read_again(self, page: JobPage, chosen: dict[str, object]) -> None:
        if page.source is not None:
            self.opening.read_again(page.path, page.source, chosen)

    # Dialogs

    def show_settings(self) -> None:
        """The settings."""
        self.dialogs.show_settings(self.page)

    def _topic(self) -> str:
        """The part of the help about what is in front."""
        return "start" if self.page is None else self.page.side.current()

    def event(self, event: QEvent) -> bool:
        """Qt's hook: help that some part of the window asks for."""
        if isinstance(event, HelpWanted):
            self.dialogs.show_help(event.topic)
            event.accept()
            return True
        return super().event(event)

    def _ask_row(self) -> None:
        if self.page is not None:
            self.dialogs.ask_row(self.page)

    # Events of the worker

    def _take(self, event: object) -> None:
        if isinstance(event, WorkerLost):
            for path in self._running:
                self.title.ended(path)
            self._running.clear()
            self.later.worker_lost()
            if self.page is not None:
                self.page.worker_lost()
            self.library.refresh()
        elif isinstance(event, JobProgress):
            path = Path(event.job)
            self.jobs.take(event)
            if self.page is not None and self.page.path == path:
                self.page.take(event)
            if event.state in _MOVING:
                self._running.add(path)
                self.title.moved(event)
                self.jobMoved.emit(event)
            elif path in self._running:
                self._running.discard(path)
                self.title.ended(path)
                entry = self.jobs.entry(path)
                self.jobEnded.emit(path.stem if entry is None else entry.name, event)
                self._end_behind()
            self.later.take(event)

    def _end_behind(self) -> None:
        """Behind a hidden window the last job to end ends the program."""
        if self._in_background and not self._running and not self.later.queue.goes_on:
            self.quit()

    # Keys

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Qt's hook, at each Tab: parts come and go with the job, and Tab follows what is seen."""
        order_focus(self)
        return super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook: Enter presses the button that has the focus, as Space does. Qt has that in dialogs only."""
        button = self.focusWidget()
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or not isinstance(button, QAbstractButton):
            super().keyPressEvent(event)
        elif isinstance(button, QToolButton) and button.menu() is not None:
            button.showMenu()
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
            self.opening.open(Path(files[0]))

    # Closing

    def closeEvent(self, event: QCloseEvent) -> None:
        """Qt's hook: ends in order, and only then closes."""
        if self._is_closed:
            event.accept()
            return
        event.ignore()
        if not self._is_closing:
            self._tasks.start("close", self._close())

    def quit(self) -> None:
        """End without a question, as when the system asks for it: running jobs are paused."""
        if not self._is_closing:
            self._tasks.start("close", self.aclose())

    async def _close(self) -> None:
        if self._running and not self._in_background:
            if self._services.settings.get(BACKGROUND):
                answer = "background"
            else:
                from gui_app.ui.window.closing import ask_about_running

                answer = await ask_about_running(self, len(self._running))
            if answer == "background":
                self.go_to_background()
            if answer != "quit":
                return
        await self.aclose()

    def go_to_background(self) -> None:
        """Hide; running jobs go on, and the last one to end ends the program."""
        self._keep_seen()
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
        self._warm_up.stop()
        self._ahead.stop()
        self._keep_geometry()
        self._unsubscribe()
        self.status.dismiss()
        await self.later.aclose()
        await self.nights.aclose()
        await self.dialogs.aclose()
        await self.updating.aclose()
        await self.importing.aclose()
        page, self.page = self.page, None
        if page is not None:
            await page.aclose()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        if self._warming is not None:
            # Half started it could not be ended.
            await asyncio.gather(self._warming, return_exceptions=True)
        await self._services.worker.close()
        await self.library.aclose()
        self._is_closed = True
        self.close()
        self.closed.emit()

    # Place and size

    def _restore_geometry(self) -> None:
        settings = self._services.settings
        for text, restore in (
            (settings.get(WINDOW_GEOMETRY), self.restoreGeometry),
            (settings.get(WINDOW_LAYOUT), self.splitter.restoreState),
        ):
            try:
                restore(QByteArray(base64.b64decode(text, validate=True)))
            except (ValueError, binascii.Error):
                continue

    def _keep_seen(self) -> None:
        self._services.settings.set(SEEN, states_seen(self.jobs.entries()))

    def _keep_geometry(self) -> None:
        settings = self._services.settings
        if not self._in_background:
            # What ends behind a hidden window was seen by nobody.
            self._keep_seen()
        settings.set(WINDOW_GEOMETRY, base64.b64encode(self.saveGeometry().data()).decode("ascii"))
        settings.set(WINDOW_LAYOUT, base64.b64encode(self.splitter.saveState().data()).decode("ascii"))
        try:
            settings.save()
        except StorageError as error:
            self.status.tell_error(error)


def _lead_to(page: JobPage, name: str) -> None:
    page.show_page(name)
    page.side.focus_segment()
