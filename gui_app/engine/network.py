"""The network gone is one state of the job, not ten thousand failed rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from gui_app.jobs import Cause

FAILURES_IN_A_ROW = 3
SILENT_S = 1.5
PROBE_FIRST_S = 1.0
PROBE_CAP_S = 20.0


class NetworkGate:
    """Closes when nothing but network failures has come back for a while; then lets one call through to probe.

    Args:
        on_change: Told when the state changes.
        now: A monotonic clock, in seconds.
    """

    def __init__(
        self, on_change: Callable[[], None] | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self._on_change = on_change or (lambda: None)
        self._row = 0
        self._row_began = 0.0
        self._last_answer = -1e9
        self._probing = False
        self._next_probe = 0.0
        self._probe_wait = PROBE_FIRST_S
        self._open = asyncio.Event()
        self._open.set()
        self.offline_cause: Cause | None = None
        self.offline_since: float | None = None

    @property
    def offline(self) -> bool:
        """The network counts as gone."""
        return self.offline_cause is not None

    async def admit(self) -> None:
        """Wait while offline, but for the one call that probes."""
        while self.offline:
            if not self._probing and self._now() >= self._next_probe:
                self._probing = True
                return
            wait = max(0.05, min(PROBE_CAP_S, self._next_probe - self._now()))
            try:
                async with asyncio.timeout(wait):
                    await self._open.wait()
            except TimeoutError:
                pass

    def answered(self) -> None:
        """Something came back from the provider, be it an error."""
        self._row = 0
        self._last_answer = self._now()
        self._probing = False
        if self.offline:
            self.offline_cause = self.offline_since = None
            self._probe_wait = PROBE_FIRST_S
            self._open.set()
            self._on_change()

    def failed(self, cause: Cause, sent_at: float) -> bool:
        """A call met the network's end.

        Returns:
            True when the failure is the row's own: others were answered while it was out.
        """
        now = self._now()
        own = self._last_answer >= sent_at
        if self._row == 0:
            self._row_began = now
        self._row += 1
        if self.offline:
            if self._probing:
                self._probing = False
                self._probe_wait = min(PROBE_CAP_S, self._probe_wait * 2)
                self._next_probe = now + self._probe_wait
        elif self._row >= FAILURES_IN_A_ROW and now - max(self._row_began, self._last_answer) >= SILENT_S:
            self.offline_cause, self.offline_since = cause, now
            self._next_probe = now + self._probe_wait
            self._open.clear()
            self._on_change()
        return own

    def given_up(self) -> None:
        """The probing call never went out, or was cancelled."""
        self._probing = False
