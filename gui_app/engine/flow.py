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

from gui_app.errors import StorageError

Item_co = TypeVar("Item_co", covariant=True)
Outcome_contra = TypeVar("Outcome_contra", contravariant=True)
Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

GROUP_EVERY_S = 0.03
"""At most one commit in this time; well within the 100 ms that an answer may wait for its commit."""

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
        attempt: Sends one item. Called after `admit`; must raise nothing but CancelledError.
        unsent: The outcome of an item that was taken and never went out.
        lost: The outcome of an item whose attempt was cancelled after it went out.
        workers: Most attempts at once.
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
        on_storage: Callable[[StorageError | None], None] | None = None,
        group_every_s: float = GROUP_EVERY_S,
    ) -> None:
        self._source = source
        self._admit = admit
        self._attempt = attempt
        self._unsent = unsent
        self._lost = lost
        self._workers_wanted = workers
        self._on_storage = on_storage
        self._group_every_s = group_every_s
        self._ready: deque[Item] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._outcomes: list[Outcome] = []
        self._wake = asyncio.Event()
        self._draining = False
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
        """Drain, and let go of what is out."""
        self.drain()
        for task in self._tasks:
            task.cancel()

    async def run(self) -> None:
        """Until every item has its outcome, or until drained.

        Raises:
            JobFileError: The source is beyond use. What is out is cancelled.
        """
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._workers_wanted)]
        try:
            await self._pump()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

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
                if not self._storable.is_set():
                    await self._storable.wait()
                await self._admit(item)
            except asyncio.CancelledError:
                self._outcomes.append(self._unsent(item))
                self._wake.set()
                raise
            finally:
                del self._waiting[me]
            await self._send(item)

    async def _send(self, item: Item) -> None:
        self._sending += 1
        try:
            outcome = await self._attempt(item)
        except asyncio.CancelledError:
            outcome = self._lost(item)
            raise
        finally:
            self._sending -= 1
            self._outcomes.append(outcome)
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
        lately = self._finished_lately
        if len(lately) < 10:
            return min(AHEAD_MOST, self._workers_wanted, 32)
        rate = len(lately) / max(0.05, time.monotonic() - lately[0])
        return max(2, min(AHEAD_MOST, int(rate * AHEAD_S)))

    def _wanted(self) -> int:
        if self._draining or not self._storable.is_set():
            return 0
        return max(0, len(self._idle) + self._ahead() - len(self._ready) - len(self._waiting))

    def _over(self) -> bool:
        return not self._sending and not self._waiting and not self._ready and not self._outcomes

    async def _pump(self) -> None:
        nothing_until = 0.0
        last = 0.0
        while True:
            self._wake.clear()
            now = time.monotonic()
            limit = self._wanted() if now >= nothing_until else 0
            if self._outcomes or limit:
                # Groups: several outcomes and claims share one wait for the disk.
                pause = last + self._group_every_s - now
                if pause > 0:
                    await asyncio.sleep(pause)
                    limit = self._wanted() if now >= nothing_until else 0
                last = time.monotonic()
                taken = await self._exchange(limit)
                if taken is None:
                    await asyncio.sleep(STORAGE_RETRY_S)
                    continue
                if limit and taken < limit:
                    nothing_until = time.monotonic() + (await self._due_in_s())
                elif not limit and nothing_until > time.monotonic():
                    # What came back may have to be tried again sooner.
                    nothing_until = min(nothing_until, time.monotonic() + (await self._due_in_s()))
                continue
            if self._over():
                if self._draining:
                    return
                wait = await self._source.due_in_s()
                if wait is None:
                    if not await self._source.look_again():
                        return
                    nothing_until = 0.0
                    continue
                nothing_until = time.monotonic() + wait
            await self._sleep(nothing_until, now)

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

    async def _exchange(self, limit: int) -> int | None:
        """Returns how many items came; None when nothing can be stored."""
        outcomes, self._outcomes = self._outcomes, []
        try:
            items = await self._source.exchange(outcomes, limit)
        except StorageError as error:
            # Kept in memory and offered again: what was paid for is not dropped for a full disk.
            self._outcomes = outcomes + self._outcomes
            self._storable.clear()
            if self._on_storage is not None:
                self._on_storage(error)
            return None
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
