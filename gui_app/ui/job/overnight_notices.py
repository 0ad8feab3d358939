"""What stands over a job about its nights: what is out, what cannot be fetched, what did not come back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from gui_app.errors import UserError
from gui_app.i18n import _, ngettext, number, one_after_another
from gui_app.jobs import Account, Cause, JobState, Lane, Recipe
from gui_app.providers import catalog
from gui_app.sentences import deadlines, plain
from gui_app.store.parts import PartState, PartView, collect_by, ready_by
from gui_app.ui.pieces.banner import Notice

REFUSED = frozenset({Cause.KEY_REFUSED, Cause.NO_PERMISSION, Cause.HOST_REFUSED})
"""With these nothing more can be fetched until something is changed."""

_AT_REST = (JobState.DRAFT, JobState.PAUSED, JobState.STOPPED, JobState.SUBMITTED)


@dataclass(frozen=True)
class OvernightActions:
    """What the buttons do. `give_up` is told the parts; `run_rest` the lane."""

    collect: Callable[[], None]
    cancel: Callable[[], None]
    give_up: Callable[[Sequence[PartView]], None]
    run_rest: Callable[[Lane], None]
    show_model: Callable[[], None]


@dataclass(frozen=True)
class Fetching:
    """Whether what is out can be fetched with what is chosen now.

    Attributes:
        place: Provider and address of the chosen model; None: not known yet.
        problem: Why the chosen provider cannot be asked at all, such as a missing key; "" when it can.
        stuck: Parts of which the engine found that they cannot be fetched.
        why: What it said of them.
        refused: The provider refused the key.
        offline: There is no network just now.
    """

    place: tuple[str, str] | None = None
    problem: str = ""
    stuck: Collection[int] = ()
    why: str = ""
    refused: bool = False
    offline: bool = False

    def is_elsewhere(self, part: PartView) -> bool:
        """It went to another provider or address than the one that is chosen."""
        return self.place is not None and (part.provider, part.host) != self.place


def place_of(recipe: Recipe) -> tuple[str, str] | None:
    """Provider and address as parts keep them; None for an address that is none."""
    if recipe.provider == "practice":
        return "practice", ""
    try:
        return recipe.provider, catalog.address_of(Account(recipe.provider, recipe.base_url))
    except UserError:
        return None


def overnight_notices(
    parts: Sequence[PartView], waiting: int, state: JobState, fetching: Fetching, actions: OvernightActions
) -> list[Notice]:
    """The sentences that hold now: what cannot be fetched, what is out, what waits after a night.

    Args:
        waiting: Rows that somebody has to send; not those that wait for an identical one.
    """
    # What is on its way just now is shown by the run bar.
    out = [part for part in parts if part.open and (part.batch_id is not None or state is not JobState.RUNNING)]
    stuck = [part for part in out if part.part_id in fetching.stuck or fetching.is_elsewhere(part)]
    fine = [part for part in out if part not in stuck]
    notices = []
    if stuck:
        notices.append(_stuck(stuck, fetching, actions))
    if fine:
        notices.append(_out(fine, fetching, actions))
    if parts and waiting > 0 and state in _AT_REST:
        notices.append(_rest(parts, waiting, actions, more=bool(out)))
    return notices


def _stuck(parts: Sequence[PartView], fetching: Fetching, actions: OvernightActions) -> Notice:
    text = fetching.why
    if not text or all(fetching.is_elsewhere(part) for part in parts):
        rows = sum(part.waiting for part in parts)
        text = ngettext(
            "{count} row was sent overnight to {provider}. Choose that provider and address again to fetch its answer.",
            "{count} rows were sent overnight to {provider}. Choose that provider and address again to fetch their "
            "answers.",
            rows,
        ).format(count=number(rows), provider=_whom(parts[0]))
    buttons = ((_("Show the model settings"), actions.show_model), (_("Give up…"), lambda: actions.give_up(parts)))
    return Notice("overnight-stuck", text, "warning", buttons, closable=False, topic="overnight")


def _out(parts: Sequence[PartView], fetching: Fetching, actions: OvernightActions) -> Notice:
    rows = sum(part.rows for part in parts)
    finished = sum(part.done + part.failed for part in parts)
    text = ngettext(
        "{count} row is with {provider} overnight, {finished} finished.",
        "{count} rows are with {provider} overnight, {finished} finished.",
        rows,
    ).format(count=number(rows), finished=number(finished), provider=_whom(parts[0]))
    said = [text, *deadlines(ready_by(parts), collect_by(parts)), *_standing(parts)]
    if fetching.offline:
        said.append(_("There is no network just now; they go on there, and are fetched when it is back."))
    buttons: tuple[tuple[str, Callable[[], None]], ...] = ()
    if fetching.problem or fetching.refused:
        said.append(fetching.problem)
        buttons = ((_("Show the model settings"), actions.show_model), (_("Give up…"), lambda: actions.give_up(parts)))
    else:
        buttons = ((_("Look now"), actions.collect),)
        if not all(part.state is PartState.CANCELLING for part in parts):
            buttons += ((_("Cancel…"), actions.cancel),)
    tone = "warning" if fetching.problem or fetching.refused else ""
    return Notice("overnight", one_after_another(*said), tone, buttons, closable=False, topic="overnight")


def _standing(parts: Sequence[PartView]) -> list[str]:
    said = []
    if any(part.state is PartState.CANCELLING for part in parts):
        said.append(
            _("It is being cancelled: that ends when the provider says so, and what is finished by then is paid.")
        )
    unsure = sum(part.rows for part in parts if part.batch_id is None)
    if unsure:
        text = ngettext(
            "Whether {count} of them has arrived there is not known yet; it is looked for before anything is sent "
            "again.",
            "Whether {count} of them have arrived there is not known yet; they are looked for before anything is sent "
            "again.",
            unsure,
        )
        said.append(text.format(count=number(unsure)))
    return said


def _rest(parts: Sequence[PartView], count: int, actions: OvernightActions, *, more: bool) -> Notice:
    text = ngettext("{count} row still waits here.", "{count} rows still wait here.", count).format(count=number(count))
    over = [part for part in parts if not part.open and part.state is not PartState.VOID]
    word = over[-1].status if over else ""
    if word == "expired":
        text = one_after_another(text, _("The provider did not get to all of them in time."))
    elif word == "cancelled":
        text = one_after_another(text, _("What was cancelled before its turn was not paid."))
    again = _("Overnight, too") if more else _("Overnight again")
    buttons = (
        (_("Run the rest now"), lambda: actions.run_rest(Lane.NOW)),
        (again, lambda: actions.run_rest(Lane.OVERNIGHT)),
    )
    return Notice("overnight-rest", text, "", buttons, closable=False, topic="overnight")


def _whom(part: PartView) -> str:
    if part.provider == "practice":
        return _("the practice model")
    try:
        entry = catalog.entry(part.provider)
    except UserError:
        # Made by a version that knows more providers.
        return plain(f"{part.provider} {part.host}", 100)
    title = _(entry.title)
    if part.host in ("", (entry.base_url or "").rstrip("/")):
        return title
    return _("{provider} ({host})").format(provider=title, host=plain(part.host, 80))
