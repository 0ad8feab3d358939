"""A job file as the commands look at it: for a moment, and closed again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from gui_app.errors import UserError
from gui_app.store.job_file import open_checked
from gui_app.store.network import at_hand
from gui_app.store.reading.queries import JobReader


def check_job(job: Path) -> None:
    """Raises: UserError: It is no job, or cannot be used."""
    open_checked(at_hand.to_read(job), read_only=True).close()


def was_begun(job: Path) -> bool:
    """A run has taken the job, or stopped for want of a key."""
    try:
        reader = JobReader(job)
    except UserError:
        return False
    with closing(reader):
        return reader.summary().sent or reader.run() is not None


def rows_of(job: Path) -> int:
    """How many rows it has."""
    with closing(JobReader(job)) as reader:
        return reader.counts().rows
