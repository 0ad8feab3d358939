"""One job: its name, its file, its rows with their answers, its settings, and the bar that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QSplitter, QToolButton, QWidget

from gui_app.engine.events import JobProgress
from gui_app.errors import Cancelled
from gui_app.i18n import _
from gui_app.jobs import Counts, JobState, OutputField, RowFilter, RowState, Scope, ScopeKind
from gui_app.recipes.examples import Example
from gui_app.sentences import explain
from gui_app.ui.banner import BannerArea, Notice
from gui_app.ui.bridge import JobLink, Overview
from gui_app.ui.estimating import Estimated, estimate_rest, estimate_text, estimate_tip
from gui_app.ui.filter_bar import FilterBar
from gui_app.ui.icons import set_icon
from gui_app.ui.import_page import ImportLine
from gui_app.ui.job_actions import JobActions
from gui_app.ui.job_notices import notices
from gui_app.ui.job_side import JobSide
from gui_app.ui.job_start import Start, read_start, sample_recipe
from gui_app.ui.job_title import JobTitle
from gui_app.ui.panel import Panel, describe, hbox, vbox
from gui_app.ui.reading import Reading
from gui_app.ui.reading_pane import ReadingPane
from gui_app.ui.review_feed import ReviewFeed
from gui_app.ui.row_edits import RowEdits
from gui_app.ui.row_menu import RowMenu
from gui_app.ui.row_model import RowModel
from gui_app.ui.row_view import RowView
from gui_app.ui.run_bar import RunBar
from gui_app.ui.samples import sample_of
from gui_app.ui.services import Services
from gui_app.ui.theme import GAP_L, GAP_M, GAP_S, GAP_XS, set_role

_SAVE_DRAFT_MS = 400
_LIST_AGAIN_MS = 1_000
_COLLECT_AFTER_MS = 1_500


class JobPage(Panel):
    """Everything about one job. Built for one job file and dropped with it (`aclose`).

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

    def __init__(self, services: Services, path: Path, source: Path | None, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="page")
        self.path, self.source = path, source
        self.link = JobLink(path, self)
        self.overview: Overview | None = None
        self._event: JobProgress | None = None
        self._own_notice: Notice | None = None
        self._columns: tuple[str, ...] = ()
        self._started = False
        self._make_parts(services)
        self.doing = JobActions(services.worker, self.link, self.side, self)
        self._lay_out()
        self._connect()
        self._make_timers()
        self.retranslate()
        self.link.look()

    def _make_parts(self, services: Services) -> None:
        self.title = JobTitle()
        self.import_line = ImportLine()
        self.banners = BannerArea()
        self.filter_bar = FilterBar()
        self.model = RowModel(self.link.pages, self.link.lists, self)
        self.table = RowView(self.model)
        self.pane = ReadingPane()
        self.reading = Reading(self.table, self.pane, self.link.pages)
        self.menu = RowMenu(self.table)
        self.edits = RowEdits(self.link, self.table)
        self.run_bar = RunBar()
        self.side = JobSide(services)
        self.feed = ReviewFeed(self.side.review, self.link)
        self.side_button = QToolButton()
        self.side_button.setObjectName("sideButton")
        set_role(self.side_button, "icon")
        set_icon(self.side_button, "panel-right")

    def _lay_out(self) -> None:
        head = Panel(role="page")
        top = hbox(None, gap=GAP_S)
        top.addWidget(self.title, 1)
        top.addWidget(self.side_button)
        lines = vbox(head, (GAP_L, GAP_M, GAP_L, GAP_S), GAP_XS)
        lines.addLayout(top)
        lines.addWidget(self.import_line)
        self.rows_splitter = QSplitter(Qt.Orientation.Vertical)
        self.rows_splitter.addWidget(self.table)
        self.rows_splitter.addWidget(self.pane)
        self.rows_splitter.setStretchFactor(0, 3)
        self.rows_splitter.setStretchFactor(1, 1)
        self.rows_splitter.setChildrenCollapsible(False)
        left = Panel(role="page")
        column = vbox(left)
        for part in (head, self.banners, self.filter_bar):
            column.addWidget(part)
        column.addWidget(self.rows_splitter, 1)
        column.addWidget(self.run_bar)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.side)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        self.splitter.setCollapsible(0, False)
        self.splitter.setSizes([900, 380])
        vbox(self).addWidget(self.splitter)
        self.side_button.hide()

    def _connect(self) -> None:
        link, bar, menu = self.link, self.run_bar, self.menu
        link.overviewChanged.connect(self._show_overview)
        link.progressed.connect(self._show_progress)
        link.rowsChanged.connect(self._rows_changed)
        for source in (link, self.model, self.doing):
            source.failed.connect(self.show_error)
        self.doing.refused.connect(self._refused)
        self.doing.started.connect(self.show_answers)
        self.title.renamed.connect(self._rename)
        self.import_line.settingsChosen.connect(self.importSettingsChosen)
        self.import_line.cancelRequested.connect(self.importCancelled)
        self.filter_bar.filterChanged.connect(self._filter_changed)
        self.filter_bar.columnsRequested.connect(self._show_columns)
        self.filter_bar.leaveRequested.connect(self.table.setFocus)
        self.model.listChanged.connect(self.filter_bar.set_listed)
        self.model.modelReset.connect(self._selection_changed)
        self.model.editRequested.connect(self.edits.set_value)
        self.table.copyRequested.connect(lambda: self.edits.copy(headings=False))
        self.table.columnsChanged.connect(lambda: link.set_note("columns", self.table.layout_note()))
        self.table.selectionModel().selectionChanged.connect(lambda _new, _old: self._selection_changed())
        self.reading.rowRead.connect(self.side.show_row)
        menu.copyRequested.connect(lambda headings: self.edits.copy(headings=headings))
        menu.retryRequested.connect(self.ask_again)
        menu.approveRequested.connect(self.edits.approve)
        menu.unapproveRequested.connect(self.edits.unapprove)
        menu.clearRequested.connect(self.edits.clear_value)
        menu.filterRequested.connect(self.filter_bar.set_filter)
        bar.tryRequested.connect(self._try)
        bar.runRequested.connect(self._run)
        bar.pauseRequested.connect(self.doing.pause)
        bar.stopRequested.connect(self.doing.stop)
        bar.exportRequested.connect(self._export)
        bar.filterRequested.connect(self.filter_bar.set_filter)
        self.side.recipeChanged.connect(self._recipe_changed)
        self.side.stepRequested.connect(self.table.step)
        self._connect_side()

    def _connect_side(self) -> None:
        failures, review, link = self.side.failures, self.side.review, self.link
        failures.retryRequested.connect(self.retry)
        failures.modelRequested.connect(self._retry_with_another_model)
        failures.showRequested.connect(self.filter_bar.set_filter)
        failures.settingsRequested.connect(lambda: self.show_page("model"))
        review.editRequested.connect(self.edits.set_value)
        review.approveRequested.connect(lambda ids: self.edits.approve(RowFilter(row_ids=tuple(ids))))
        review.undoRequested.connect(self.edits.undo)
        review.exampleRequested.connect(self.edits.make_example)
        review.filterRequested.connect(self.filter_bar.set_filter)
        review.rowRequested.connect(self._lead_to)
        self.menu.exampleRequested.connect(self.edits.make_example)
        self.edits.exampleMade.connect(self._add_example)
        self.edits.said.connect(self.said)
        link.rowsChanged.connect(lambda _spans: self.reading.follow())
        self.side.shown.connect(lambda name: self.feed.refresh() if name == "review" else None)
        self.side.closed.connect(lambda: self.show_side(False))
        self.side_button.clicked.connect(lambda: self.show_side(True))

    def _make_timers(self) -> None:
        self._draft_timer, self._list_timer = QTimer(self), QTimer(self)
        for timer, delay, work in (
            (self._draft_timer, _SAVE_DRAFT_MS, self._save_draft),
            (self._list_timer, _LIST_AGAIN_MS, self.model.list.reload),
        ):
            timer.setSingleShot(True)
            timer.setInterval(delay)
            timer.timeout.connect(work)

    def retranslate(self) -> None:
        """Set every visible text."""
        describe(self.side_button, _("Show task and model"))
        self.side_button.setToolTip(_("Show task and model"))
        self.table.retranslate()
        if self.overview is not None:
            self._show_notices()

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

    def show_error(self, error: BaseException) -> None:
        """Say what went wrong, over the rows."""
        if not isinstance(error, Cancelled):
            self.show_notice(Notice(f"error {id(error)}", explain(error), "error"))

    def show_side(self, shown: bool) -> None:
        """Show or fold away the right side."""
        self.side.setVisible(shown)
        self.side_button.setVisible(not shown)

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

    def is_moving(self) -> bool:
        """Rows are on their way."""
        state = self._event.state if self._event is not None else self._state()
        return state in (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)

    def retry_failed(self) -> None:
        """Send every failed row again."""
        if not self.is_moving() and self.overview is not None and self.overview.summary.counts.failed:
            self.retry(RowFilter(states=frozenset([RowState.FAILED])))

    def worker_lost(self) -> None:
        """The process that ran the job is gone; what it stored is there."""
        was_moving, self._event = self.is_moving(), None
        if was_moving:
            self.show_notice(
                Notice(
                    "lost",
                    _("The part of Rowmill that runs jobs has ended unexpectedly. Nothing that was finished is lost."),
                    "error",
                    ((_("Continue"), self.run),),
                )
            )
        self.link.look()

    def show_notice(self, notice: Notice) -> None:
        """Put a sentence over the rows until the next run."""
        self._own_notice = notice
        self._show_notices()

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
        self.feed.close()
        self.model.close()

    # From the store

    def _state(self) -> JobState:
        return JobState.DRAFT if self.overview is None else self.overview.summary.state

    def _show_overview(self, overview: Overview) -> None:
        first = self.overview is None
        self.overview = self.doing.overview = overview
        summary = overview.summary
        if first and summary.state is JobState.SUBMITTED and summary.owner is None:
            # A moment later, because the key is looked up off this thread.
            QTimer.singleShot(_COLLECT_AFTER_MS, self, self._collect_found)
        if self._event is not None and summary.state not in (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE):
            self._event = None
        self.title.show_name(summary.name)
        self.import_line.show_summary(summary, can_read_again=self.source is not None)
        self._show_counts(summary.state, summary.counts)
        self.model.set_total(summary.counts.rows)
        self._estimate()
        self.run_bar.set_spent(overview.totals.cost_usd, overview.totals.unpriced)
        self.side.show_overview(overview)
        readable = bool(summary.columns) and (summary.counts.rows > 0 or summary.import_done)
        if readable and summary.columns != self._columns:
            self._columns_found(summary.columns)
        elif first or not self._started:
            self._show_columns_of_table()
        self._show_notices()

    def _collect_found(self) -> None:
        """A job that was found submitted is looked after again, without a click."""
        overview = self.overview
        if overview is not None and overview.summary.owner is None and not self.side.problem():
            self.doing.collect()

    def _estimate(self) -> None:
        counts = Counts() if self.overview is None else self.overview.summary.counts
        if not self._started or self.is_moving() or not counts.finished or not counts.waiting:
            self.run_bar.set_estimate("")
            return
        recipe, options = self.side.recipe(), self.side.run_options()
        self.link.lists.ask(
            lambda reader: estimate_rest(reader, recipe, options), self._show_estimate, lambda _error: None
        )

    def _show_estimate(self, found: Estimated | None) -> None:
        self.run_bar.set_estimate(
            "" if found is None else estimate_text(found), "" if found is None else estimate_tip(found)
        )

    def _columns_found(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self.link.lists.ask(read_start, lambda start: self._start_with(columns, start), self.show_error)

    def _start_with(self, columns: tuple[str, ...], start: Start) -> None:
        self.side.set_columns(columns, start.sample_rows)
        self.feed.set_columns(columns, start.gold)
        if not self._started:
            sample = sample_of(self.source) if self.source is not None and start.recipe is None else None
            recipe = start.recipe if sample is None else sample_recipe(sample, columns, start.sample_rows)
            self.side.set_recipe(recipe)
            if sample is not None and recipe is not None:
                self.link.save_draft(recipe)
        self._started = True
        self._show_columns_of_table()
        self.run_bar.set_problem(self.side.problem())
        self.table.restore_layout(start.column_layout)
        if not start.column_layout:
            # After the first rows are there to be measured.
            QTimer.singleShot(150, self.table, self.table.fit_columns)
        if not self.table.currentIndex().isValid() and self.model.rowCount():
            self.table.setCurrentIndex(self.model.index(0, 0))

    def _fields(self) -> Sequence[OutputField]:
        fields = {field.name: field for field in self.side.recipe().fields} if self._started else {}
        if self.overview is not None and self.overview.versions:
            for field in self.overview.versions[-1].recipe.fields:
                fields.setdefault(field.name, field)
        return list(fields.values())

    def _show_columns_of_table(self) -> None:
        fields = self._fields()
        self.model.set_columns(self._columns, fields)
        self.feed.set_fields(fields)

    def _show_counts(self, state: JobState, counts: Counts) -> None:
        self.title.show_state(state, tried=counts.finished > 0)
        self.filter_bar.set_counts(counts)
        if self._event is None:
            self.run_bar.set_state(state, counts, lane=self.overview.summary.lane if self.overview else None)

    def _show_progress(self, event: JobProgress) -> None:
        ended = event.state not in (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)
        self._event = event
        self.title.show_state(event.state)
        self.filter_bar.set_counts(event.counts)
        self.run_bar.set_progress(event)
        if ended:
            self._event = None
            self.run_bar.set_state(event.state, event.counts)
            self.link.look()
            self.table.refit_columns()
        self._show_notices()

    def _rows_changed(self, spans: Sequence[tuple[int, int]] | None) -> None:
        self.model.refresh(spans)
        if self.model.list.is_volatile and not self._list_timer.isActive():
            self._list_timer.start()

    def _show_notices(self) -> None:
        if self.overview is None:
            shown = []
        else:
            shown = notices(
                self.overview.summary,
                self._event,
                self.side.recipe() if self._started else None,
                show_model=lambda: self.show_page("model"),
                go_on=self.run,
                parts=self.overview.parts,
                collect=self.doing.collect,
                cancel=self.doing.cancel_overnight,
            )
        if self._own_notice is not None:
            shown.insert(0, self._own_notice)
        self.banners.show_notices(shown)

    # From the user

    def show_page(self, name: str) -> None:
        """Bring a page of the right side to the front."""
        self.show_side(True)
        self.side.show_page(name)

    def show_answers(self) -> None:
        """Bring the answer columns into sight."""
        self._own_notice = None
        self._show_columns_of_table()
        self.table.show_answers()

    def _refused(self, why: str) -> None:
        self.show_page("task" if self.side.task.problem() else "model")
        self.said.emit(why)

    def _recipe_changed(self) -> None:
        if not self._started:
            return
        self._draft_timer.start()
        self._show_columns_of_table()
        self.run_bar.set_problem(self.side.problem())
        self._show_notices()

    def _save_draft(self) -> None:
        if self._started:
            self.link.save_draft(self.side.recipe())

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
        menu = self.table.column_menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _try(self, how: str) -> None:
        self.doing.try_some(how, self.table.selected_filter() if how == "selected" else RowFilter())

    def _run(self, what: str) -> None:
        counts = self.overview.summary.counts if self.overview is not None else Counts()
        if what == "again" or (what == "remaining" and not counts.waiting and not counts.running):
            self.doing.run_again()
        elif what == "remaining":
            self.doing.run(Scope())
        elif what == "selected":
            self.ask_again(self.table.selected_filter())
        else:
            self.doing.run(Scope(ScopeKind.REMAINING, self.model.list.filter), ask_first=False)

    def _export(self) -> None:
        if self.overview is not None:
            self.exportRequested.emit()

    def _retry_with_another_model(self, rows: RowFilter) -> None:
        self.show_page("model")
        again = (_("Retry failures"), lambda: self.retry(rows))
        self.show_notice(Notice("other-model", _("Choose another model, then retry the failed rows."), "", (again,)))

    def _add_example(self, example: Example) -> None:
        self.side.task.add_example(example)
        self.show_page("task")

    def _lead_to(self, row_id: int) -> None:
        if not self.table.go_to(row_id):
            self.filter_bar.set_filter(RowFilter())
            self.table.go_to(row_id)
