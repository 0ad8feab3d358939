"""One look at a part that is out: found again, still at work, or ended and brought in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from gui_app.engine import retry
from gui_app.engine.batches.collection import Collection
from gui_app.engine.batches.lost import LostBatches, Verdict
from gui_app.engine.batches.part_source import Owner, PartSource
from gui_app.engine.batches.submission import submitted
from gui_app.engine.judging import Pricing
from gui_app.errors import N_
from gui_app.jobs import Cause, Recipe
from gui_app.providers.base import BatchPhase, BatchProvider, BatchStatus, CallFailed
from gui_app.recipes.fields import ReplyReader
from gui_app.store.parts import PartState, PartView

YOUNG_S = 600.0
"""A batch that is not found so soon after it was made is not lost."""

Problem = tuple[str, Mapping[str, Any]]
"""A sentence (catalogue entry, details)."""

OTHER_KEY: Problem = (
    N_(
        "A part of this job was sent overnight with another key. Use that key again to fetch its answers; nothing is "
        "sent twice."
    ),
    {},
)


def other_place(part: PartView) -> Problem:
    """What is said of a part that went to another provider or address than the one that is chosen now."""
    sentence = N_(
        "A part of this job was sent overnight to {provider} at {host}. Choose that provider and address again to "
        "fetch its answers; nothing is sent twice."
    )
    return sentence, {"provider": part.provider, "host": part.host or part.provider}


class Seen(Enum):
    """What a look has found."""

    STILL_OUT = "still out"
    CAME_BACK = "came back"
    """It is over; what was in it is in its rows, or waits again."""
    NEVER_MADE = "never made"
    """It never left; its rows wait again."""
    QUEUE_FULL = "queue full"
    """Refused, because too much is waiting at the provider; its rows wait again."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look.

    Attributes:
        stops: Why the job cannot go on.
        problem: What the user should know.
        back: Rows that wait again.
    """

    seen: Seen = Seen.STILL_OUT
    stops: CallFailed | None = None
    problem: Problem | None = None
    back: int = 0


class Lookout:
    """Looks after the parts of one run.

    Args:
        pricing_of: The prices overnight, for the recipe a part was asked with.
        folder: Where results may lie meanwhile.
    """

    def __init__(
        self,
        source: PartSource,
        provider: BatchProvider,
        owner: Owner,
        pricing_of: Callable[[Recipe], Pricing],
        folder: Path,
    ) -> None:
        self._source = source
        self._provider = provider
        self._owner = owner
        self._pricing_of = pricing_of
        self._folder = folder
        self._lost = LostBatches(provider, folder)
        self.cancelling = False
        """What is out is to be ended."""

    def is_mine(self, part: PartView) -> bool:
        """Whether this provider and host have it."""
        return (part.provider, part.host) == (self._owner.provider, self._owner.host)

    async def look_at(self, part: PartView, parts: Sequence[PartView]) -> Look:
        """See where a part stands, and bring it in if it has ended.

        Raises:
            CallFailed: The provider could not be asked, or its results not be read to their end. Look again.
            StorageError: Nothing of the last step was kept. Look again.
        """
        if part.batch_id is None:
            found = await self._find(part, parts)
            if isinstance(found, Look):
                return found
            part = found
        try:
            if self.cancelling and part.state is PartState.SENT:
                await self._provider.cancel(part.batch_id or "")
                part = await self._source.note(part.part_id, state=PartState.CANCELLING.value)
            status = await self._provider.status(part.batch_id or "")
            await self._note(part, status)
            return await self._collect(part, status) if status.phase is BatchPhase.ENDED else Look()
        except CallFailed as failure:
            if failure.status != 404:
                raise
            return await self._not_there(part)

    async def _find(self, part: PartView, parts: Sequence[PartView]) -> PartView | Look:
        known = {other.batch_id for other in parts if other.batch_id is not None}
        found = await self._lost.find(part, known)
        if isinstance(found, BatchStatus):
            return await submitted(self._source, part, found)
        if found is Verdict.HOLD:
            return Look()
        if found is Verdict.GONE:
            return await self._give_up(part)
        if part.key_hint != self._owner.key_hint:
            # What this key is shown says nothing about what the other one has sent.
            return Look(problem=OTHER_KEY)
        return Look(Seen.NEVER_MADE, back=await self._source.close_part(part.part_id, PartState.VOID))

    async def _give_up(self, part: PartView) -> Look:
        """It went out and is paid, and nothing of it can be had any more."""
        back = await self._source.close_part(part.part_id, PartState.LOST, Cause.UNKNOWN)
        return Look(Seen.CAME_BACK, back=back)

    async def _not_there(self, part: PartView) -> Look:
        if part.key_hint != self._owner.key_hint:
            return Look(problem=OTHER_KEY)
        now = self._source.now()
        if part.results_until is not None and now > part.results_until:
            return await self._give_up(part)
        if now - (part.submitted_at or part.created_at) < YOUNG_S:
            return Look()
        sentence = N_(
            "The provider does not know the batch {batch} any more. It may have been removed there, or belong to "
            "another key or project."
        )
        return Look(problem=(sentence, {"batch": part.batch_id or ""}))

    async def _note(self, part: PartView, status: BatchStatus) -> None:
        state = PartState.SENT
        if status.phase is BatchPhase.ENDED:
            state = PartState.ENDED
        elif status.phase is BatchPhase.CANCELLING or part.state is PartState.CANCELLING:
            state = PartState.CANCELLING
        news = {
            "state": state.value,
            "status": status.word,
            "done": status.done,
            "failed": status.failed,
            "expires_at": status.expires_at or part.expires_at,
            "ended_at": status.ended_at,
            "results_until": status.results_until or part.results_until,
        }
        if any(getattr(part, name) != value for name, value in news.items()):
            await self._source.note(part.part_id, **news)

    async def _collect(self, part: PartView, status: BatchStatus) -> Look:
        recipe = await self._source.recipe_of(part.version)
        collection = Collection(self._source, ReplyReader(recipe.fields), self._pricing_of(recipe), part)
        collected = await collection.collect(self._provider, status, self._folder)
        await self._provider.forget(status)
        refused = status.failure
        if refused is not None and refused.cause in retry.ASKED_TO_WAIT:
            return Look(Seen.QUEUE_FULL, back=collected.back)
        return Look(Seen.CAME_BACK, stops=refused or collected.stops, back=collected.back)
