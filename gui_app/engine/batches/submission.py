"""From waiting rows to batches at the provider: parts within its limits, each written down before it is sent."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from array import array
from collections import deque
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from gui_app.engine.batches.part_source import Owner, PartSource
from gui_app.engine.job_source import SentRow
from gui_app.errors import N_, StorageError
from gui_app.jobs import Cause, Lane, Question, RowState
from gui_app.providers.base import BatchProvider, BatchStatus, CallFailed, NotSent
from gui_app.store.claims import Outcome
from gui_app.store.parts import PartState, PartView

CLAIM_ROWS = 500
"""Rows taken in one commit while a part is put together."""

RETRY_SOON_S = 60.0
"""A row that waits for a live retry is waited for so long at most; longer ones are left for the next run."""


class Step(Enum):
    """What came of putting one more part on its way."""

    SENT = "sent"
    """Or it may have been: the part is on record, and is looked for."""
    EXHAUSTED = "exhausted"
    """No row waits any more."""
    OVER_BUDGET = "over budget"
    """Not one more row fits beside what is out."""


def custom_id(nonce: str, row_id: int) -> str:
    """The id of a row's request, unique among all batches: `[a-zA-Z0-9_-]{1,64}`, and nothing of the row in it."""
    return f"{nonce}-{row_id}"


def row_of(nonce: str, custom: str) -> int | None:
    """The inverse; None for an id that is not of this part."""
    mark, _, number = custom.rpartition("-")
    return int(number) if mark == nonce and number.isascii() and number.isdigit() and len(number) < 16 else None


def was_refused(failure: CallFailed) -> bool:
    """True when it is certain that nothing was made. Otherwise it may have been, whatever the answer."""
    if isinstance(failure, NotSent):
        return True
    return failure.status is not None and 400 <= failure.status < 500 and failure.status not in (408, 409, 499)


class Draft:
    """A part being put together, in a file without a name: it vanishes with us, and prompts with it."""

    def __init__(self, file: BinaryIO, provider: BatchProvider, most_bytes: int) -> None:
        self.file = file
        self.row_ids = array("q")
        self.reserved_usd = 0.0
        self.priced = True
        self._frame = provider.limits.frame
        self._most_rows = provider.limits.requests
        self._most_bytes = most_bytes
        self.size_bytes = file.write(self._frame[0])
        self.nonce = secrets.token_hex(8)

    @property
    def room(self) -> int:
        """Requests that still go in, by their number."""
        return self._most_rows - len(self.row_ids)

    def fits(self, request: bytes) -> bool:
        """Whether one more goes in, by its size."""
        return self.size_bytes + self._with_frame(request) <= self._most_bytes

    def _with_frame(self, request: bytes) -> int:
        return len(request) + len(self._frame[1]) + len(self._frame[2])

    def add(self, row: SentRow, request: bytes) -> None:
        """Write one request."""
        if self.row_ids:
            self.size_bytes += self.file.write(self._frame[1])
        self.size_bytes += self.file.write(request)
        self.row_ids.append(row.row_id)
        self.priced = self.priced and row.reserved_usd is not None
        self.reserved_usd += row.reserved_usd or 0.0

    def finish(self) -> None:
        """Write its end."""
        self.size_bytes += self.file.write(self._frame[2])
        self.file.flush()


