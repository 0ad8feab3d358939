"""What the buttons of a job do: run, try, pause, stop, retry. Coroutines; nothing here draws."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from gui_app.errors import Cancelled, RowmillError
from gui_app.i18n import _, money, ngettext, number, one_after_another
from gui_app.jobs import Account, Lane, Recipe, RowFilter, RunOptions, Scope, ScopeKind
from gui_app.store.parts import PartView
from gui_app.store.reading.versions import last_attempt
from gui_app.ui.feed.bridge import JobLink, Overview
from gui_app.ui.job.trying import rows_to_ask_twice, rows_to_try
from gui_app.ui.later.later_run import NOTE as NOTE_OF_TURN
from gui_app.ui.later.later_run import LaterRun
from gui_app.ui.pieces.question import Choice, Question, ask
from gui_app.ui.pieces.tasks import Tasks
from gui_app.ui.review.second_opinion import NOTE, SecondOpinion

if TYPE_CHECKING:
    from gui_app.store.edits import JobEditor
    from gui_app.ui.later.queue import JobQueue
    from gui_app.worker.client import WorkerClient


class Task(Protocol):
    """Whoever knows what is to be asked, and how."""

    def recipe(self) -> Recipe:
        """The recipe as it stands."""
        ...

    def run_options(self) -> RunOptions:
        """Lane, speed, limit."""
        ...

    def account(self) -> Account:
        """Where it is sent, and with which key."""
        ...

    def problem(self) -> str:
        """Why it cannot be run; "" when it can."""
        ...


class JobActions(QObject):
    """Signals: failed: an error to show. refused: why nothing was started, a sentence. started: a run began.
    starting: True when rows are about to be sent, False once they are, or are not.
    """

    failed = Signal(object)
    refused = Signal(str)
    started = Signal()
    starting = Signal(bool)

    def __init__(self, worker: WorkerClient, link: JobLink, task: Task, window: QWidget) -> None:
        super().__init__(window)
        self._worker, self._link, self._task, self._window = worker, link, task, window
        self._tasks = Tasks()
        self.overview: Overview | None = None
        self.is_starting = False

    def run(self, scope: Scope, *, ask_first: bool = True) -> None:
        """Send rows. Asks first what is meant when the task changed since rows were answered."""
        self._start("run", self._run(scope, ask_first=ask_first))

    def run_in_turn(self, queue: JobQueue) -> None:
        """Send the rows that are left once no other job runs, with the task as it is now."""
        self._start("run", self._run_in_turn(queue))

    def try_some(self, how: str, selected: RowFilter, gold: int | None = None) -> None:
        """Ask about a few rows: "first", "random", "gold" (with a correct answer in that column) or "selected"."""
        self._start("run", self._try(how, selected, gold))

    def ask_twice(self, count: int, second: SecondOpinion) -> None:
        """Ask about a sample of the answered rows once more, with the recipe as it stands."""
        self._start("run", self._ask_twice(count, second))

    def ask_with(self, recipe: Recipe, row_ids: Sequence[int]) -> None:
        """Ask about these rows with another version of the task."""
        self._start("run", self._send(Scope(ScopeKind.AGAIN, RowFilter(row_ids=tuple(row_ids))), recipe))

    def run_again(self) -> None:
        """Ask about every row once more, after a question."""
        self._start("run", self._again())

    def pause(self) -> None:
        """Send nothing new."""
        self._start("pause", self._worker.pause(self._link.path))

    def stop(self) -> None:
        """Send nothing new and wait no longer than some seconds for what is out."""
        self._start("stop", self._worker.stop(self._link.path))

    def collect(self) -> None:
        """Fetch what the provider has done overnight, and keep looking after the rest. Sends nothing."""
        self._start("collect", self._collect())

    def cancel_overnight(self) -> None:
        """Have the provider end what is out, after a question."""
        self._start("cancel", self._cancel_overnight())

    def give_up_overnight(self, parts: Sequence[PartView]) -> None:
        """Let go of parts that cannot be fetched any more, after a question that says what may be paid."""
        self._start("give up", self._give_up_overnight(parts))

    async def aclose(self) -> None:
        """Cancel what goes on."""
        await self._tasks.aclose()

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.start(name, self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Cancelled:
            pass
        except RowmillError as error:
            self.failed.emit(error)

    async def _run(self, scope: Scope, *, ask_first: bool) -> None:
        problem = self._task.problem()
        if problem:
            self.refused.emit(problem)
            return
        recipe = self._task.recipe()
        if ask_first and scope.kind is ScopeKind.REMAINING and scope.rows.is_empty():
            meant = await self._what_is_meant(recipe)
            if meant is None:
                return
            scope = meant
        await self._send(scope, recipe)

    async def _what_is_meant(self, recipe: Recipe) -> Scope | None:
        """The rows that are left, or all once more where the task changed; None: nothing."""
        if not self._is_changed(recipe):
            return Scope()
        answer = await self._ask_about_change()
        return {"again": Scope(ScopeKind.AGAIN), "remaining": Scope()}.get(answer)

    async def _run_in_turn(self, queue: JobQueue) -> None:
        problem = self._task.problem()
        if problem:
            self.refused.emit(problem)
            return
        recipe, options = self._task.recipe(), self._task.run_options()
        scope = await self._what_is_meant(recipe)
        if scope is None:
            return
        run = LaterRun(recipe, scope, options)

        def note(editor: JobEditor) -> None:
            editor.save_draft(recipe)
            editor.set_note(NOTE_OF_TURN, run.to_note())

        await self._link.edits.call(note)
        queue.add(self._link.path)

    async def _send(self, scope: Scope, recipe: Recipe, *, lane: Lane | None = None) -> None:
        # The worker may have to be started first, which takes seconds.
        self.is_starting = True
        self.starting.emit(True)
        try:
            # The recipe is on disk before anything is sent: a crash must not lose what was paid for.
            await self._link.edits.call(lambda editor: editor.save_draft(recipe))
            key, options = self._task.account().key, self._task.run_options()
            if lane is not None:
                options = replace(options, lane=lane)
            await self._worker.run(self._link.path, recipe, scope, options, key)
        finally:
            self.is_starting = False
            self.starting.emit(False)
        self.started.emit()

    async def _collect(self) -> None:
        await self._worker.collect(
            self._link.path, self._task.recipe(), self._task.run_options(), self._task.account().key
        )
        self.started.emit()

    async def _cancel_overnight(self) -> None:
        title = _("Cancel what is out overnight?")
        text = _(
            "The provider is asked to end it. Rows that are finished by then still come back and are charged; "
            "the others wait here again."
        )
        choices = [Choice("cancel", _("Cancel what is out"), "danger"), Choice("", _("Leave it running"))]
        if await ask(Question(self._window, title, text, choices)) == "cancel":
            await self._worker.cancel_overnight(
                self._link.path, self._task.recipe(), self._task.run_options(), self._task.account().key
            )

    async def _give_up_overnight(self, parts: Sequence[PartView]) -> None:
        rows = sum(part.waiting for part in parts)
        text = ngettext(
            "{count} row was sent, so it may be paid already. Its answer is not fetched any more: it waits here "
            "again, and asking it again is paid for again.",
            "{count} rows were sent, so they may be paid already. Their answers are not fetched any more: they wait "
            "here again, and asking them again is paid for again.",
            rows,
        ).format(count=number(rows))
        reserved = [part.reserved_usd for part in parts if part.reserved_usd is not None]
        if sum(reserved) and len(reserved) == len(parts):
            text = one_after_another(
                text, _("At most {amount} is counted as spent.").format(amount=money(sum(reserved)))
            )
        choices = [Choice("give up", _("Give up"), "danger"), Choice("", _("Keep waiting"))]
        if await ask(Question(self._window, _("Give up what was sent overnight?"), text, choices)) == "give up":
            await self._worker.give_up_overnight(self._link.path, [part.part_id for part in parts])
            self._link.rowsChanged.emit(None)
            self._link.look()

    def _is_changed(self, recipe: Recipe) -> bool:
        overview = self.overview
        if overview is None or not overview.versions or not overview.summary.counts.finished:
            return False
        # Not always the newest: a second opinion makes a version, and going back makes an old one the latest.
        latest = [item for item in overview.versions if item.version == overview.latest] or overview.versions[-1:]
        return latest[0].recipe.hash != recipe.hash

    async def _ask_about_change(self) -> str:
        counts = self.overview.summary.counts if self.overview else None
        finished, left = (counts.finished, counts.waiting) if counts else (0, 0)
        text = ngettext(
            "{count} row was answered before the task or the model was changed.",
            "{count} rows were answered before the task or the model was changed.",
            finished,
        ).format(count=number(finished))
        choices = [Choice("again", _("Ask all rows again"))]
        if left:
            choices.insert(0, Choice("remaining", _("Only the rows that are left"), "primary"))
        return await ask(
            Question(
                self._window,
                _("The task has changed"),
                _("{what} Their answers stay as they are unless you ask again, which is paid for again.").format(
                    what=text
                ),
                [*choices, Choice("", _("Cancel"))],
            )
        )

    async def _again(self) -> None:
        rows = self.overview.summary.counts.rows if self.overview else 0
        title = _("Ask about all rows again?")
        text = ngettext(
            "{count} row is sent again and paid for again. Answers made by hand stay.",
            "{count} rows are sent again and paid for again. Answers made by hand stay.",
            rows,
        ).format(count=number(rows))
        choices = [Choice("again", _("Ask all rows again"), "primary"), Choice("", _("Cancel"))]
        if await ask(Question(self._window, title, text, choices)) == "again":
            await self._run(Scope(ScopeKind.AGAIN), ask_first=False)

    async def _ask_twice(self, count: int, second: SecondOpinion) -> None:
        problem = self._task.problem()
        if problem:
            self.refused.emit(problem)
            return
        rows, boundary, run = await self._link.lists.call(
            lambda reader: (rows_to_ask_twice(reader, count), last_attempt(reader), reader.run())
        )
        if not rows:
            self.refused.emit(_("There are no answers yet to compare with. Run some rows first."))
            return
        note = second.begin(rows, boundary, run)
        try:
            # On disk before anything is sent, so that the first answers come back whatever happens.
            await self._link.edits.call(lambda editor: editor.set_note(NOTE, note))
            await self._send(Scope(ScopeKind.AGAIN, RowFilter(row_ids=tuple(rows))), self._task.recipe(), lane=Lane.NOW)
        except BaseException:
            second.settle()
            raise

    async def _try(self, how: str, selected: RowFilter, gold: int | None) -> None:
        problem = self._task.problem()
        if problem:
            self.refused.emit(problem)
            return
        recipe = self._task.recipe()
        if how == "selected":
            scope = Scope(ScopeKind.AGAIN, selected)
        else:
            scope = await self._link.lists.call(lambda reader: rows_to_try(reader, how, recipe, gold))
        if scope.rows.row_ids == ():
            self.refused.emit(_("Every row has an answer from this task already. To ask again, use Run."))
            return
        # To see how it goes, and what both lanes would cost, before anything goes out for a night.
        await self._send(scope, recipe, lane=Lane.NOW)
