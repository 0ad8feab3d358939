"""The request rate a provider allows, learned from its refusals alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

FIRST_CUT = 0.8
"""The first refusal only says that the present rate is too high; the second one tells the rate itself."""

MARGIN = 0.985
AGREE = 0.08
MIN_SPAN_S = 0.35
MIN_ACCEPTED = 6
REMEMBER_S = 12.0
HOLD_S = (0.4, 0.8, 1.6, 2.4, 3.0)
STEEP = (0.20, 0.12, 0.08, 0.06, 0.05)
BURST_S = 0.1
FIRST_STRIKE = 3.0
STRIKE = 2.0
"""So many calls' worth of time passes after a refusal, and so many times more after each further one in a row. Little
is lost: what the provider's bucket takes in meanwhile is there for the next calls."""

RISEN_CALLS = 4.0
RISEN_SHARE = 0.04
"""A limit has risen when more was accepted than the known rate explains; a rate that climbed for a moment on what lay
in the bucket is none."""

NOISE_FOR_S = 60.0
NO_NOISE_FOR_S = (15.0, 60.0)
"""How long a limit that a trial has found is believed: at first, and at most, twice as long each time."""

FALLS = 3
ODD = 4
AMONG = 5
"""So many answers among the refusals of one burst are more than a limit would let through."""

STRIKE_CAP_S = 0.5

FEWEST_TRIED = 14
"""A trial is judged as if at least so many calls had gone out."""

FAR_BELOW = 0.15
"""A rate so far below what was once answered is either a limit that fell, or refusals that mean nothing."""

SHARE_WEIGHT = 0.05
EAGER = 3.0


@dataclass(slots=True)
class _Mark:
    """A moment when the provider had just run out: `number` calls had gone out by then."""

    number: int
    at: float


