"""The sentences over a job about what will start by itself: its turn in the queue, rows that are retried in a while."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from gui_app.i18n import _, clock, ngettext, number
from gui_app.ui.later.later import Later
from gui_app.ui.pieces.banner import Notice


def later_notices(later: Later, job: Path, run: Callable[[], None], *, moving: bool) -> list[Notice]:
    """What is to come of a job.

    Args:
        run: Runs it at once.
        moving: It runs just now.
    """
    out = []
    place = later.queue.place(job)
    if place is not None and not moving:
        out.append(_turn(later, job, run, place))
    waiting = later.retries.of(job)
    if waiting is not None:
        text = ngettext(
            "{count} row is retried at {moment}, as long as Rowmill is open.",
            "{count} rows are retried at {moment}, as long as Rowmill is open.",
            waiting.count,
        ).format(count=number(waiting.count), moment=clock(waiting.due))
        actions = (
            (_("Retry now"), partial(later.retries.now, job)),
            (_("Do not retry"), partial(later.retries.cancel, job)),
        )
        out.append(Notice("wait", text, "", actions, closable=False))
    return out


def _turn(later: Later, job: Path, run: Callable[[], None], place: int) -> Notice:
    queue = later.queue
    actions: list[tuple[str, Callable[[], None]]] = [
        (_("Run now"), run),
        (_("Take out of the queue"), partial(queue.remove, job)),
    ]
    if queue.is_held:
        text = _("This job is number {place} in the queue. The queue is held: nothing starts until you continue it.")
        actions.insert(0, (_("Continue the queue"), queue.go_on))
    else:
        text = _(
            "This job is number {place} in the queue. It starts when the other jobs are done, with the task as it was "
            "when you put it there."
        )
    return Notice("turn", text.format(place=number(place)), "", tuple(actions), closable=False, topic="jobs")
