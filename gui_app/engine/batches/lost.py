"""Batches that were sent and whose id was never received: found again, or shown never to have been made."""

from __future__ import annotations

import time
from collections.abc import Set
from enum import Enum
from pathlib import Path

from gui_app.engine.batches.submission import row_of
from gui_app.providers.base import BatchPhase, BatchProvider, BatchStatus, CallFailed
from gui_app.store.parts import PartView

SLACK_S = 26 * 3600.0
"""How far the provider's clock and ours may be apart: more than a wrong time zone makes."""


class Verdict(Enum):
    """What is known of a part whose batch was not found."""

    NEVER_MADE = "never made"
    HOLD = "hold"
    """It may be one of those that are still at work, or not be in the list yet. Nothing is sent again."""
    GONE = "gone"
    """It may be one whose results cannot be had any more."""


class LostBatches:
    """Looks for parts in the provider's list. One for each run."""

    def __init__(self, provider: BatchProvider, folder: Path) -> None:
        self._provider = provider
        self._folder = folder
        self._first_look: dict[int, float] = {}
        self._not: set[tuple[int, str]] = set()

    async def find(self, part: PartView, known: Set[str]) -> BatchStatus | Verdict:
        """The batch of a part that has none.

        Args:
            known: Batches that are other parts'.

        Raises:
            CallFailed: The provider could not be asked.
        """
        if self._provider.uploads and not part.file_id:
            return Verdict.NEVER_MADE  # Its body never got there, and without it none is made.
        began = self._first_look.setdefault(part.part_id, time.monotonic())
        verdict = Verdict.NEVER_MADE if self._settled(part, began) else Verdict.HOLD
        candidates: list[BatchStatus] = []
        listed = self._provider.list_recent(part.created_at - SLACK_S)
        try:
            async for status in listed:
                if status.batch_id in known:
                    continue
                if status.nonce or status.file_id:
                    if status.nonce == part.nonce or (part.file_id and status.file_id == part.file_id):
                        return status
                elif _may_be(part, status) and (part.part_id, status.batch_id) not in self._not:
                    candidates.append(status)
        finally:
            await listed.aclose()
        for candidate in candidates:
            if candidate.phase is not BatchPhase.ENDED:
                verdict = Verdict.HOLD
                continue
            ours = await self._is_ours(part, candidate)
            if ours:
                return candidate
            if ours is None:
                return Verdict.GONE
            self._not.add((part.part_id, candidate.batch_id))
        return verdict

    def _settled(self, part: PartView, began: float) -> bool:
        wait = self._provider.limits.settle_s
        # By the clock on the wall when we were not there to watch; by one that nobody sets when we were.
        marked_at = part.submitted_at or part.created_at
        return time.time() - marked_at > 2 * wait or time.monotonic() - began >= wait

    async def _is_ours(self, part: PartView, candidate: BatchStatus) -> bool | None:
        """Told by the ids of its requests; None when they cannot be had."""
        results = self._provider.results(candidate, self._folder)
        others = False
        try:
            async for result in results:
                if row_of(part.nonce, result.custom_id) is not None:
                    return True
                others = True
        except CallFailed as failure:
            if failure.status == 404:
                return None
            raise
        finally:
            await results.aclose()
        return False if others else None


def _may_be(part: PartView, status: BatchStatus) -> bool:
    # One that is still at work may not have been counted yet.
    return status.total == part.rows or (status.total == 0 and status.phase is not BatchPhase.ENDED)
