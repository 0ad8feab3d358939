"""Calls that are out and say nothing: a slow model, or a network that took the connections along without a word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gui_app.engine.network import NetworkGate
from gui_app.jobs import Cause

ASK_AFTER_S = 8.0
ASK_AT_MOST_EVERY_S = 60.0
LOOK_AGAIN_S = 2.0

Reach = Callable[[], Awaitable[Cause | None]]
"""Why the server cannot be reached now; None when it can."""


class Silence:
    """When nothing has come back for a while, asks whether the server can be reached, and tells the network's gate.

    A cable that is pulled breaks no connection: without this, a job would look as if it ran until its deadlines pass.
    """

    def __init__(self, network: NetworkGate, reach: Reach, monotonic: Callable[[], float]) -> None:
        self._network = network
        self._reach = reach
        self._monotonic = monotonic
        self._quiet_since = monotonic()
        self._patience_s = ASK_AFTER_S
        self._asking: asyncio.Task[None] | None = None

    def look(self, sending: int) -> None:
        """Called a few times a second, with the number of calls that are out."""
        now = self._monotonic()
        if self._network.heard_at > self._quiet_since:
            self._quiet_since, self._patience_s = self._network.heard_at, ASK_AFTER_S
        if self._network.offline:
            self._ask_after(LOOK_AGAIN_S, now)
        elif not sending:
            self._quiet_since = now
        else:
            self._ask_after(self._patience_s, now)

    def _ask_after(self, wait_s: float, now: float) -> None:
        if now - self._quiet_since >= wait_s and (self._asking is None or self._asking.done()):
            self._quiet_since = now
            self._asking = asyncio.create_task(self._ask(), name="reach")

    async def _ask(self) -> None:
        cause = await self._reach()
        if cause is not None:
            self._network.unreachable(cause)
        elif self._network.offline:
            self._network.reachable()
        else:
            # It is there and takes its time; asked less and less often.
            self._patience_s = min(ASK_AT_MOST_EVERY_S, 2 * self._patience_s)

    async def close(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
