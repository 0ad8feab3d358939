"""What the store and the events say about a job, shown in the parts of its page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QTimer, Signal
from PySide6.QtWidgets import QWidget

from gui_app.engine.events import JobProgress
from gui_app.errors import Cancelled, JobInUse
from gui_app.jobs import Counts, JobState, Lane, OutputField, Recipe, Scope
from gui_app.sentences import explain, filled
from gui_app.store.parts import ready_by
from gui_app.store.reading.versions import has_answers_of
from gui_app.ui.feed.bridge import Overview
from gui_app.ui.job.elsewhere import Elsewhere, is_process, runs_elsewhere
from gui_app.ui.job.job_actions import JobActions
from gui_app.ui.job.job_frame import JobFrame
from gui_app.ui.job.job_notices import AnsweredBy, hanging, notices
from gui_app.ui.job.job_start import Start, read_start, sample_recipe
from gui_app.ui.job.later_notices import later_notices
from gui_app.ui.job.overnight_notices import REFUSED, Fetching, OvernightActions, overnight_notices, place_of
from gui_app.ui.later.later import Later
from gui_app.ui.model.estimating import Estimated, estimate_rest, estimate_text, estimate_tip
from gui_app.ui.pieces.banner import Notice
from gui_app.ui.pieces.help_topics import topic_of
from gui_app.ui.pieces.once import once
from gui_app.ui.samples import sample_of
from gui_app.ui.services import Services

_LIST_AGAIN_MS = 1_000
_FIT_AFTER_MS = 150
_COLLECT_AFTER_MS = 1_500


class JobStory(JobFrame):
    """Follows one job: its overview, its events, the sentences over its rows. `JobPage` adds what the user does.

    Signals:
        ready: There is something to be seen: rows, or that there are none, or why.
    """

    ready = Signal()

    def __init__(self, services: Services, later: Later, parent: QWidget | None = None) -> None:
        super().__init__(services, parent)
        self.later = later
        self.source: Path | None = None
        self.overview: Overview | None = None
        self._event: JobProgress | None = None
        self._waited: JobProgress | None = None
        """What was said last while everything is out: it says what cannot be fetched."""
        self._estimated: Estimated | None = None
        self._folder_hangs = self._is_broken = False
        self._kept_draft: Recipe | None = None
        self._answered_by: AnsweredBy | None = None
        self._whose: object = None
        self._own_notice: Callable[[], Notice] | None = None
        self._columns: tuple[str, ...] = ()
        self._started = self._is_told = self._is_ready = self._runs_elsewhere = False
        self._is_settling = False
        self._worker = services.worker

    def _make(self) -> Iterator[None]:
        yield from super()._make()
        self.doing = JobActions(self._worker, self.link, self.side, self)
        self._list_timer = once(self, _LIST_AGAIN_MS, self.model.list.reload)
        # After the first rows are there to be measured.
        self._fit_columns = once(self, _FIT_AFTER_MS, self.table.column_layout.fit)
        self.model.dataChanged.connect(self._tell_ready)
        self._elsewhere = Elsewhere(self)
        self._elsewhere.lookWanted.connect(self.link.look)
        self._elsewhere.moved.connect(lambda: self.link.rowsChanged.emit(None))
        self.later.queue.changed.connect(self.show_notices)
        self.link.overviewChanged.connect(self._show_overview)
        self.link.progressed.connect(self._show_progress)
        self.link.rowsChanged.connect(self._rows_changed)
        self.link.waits.connect(self._show_waiting)
        for source_of_errors in (self.link, self.model, self.doing):
            source_of_errors.failed.connect(self.show_error)
        yield

    def run(self) -> None:
        """What the Run button does. The page knows."""
        raise NotImplementedError

    def retranslate(self) -> None:
        """Set every visible text."""
        super().retranslate()
        # The sentence that stands there is of the language before.
        self._show_estimate(self._estimated)
        if self.overview is not None:
            self.show_notices()

    def is_moving(self) -> bool:
        """Rows are on their way."""
        state = self._event.state if self._event is not None else self._state()
        return state in (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)

    def show_answers(self) -> None:
        """Bring the answer columns into sight."""
        self._own_notice = None
        self._show_columns_of_table()
        self.table.show_answers()

    def show_error(self, error: BaseException) -> None:
        """Say what went wrong, over the rows."""
        if not isinstance(error, Cancelled):
            # Perhaps what was typed was not stored.
            self._kept_draft = None
            # That somebody else has it is nothing that went wrong.
            tone = "" if isinstance(error, JobInUse) else "error"
            if self.overview is None:
                self._show_broken(True)
                self._is_ready = True
                self.ready.emit()
            self.show_notice(lambda: Notice(f"error {id(error)}", explain(error), tone, topic=topic_of(error)))

    def _show_broken(self, broken: bool) -> None:
        """Nothing is known of a job that cannot be opened: nothing is shown but its name, and why."""
        self._is_broken = broken
        if broken:
            self.title.show_name(self.path.stem)
            self.title.show_broken()
        for part in (self.import_line, self.filter_bar, self.table, self.run_bar, self.side):
            part.setVisible(not broken)

    @property
    def columns(self) -> tuple[str, ...]:
        """The file's columns."""
        return self._columns

    def show_notice(self, make: Callable[[], Notice] | None) -> None:
        """Put a sentence over the rows until the next run. It is made again when the language changes."""
        self._own_notice = make
        self.show_notices()

    # From the store

    def _state(self) -> JobState:
        return JobState.DRAFT if self.overview is None else self.overview.summary.state

    def _show_waiting(self, waits: bool) -> None:
        self._folder_hangs = waits
        self.show_notices()

    def _show_overview(self, overview: Overview) -> None:
        first = self.overview is None
        if self._is_broken:
            self._show_broken(False)
        self.overview = self.doing.overview = overview
        summary = overview.summary
        if first and summary.state is JobState.SUBMITTED and summary.owner is None:
            # A moment later, because the key is looked up off this thread.
            QTimer.singleShot(_COLLECT_AFTER_MS, self, self._collect_found)
        if self._event is not None and summary.state not in (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE):
            self._event = None
        self.title.show_name(summary.name)
        self.import_line.show_summary(summary, can_read_again=self.source is not None)
        self._follow_elsewhere(overview)
        if summary.still_out and not self._is_settling and not self.doing.is_starting and self._event is None:
            # Once: where it fails, it would fail again.
            self._is_settling = True
            self.link.settle()
        self._show_counts(summary.state, summary.counts)
        self.model.set_total(summary.counts.rows)
        self._estimate()
        self.run_bar.set_spent(overview.totals.cost_usd, overview.totals.unpriced)
        self.run_bar.set_night(ready_by(overview.parts), overview.following)
        self.side.show_overview(overview)
        if self._event is not None:
            # Newer than what was read: the tab tells what the counts below the rows tell.
            self.side.show_failed(self._event.counts.failed)
        readable = bool(summary.columns) and (summary.counts.rows > 0 or summary.import_done)
        if readable and summary.columns != self._columns:
            self._columns_found(summary.columns, overview.beside)
        elif first or not self._started:
            self._show_columns_of_table()
        self._ask_whose(overview)
        self.show_notices()
        self._is_told = True
        self._tell_ready()

    def _tell_ready(self) -> None:
        """With the first rows, or where there are none: all at once, and as it will stay."""
        if self._is_ready or not self._is_told or (self.model.rowCount() and self.model.row_at(0) is None):
            return
        self._is_ready = True
        self._settle()
        if self._fit_columns.isActive():
            self._fit_columns.stop()
            self.table.column_layout.fit()
            self.table.updateGeometries()
        self.ready.emit()

    @staticmethod
    def _settle() -> None:
        """What asked for another size just now has it before anything is drawn."""
        for _turn in range(3):
            QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)

    def _ask_whose(self, overview: Overview) -> None:
        """Whose answers there are, where both the practice model and others were asked."""
        practice = [item.version for item in overview.versions if item.recipe.provider == "practice"]
        others = [item.version for item in overview.versions if item.recipe.provider != "practice"]
        if not practice or not others:
            self._answered_by = self._whose = None
            return
        # Not at every answer: it may have to look at every row.
        whose = (overview.latest, len(overview.versions), self.is_moving() or overview.summary.counts.finished)
        if whose != self._whose:
            self._whose = whose
            self.link.lists.ask(
                lambda reader: AnsweredBy(has_answers_of(reader, practice), has_answers_of(reader, others)),
                self._show_whose,
                self.show_error,
            )

    def _show_whose(self, found: AnsweredBy) -> None:
        self._answered_by = found
        self.show_notices()

    def _is_elsewhere(self, overview: Overview) -> bool:
        ours = self._event is not None or self.doing.is_starting or self.later.queue.runs(self.path)
        elsewhere = runs_elsewhere(overview.summary, ours=ours)
        return elsewhere and not is_process(overview.summary.owner, self._worker.pid)

    def _follow_elsewhere(self, overview: Overview) -> None:
        elsewhere = self._runs_elsewhere = self._is_elsewhere(overview)
        self._elsewhere.follow(overview.summary, elsewhere=elsewhere)
        self.run_bar.set_elsewhere(elsewhere)

    def _hold_retries(self) -> None:
        moving = self.is_moving() or self.doing.is_starting
        self.side.failures.set_held("elsewhere" if self._runs_elsewhere else "moving" if moving else "")

    def _collect_found(self) -> None:
        """A job that was found submitted is looked after again, without a click."""
        overview = self.overview
        if overview is not None and overview.summary.owner is None and not self.side.model.problem():
            self.doing.collect()

    def _estimate(self) -> None:
        counts = Counts() if self.overview is None else self.overview.summary.counts
        self.side.model.run_part.lanes.set_left(counts.waiting > 0 or not counts.rows)
        if not self._started or self.is_moving() or not counts.finished or not counts.waiting:
            self._show_estimate(None)
            return
        recipe, options = self.side.recipe(), self.side.run_options()
        self.link.lists.ask(
            lambda reader: estimate_rest(reader, recipe, options), self._show_estimate, lambda _error: None
        )

    def _show_estimate(self, found: Estimated | None) -> None:
        self._estimated = found
        self.side.model.run_part.show_estimate(found)
        lane = self.side.run_options().lane
        self.run_bar.set_estimate(
            "" if found is None else estimate_text(found, lane), "" if found is None else estimate_tip(found)
        )

    def _columns_found(self, columns: tuple[str, ...], start: object) -> None:
        self._columns = columns
        if isinstance(start, Start):
            self._start_with(columns, start)
        else:
            self.link.lists.ask(read_start, lambda start: self._start_with(columns, start), self.show_error)

    def _start_with(self, columns: tuple[str, ...], start: Start) -> None:
        self.side.set_columns(columns, start.sample_rows)
        sample = sample_of(self.source) if self.source is not None and start.recipe is None else None
        known = () if sample is None or self._started else sample.gold
        gold = next((column for column in columns if column in known), start.gold)
        self.feed.set_columns(columns, gold)
        if gold != start.gold:
            self.link.set_note("gold", gold)
        self.run_bar.set_gold(self.feed.gold_position() is not None)
        self.feed.second.set_note(start.second)
        if not self.is_moving():
            # Rowmill ended while the second answers came in.
            self.feed.second.settle()
        if not self._started:
            recipe = start.recipe if sample is None else sample_recipe(sample, columns, start.sample_rows)
            self.side.set_recipe(recipe)
            if sample is not None and recipe is not None:
                self.link.save_draft(recipe)
            self._kept_draft = self.side.recipe()
        self._started = True
        self._show_columns_of_table()
        self.run_bar.set_problem(self.side.problem())
        self.table.column_layout.restore(start.column_layout)
        if not start.column_layout:
            self._fit_columns.start()
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
        self.model.set_columns(self._columns, fields, sure=self._asks_how_sure())
        self.feed.set_fields(fields)

    def _asks_how_sure(self) -> bool:
        if self._started and self.side.recipe().options.confidence:
            return True
        if self.overview is None or not self.overview.versions:
            return False
        return self.overview.versions[-1].recipe.options.confidence

    def _show_counts(self, state: JobState, counts: Counts) -> None:
        self.title.show_state(state, tried=counts.finished > 0)
        self.filter_bar.set_counts(counts)
        if self._event is None:
            self.run_bar.set_state(state, counts, lane=self.overview.summary.lane if self.overview else None)
        self._hold_retries()

    def _show_progress(self, event: JobProgress) -> None:
        ended = event.state not in (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)
        self._event = event
        self._waited = event if event.state is JobState.SUBMITTED else None
        self.title.show_state(event.state)
        self.filter_bar.set_counts(event.counts)
        self.run_bar.set_progress(event)
        self.side.show_failed(event.counts.failed)
        if ended:
            self._event = None
            self.run_bar.set_state(event.state, event.counts)
            self.feed.second.settle()
            self.link.look()
            self.table.column_layout.refit()
        self._hold_retries()
        self.show_notices()

    def _rows_changed(self, spans: Sequence[tuple[int, int]] | None) -> None:
        self.model.refresh(spans)
        if self.model.list.is_volatile and not self._list_timer.isActive():
            self._list_timer.start()

    def show_notices(self) -> None:
        """Say over the rows what holds now."""
        if self.overview is None:
            shown = []
        else:
            shown = notices(
                self.overview.summary,
                self._event,
                self.side.recipe() if self._started else None,
                show_model=lambda: self.show_page("model"),
                go_on=self.run,
                overnight=self._overnight(self.overview),
                asked=self.overview.asked(),
                answered_by=self._answered_by,
                elsewhere=self._is_elsewhere(self.overview),
            )
        shown[:0] = later_notices(self.later, self.path, self.run, moving=self.is_moving())
        if self._folder_hangs:
            shown.insert(0, hanging(self.path))
        if self._own_notice is not None:
            shown.insert(0, self._own_notice())
        self.banners.show_notices(shown)

    def _overnight(self, overview: Overview) -> list[Notice]:
        waited, summary = self._waited, overview.summary
        why = waited is not None and waited.problem
        fetching = Fetching(
            place_of(self.side.recipe()) if self._started else None,
            self.side.model.problem() if self._started else "",
            () if waited is None else waited.stuck_parts,
            filled(why[0], dict(why[1])) if why else "",
            refused=summary.stopped_cause in REFUSED and summary.state is JobState.STOPPED,
            offline=waited is not None and waited.offline_cause is not None,
        )
        actions = OvernightActions(
            self.doing.collect,
            self.doing.cancel_overnight,
            self.doing.give_up_overnight,
            self.run_rest,
            lambda: self.show_page("model"),
        )
        state = summary.state if self._event is None else self._event.state
        return overnight_notices(overview.parts, summary.counts.waiting - overview.following, state, fetching, actions)

    def run_rest(self, lane: Lane) -> None:
        """Ask what waits, now or overnight."""
        self.side.model.run_part.choose_lane(lane)
        self.doing.run(Scope())
