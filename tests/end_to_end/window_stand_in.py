"""What a window does with a running job, without the window: starts it, shows what is done, clicks Continue.

Prints a line for every row it has seen as done in the job file (`done ROW LABEL`), and `worker PID`, `lost` and
`finished`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from gui_app.engine.events import JobProgress
from gui_app.jobs import FieldKind, JobState, OutputField, Recipe, RowState, RunOptions, Scope
from gui_app.store.reading.queries import JobReader
from gui_app.worker.client import Event, WorkerClient, WorkerLost

RECIPE = Recipe(
    "Which sentiment?\n\nText:\n{review}",
    (OutputField("sentiment", FieldKind.LABEL, ("positive", "negative", "neutral")),),
    model="practice-instant",
)


def say(*words: object) -> None:
    """One line, at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def show(job: Path, event: JobProgress) -> None:
    """Read what has changed, as the window's table does, and show what is done."""
    ids = [row_id for first, last in event.changed for row_id in range(first, last + 1)]
    reader = JobReader(job)
    try:
        for row in reader.rows(ids):
            if row.state is RowState.DONE:
                say("done", row.row_id, row.shown("sentiment"))
    finally:
        reader.close()


async def main(job: Path) -> None:
    """Until the job is finished, however often its worker dies."""
    client = WorkerClient()
    events: asyncio.Queue[Event] = asyncio.Queue()
    client.subscribe(events.put_nowait)
    state = None
    while state is not JobState.FINISHED:
        await client.run(job, RECIPE, Scope(), RunOptions(concurrency=8))
        say("worker", client.pid)
        while True:
            event = await events.get()
            if isinstance(event, WorkerLost):
                say("lost")
                break
            if isinstance(event, JobProgress):
                show(job, event)
                state = event.state
                if state is JobState.FINISHED:
                    break
    say("finished")
    await client.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
