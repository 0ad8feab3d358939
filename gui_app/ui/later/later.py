"""What starts by itself in this window: the queue and the retries, given to the job pages by the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from gui_app.engine.events import JobProgress
from gui_app.ui.later.queue import JobQueue
from gui_app.ui.later.retries import WaitingRetries

if TYPE_CHECKING:
    from gui_app.ui.services import Services


class Later(QObject):
    """Both, told of the same events."""

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.queue = JobQueue(services, self)
        self.retries = WaitingRetries(services, self)

    def take(self, event: JobProgress) -> None:
        """An event of any job."""
        self.queue.take(event)
        self.retries.take(event)

    def worker_lost(self) -> None:
        """The process that ran the jobs is gone."""
        self.queue.worker_lost()
        self.retries.worker_lost()

    async def aclose(self) -> None:
        """Start nothing any more."""
        await self.queue.aclose()
        await self.retries.aclose()
