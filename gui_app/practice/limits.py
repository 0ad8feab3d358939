"""The provider's side of rate limits: how many requests a second, how many at once, and the headers that say so."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from gui_app.practice.asked import Refused, Trouble
from gui_app.practice.faults import Faults


class Gate:
    """Lets requests in or refuses them. One for each model.

    Args:
        clock: Seconds that only go forwards.
    """

    def __init__(self, faults: Faults, clock: Callable[[], float] = time.monotonic) -> None:
        self._faults = faults
        self._clock = clock
        self._rate = faults.requests_per_second
        self._cap = faults.burst if faults.burst is not None else max(1.0, self._rate or 1.0)
        self._credit = self._cap
        self._filled_at = clock()
        self.inside = 0
        """Requests being answered now."""

    def enter(self) -> None:
        """Count a request in.

        Raises:
            Refused: A limit is reached; the request is not counted in.
        """
        limit = self._faults.concurrency
        if limit is not None and self.inside >= limit:
            raise Refused(
                Trouble.RATE,
                f"Too many requests at the same time: {limit} are allowed.",
                retry_after_s=self._asked_wait(),
            )
        if self._rate is not None:
            self._refill()
            if self._credit < 1.0:
                wait = (1.0 - self._credit) / self._rate
                if self._faults.refusals_count:
                    self._credit = max(-self._cap, self._credit - 1.0)
                raise Refused(
                    Trouble.RATE,
                    f"Rate limit reached: {self._rate:g} requests per second are allowed.",
                    retry_after_s=None if self._faults.retry_after_s is None else wait,
                )
            self._credit -= 1.0
        self.inside += 1

    def leave(self) -> None:
        """Count a request out."""
        self.inside -= 1

    def _asked_wait(self) -> float | None:
        return self._faults.retry_after_s

    def _refill(self) -> None:
        now = self._clock()
        self._credit = min(self._cap, self._credit + (now - self._filled_at) * (self._rate or 0.0))
        self._filled_at = now

    def headers(self, anthropic: bool) -> dict[str, str]:
        """The rate-limit headers in the provider's form; empty unless the model sends them."""
        if not self._faults.limit_headers or self._rate is None:
            return {}
        self._refill()
        remaining = max(0, int(self._credit))
        reset_s = (self._cap - self._credit) / self._rate
        if anthropic:
            at = datetime.fromtimestamp(time.time() + reset_s, UTC)
            return {
                "anthropic-ratelimit-requests-limit": str(int(self._cap)),
                "anthropic-ratelimit-requests-remaining": str(remaining),
                "anthropic-ratelimit-requests-reset": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            }
        return {
            "x-ratelimit-limit-requests": str(int(self._cap)),
            "x-ratelimit-remaining-requests": str(remaining),
            "x-ratelimit-reset-requests": f"{reset_s:.3f}s" if reset_s >= 1 else f"{round(reset_s * 1000)}ms",
        }
