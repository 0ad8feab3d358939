"""The job file as the overnight lane uses it: rows taken into parts, parts noted, results kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gui_app.engine.job_source import JobSource, SentRow, Watch
from gui_app.jobs import Cause, JobState, Lane, Recipe, RowState
from gui_app.store import parts
from gui_app.store.claims import Outcome
from gui_app.store.parts import Judge, PartState, PartView


@dataclass(frozen=True, slots=True)
class Owner:
    """Who has the batches: told apart when they are to be collected.

    Attributes:
        host: "" for the practice provider, whose address changes.
        key_hint: Tells one key from another, and nothing else about it.
    """

    provider: str
    host: str = ""
    key_hint: str = ""


class PartSource(JobSource):
    """As `JobSource`, for parts. Every call is durable when it returns."""

    async def open(self, watch: Watch | None = None) -> int:
        """See `JobSource.open`."""
        return await self._call(parts.recover, await self._take(watch))

    async def look(self) -> None:
        """Bring `standing` up to date."""
        self.standing = await self._call(self._look)

    async def claim(self, limit: int) -> tuple[list[SentRow], bool]:
        """Take rows for the overnight lane; and whether there may be more at once.

        They belong to no part yet: should we die now, they wait again.
        """
        sent, settled, more = await self._call(self._claim, limit)
        self._committed([], [*settled, *(row.row_id for row in sent)])
        return sent, more

    def _claim(self, limit: int) -> tuple[list[SentRow], list[int], bool]:
        claimed = self._open_writer.exchange(
            [], limit, self._version, self._prepare, lane=Lane.OVERNIGHT, now=self.now()
        )
        self.standing = self._look()
        sent = [
            SentRow(item.row_id, item.prompt or "", item.reserved_usd, tries, first)
            for item, tries, first in claimed.sent
        ]
        return sent, claimed.settled, claimed.more or bool(sent) or bool(claimed.settled)

    async def give_back(self, row_ids: Sequence[int]) -> None:
        """Rows that were claimed and go into no part wait again."""
        if row_ids:
            await self.keep([Outcome(row_id, self._version, RowState.WAITING, sent=False) for row_id in row_ids])

    async def keep(self, outcomes: Sequence[Outcome]) -> None:
        """Keep outcomes of rows that went into no part."""
        await self._call(self._keep, list(outcomes))
        self._committed(outcomes, [])

    def _keep(self, outcomes: list[Outcome]) -> None:
        self._open_writer.exchange(outcomes, 0, self._version, self._prepare, now=self.now())
        self.standing = self._look()

    # -- parts -----------------------------------------------------------------------------------

    async def open_parts(self) -> list[PartView]:
        """The parts of which something may still come."""
        return await self._call(parts.open_parts, self._open_writer)

    async def recipe_of(self, version: int) -> Recipe:
        """The recipe a part was asked with."""
        return await self._call(parts.recipe_of, self._open_writer, version)

    async def intend(
        self, row_ids: Sequence[int], nonce: str, owner: Owner, size_bytes: int, reserved_usd: float | None
    ) -> PartView:
        """Write a part down. Only then may any of it be sent."""

        def write() -> PartView:
            return parts.intend(
                self._open_writer,
                row_ids,
                nonce=nonce,
                version=self._version,
                provider=owner.provider,
                host=owner.host,
                key_hint=owner.key_hint,
                size_bytes=size_bytes,
                reserved_usd=reserved_usd,
            )

        return await self._call(write)

    async def note(self, part_id: int, **values: Any) -> PartView:
        """Store what is newly known about a part."""

        def write() -> PartView:
            return parts.note(self._open_writer, part_id, **values)

        return await self._call(write)

    async def collect(self, part_id: int, judges: Mapping[int, Judge]) -> list[Outcome]:
        """Keep some results of a part. Repeating it changes nothing."""
        outcomes = await self._call(self._collect, part_id, judges)
        self._committed(outcomes, [])
        return outcomes

    def _collect(self, part_id: int, judges: Mapping[int, Judge]) -> list[Outcome]:
        outcomes = parts.collect(self._open_writer, part_id, judges)
        self.standing = self._look()
        return outcomes

    async def close_part(self, part_id: int, state: PartState, cause: Cause | None = None, detail: str = "") -> int:
        """A part is over; what is still out of it waits again. Returns how many rows those are."""

        def write() -> int:
            back = parts.close(self._open_writer, part_id, state, cause, detail)
            # The rows lie behind the cursor of a run that goes on.
            self._open_writer.look_again()
            self.standing = self._look()
            return back

        return await self._call(write)


async def state_at_rest(source: PartSource, wanted: JobState | None = None) -> JobState:
    """Where a job stands that nobody is running.

    Args:
        wanted: What it was told to do, where it was.
    """
    counts = source.standing.counts
    if await source.open_parts():
        return JobState.SUBMITTED
    if not counts.waiting and not counts.running:
        return JobState.FINISHED
    # What did not come back, or was not asked for, still waits for its run.
    return wanted or JobState.DRAFT
