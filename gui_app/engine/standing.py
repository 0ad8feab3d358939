"""Where a job stands that nobody runs here, for those who watch it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from gui_app.engine.events import JobProgress
from gui_app.store.reading.queries import JobReader


def standing_of(path: Path) -> JobProgress:
    """Read it from its file. Blocks: off the loop.

    Raises:
        JobFileError, StorageError: The file cannot be used.
    """
    with closing(JobReader(path)) as reader:
        summary = reader.summary()
        return JobProgress(
            str(path), summary.state, summary.counts, many=True, cost_usd=reader.totals().cost_usd,
            unknown_sent=summary.unknown_sent,
        )  # fmt: skip
