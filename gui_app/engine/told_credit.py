"""The requests a provider still allows, as its rate-limit headers tell."""

from __future__ import annotations

from gui_app.jobs import RateLimits

GAIN = 0.5
DRIFT_OVER_S = 0.5

PROBE_EVERY_S = 60.0
"""Headers that say "nothing left" for longer than this are tried out with one call."""


class ToldCredit:
    """A local copy of the provider's own bucket, set right by every response.

    Each response tells what the provider had left; compared is what was predicted when that request went out,
    so that what has gone out since is not counted twice. What keeps having to be set right is the rate.
    """

    def __init__(self) -> None:
        self.active = False
        self.credit = 0.0
        self._rate = 0.0
        self._cap = 1.0
        self._corrected = 0.0
        self._filled_at = 0.0
        self._whole_at = 0.0
        self._drift = 0.0
        self._drift_since = 0.0

    def wait_s(self, now: float) -> float:
        """Seconds until the next call may go out; 0 when it may now."""
        if not self.active:
            return 0.0
        self._refill(now)
        short = 1.0 + self._reserve() - self.credit
        if short <= 0:
            return 0.0
        wait = short / self._rate if self._rate > 0.01 else PROBE_EVERY_S
        until_whole = self._whole_at - now
        if until_whole <= 0:
            # Whole again by what it said last: one call finds out, the next one waits for its response.
            self._whole_at = now + 1.0
            self.credit += short
            return 0.0
        return min(wait, until_whole)

    def take(self) -> float | None:
        """A call goes out. Returns what `told` wants back with its response."""
        if not self.active:
            return None
        self.credit -= 1.0
        return self.credit - self._corrected

    def told(self, predicted: float | None, limits: RateLimits, out: int, now: float, *, refused: bool = False) -> None:
        """A response came.

        Args:
            predicted: What `take` gave for its call.
            out: Calls that are still out.
        """
        left = limits.requests_remaining
        if left is None:
            return
        limit = max(limits.requests_limit or 0, left, 1)
        reset_s = limits.requests_reset_s
        if not self.active:
            self.active = True
            self._cap = float(limit)
            self.credit = float(left) - out
            self._rate = (limit - left) / reset_s if reset_s and limit > left else 0.0
            self._filled_at = self._drift_since = now
            self._whole_at = now + min(PROBE_EVERY_S, reset_s if reset_s is not None else 1.0)
            return
        self._refill(now)
        self._cap = float(limit)
        if reset_s is not None:
            whole_at = max(now + reset_s, self._whole_at if self.credit < 1 else 0.0)
            self._whole_at = min(now + PROBE_EVERY_S, whole_at)
        if predicted is None:
            return
        wrong = float(left) - (predicted + self._corrected)
        if refused:
            wrong = min(0.0, wrong)
        step = wrong * GAIN
        self.credit += step
        self._corrected += step
        self._drift += step
        span = now - self._drift_since
        if span >= DRIFT_OVER_S:
            self._rate = max(0.0, self._rate + GAIN * self._drift / span)
            self._drift, self._drift_since = 0.0, now

    def explains(self, limits: RateLimits | None) -> bool:
        """True when a refusal is what these headers would have foretold."""
        return limits is not None and limits.requests_remaining is not None and limits.requests_remaining < 1

    def _reserve(self) -> float:
        return min(2.0, 0.1 * self._cap)

    def _refill(self, now: float) -> None:
        passed = now - self._filled_at
        if passed > 0:
            self.credit = min(self._cap, self.credit + passed * self._rate)
            self._filled_at = now