class Submission:
    """Puts the waiting rows of a run on their way, one part at a time.

    Args:
        folder: For the part being put together; the job's own.
        budget_usd: None: no limit.
        told: Called with (bytes on their way, bytes in all) while a part goes out.
    """

    def __init__(
        self,
        source: PartSource,
        provider: BatchProvider,
        question: Question,
        owner: Owner,
        *,
        version: int,
        folder: Path,
        budget_usd: float | None,
        told: Callable[[int, int], None],
    ) -> None:
        self._source = source
        self._provider = provider
        self._question = question
        self._owner = owner
        self._version = version
        self._folder = folder
        self._budget_usd = budget_usd
        self._told = told
        self._carried: deque[SentRow] = deque()
        self._most_bytes = provider.limits.size_bytes
        self._drafted: array[int] = array("q")

    def smaller(self) -> None:
        """The provider's queue does not hold a part of this size even when it is empty."""
        self._most_bytes = max(self._most_bytes // 2, 10_000)

    async def give_back(self) -> None:
        """Rows that were taken and went into no part wait again."""
        await self._source.give_back([*self._drafted, *(row.row_id for row in self._carried)])
        self._carried.clear()
        self._drafted = array("q")

    async def next_part(self) -> Step:
        """Put one part together and send it.

        Raises:
            CallFailed: It was refused; its rows wait again.
            StorageError: Nothing was sent.
        """
        if self._drafted:
            await self.give_back()  # Of a part that could not be written down.
        with self._spool() as file:
            draft = Draft(file, self._provider, self._most_bytes)
            self._drafted = draft.row_ids
            over_budget = await self._fill(draft)
            if not draft.row_ids:
                await self.give_back()
                return Step.OVER_BUDGET if over_budget else Step.EXHAUSTED
            draft.finish()
            part = await self._source.intend(
                draft.row_ids,
                draft.nonce,
                self._owner,
                draft.size_bytes,
                draft.reserved_usd if draft.priced else None,
            )
            self._drafted = array("q")
            await self._send(part, draft)
        return Step.SENT

    def _spool(self) -> BinaryIO:
        try:
            return tempfile.TemporaryFile(dir=self._folder, prefix="rowmill-")
        except OSError as error:
            raise _no_space(self._folder, error) from None

    async def _fill(self, draft: Draft) -> bool:
        """Returns True when it ended for want of money."""
        left_usd = None
        if self._budget_usd is not None:
            spent = await self._source.spent_usd() + await self._source.reserved_usd()
            left_usd = self._budget_usd - spent
        while draft.room > 0:
            if not self._carried and not await self._take(draft.room):
                return False
            while self._carried and draft.room > 0:
                row = self._carried[0]
                request = self._provider.request(self._question, custom_id(draft.nonce, row.row_id), row.prompt)
                if not draft.fits(request):
                    if draft.row_ids:
                        return False
                    await self._too_long(self._carried.popleft())
                    continue
                if left_usd is not None and draft.reserved_usd + (row.reserved_usd or 0.0) > left_usd + 1e-12:
                    return True
                try:
                    draft.add(row, request)
                except OSError as error:
                    raise _no_space(self._folder, error) from None
                self._carried.popleft()
        return False

    async def _take(self, room: int) -> bool:
        while True:
            rows, more = await self._source.claim(min(CLAIM_ROWS, room))
            self._carried.extend(rows)
            if rows:
                return True
            if more:
                continue
            due_s = await self._source.due_in_s()
            if due_s is not None and due_s <= RETRY_SOON_S:
                await asyncio.sleep(due_s + 0.01)
            elif not await self._source.look_again():
                return False

    async def _too_long(self, row: SentRow) -> None:
        now = self._source.now()
        await self._source.keep(
            [
                Outcome(
                    row.row_id,
                    self._version,
                    RowState.FAILED,
                    sent_at=now,
                    ended_at=now,
                    cause=Cause.TOO_LONG,
                    cost_usd=0.0,
                    lane=Lane.OVERNIGHT,
                )
            ]
        )

    # -- sending ---------------------------------------------------------------------------------

    async def _send(self, part: PartView, draft: Draft) -> None:
        sent_bytes = 0

        def told(sent: int) -> None:
            nonlocal sent_bytes
            sent_bytes = sent
            self._told(sent, draft.size_bytes)

        try:
            file_id = await self._provider.upload(draft.file, draft.size_bytes, draft.nonce, told)
        except (CallFailed, asyncio.CancelledError) as error:
            # An upload runs nothing: this part certainly does not exist over there.
            await asyncio.shield(self._void(part, error))
            raise
        if file_id:
            # `submitted_at`: should we die in `create`, it tells since when the batch may be there.
            await self._source.note(part.part_id, file_id=file_id, submitted_at=time.time())
        try:
            status = await self._provider.create(file_id, draft.file, draft.size_bytes, draft.nonce, told)
        except (CallFailed, asyncio.CancelledError) as error:
            # Of a body that did not leave as a whole nothing is made, whatever the end was.
            cut = not self._provider.uploads and sent_bytes < draft.size_bytes
            if cut or (isinstance(error, CallFailed) and was_refused(error)):
                await asyncio.shield(self._void(part, error))
                raise
            if isinstance(error, CallFailed):
                # It may have been made all the same: the part is held, and looked for.
                return
            raise
        # Not broken off any more: what is not written down now has to be looked for.
        await asyncio.shield(submitted(self._source, part, status))

    async def _void(self, part: PartView, error: BaseException) -> None:
        cause, detail = (error.cause, error.detail) if isinstance(error, CallFailed) else (None, "")
        await self._source.close_part(part.part_id, PartState.VOID, cause, detail)


async def submitted(source: PartSource, part: PartView, status: BatchStatus) -> PartView:
    """Write down a batch's id as soon as it is known. A full disk is waited out: the id must not be lost."""
    while True:
        try:
            return await source.note(
                part.part_id,
                state=PartState.SENT.value,
                batch_id=status.batch_id,
                submitted_at=status.created_at if status.created_at is not None else source.now(),
                expires_at=status.expires_at,
                results_until=status.results_until,
                status=status.word,
            )
        except StorageError:
            await asyncio.sleep(1.0)


def _no_space(folder: Path, error: OSError) -> StorageError:
    return StorageError(
        N_("A part of the job cannot be put together in {folder} ({reason}). Free some space there."),
        folder=str(folder),
        reason=error.strerror or str(error),
    )
