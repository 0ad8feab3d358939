"""Which sentences stand over a job: told from its summary, its last event and its recipe; no widgets here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gui_app.engine.events import JobProgress
from gui_app.i18n import _, ngettext, number
from gui_app.jobs import Cause, JobState, Recipe
from gui_app.providers import catalog
from gui_app.providers.hosts import is_loopback
from gui_app.sentences import explain_cause, filled, plain
from gui_app.store.carried import carried_text
from gui_app.store.reading.queries import JobSummary
from gui_app.ui.job.elsewhere import told_owner
from gui_app.ui.pieces.banner import Notice
from gui_app.ui.pieces.help_topics import topic_of_cause

_MODEL_CAUSES = {Cause.KEY_REFUSED, Cause.NO_PERMISSION, Cause.MODEL_UNKNOWN, Cause.SPENDING_LIMIT, Cause.HOST_REFUSED}


class AnsweredBy(NamedTuple):
    """Whose answers there are: of the practice model, and of others."""

    practice: bool
    others: bool


def notices(
    summary: JobSummary,
    event: JobProgress | None,
    recipe: Recipe | None,
    *,
    show_model: Callable[[], None],
    go_on: Callable[[], None],
    overnight: Sequence[Notice] = (),
    asked: Recipe | None = None,
    answered_by: AnsweredBy | None = None,
    elsewhere: bool = False,
) -> list[Notice]:
    """The sentences that hold now, the most important first.

    Args:
        show_model: Brings the model settings to the front.
        go_on: Continues the job.
        overnight: What `overnight_notices` says.
        asked: The recipe of the last run. `recipe` may name another model by now, whose answers these are not.
        answered_by: Whose answers there are, where that is known better.
        elsewhere: Somebody else has the job.
    """
    state = summary.state if event is None else event.state
    out = [*_why_it_stopped(summary, event, state, show_model, go_on), *_about_the_disk(summary, event)]
    if state is JobState.OFFLINE:
        out.append(Notice("offline", _offline_text(recipe), "warning", closable=False, topic="network"))
    unknown = summary.unknown_sent if event is None else event.unknown_sent
    if unknown and state is not JobState.RUNNING:
        out.append(_sent_and_unknown(unknown, go_on))
    if elsewhere:
        out.append(Notice("owner", told_owner(summary), closable=False, topic="jobs"))
    out += overnight
    if summary.carried is not None:
        text = _("{what} The former job “{name}” stays as it is.")
        told = carried_text(summary.carried)
        out.append(Notice("carried", text.format(what=told, name=plain(summary.carried.former, 60)), topic="newer"))
    out += _about_the_file(summary)
    if summary.counts.finished:
        out += _about_practice(asked or recipe, answered_by)
    return out


def _about_practice(asked: Recipe | None, answered_by: AnsweredBy | None) -> list[Notice]:
    if answered_by is None:
        answered_by = AnsweredBy(asked is not None and asked.provider == "practice", False)
    if not answered_by.practice:
        return []
    if answered_by.others:
        text = _("The practice model made some of these answers up by simple rules. Those mean nothing.")
    else:
        text = _("The practice model made these answers up by simple rules. They mean nothing.")
    return [Notice("practice", text)]


def _why_it_stopped(
    summary: JobSummary,
    event: JobProgress | None,
    state: JobState,
    show_model: Callable[[], None],
    go_on: Callable[[], None],
) -> list[Notice]:
    cause = summary.stopped_cause if event is None else event.stopped_cause
    detail = summary.stopped_detail if event is None else event.stopped_detail
    if cause is None or state not in (JobState.STOPPED, JobState.PAUSED):
        return []
    actions = [(_("Continue"), go_on)]
    if cause in _MODEL_CAUSES:
        actions.insert(0, (_("Show the model settings"), show_model))
    return [Notice("stopped", explain_cause(cause, detail), "error", tuple(actions), topic=topic_of_cause(cause))]


def _about_the_disk(summary: JobSummary, event: JobProgress | None) -> list[Notice]:
    """What cannot be stored, here or in the job's own folder. Parts that are stuck have sentences of their own."""
    if event is not None and event.problem is not None and not event.stuck_parts:
        text = filled(event.problem[0], dict(event.problem[1]))
        return [Notice("problem", text, "error", closable=False, topic="disk")]
    if summary.behind is not None:
        text = filled(summary.behind[0], dict(summary.behind[1]))
        return [Notice("behind", text, "warning", closable=False, topic="disk")]
    return []


def _sent_and_unknown(count: int, go_on: Callable[[], None]) -> Notice:
    text = ngettext(
        "{count} row was sent, but its answer never came here. Continue sends it again, so it may be paid for twice.",
        "{count} rows were sent, but their answers never came here. Continue sends them again, so they may be "
        "paid for twice.",
        count,
    )
    return Notice("unknown", text.format(count=number(count)), "warning", ((_("Continue"), go_on),), topic="twice")


def hanging(job: Path) -> Notice:
    """What stands over a job whose folder has not answered for some seconds."""
    text = _(
        "The folder of “{file}” does not answer just now. Rowmill keeps asking; meanwhile you can "
        "work on other jobs, and close this one."
    )
    return Notice("hanging", text.format(file=plain(job.name, 60)), "warning", closable=False, topic="disk")


def _about_the_file(summary: JobSummary) -> list[Notice]:
    out = []
    for at, (sentence, details) in enumerate(summary.warnings[:3]):
        out.append(Notice(f"warning{at}", filled(sentence, dict(details)), "warning", topic="file"))
    if summary.renamed and not summary.warnings:
        names = ", ".join(f"“{plain(name, 30)}”" for _at, _was, name in summary.renamed[:5])
        text = ngettext(
            "{count} column had no name or one that occurs twice; it is now called {names}.",
            "{count} columns had no name or one that occurs twice; they are now called {names}.",
            len(summary.renamed),
        )
        out.append(Notice("renamed", text.format(count=number(len(summary.renamed)), names=names)))
    return out


def _offline_text(recipe: Recipe | None) -> str:
    if recipe is not None:
        entry = catalog.entry_or_other(recipe.provider)
        address = recipe.base_url or entry.base_url
        if address is not None and is_loopback(address):
            return _(
                "The server on this computer ({address}) does not answer. Start it: the job waits and goes on by "
                "itself; no row is lost."
            ).format(address=plain(address, 80))
    return _(
        "There is no network, or the provider cannot be reached. The job waits and goes on by itself; no row is lost."
    )
