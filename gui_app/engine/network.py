"""The network gone is one state of the job, not ten thousand failed rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from gui_app.jobs import Cause

FAILURES_IN_A_ROW = 3
ROWS_IN_A_ROW = 2
"""One row whose connection always breaks says nothing about the network."""

SILENT_S = 1.5
ALIVE_S = 5.0
PROBE_FIRST_S = 1.0
PROBE_CAP_S = 20.0
REMEMBERED_ROWS = 10_000


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
        self._failures = 0
        self._rows: set[int] = set()
        self._failing_since = 0.0
        self._last_answer = -1e9
        self._times_gone = 0
        self._suspects: dict[int, tuple[float, int]] = {}
        self._prober: int | None = None
        self._next_probe = 0.0
        self._probe_wait = PROBE_FIRST_S
        self._open = asyncio.Event()
        self._open.set()
        self._silent = False
        self.offline_cause: Cause | None = None
        self.offline_since: float | None = None
        self.heard_at = -1e9
        """When a call last came back, be it with the network's end."""
        self.gone_at = -1e9
        """When the network last went away."""

    @property
    def offline(self) -> bool:
        """The network counts as gone."""
        return self.offline_cause is not None

    def lets(self, row_id: int) -> bool:
        """True when this row may go out: the network is there, or this is the one that probes."""
        return not self.offline or self._prober == row_id

    async def admit(self, row_id: int) -> None:
        """Wait while offline, but for the one call that probes."""
        while not self.lets(row_id):
            if self._prober is None and self._now() >= self._next_probe:
                self._prober = row_id
                return
            wait = max(0.05, min(PROBE_CAP_S, self._next_probe - self._now()))
            try:
                async with asyncio.timeout(wait):
                    await self._open.wait()
            except TimeoutError:
                pass

    def answered(self, row_id: int) -> None:
        """Something came back from the provider, be it an error."""
        self._failures = 0
        if self._rows:
            self._rows.clear()
        if self._suspects:
            self._suspects.pop(row_id, None)
        self._last_answer = self.heard_at = self._now()
        self._prober = None
        self._come_back()

    def _come_back(self) -> None:
        if self.offline:
            self.offline_cause = self.offline_since = None
            self._silent = False
            self._probe_wait = PROBE_FIRST_S
            self._open.set()
            self._on_change()

    def _go(self, cause: Cause, now: float) -> None:
        self.offline_cause, self.offline_since, self.gone_at = cause, now, now
        self._times_gone += 1
        self._next_probe = now + self._probe_wait
        self._open.clear()
        self._on_change()

    def unreachable(self, cause: Cause) -> None:
        """Nothing comes back, and no connection can be made."""
        if not self.offline:
            self._silent = True
            self._go(cause, self._now())

    def reachable(self) -> None:
        """Connections can be made again. Says nothing where calls themselves have met the network's end."""
        if self._silent:
            self._failures = 0
            self._rows.clear()
            self._come_back()

    def failed(self, row_id: int, cause: Cause, sent_at: float) -> int:
        """A call met the network's end.

        Returns:
            How many of the row's attempts that makes, by what is known now: 0 while it may be the network, 1, or
            2 when an earlier one of which that was not known counts after all.
        """
        now = self.heard_at = self._now()
        earlier = self._suspects.pop(row_id, None)
        counts = self._own(row_id, earlier, sent_at, now)
        if not counts:
            if len(self._suspects) >= REMEMBERED_ROWS:
                self._suspects.clear()
            self._suspects[row_id] = (now, self._times_gone)
        if self._failures == 0:
            self._failing_since = now
        self._failures += 1
        if len(self._rows) < ROWS_IN_A_ROW:
            self._rows.add(row_id)
        if self.offline:
            self._probed(row_id, now)
        elif (
            self._failures >= FAILURES_IN_A_ROW
            and len(self._rows) >= ROWS_IN_A_ROW
            and now - max(self._failing_since, self._last_answer) >= SILENT_S
        ):
            self._go(cause, now)
        return counts

    def _own(self, row_id: int, earlier: tuple[float, int] | None, sent_at: float, now: float) -> int:
        if self.offline:
            return 0
        if earlier is not None and earlier[1] == self._times_gone and self._last_answer > earlier[0]:
            # Others were answered after its last failure, and none of them met the network's end since.
            return 2 if now - self._last_answer < ALIVE_S else 1
        if self._last_answer >= sent_at or (self._failures >= 1 and self._rows == {row_id}):
            return 1
        return 0

    def _probed(self, row_id: int, now: float) -> None:
        if self._prober == row_id:
            self._prober = None
            self._probe_wait = min(PROBE_CAP_S, self._probe_wait * 2)
            self._next_probe = now + self._probe_wait

    def given_up(self, row_id: int) -> None:
        """The call never went out, was cancelled, or ended without saying anything about the network."""
        if self._prober == row_id:
            self._prober = None
            self._next_probe = max(self._next_probe, self._now() + self._probe_wait)
