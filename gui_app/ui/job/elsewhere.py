"""A job that another program runs: this window can only look on, so it looks again every few seconds."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from gui_app.i18n import _
from gui_app.jobs import Counts, JobState
from gui_app.sentences import plain
from gui_app.ui.pieces.once import once

if TYPE_CHECKING:
    from gui_app.store.reading.views import JobSummary

LOOK_AGAIN_MS = 2_000
_MOVING = (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)


def runs_elsewhere(summary: JobSummary, *, ours: bool) -> bool:
    """Whether somebody else has the job, so that nothing can be started or stopped here.

    Args:
        ours: This window's own worker runs it, or is about to.
    """
    return summary.owner is not None and not ours and (summary.elsewhere or summary.state in _MOVING)


def is_process(owner: str | None, pid: int | None) -> bool:
    """Whether a job's owner, as it was read, is this process of this computer.

    What is read when a run has just ended may still name the worker of this very window.
    """
    return pid is not None and owner == f"{socket.gethostname()}, {pid}"


def told_owner(summary: JobSummary) -> str:
    """Who has it and what can be done here, in a sentence or two."""
    owner = summary.owner or ""
    host, _comma, process = owner.rpartition(", ")
    if summary.elsewhere:
        who = _("The computer “{owner}” has this job open.").format(owner=plain(owner, 80))
    elif host and host != socket.gethostname():
        who = _("Rowmill on the computer “{owner}” runs this job.").format(owner=plain(host, 80))
    else:
        # The number is for whoever looks after the computer: there may be several.
        who = _("Another Rowmill on this computer runs this job (process {process}).").format(
            process=plain(process, 20)
        )
    return _("{who} It is run, paused and stopped there; here you can look at it and export what is finished.").format(
        who=who
    )


class Elsewhere(QObject):
    """Signals: lookWanted: The job is to be read again. moved: rows have changed since it was read last."""

    lookWanted = Signal()
    moved = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._counts: Counts | None = None
        self._again = once(self, LOOK_AGAIN_MS, self.lookWanted)

    def follow(self, summary: JobSummary, *, elsewhere: bool) -> None:
        """The job was read."""
        before, self._counts = self._counts, summary.counts if elsewhere else None
        if elsewhere:
            self._again.start()
        else:
            self._again.stop()
        if before is not None and before != summary.counts:
            self.moved.emit()
