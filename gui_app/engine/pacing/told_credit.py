"""What a provider still allows, as its rate-limit headers tell: requests, and tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gui_app.jobs import RateLimits, Usage

GAIN = 0.5
DRIFT_OVER_S = 0.5

PROBE_EVERY_S = 60.0
"""Headers that say "nothing left" for longer than this are tried out with one call."""

WEIGHED_OVER = 8
"""So many calls tell what one of them takes from a limit of tokens."""

WEIGHT = 0.4


@dataclass(frozen=True, slots=True)
class Told:
    """What one response said of one limit. None: not said."""

    left: int | None
    limit: int | None
    reset_s: float | None


class ToldCredit:
    """A local copy of the provider's own bucket, set right by every response.

    Each response tells what the provider had left; compared is what was predicted when that request went out,
    so that what has gone out since is not counted twice. What keeps having to be set right is the rate.

    Args:
        cost: What one call takes: 1 of a limit of requests. 0: not known yet, and nothing is held back until it is.
    """

    def __init__(self, cost: float = 1.0) -> None:
        self.active = False
        self.credit = 0.0
        self.cost = cost
        self._rate = 0.0
        self._cap = 1.0
        self._corrected = 0.0
        self._filled_at = 0.0
        self._whole_at = 0.0
        self._drift = 0.0
        self._drift_since = 0.0

    def wait_s(self, now: float) -> float:
        """Seconds until the next call may go out; 0 when it may now."""
        if not self.active or not self.cost:
            return 0.0
        self._refill(now)
        # A bucket for one call alone is never fuller than that.
        short = min(self.cost + self._reserve(), max(self._cap, self.cost)) - self.credit
        if short <= 0:
            return 0.0
        wait = short / self._rate if self._rate > 0.01 * self.cost else PROBE_EVERY_S
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
        self.credit -= self.cost
        return self.credit - self._corrected

    def told(self, predicted: float | None, said: Told, out: int, now: float, *, refused: bool = False) -> None:
        """A response came.

        Args:
            predicted: What `take` gave for its call.
            out: Calls that are still out.
        """
        left = said.left
        if left is None:
            # Some tell it with their refusals alone: an answer that says nothing is no word to go by.
            self.active = self.active and refused
            return
        limit = max(said.limit or 0, left, 1)
        reset_s = said.reset_s
        if not self.active:
            self.active = True
            self._cap = float(limit)
            self.credit = float(left) - out * self.cost
            self._rate = (limit - left) / reset_s if reset_s and limit > left else 0.0
            self._filled_at = self._drift_since = now
            self._whole_at = now + min(PROBE_EVERY_S, reset_s if reset_s is not None else 1.0)
            return
        self._refill(now)
        self._cap = float(limit)
        if reset_s is not None:
            whole_at = max(now + reset_s, self._whole_at if self.credit < self.cost else 0.0)
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

    @property
    def room(self) -> float:
        """Calls that may still go out at once; inf when nothing is told."""
        return self.credit / self.cost if self.active and self.cost else math.inf

    def explains(self, said: Told) -> bool:
        """True when a refusal is what these headers would have foretold."""
        return said.left is not None and said.left < max(1.0, self.cost)

    def _reserve(self) -> float:
        return min(2.0 * self.cost, 0.1 * self._cap)

    def _refill(self, now: float) -> None:
        passed = now - self._filled_at
        if passed > 0:
            self.credit = min(self._cap, self.credit + passed * self._rate)
            self._filled_at = now


class ToldTokens(ToldCredit):
    """A bucket of tokens, from which each call takes as many as calls have lately taken.

    Some providers take what a reply may at most be long, others what it was: the usage of the replies is only where
    this begins. What the bucket lost while some calls went out, beyond what flowed in, tells what they took.
    """

    def __init__(self) -> None:
        super().__init__(cost=0.0)
        self._mark: tuple[int, float, int] | None = None
        self._used = 0.0

    def weigh(self, number: int, sent_at: float, said: Told, used: int | None) -> None:
        """Learn from an answered call.

        Args:
            number: How many calls had gone out with it.
            used: Its tokens, as its reply tells; None when it does not.
        """
        if used:
            self._used += (used - self._used) * (WEIGHT if self._used else 1.0)
            self.cost = self.cost or self._used
        if said.left is None or not said.limit or not said.reset_s or said.left >= 0.99 * said.limit:
            self._mark = None  # A full bucket hides what was taken from it.
            return
        if self._mark is None:
            self._mark = (number, sent_at, said.left)
            return
        before, at, left = self._mark
        calls = number - before
        if calls < WEIGHED_OVER:
            return
        self._mark = (number, sent_at, said.left)
        flowed_in = (said.limit - said.left) / said.reset_s * (sent_at - at)
        took = (flowed_in + left - said.left) / calls
        if took > 0 and self.cost:
            # Others may use the same account; nothing they do makes one call take half of everything.
            self.cost += (min(max(took, 0.5 * self._used), 0.5 * said.limit) - self.cost) * WEIGHT


class ToldLimits:
    """All that a provider tells it still allows."""

    def __init__(self) -> None:
        self._requests, self._tokens, self._output = ToldCredit(), ToldTokens(), ToldTokens()
        self._all: tuple[ToldCredit, ...] = (self._requests, self._tokens, self._output)

    def wait_s(self, now: float) -> float:
        """Seconds until the next call may go out; 0 when it may now."""
        return max(credit.wait_s(now) for credit in self._all)

    @property
    def room(self) -> float:
        """Calls that may still go out at once, as far as is told; 0 when nothing is."""
        told = [credit.room for credit in self._all if credit.active]
        return min(told) if told and self._requests.active else 0.0

    def take(self) -> Predicted:
        """A call goes out. Returns what `told` wants back with its response."""
        return tuple(credit.take() for credit in self._all)

    def told(
        self,
        predicted: Predicted,
        number: int,
        sent_at: float,
        limits: RateLimits | None,
        out: int,
        now: float,
        *,
        refused: bool = False,
        usage: Usage | None = None,
    ) -> None:
        """An answer or a refusal came.

        Args:
            predicted: What `take` gave for its call.
            number, sent_at: How many calls had gone out with it, and when.
            limits: None: it says nothing of any.
            out: Calls that are still out.
        """
        if limits is None:
            if not refused:
                for credit in self._all:
                    credit.active = False
            return
        said = _said(limits)
        if not refused:
            apart = limits.output_tokens_remaining is not None
            self._tokens.weigh(number, sent_at, said[1], _tokens_of(usage, apart=apart))
            self._output.weigh(number, sent_at, said[2], None if usage is None else usage.output_tokens)
        for credit, before, words in zip(self._all, predicted, said, strict=True):
            credit.told(before, words, out, now, refused=refused)

    def explains(self, limits: RateLimits | None) -> bool:
        """True when a refusal is what these headers would have foretold."""
        if limits is None:
            return False
        return any(
            credit.active and credit.explains(words) for credit, words in zip(self._all, _said(limits), strict=True)
        )


Predicted = tuple[float | None, ...]


def _said(limits: RateLimits) -> tuple[Told, Told, Told]:
    return (
        Told(limits.requests_remaining, limits.requests_limit, limits.requests_reset_s),
        Told(limits.tokens_remaining, limits.tokens_limit, limits.tokens_reset_s),
        Told(limits.output_tokens_remaining, limits.output_tokens_limit, limits.output_tokens_reset_s),
    )


def _tokens_of(usage: Usage | None, *, apart: bool) -> int | None:
    if usage is None:
        return None
    return usage.input_tokens - usage.cached_input_tokens if apart else usage.input_tokens + usage.output_tokens
