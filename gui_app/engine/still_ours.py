"""Whether a job is still run by us, asked before a call is paid for: somebody else may have taken it meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gui_app.engine.job_source import JobSource
from gui_app.errors import StorageError


class StillOurs:
    """All calls of a run ask it; only one of them at a time asks the job file.

    Args:
        beat: Says in the job file that its owner lives. False: another has it, and the run is being ended.
        on_storage: Told what keeps the job file from being asked.
        retry_s: Until it is asked again then.
    """

    def __init__(
        self,
        source: JobSource,
        beat: Callable[[], Awaitable[bool]],
        on_storage: Callable[[StorageError], None],
        retry_s: float,
    ) -> None:
        self._source = source
        self._beat = beat
        self._on_storage = on_storage
        self._retry_s = retry_s
        self._asking = asyncio.Lock()

    async def make_sure(self) -> None:
        """Returns at once while the last beat is fresh: it is not after the computer slept, say."""
        while not self._source.is_sure:
            async with self._asking:
                if not self._source.is_sure:
                    await self._ask()

    async def _ask(self) -> None:
        try:
            owned = await self._beat()
        except StorageError as error:
            self._on_storage(error)
            await asyncio.sleep(self._retry_s)
            return
        if not owned:
            await asyncio.Event().wait()  # The run is being ended, which cancels whoever waits here.
