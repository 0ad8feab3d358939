"""The job file as the runner's source: every call on one thread of its own, answers committed in groups."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from gui_app.engine.deadline import slept_s
from gui_app.errors import StorageError
from gui_app.jobs import Cause, Counts, JobState, Recipe, Row, RowState, RunOptions, Scope
from gui_app.store import parts
from gui_app.store.claims import JobWriter, Outcome, Prepared
from gui_app.store.lease import SURE_FOR_S, OwnerUnknown

T = TypeVar("T")

log = logging.getLogger(__name__)

Watch = Callable[[OwnerUnknown], Awaitable[bool]]

LOOK_EVERY_S = 2.0
"""At an owner elsewhere of which nobody can say whether it lives."""


@dataclass(frozen=True, slots=True)
class SentRow:
    """A row that is durably marked as sent."""

    row_id: int
    prompt: str
    reserved_usd: float | None
    tries: int
    first_sent_at: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the job is, as of the last commit."""

    counts: Counts
    run_rows: int
    run_finished: int
    spent_usd: float


class JobSource:
    """Opens a job as its owner. `open` first, `close` last.

    Args:
        prepare: Makes prompts from rows; called on the writer's thread.
        committed: Told the outcomes, and the ids of rows otherwise changed, after their commit.
        clock: Seconds, the computer's sleep included.
    """

    def __init__(
        self,
        path: Path,
        prepare: Callable[[Sequence[Row]], Sequence[Prepared]],
        committed: Callable[[Sequence[Outcome], Sequence[int]], None],
        clock: Callable[[], float] = lambda: time.monotonic() + slept_s(),
    ) -> None:
        self.path = path
        self._prepare = prepare
        self._committed = committed
        self._clock = clock
        self._owned_at = -math.inf
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rowmill-store")
        self._writer: JobWriter | None = None
        self._version = 0
        self._trouble = False
        self._not_copied_back: StorageError | None = None
        # Retries are measured on a clock that nobody sets, so that a changed wall clock moves none of them.
        self._epoch = time.time() - time.monotonic()
        self.standing = Standing(Counts(), 0, 0, 0.0)

    def now(self) -> float:
        """Seconds since the epoch, unmoved by changes of the wall clock."""
        return self._epoch + time.monotonic()

    async def _call(self, function: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    @property
    def _open_writer(self) -> JobWriter:
        assert self._writer is not None, "open() comes first"
        return self._writer

    async def open(self, watch: Watch | None = None) -> int:
        """Become the owner. Returns how many rows were sent by a dead owner and never answered.

        Args:
            watch: Asked again and again while nobody can say whether an owner elsewhere lives: True goes on watching.

        Raises:
            JobInUse, JobFileError, StorageError: Nothing has changed.
        """
        writer = await self._take(watch)
        return await self._call(writer.recover)

    async def _take(self, watch: Watch | None) -> JobWriter:
        while self._writer is None:
            try:
                self._writer = await self._call(JobWriter, self.path)
            except OwnerUnknown as error:
                if watch is None or not await watch(error):
                    raise
                await asyncio.sleep(LOOK_EVERY_S)
        self._owned_at = self._clock()
        return self._writer

    async def begin(self, recipe: Recipe, scope: Scope, options: dict[str, Any]) -> int:
        """Start a run; returns the recipe version."""
        writer = self._open_writer
        self._version = await self._call(writer.begin_run, recipe, scope, options)
        self.standing = await self._call(self._look)
        return self._version

    async def close(self) -> None:
        """Let go of the job and of the thread."""
        try:
            if self._writer is not None:
                writer, self._writer = self._writer, None
                await self._call(writer.close)
                self._not_copied_back = writer.not_copied_back
        except StorageError as error:
            # Its lease lapses by itself; the trouble was told when something had to be stored.
            log.info("a job could not be closed properly: %s", error.sentence)
        finally:
            self._thread.shutdown(wait=False)

    @property
    def not_copied_back(self) -> StorageError | None:
        """Why the job's network folder lacks what was done here; None when it does not."""
        return self._not_copied_back if self._writer is None else self._writer.not_copied_back

    async def exchange(self, outcomes: Sequence[Outcome], limit: int) -> list[SentRow]:
        """Keep outcomes and claim rows, in one durable commit. See `flow.Source`."""
        sent, settled = await self._call(self._exchange, outcomes, limit)
        self._committed(outcomes, [*settled, *(row.row_id for row in sent)])
        return sent

    def _exchange(self, outcomes: Sequence[Outcome], limit: int) -> tuple[list[SentRow], list[int]]:
        writer = self._open_writer
        try:
            if self._trouble:
                writer.beat()  # Writes in any case: an exchange of nothing would succeed on a full disk.
            claimed = writer.exchange(outcomes, limit, self._version, self._prepare, now=self.now())
        except StorageError:
            self._trouble = True
            raise
        self._trouble = False
        self._owned_at = self._clock()
        self.standing = self._look()
        sent = [
            SentRow(item.row_id, item.prompt or "", item.reserved_usd, tries, first)
            for item, tries, first in claimed.sent
        ]
        return sent, claimed.settled

    def _look(self) -> Standing:
        writer = self._open_writer
        counts, spent_usd = writer.standing()
        return Standing(counts, *writer.in_run(counts), spent_usd)

    async def due_in_s(self) -> float | None:
        """See `flow.Source`."""
        due = await self._call(self._open_writer.next_due)
        return None if due is None else max(0.0, due - self.now())

    async def look_again(self) -> bool:
        """See `flow.Source`."""
        return await self._call(self._open_writer.look_again)

    async def set_state(self, state: JobState, cause: Cause | None = None, detail: str = "") -> None:
        """Store the job's state."""
        await self._call(self._open_writer.set_state, state, cause, detail)

    async def beat(self) -> bool:
        """Renew the lease; False when it was lost."""
        owned = await self._call(self._open_writer.beat)
        if owned:
            self._owned_at = self._clock()
        return owned

    @property
    def is_sure(self) -> bool:
        """The job was seen to be ours a moment ago: nobody who watched can have taken it since, sleep or not."""
        return self._clock() - self._owned_at < SURE_FOR_S

    async def spent_usd(self) -> float:
        """What the job has cost so far."""
        return await self._call(self._open_writer.spent_usd)

    async def reserved_usd(self) -> float:
        """What the overnight parts that are out can cost at most."""
        return await self._call(parts.reserved_usd, self._open_writer.db)

    async def identical_saved(self) -> int:
        """Rows filled by an identical one's request."""
        return await self._call(self._open_writer.identical_saved)


def plain_options(options: RunOptions) -> dict[str, Any]:
    """How a run goes, as the job file keeps it."""
    return {"lane": options.lane.value, "concurrency": options.concurrency, "budget_usd": options.budget_usd}


def unsent(row: SentRow, version: int) -> Outcome:
    """The outcome of a row that was marked sent and never went out."""
    return Outcome(row.row_id, version, RowState.WAITING, sent=False)
