"""Jobs that are not shown any more: each is kept until it has stored what was typed and let go of its file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gui_app.ui.job.job_page import JobPage


class Leaving:
    """Ends the pages it is given, in the background."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def leave(self, page: JobPage) -> None:
        """Hide the page at once and delete it when it has ended."""
        page.hide()
        try:
            task = asyncio.get_running_loop().create_task(_let_go(page), name="leave a job")
        except RuntimeError:
            page.close_now()
            page.deleteLater()
            return
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def is_done(self) -> bool:
        """All of them are gone."""
        return not self._tasks

    async def aclose(self) -> None:
        """Wait for all of them."""
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _let_go(page: JobPage) -> None:
    try:
        await page.aclose()
    finally:
        page.deleteLater()
