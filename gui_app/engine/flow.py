"""Workers that pull items from a source, and one writer that gives their outcomes back in groups.

No rounds, no chunks, no barriers: a slot that is free takes the next item, and an item that waits for its
retry lies in the source and holds none. At no time is there a task per item.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from gui_app.errors import InternalError, RowmillError, StorageError

Item_co = TypeVar("Item_co", covariant=True)
Outcome_contra = TypeVar("Outcome_contra", contravariant=True)
Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

GROUP_EVERY_S = 0.03
"""At most one commit in this time, and one in twice of it; well within the 100 ms that an answer may wait."""

FEW = 6
"""With fewer answers than this a commit waits once more: it costs as much as ten rows. With more it does not: what
is not stored when the program dies is asked, and paid, again."""

AHEAD_S = 0.1
AHEAD_MOST = 64
"""Rows are marked sent about 100 ms, and at most a few dozen, before they go out."""

STORAGE_RETRY_S = 2.0


class Source(Protocol[Item_co, Outcome_contra]):
    """Where items come from and outcomes go to."""

    async def exchange(self, outcomes: Sequence[Outcome_contra], limit: int) -> Sequence[Item_co]:
        """Keep the outcomes, durably, and take up to `limit` items. All or nothing.

        Raises:
            StorageError: Nothing was kept; the same outcomes will be offered again.
        """
        ...

    async def due_in_s(self) -> float | None:
        """Seconds until the next item that waits for its retry is due; None when none waits."""
        ...

    async def look_again(self) -> bool:
        """Called when nothing is left: True when items have turned up that `exchange` will now give."""
        ...


class Flow(Generic[Item, Outcome]):
    """One run over a source.

    Args:
        admit: Awaited before an item goes out; holds a worker back for as long as the pace wants.
        put_back: Told that an item which was admitted is not sent after all.
        attempt: Sends one item. Called after `admit`; what it raises, but for CancelledError, ends the run.
        unsent: The outcome of an item that was taken and never went out.
        lost: The outcome of an item whose attempt was cancelled after it went out.
        workers: Most attempts at once.
        room: How many attempts the pace allows at once just now. Workers beyond that take nothing: what is taken
            counts as sent. None: all.
        ahead: Items taken before a worker asks for them; None: as many as go out in `AHEAD_S`.
        on_storage: Told the error while nothing can be stored, and None when that is over.
    """

    def __init__(
        self,
        source: Source[Item, Outcome],
        *,
        admit: Callable[[Item], Awaitable[None]],
        attempt: Callable[[Item], Awaitable[Outcome]],
        unsent: Callable[[Item], Outcome],
        lost: Callable[[Item], Outcome],
        workers: int,
        put_back: Callable[[Item], None] = lambda item: None,
        room: Callable[[], int] | None = None,
        on_storage: Callable[[StorageError | None], None] | None = None,
        group_every_s: float = GROUP_EVERY_S,
        ahead: int | None = None,
        storage_retry_s: float = STORAGE_RETRY_S,
    ) -> None:
        self._source = source
        self._admit = admit
        self._put_back = put_back
        self._attempt = attempt
        self._unsent = unsent
        self._lost = lost
        self._workers_wanted = workers
        self._room = room
        self._on_storage = on_storage
        self._group_every_s = group_every_s
        self._ahead_always = ahead
        self._storage_retry_s = storage_retry_s
        self._ready: deque[Item] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._outcomes: list[Outcome] = []
        self._wake = asyncio.Event()
        self._draining = False
        self._letting_go = False
        self._error: BaseException | None = None
        self._hurry = asyncio.Event()
        self._storable = asyncio.Event()
        self._storable.set()
        self._waiting: dict[asyncio.Task[None], Item] = {}
        self._sending = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._finished_lately: deque[float] = deque(maxlen=200)

    @property
    def sending(self) -> int:
        """Items that are out."""
        return self._sending

    def drain(self) -> None:
        """Send nothing new; `run` returns when what is out has come back and is stored."""
        if self._draining:
            return
        self._draining = True
        while self._ready:
            self._outcomes.append(self._unsent(self._ready.popleft()))
        for task in list(self._waiting):
            task.cancel()
        self._release_idle()
        self._wake.set()

    def cancel(self) -> None:
        """Drain, and let go of what is out. What cannot be stored any more is not waited for."""
        self.drain()
        self._letting_go = True
        self._hurry.set()
        for task in self._tasks:
            task.cancel()

    def fail(self, error: BaseException) -> None:
        """Something broke: drain, store what comes back, then `run` raises the error."""
        if self._error is None:
            self._error = error
        self.drain()

    async def run(self) -> None:
        """Until every item has its outcome, or until drained.

        Raises:
            JobFileError: The source is beyond use. What is out is cancelled.
            StorageError: What was let go of cannot be stored.
            InternalError: A worker met a mistake of ours. What was out is stored.
        """
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._workers_wanted)]
        for task in self._tasks:
            task.add_done_callback(self._worker_ended)
        try:
            await self._pump()
        finally:
            self._draining = True
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._error is not None:
            if isinstance(self._error, RowmillError):
                raise self._error
            raise InternalError(f"{type(self._error).__name__}: {self._error}") from self._error

    def _worker_ended(self, task: asyncio.Task[None]) -> None:
        if self._draining:
            return
        error = None if task.cancelled() else task.exception()
        self.fail(error or InternalError("a worker ended before its time"))

    # -- workers ---------------------------------------------------------------------------------

    async def _work(self) -> None:
        me = asyncio.current_task()
        assert me is not None
        while not self._draining:
            if not self._ready:
                await self._until_ready()
                continue
            item = self._ready.popleft()
            if len(self._ready) < self._ahead() // 2:
                self._wake.set()
            self._waiting[me] = item
            try:
                await self._let_out(item)
            except BaseException:
                self._outcomes.append(self._unsent(item))
                self._wake.set()
                raise
            finally:
                del self._waiting[me]
            await self._send(item)

    async def _let_out(self, item: Item) -> None:
        if not self._storable.is_set():
            await self._storable.wait()
        await self._admit(item)
        while not self._storable.is_set():
            # Storing failed while this one waited for its turn.
            try:
                await self._storable.wait()
            except BaseException:
                self._put_back(item)
                raise

    async def _send(self, item: Item) -> None:
        self._sending += 1
        outcome: Outcome | None = None
        try:
            outcome = await self._attempt(item)
        except Exception as error:
            # Not left to the task: it is to be known before anything new goes out.
            self.fail(error)
        finally:
            self._sending -= 1
            self._outcomes.append(self._lost(item) if outcome is None else outcome)
            self._finished_lately.append(time.monotonic())
            self._wake.set()

    async def _until_ready(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._idle.append(waiter)
        self._wake.set()
        try:
            await waiter
        finally:
            if waiter in self._idle:
                self._idle.remove(waiter)

    def _release_idle(self, count: int | None = None) -> None:
        for _ in range(len(self._idle) if count is None else min(count, len(self._idle))):
            waiter = self._idle.popleft()
            if not waiter.done():
                waiter.set_result(None)

    # -- the writer ------------------------------------------------------------------------------

    def _ahead(self) -> int:
        if self._ahead_always is not None:
            return self._ahead_always
        lately = self._finished_lately
        if len(lately) < 10:
            return min(AHEAD_MOST, self._workers_now(), 32)
        rate = len(lately) / max(0.05, time.monotonic() - lately[0])
        return max(2, min(AHEAD_MOST, int(rate * AHEAD_S)))

    def _workers_now(self) -> int:
        return self._workers_wanted if self._room is None else min(self._workers_wanted, self._room())

    def _hungry(self) -> int:
        """Workers that wait for an item and could send it."""
        return max(0, min(len(self._idle), self._workers_now() - self._sending - len(self._waiting)))

    def _can_wait(self) -> bool:
        """Most of the calls that are allowed are out: no claim is urgent."""
        return 2 * self._hungry() < self._workers_now()

    def _wanted(self) -> int:
        if self._draining:
            return 0
        if not self._storable.is_set():
            return 1  # Only something that has to be written tells whether it can be.
        return max(0, self._hungry() + self._ahead() - len(self._ready) - len(self._waiting))

    def _over(self) -> bool:
        return not self._sending and not self._waiting and not self._ready and not self._outcomes

    async def _pump(self) -> None:
        nothing_until = 0.0
        last = 0.0
        while True:
            self._wake.clear()
            now = time.monotonic()
            if not self._storable.is_set():
                nothing_until = 0.0
            limit = self._wanted() if now >= nothing_until else 0
            if self._outcomes or limit:
                # Groups: several outcomes and claims share one wait for the disk.
                pause = last + self._group_every_s - now
                if pause > 0 and self._can_wait():
                    await asyncio.sleep(pause)
                    if len(self._outcomes) < FEW and not self._draining and self._can_wait():
                        await asyncio.sleep(self._group_every_s)
                    limit = self._wanted() if now >= nothing_until else 0
                last = time.monotonic()
                try:
                    taken = await self._exchange(limit)
                    if limit and taken < limit:
                        nothing_until = time.monotonic() + (await self._due_in_s())
                    elif not limit and nothing_until > time.monotonic():
                        # What came back may have to be tried again sooner.
                        nothing_until = min(nothing_until, time.monotonic() + (await self._due_in_s()))
                except StorageError as error:
                    await self._storage_fails(error)
                continue
            if self._over():
                if self._draining:
                    return
                try:
                    wait = await self._source.due_in_s()
                    if wait is None:
                        if not await self._source.look_again():
                            return
                        nothing_until = 0.0
                        continue
                except StorageError as error:
                    await self._storage_fails(error)
                    continue
                nothing_until = time.monotonic() + wait
            await self._sleep(nothing_until, now)

    async def _storage_fails(self, error: StorageError) -> None:
        """Say so, hold all sending back, and wait a moment before the next try."""
        self._storable.clear()
        if self._on_storage is not None:
            self._on_storage(error)
        if self._letting_go:
            raise error
        try:
            async with asyncio.timeout(self._storage_retry_s):
                await self._hurry.wait()
        except TimeoutError:
            pass

    async def _due_in_s(self) -> float:
        wait = await self._source.due_in_s()
        # Items that nobody waits for may still turn up (an edit undone, a follower set free).
        return 1.0 if wait is None else max(0.0, min(1.0, wait))

    async def _sleep(self, until: float, now: float) -> None:
        # Always a real wait: with every item held back by the pace there may be nothing to claim.
        wait = max(0.001, until - time.monotonic()) if until > now else 1.0
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _exchange(self, limit: int) -> int:
        """Returns how many items came.

        Raises:
            StorageError: The outcomes are kept and offered again: what was paid for is not dropped for a full disk.
        """
        outcomes, self._outcomes = self._outcomes, []
        try:
            items = await self._source.exchange(outcomes, limit)
        except BaseException:
            self._outcomes = outcomes + self._outcomes
            raise
        if not self._storable.is_set():
            self._storable.set()
            if self._on_storage is not None:
                self._on_storage(None)
        if self._draining:
            self._outcomes.extend(self._unsent(item) for item in items)
        else:
            self._ready.extend(items)
            self._release_idle(len(items))
        return len(items)
