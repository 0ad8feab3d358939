"""What will start by itself, shown and changed in the list of jobs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from gui_app.i18n import _, clock, number
from gui_app.sentences import explain, plain
from gui_app.ui.jobs_list.job_list import JobList
from gui_app.ui.later.later import Later
from gui_app.ui.pieces.help_link import want_help
from gui_app.ui.pieces.help_topics import topic_of
from gui_app.ui.pieces.status_message import StatusMessage


class JobWaits(QObject):
    """Between the queue and the retries and the list."""

    def __init__(self, later: Later, jobs: JobList, status: StatusMessage, parent: QObject) -> None:
        super().__init__(parent)
        self._later, self._jobs, self._status = later, jobs, status
        queue, retries = later.queue, later.retries
        queue.changed.connect(self.show)
        queue.refused.connect(self._refused)
        retries.changed.connect(lambda _job: self.show())
        retries.refused.connect(self._refused)
        jobs.moveRequested.connect(queue.move)
        jobs.leaveQueueRequested.connect(queue.remove)
        jobs.strip.goOnRequested.connect(queue.go_on)
        jobs.strip.holdRequested.connect(queue.hold)

    def show(self) -> None:
        """Say it in the list, in the language in use."""
        queue, retries = self._later.queue, self._later.retries
        waits = {}
        for job in retries.jobs():
            if (waiting := retries.of(job)) is not None:
                waits[job] = _("retries at {moment}").format(moment=clock(waiting.due))
        for job in queue.order:
            waits[job] = _("waits for its turn: number {place}").format(place=number(queue.place(job) or 0))
        self._jobs.show_waits(queue.order, waits)
        self._jobs.strip.show_queue(len(queue.order), held=queue.is_held)

    def forget(self, job: Path) -> None:
        """A job's file is taken away."""
        self._later.queue.remove(job)
        self._later.retries.cancel(job)

    def _refused(self, job: Path, error: BaseException) -> None:
        entry = self._jobs.entry(job)
        name = plain(job.stem if entry is None else entry.name, 60)
        text = _("“{name}” could not start: {why}").format(name=name, why=explain(error))
        topic = topic_of(error)
        self._status.say(text, action=_("More about this"), act=lambda: want_help(self._jobs, topic))
