"""What a window does with a job over its whole life, without the window: `python -m ... FOLDER`.

Reads a table, has its first rows answered overnight and the next ones live, and exports. Started again after it was
killed, it goes on where it was. Prints the step it begins (`step NAME`), rows seen as done in the job file
(`done ROW LABEL`), and `finished`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from gui_app.engine.events import JobProgress
from gui_app.errors import NotAJobFile, UserError
from gui_app.jobs import ExportOptions, JobState, Lane, RowFilter, RowState, RunOptions, Scope
from gui_app.store.reading.queries import JobReader
from gui_app.worker.client import Event, WorkerClient, WorkerLost
from tests.end_to_end.window_stand_in import RECIPE, say, show

OVERNIGHT_ROWS, LIVE_ROWS = 24, 200
"""So many of the first rows are asked; a large table is read and exported in full, which takes a while."""

EXPORT = ExportOptions(kind="csv", extra=frozenset({"state"}))
MOVING = (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE, JobState.SUBMITTED)


class Life:
    """One window over one job."""

    def __init__(self, folder: Path) -> None:
        self.source, self.job, self.target = folder / "reviews.csv", folder / "life.rowmill", folder / "out.csv"
        self.client = WorkerClient()
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.client.subscribe(self.events.put_nowait)

    async def live(self) -> None:
        """To the end, whoever dies on the way but this process itself."""
        while not self.imported():
            say("step", "import")
            with contextlib.suppress(Exception):  # Its process was killed; what it made is gone again.
                await self.client.import_table(self.source, self.job).result()
        while self.left(OVERNIGHT_ROWS):
            say("step", "overnight")
            await self.run(RunOptions(lane=Lane.OVERNIGHT), OVERNIGHT_ROWS)
        while self.left(LIVE_ROWS):
            say("step", "live")
            await self.run(RunOptions(concurrency=8), LIVE_ROWS)
        while True:
            say("step", "export")
            with contextlib.suppress(Exception):
                await self.client.export(self.job, self.target, EXPORT).result()
                break
        say("finished")
        await self.client.close()

    def imported(self) -> bool:
        try:
            reader = JobReader(self.job)
        except NotAJobFile:
            return False
        try:
            return reader.summary().import_done
        finally:
            reader.close()

    def left(self, rows: int) -> int:
        """How many of the first rows have no answer yet."""
        reader = JobReader(self.job)
        try:
            done = RowFilter(frozenset({RowState.DONE}), row_ids=tuple(range(1, rows + 1)))
            return rows - reader.count(done)
        finally:
            reader.close()

    async def run(self, options: RunOptions, rows: int) -> None:
        """Until this run has ended or its worker has died."""
        try:
            await self.client.run(self.job, RECIPE, Scope(first=rows), options)
        except UserError as error:
            say("refused", type(error).__name__, str(error).replace(" ", "_"))
            await asyncio.sleep(0.2)
            return
        while True:
            event = await self.events.get()
            if isinstance(event, WorkerLost):
                say("lost")
                return
            if isinstance(event, JobProgress):
                show(self.job, event)
                if event.state not in MOVING:
                    return


if __name__ == "__main__":
    say("up")
    asyncio.run(Life(Path(sys.argv[1])).live())
