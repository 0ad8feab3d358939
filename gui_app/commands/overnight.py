"""What a terminal is told of rows that are out overnight, and how they are given up there."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

from gui_app.engine.batches.giving_up import give_up
from gui_app.i18n import ngettext, number, one_after_another
from gui_app.sentences import deadlines, plain
from gui_app.store.parts import collect_by, open_parts, ready_by
from gui_app.store.reading.queries import JobReader


def what_is_out(job: Path) -> list[str]:
    """Sentences about the rows of a job that are out: whom they are with, and until when. Reads the file."""
    with closing(JobReader(job)) as reader:
        parts = open_parts(reader)
    said = []
    for place in dict.fromkeys((part.provider, part.host) for part in parts):
        here = [part for part in parts if (part.provider, part.host) == place]
        rows = sum(part.waiting for part in here)
        text = ngettext(
            "{count} row is out overnight with {provider}.", "{count} rows are out overnight with {provider}.", rows
        ).format(count=number(rows), provider=plain(" ".join(filter(None, place)), 120))
        said.append(one_after_another(text, *deadlines(ready_by(here), collect_by(here))))
    return said


def given_up(job: Path) -> str:
    """Give up everything that is out of a job; what became of it, in words.

    Raises:
        UserError: It is running, or its file cannot be used.
    """
    with closing(JobReader(job)) as reader:
        parts = open_parts(reader)
    rows = asyncio.run(give_up(job, [part.part_id for part in parts]))
    return ngettext(
        "{count} row waits again. What was sent of it is counted as paid.",
        "{count} rows wait again. What was sent of them is counted as paid.",
        rows,
    ).format(count=number(rows))