class LearnedRate:
    """A token bucket whose rate follows the provider's.

    A provider that refuses has, at that moment, nothing left to give. So what it accepted between two such moments,
    over the time between them, is its rate, whatever its bursts. Calls are paced at that rate, and when it stays
    quiet the rate is probed upwards, slowly at first and then faster; the better the estimates agree, the longer
    it stays.

    Args:
        now: A monotonic clock, in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.rate: float | None = None
        """Calls a second at present; None while no limit is known."""
        self._base = 0.0
        self._confidence = 0
        self._quiet_s = 0.0
        self._credit = 1.0
        self._filled_at = now()
        self._binding = False
        self._mark: _Mark | None = None
        self._refused = 0
        self._held_s = 0.0
        self._dear = 1.0
        self._cut_number = -1
        self._first: _Mark | None = None
        self._burst = [0, 0]
        """Answers and refusals of calls that went out together with the first refused one."""
        self._bound = 0.0
        self._strikes = 0
        self._accepted_sum = 0.0
        self._span_sum = 0.0
        self._falls = 0
        self._odd = 0
        self.eager = False
        """Probe faster: another source says beforehand when there is nothing left."""
        self._noise_until = -1e9
        self._no_noise_until = -1e9
        self._believed_s = NO_NOISE_FOR_S[0]
        self._sent = 0
        self._trial_from = -1
        self._seen = [0, 0]
        """Calls and refusals since the doubts began, or since the trial began."""
        self._share = 0.0
        self._before = 0.0
        self._peak = 0.0
        """Calls a second that were once answered."""
        self._lately = 0.0
        """The share of refusals among the calls lately."""

    # -- sending ---------------------------------------------------------------------------------

    def wait_s(self, now: float) -> float:
        """Seconds until the next call may go out; 0 when it may now."""
        if self.rate is None:
            return 0.0
        self._refill(now)
        if self._credit >= 1.0:
            return 0.0
        self._binding = True
        return (1.0 - self._credit) / self.rate

    def take(self) -> None:
        """A call goes out."""
        self._sent += 1
        self._seen[0] += 1
        if self.rate is not None:
            self._credit -= 1.0

    def _refill(self, now: float) -> None:
        assert self.rate is not None
        passed = now - self._filled_at
        if passed <= 0:
            return
        self._filled_at = now
        self._credit = min(max(2.0, self.rate * BURST_S), self._credit + passed * self.rate)
        if self._binding:
            # Only time in which the rate held calls back says anything about it.
            # A slow rate is looked at seldom: once a call.
            self._quiet_s += min(passed, max(0.5, 1.5 / self.rate))
            self._binding = False
            over = self._quiet_s - HOLD_S[self._confidence] * self._dear
            if over > 0:
                steep = STEEP[self._confidence] * (EAGER if self.eager else 1.0)
                self.rate = self._base * (1.0 + steep * over * over)

    # -- learning --------------------------------------------------------------------------------

    def refused(self, number: int, sent_at: float, sent: int, throughput: float) -> None:
        """A call was refused for its rate.

        Args:
            number: How many calls had gone out with it.
            sent: How many have gone out by now.
            throughput: Calls answered a second, lately.
        """
        now = self._now()
        if number > self._trial_from:
            self._seen[1] += 1
        self._lately += (1.0 - self._lately) * SHARE_WEIGHT
        if self.is_noise(now):
            self._judge_trial(sent, now)
            return
        if self._mark is not None and number > self._mark.number:
            self._refused += 1
        if number <= self._cut_number:
            self._burst[1] += 1
            return  # It went out before the last cut, and tells of the same moment.
        self._cut_number = sent
        if self.rate is not None and self.rate < FAR_BELOW * self._peak and now >= self._no_noise_until:
            self._try_without(self._lately, now)
            return
        self._first, self._burst = _Mark(number, sent_at), [0, 1]
        self._bound = max(throughput, self.rate or 0.0)
        if self._mark is None or self.rate is None:
            # At the first, and when a time in which refusals meant nothing is over.
            self._begin(number, sent_at, throughput)
        else:
            self._estimate(number, sent_at, now)
        self._strikes = min(6, self._strikes + 1)
        if self.rate is not None:
            taken = min(FIRST_STRIKE * STRIKE ** (self._strikes - 1), max(2.0, STRIKE_CAP_S * self.rate))
            self._credit = min(self._credit, 1.0 - taken)

    def held(self, seconds: float) -> None:
        """The provider asked for a wait: all sending stops for so long."""
        self._held_s += seconds
        # Where a refusal costs a second of standing still, the next one is worth avoiding for longer.
        self._dear = max(0.9 * self._dear, 1.0 + 4.0 * min(2.0, seconds))

    def accepted(self, number: int, sent_at: float) -> None:
        """A call was answered."""
        self._lately *= 1.0 - SHARE_WEIGHT
        if number > self._cut_number:
            self._strikes = 0
        elif self._first is not None and number > self._first.number:
            self._among(sent_at - self._first.at)

    def _among(self, span: float) -> None:
        """It went out after a refused one, before that was known. A limit that is reached lets nothing more through."""
        self._burst[0] += 1
        answers, refusals = self._burst
        now = self._now()
        if self.rate is None or answers < AMONG or now < self._no_noise_until:
            return
        if answers > 3.0 * (1.0 + self._bound * max(0.0, span)):
            # A few tell the share only roughly.
            self._try_without((refusals + 1) / (answers + refusals + 2), now)

    def _begin(self, number: int, sent_at: float, throughput: float) -> None:
        self._mark, self._refused, self._held_s = _Mark(number, sent_at), 1, 0.0
        self._filled_at = self._now()
        self._credit = 0.0
        self._accepted_sum = self._span_sum = 0.0
        self._peak = max(self._peak, throughput)
        self._set(max(0.5, throughput * FIRST_CUT), 0)

    def _estimate(self, number: int, sent_at: float, now: float) -> None:
        assert self._mark is not None and self.rate is not None
        span = sent_at - self._mark.at
        accepted = number - self._mark.number - self._refused + 1
        if span < MIN_SPAN_S or (accepted < MIN_ACCEPTED and span < 10 * MIN_SPAN_S):
            return  # Too little to tell; the credit taken away slows down meanwhile.
        found = max(accepted, 0.5) / span
        refused_share = self._refused / max(1, number - self._mark.number)
        known = self._accepted_sum / self._span_sum if self._span_sum else None
        held_s = min(self._held_s, 0.98 * span)
        self._mark, self._refused, self._held_s = _Mark(number, sent_at), 1, 0.0
        if held_s > 0.2 * span and found < self._base:
            # What it would have given in a long wait may not have fitted into its bucket.
            self._after_wait(accepted / (span - held_s), refused_share, now)
            return
        if self._falls_again(found, refused_share, now):
            return
        if known is not None and abs(found - known) <= known * (AGREE + 1.5 / max(accepted, 1)):
            self._merge(accepted, span)
            if self.rate > known * 1.25 and accepted - known * span > max(RISEN_CALLS, RISEN_SHARE * accepted):
                # So far above without a word: the limit has risen, and the time before hides it.
                self._set(max(found, 0.85 * self.rate), 0)
            else:
                self._set(self._accepted_sum / self._span_sum * MARGIN, self._confidence + 1)
            return
        high = self.rate
        self._accepted_sum, self._span_sum = float(accepted), span
        if known is not None and found > known and high > known * 1.25:
            found = max(found, 0.85 * high)
            self._accepted_sum = found * span
        self._set(found * MARGIN, 0)

    def _after_wait(self, most: float, refused_share: float, now: float) -> None:
        assert self.rate is not None
        if self._falls_again(most, refused_share, now):
            return
        if most < self._base or self.rate <= self._base:
            self._accepted_sum = self._span_sum = 0.0
            self._set(min(most * MARGIN, 0.93 * self._base), self._confidence)
        else:
            self._set(self._base + 0.25 * (min(self.rate, most) - self._base), self._confidence + 1)

    def _falls_again(self, found: float, refused_share: float, now: float) -> bool:
        """Refusals that may have nothing to do with the rate: those below the rate that was found good before."""
        assert self.rate is not None
        if not self._odd and not self._falls:
            self._seen = [0, 0]
        self._odd = self._odd + 1 if self.rate <= self._base else 0
        self._falls = self._falls + 1 if found < self.rate * 0.9 and refused_share > 0.1 else 0
        if (self._falls < FALLS and self._odd < ODD) or now < self._no_noise_until:
            return False
        self._try_without(self._seen[1] / max(1, self._seen[0]), now)
        return True

    def _try_without(self, share: float, now: float) -> None:
        """The only way to know is to try: if refusals are as rare without a limit, there is none."""
        self._share = share
        self._before = self._base
        self._seen, self._trial_from = [0, 0], self._sent
        self.rate = None
        self._first = None
        self._falls = self._odd = 0
        self._noise_until = now + NOISE_FOR_S

    def _judge_trial(self, sent: int, now: float) -> None:
        calls, refusals = self._seen
        calls = max(calls, FEWEST_TRIED)
        if refusals / calls > 1.3 * self._share + 0.06 + 0.3 * calls**-0.5:
            self._noise_until = now
            self._no_noise_until = now + self._believed_s
            self._believed_s = min(NO_NOISE_FOR_S[1], 2.0 * self._believed_s)
            # It was a limit that fell.
            self._peak = self._before
            self._mark = _Mark(sent, now)
            self._cut_number = sent
            self._refused, self._held_s = 0, 0.0
            self._filled_at, self._credit = now, 0.0
            self._set(self._before, 0)

    def _merge(self, accepted: int, span: float) -> None:
        self._accepted_sum += accepted
        self._span_sum += span
        if self._span_sum > REMEMBER_S:
            keep = REMEMBER_S / self._span_sum
            self._accepted_sum *= keep
            self._span_sum *= keep

    def _set(self, rate: float, confidence: int) -> None:
        self.rate = self._base = max(0.05, rate)
        self._confidence = min(confidence, len(HOLD_S) - 1)
        self._quiet_s = 0.0

    def is_noise(self, now: float) -> bool:
        """Refusals lately had nothing to do with how many calls went out."""
        return now < self._noise_until
