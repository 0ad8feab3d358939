"""Rows that are asked again in a few minutes, whichever job is open then; gone with the window."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from gui_app.engine.events import JobProgress
from gui_app.errors import UserError
from gui_app.jobs import Cause, JobState, RowFilter, RowState, RunOptions, Scope, ScopeKind
from gui_app.ui.later.later_run import run_of_draft, start
from gui_app.ui.pieces.once import once
from gui_app.ui.pieces.tasks import Tasks

if TYPE_CHECKING:
    from gui_app.store.reading.queries import FailureGroup
    from gui_app.ui.services import Services

WAIT_MIN = 5
_MOVING = (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)


@dataclass(slots=True)
class Waiting:
    """The rows of one job that are to be retried together.

    Attributes:
        due: Seconds since the epoch.
    """

    timer: QTimer
    options: RunOptions
    due: float = 0.0
    groups: dict[FailureGroup, RowFilter] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many rows."""
        return sum(group.count for group in self.groups)

    def scope(self) -> Scope:
        """All of them."""
        filters = self.groups.values()
        rows = RowFilter(
            states=frozenset[RowState]().union(*(rows.states for rows in filters)),
            causes=frozenset[Cause]().union(*(rows.causes for rows in filters)),
        )
        return Scope(ScopeKind.RETRY, rows)


class WaitingRetries(QObject):
    """Signals: changed: a job's path. refused: a job's path, and why its rows could not be retried."""

    changed = Signal(object)
    refused = Signal(object, object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = Tasks()
        self._waiting: dict[Path, Waiting] = {}
        self._running: set[Path] = set()

    def of(self, job: Path) -> Waiting | None:
        """What waits of a job."""
        return self._waiting.get(job)

    def jobs(self) -> Iterable[Path]:
        """The jobs of which something waits."""
        return self._waiting.keys()

    def wait(self, job: Path, group: FailureGroup, rows: RowFilter, options: RunOptions) -> None:
        """Retry a group in a while. Groups told one after another are retried together, at the last one's time."""
        waiting = self._waiting.get(job)
        if waiting is None:
            timer = once(self, WAIT_MIN * 60_000, lambda: self.now(job))
            waiting = self._waiting[job] = Waiting(timer, options)
        waiting.options = options
        waiting.groups[group] = rows
        self._put_off(job, waiting)

    def cancel(self, job: Path) -> None:
        """Do not retry them."""
        waiting = self._waiting.pop(job, None)
        if waiting is not None:
            waiting.timer.stop()
            waiting.timer.deleteLater()
            self.changed.emit(job)

    def now(self, job: Path) -> None:
        """Retry them at once; after its end where the job runs just now."""
        waiting = self._waiting.get(job)
        if waiting is None:
            return
        if job in self._running:
            self._put_off(job, waiting)
            return
        self.cancel(job)
        self._tasks.start(f"retry {job.name}", self._retry(job, waiting))

    def take(self, event: JobProgress) -> None:
        """An event of any job."""
        if event.state in _MOVING:
            self._running.add(Path(event.job))
        else:
            self._running.discard(Path(event.job))

    def worker_lost(self) -> None:
        """Nothing runs any more."""
        self._running.clear()

    async def aclose(self) -> None:
        """Retry nothing any more."""
        for job in list(self._waiting):
            self.cancel(job)
        await self._tasks.aclose()

    def _put_off(self, job: Path, waiting: Waiting) -> None:
        waiting.due = time.time() + waiting.timer.interval() / 1000
        waiting.timer.start()
        self.changed.emit(job)

    async def _retry(self, job: Path, waiting: Waiting) -> None:
        try:
            await start(self._services, job, await run_of_draft(job, waiting.scope(), waiting.options))
        except UserError as error:
            self.refused.emit(job, error)
