"""The queue: jobs that wait until no other job runs, and then start by themselves, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gui_app.engine.events import JobProgress
from gui_app.errors import UserError
from gui_app.jobs import JobState
from gui_app.settings import QUEUE
from gui_app.ui.later.later_run import noted_run, start
from gui_app.ui.pieces.tasks import Tasks

if TYPE_CHECKING:
    from gui_app.ui.services import Services

_MOVING = (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)
_KEPT_WITHIN_S = 10.0
"""A disk that takes longer to keep the order holds up no job."""


class JobQueue(QObject):
    """The order lies in the settings, what each job is to run in the job's own file.

    What waited when Rowmill ended waits on until somebody presses Continue: nothing is sent, and paid for, that
    nobody is there to see. The same after a pause or a stop by hand: whoever holds one job back wants no other.

    Signals:
        changed: The order, or whether it is held.
        refused: A job's path and why it could not start. It is out of the queue.
    """

    changed = Signal()
    refused = Signal(object, object)

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = Tasks()
        self._order = [Path(path) for path in services.settings.get(QUEUE)]
        self._held = bool(self._order)
        self._running: set[Path] = set()

    @property
    def order(self) -> tuple[Path, ...]:
        """The jobs that wait, the next one first."""
        return tuple(self._order)

    @property
    def is_held(self) -> bool:
        """Nothing starts by itself until `go_on`."""
        return self._held and bool(self._order)

    @property
    def goes_on(self) -> bool:
        """A job will start by itself."""
        return bool(self._order) and not self._held

    def place(self, job: Path) -> int | None:
        """1 for the next one; None for a job that is not in the queue."""
        return self._order.index(job) + 1 if job in self._order else None

    def runs(self, job: Path) -> bool:
        """A job is under way, in its turn or not."""
        return job in self._running

    def add(self, job: Path) -> None:
        """Put a job at the end; it starts at once where no other runs. Its run is noted in its file."""
        if job in self._order:
            self._order.remove(job)
        elif not self._order:
            self._held = False
        self._order.append(job)
        self._keep()
        self._next()

    def remove(self, job: Path) -> None:
        """Take a job out."""
        if job in self._order:
            self._order.remove(job)
            self._keep()

    def move(self, job: Path, by: int) -> None:
        """Nearer to its turn (-1), or further from it (+1)."""
        if job in self._order:
            at = self._order.index(job)
            to = max(0, min(len(self._order) - 1, at + by))
            if to != at:
                self._order.insert(to, self._order.pop(at))
                self._keep()

    def keep_only(self, jobs: Iterable[Path]) -> None:
        """Forget jobs that are not there any more."""
        known = set(jobs)
        if any(job not in known for job in self._order):
            self._order = [job for job in self._order if job in known]
            self._keep()

    def hold(self) -> None:
        """Start nothing by itself."""
        if self.goes_on:
            self._held = True
            self.changed.emit()

    def go_on(self) -> None:
        """Start the next one once no other job runs."""
        if self.is_held:
            self._held = False
            self.changed.emit()
            self._next()

    def take(self, event: JobProgress) -> None:
        """An event of any job."""
        job = Path(event.job)
        if event.state in _MOVING:
            self._running.add(job)
            # Somebody ran it by hand.
            self.remove(job)
        elif job in self._running:
            self._running.discard(job)
            self._next()

    def worker_lost(self) -> None:
        """What ran has ended; whoever looks at it decides how it goes on."""
        self._running.clear()
        self.hold()

    async def aclose(self) -> None:
        """Start nothing any more; the order stays as it is for the next time."""
        self._held = True
        await self._tasks.aclose()

    def _next(self) -> None:
        if self.goes_on and not self._running:
            job = self._order[0]
            self._tasks.start(f"run {job.name} in its turn", self._start(job))

    async def _start(self, job: Path) -> None:
        # Out of the queue first: a crash in the next moment must not send it, and have it paid, a second time. And it
        # counts as running before its first event comes, and not after its last, whichever is first here.
        self._running.add(job)
        self.remove(job)
        await asyncio.to_thread(self._services.settings.wait_saved, _KEPT_WITHIN_S)
        try:
            await start(self._services, job, await noted_run(job))
        except UserError as error:
            self._running.discard(job)
            self.refused.emit(job, error)
            self._next()

    def _keep(self) -> None:
        settings = self._services.settings
        settings.set(QUEUE, [str(job) for job in self._order])
        settings.save_soon()
        self.changed.emit()
