"""One job: its name, its file, its rows with their answers, its settings, and the bar that runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QWidget

from gui_app.engine.events import JobProgress
from gui_app.i18n import _
from gui_app.jobs import Counts, RowFilter, RowState, Scope, ScopeKind
from gui_app.recipes.examples import Example
from gui_app.store.reading.filters import Order
from gui_app.ui.job.going_back import GoingBack
from gui_app.ui.job.job_story import JobStory
from gui_app.ui.job.remedies import Remedies
from gui_app.ui.later.later import Later
from gui_app.ui.pieces.banner import Notice
from gui_app.ui.pieces.once import once
from gui_app.ui.services import Services

_SAVE_DRAFT_MS = 400


class JobPage(JobStory):
    """Everything about one job. It shows one job file, from `begin` on, and is dropped with it (`aclose`).

    Args:
        later: What starts by itself. It outlives the page.

    Signals:
        said: A short message for the foot of the window.
        exportRequested: This job is to be exported.
        importSettingsChosen, importCancelled: From the import line.
        renamed: The job's new name.
        settingsRequested: The settings are wanted.
    """

    said = Signal(str)
    exportRequested = Signal()
    importSettingsChosen = Signal(dict)
    importCancelled = Signal()
    renamed = Signal(str)
    settingsRequested = Signal()

    def __init__(self, services: Services, later: Later, parent: QWidget | None = None) -> None:
        super().__init__(services, later, parent)
        self._draft_timer = once(self, _SAVE_DRAFT_MS, self._save_draft)

    @classmethod
    def of(
        cls, services: Services, path: Path, source: Path | None, later: Later, parent: QWidget | None = None
    ) -> JobPage:
        """The page of a job, made at once."""
        out = cls(services, later, parent)
        out.show_job(path, source)
        return out

    def show_job(self, path: Path, source: Path | None) -> None:
        """Begin.

        Args:
            source: The table it came from, where that is known.
        """
        self.source = source
        self.begin(path)

    def _make(self) -> Iterator[None]:
        yield from super()._make()
        self._connect()
        self.remedies = Remedies(self)
        self.history = GoingBack(self)
        yield

    def _connect(self) -> None:
        link, bar, menu = self.link, self.run_bar, self.menu
        self.doing.refused.connect(self._refused)
        self.doing.started.connect(self.show_answers)
        self.doing.starting.connect(bar.set_starting)
        self.doing.starting.connect(lambda _starting: self._hold_retries())
        self.title.renamed.connect(self._rename)
        self.import_line.settingsChosen.connect(self.importSettingsChosen)
        self.import_line.cancelRequested.connect(self.importCancelled)
        self.filter_bar.filterChanged.connect(self._filter_changed)
        self.filter_bar.columnsRequested.connect(self._show_columns)
        self.filter_bar.leaveRequested.connect(self.table.setFocus)
        self.model.listChanged.connect(self.filter_bar.set_listed)
        self.model.listChanged.connect(self._stay_on_a_row)
        self.model.modelReset.connect(self._selection_changed)
        self.model.editRequested.connect(self.edits.set_value)
        self.table.copyRequested.connect(lambda: self.edits.copy(headings=False))
        self.table.columnsChanged.connect(lambda: link.set_note("columns", self.table.column_layout.note()))
        self.table.selectionModel().selectionChanged.connect(lambda _new, _old: self._selection_changed())
        self.reading.rowRead.connect(self.side.show_row)
        menu.copyRequested.connect(lambda headings: self.edits.copy(headings=headings))
        menu.retryRequested.connect(self.ask_again)
        menu.approveRequested.connect(self.edits.approve)
        menu.unapproveRequested.connect(self.edits.unapprove)
        menu.clearRequested.connect(self.edits.clear_value)
        menu.replyRequested.connect(self.reading.show_reply)
        menu.filterRequested.connect(self.filter_bar.set_filter)
        bar.tryRequested.connect(self._try)
        bar.runRequested.connect(self._run)
        bar.pauseRequested.connect(self.doing.pause)
        bar.stopRequested.connect(self.doing.stop)
        # Whoever holds one job back wants no other to start in its place.
        bar.pauseRequested.connect(self.later.queue.hold)
        bar.stopRequested.connect(self.later.queue.hold)
        bar.exportRequested.connect(self._export)
        bar.filterRequested.connect(self.filter_bar.set_filter)
        self.side.recipeChanged.connect(self._recipe_changed)
        self.side.stepRequested.connect(self.table.step)
        self._connect_side()

    def _connect_side(self) -> None:
        failures, review, link = self.side.failures, self.side.review, self.link
        failures.retryRequested.connect(self.retry)
        failures.showRequested.connect(self.filter_bar.set_filter)
        failures.settingsRequested.connect(self.settingsRequested)
        review.editRequested.connect(self.edits.set_value)
        review.approveRequested.connect(lambda ids: self.edits.approve(RowFilter(row_ids=tuple(ids))))
        review.undoRequested.connect(self.edits.undo)
        review.exampleRequested.connect(self.edits.make_example)
        review.filterRequested.connect(self.filter_bar.set_filter)
        review.rowRequested.connect(self._lead_to)
        review.stepRequested.connect(self.table.step)
        review.orderRequested.connect(self._order_by_confidence)
        review.goldColumnChanged.connect(lambda name: self.run_bar.set_gold(name is not None))
        review.second.asked.connect(lambda count: self.doing.ask_twice(count, self.feed.second))
        self.table.horizontalHeader().sortIndicatorChanged.connect(lambda *_sort: review.set_order_lost())
        self.menu.exampleRequested.connect(self.edits.make_example)
        self.edits.exampleMade.connect(self._add_example)
        self.edits.said.connect(self.said)
        link.rowsChanged.connect(self.reading.follow_changed)
        self.side.shown.connect(lambda name: self.feed.refresh() if name == "review" else None)
        self.side.closed.connect(lambda: self.show_side(False))
        self.side_button.clicked.connect(lambda: self.show_side(True))

    # What the window asks

    def take(self, event: JobProgress) -> None:
        """An event of this job."""
        self.link.take(event)

    def show_import(self, fraction: float | None) -> None:
        """How far the reading of the file is; None when it is over."""
        self.import_line.show_progress(fraction)
        if fraction is None:
            self.model.forget()
            self.reading.follow()
        self.link.look()

    def run(self) -> None:
        """What the Run button does."""
        if self.run_bar.run_button.isVisible() and self.run_bar.run_button.isEnabled():
            self._run("remaining")
        elif self.side.problem():
            self._refused(self.side.problem())

    def ask_again(self, rows: RowFilter) -> None:
        """Send these rows again, whatever their state."""
        self.doing.run(Scope(ScopeKind.AGAIN, rows), ask_first=False)

    def retry(self, rows: RowFilter) -> None:
        """Send those of these rows again that failed or need review."""
        self.doing.run(Scope(ScopeKind.RETRY, rows), ask_first=False)

    def is_practice(self) -> bool:
        """The answers come from the practice model."""
        return self.side.recipe().provider == "practice"

    def retry_failed(self) -> None:
        """Send every failed row again."""
        if not self.is_moving() and self.overview is not None and self.overview.summary.counts.failed:
            self.retry(RowFilter(states=frozenset([RowState.FAILED])))

    def worker_lost(self) -> None:
        """The process that ran the job is gone; what it stored is there."""
        was_moving, self._event = self.is_moving(), None
        self._is_settling = False
        if was_moving:
            self.show_notice(self._lost)
        self.feed.second.settle()
        self.link.look()

    def _lost(self) -> Notice:
        text = _("The part of Rowmill that runs jobs has ended unexpectedly. Nothing that was finished is lost.")
        return Notice("lost", text, "error", ((_("Continue"), self.run),))

    async def aclose(self) -> None:
        """Store what was typed, end what goes on, close the file."""
        self._quiet()
        await self.doing.aclose()
        await self.side.aclose()
        await self.link.aclose()

    def close_now(self) -> None:
        """As `aclose`, at once, where the file is about to be taken away."""
        self._quiet()
        self.link.close()

    def _quiet(self) -> None:
        if self._draft_timer.isActive():
            self._draft_timer.stop()
            self._save_draft()
        self._list_timer.stop()
        self.history.close()
        self.feed.close()
        self.model.close()

    # From the user

    def _refused(self, why: str) -> None:
        self.show_page("task" if self.side.task.problem() else "model")
        self.said.emit(why)

    def _recipe_changed(self) -> None:
        if not self._started:
            return
        self._draft_timer.start()
        self._show_columns_of_table()
        self.run_bar.set_problem(self.side.problem())
        self._show_estimate(self._estimated)
        self.show_notices()

    def _save_draft(self) -> None:
        if self._started:
            # Opening a job is no change of it: another computer may have it, or its folder be away.
            if (recipe := self.side.recipe()) != self._kept_draft:
                self._kept_draft = recipe
                self.link.save_draft(recipe)
            self._estimate()

    def _rename(self, name: str) -> None:
        self.link.rename(name)
        self.renamed.emit(name)

    def _filter_changed(self, rows: RowFilter) -> None:
        self.run_bar.counts.show_filter(rows)
        self.side.review.set_filter(rows)
        self.model.set_filter(rows)
        self._selection_changed()

    def _selection_changed(self) -> None:
        self.run_bar.set_selection(self.table.selected_count(), filtered=not self.model.list.filter.is_empty())

    def _show_columns(self) -> None:
        button = self.filter_bar.columns
        menu = self.table.column_layout.menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _try(self, how: str) -> None:
        selected = self.table.selected_filter() if how == "selected" else RowFilter()
        self.doing.try_some(how, selected, self.feed.gold_position())

    def _run(self, what: str) -> None:
        counts = self.overview.summary.counts if self.overview is not None else Counts()
        if what == "again" or (what == "remaining" and not counts.waiting and not counts.running):
            self.doing.run_again()
        elif what == "remaining":
            self.doing.run(Scope())
        elif what == "queued":
            self.doing.run_in_turn(self.later.queue)
        elif what == "selected":
            self.ask_again(self.table.selected_filter())
        else:
            self.doing.run(Scope(ScopeKind.REMAINING, self.model.list.filter), ask_first=False)

    def _export(self) -> None:
        if self.overview is not None:
            self.exportRequested.emit()

    def _add_example(self, example: Example) -> None:
        self.side.task.add_example(example)
        self.show_page("task")

    def _order_by_confidence(self, field: str) -> None:
        if field:
            # The header's own mark would tell of another order.
            with QSignalBlocker(self.table.horizontalHeader()):
                self.table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            # Where the review begins; the row that was looked at before may be far down now.
            self.model.listChanged.connect(self.table.go_to_first, Qt.ConnectionType.SingleShotConnection)
        self.model.list.set_order(Order("confidence", field) if field else None)

    def _stay_on_a_row(self) -> None:
        """In the review a row is at hand whatever is listed: the one before, or the first."""
        review = self.side.review
        if self.side.current() != "review" or self.table.currentIndex().isValid():
            return
        row_id = review.card.row_id()
        if not self.model.rowCount():
            review.set_row(None)
        elif row_id is None or not self.table.go_to(row_id):
            self.table.go_to_first()

    def _lead_to(self, row_id: int) -> None:
        if not self.table.go_to(row_id):
            self.filter_bar.set_filter(RowFilter())
            self.table.go_to(row_id)
